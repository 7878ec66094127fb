"""verdict.json is written without building serializers; it says what pydantic's own would."""

import pytest

from remyx_action.project.files import json_text as strict_json
from remyx_action.project.files.json_writing import dump
from remyx_action.report.report import Report, to_json
from support.reports import REPORTS


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_written_as_pydantic_would_and_reads_back_the_same(name: str) -> None:
    report = REPORTS[name]()
    assert dump(report.model_dump(by_alias=True)) == to_json(report)
    assert report == Report.model_validate(strict_json.read(to_json(report)))
