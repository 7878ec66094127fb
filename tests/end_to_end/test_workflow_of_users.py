"""The workflow that users copy, run by act with the real action on a real repository."""

from typing import Any

import pytest

from small_project import model

pytestmark = pytest.mark.slow


def test_a_pull_request_gets_one_comment_and_one_check(place: Any) -> None:
    ran = place.event("opened")
    assert {"open": "success", "eval": "success", "verdict": "success"} == ran.jobs, ran.log
    (comment,) = place.ours()
    assert comment.body.startswith("### ✅ Ship")
    assert ["success"] == place.concluded()
