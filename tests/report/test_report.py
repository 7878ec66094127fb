"""verdict.json is written without building serializers; it says what pydantic's own would."""

import json

import pytest
from pydantic import ValidationError

from remyx_action.project.files import json_text as strict_json
from remyx_action.project.files.json_writing import dump
from remyx_action.report.report import Report, to_json
from support.reports import REPORTS


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_written_as_pydantic_would_and_reads_back_the_same(name: str) -> None:
    report = REPORTS[name]()
    assert dump(report.model_dump(by_alias=True)) == to_json(report)
    assert report == Report.model_validate(strict_json.read(to_json(report)))


@pytest.mark.parametrize("lacking", [{"baseline"}, {"variant"}, {"baseline", "variant"}])
@pytest.mark.parametrize("place", [(), ("inputs",)])
def test_a_report_has_both_arms(lacking: set[str], place: tuple[str, ...]) -> None:
    plain = json.loads(to_json(REPORTS["ship"]()))
    arms = (plain[place[0]] if place else plain)["arms"]
    for name in lacking:
        del arms[name]
    with pytest.raises(ValidationError, match="an arm is lacking"):
        Report.model_validate(strict_json.read(json.dumps(plain)))
