"""The check run is opened, closed in every case, and says success or failure only."""

import pytest
from msgspec.structs import replace

from remyx_action.github import check
from remyx_action.github.events import Commit
from remyx_action.github.trouble import NotPosted, NotRead, Posted
from support.github_stand_in.stage import CHECK, TOKEN, Stage
from support.github_stand_in.talk import bot
from support.github_stand_in.world import Fault

PAGE = "https://example.invalid/run"


def named(stage: Stage, external_id: str = "500/1") -> check.CheckName:
    return check.CheckName(name=CHECK, head=stage.head, external_id=external_id)


def conclusion(word: str = "failure", annotations: int = 0, **values: object) -> check.Conclusion:
    given = {
        "word": word,
        "title": "reject: regression on mindcube",
        "renderings": ["the report"],
        "annotations": [
            check.Annotation(
                path=".remyx/policies/default.yaml",
                line=line,
                level="failure",
                title="below the bar",
                message=f"condition {line}",
            )
            for line in range(1, annotations + 1)
        ],
    }
    return check.Conclusion(**(given | values))  # type: ignore[arg-type]


def opened(stage: Stage) -> check.Opened:
    outcome = check.open_check(stage.client(), named(stage), details_url=PAGE)
    assert isinstance(outcome, check.Opened)
    return outcome


def close(stage: Stage, identity: int | None, said: check.Conclusion) -> Posted | NotPosted:
    return check.close_check(stage.client(), named(stage), identity, said, details_url=PAGE)


def test_its_name_carries_policy_and_base_branch() -> None:
    assert "remyx / default (release/1.0)" == check.check_name("default", "release/1.0")


def test_it_stands_in_progress_on_the_head_until_it_is_closed(stage: Stage) -> None:
    begun = opened(stage)
    (only,) = stage.world.checks
    assert (stage.head, CHECK, "in_progress") == (only.head, only.name, only.fields["status"])
    assert isinstance(close(stage, begun.id, conclusion()), Posted)
    assert ("completed", "failure") == (only.fields["status"], only.fields["conclusion"])
    assert {"title": "reject: regression on mindcube", "summary": "the report"} == only.output


@pytest.mark.parametrize("word", ["success", "failure"])
def test_one_that_was_never_opened_is_posted_complete(stage: Stage, word: str) -> None:
    assert isinstance(close(stage, None, conclusion(word)), Posted)
    (only,) = stage.world.checks
    assert ("completed", word, "500/1") == (
        only.fields["status"],
        only.fields["conclusion"],
        only.fields["external_id"],
    )


def test_one_whose_number_is_wrong_is_posted_complete(stage: Stage) -> None:
    assert isinstance(close(stage, 31337, conclusion()), Posted)
    assert ["failure"] == [each.fields["conclusion"] for each in stage.world.checks]


@pytest.mark.parametrize(("annotations", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_annotations_go_fifty_a_request(stage: Stage, annotations: int, requests: int) -> None:
    begun = opened(stage)
    stage.world.calls.clear()
    close(stage, begun.id, conclusion(annotations=annotations))
    assert requests == len(stage.world.calls)
    lines = [each["start_line"] for each in stage.world.checks[0].annotations]
    assert list(range(1, annotations + 1)) == lines


def test_a_long_annotation_is_cut_where_it_can_be_seen(stage: Stage) -> None:
    long = check.Annotation(path="a", line=1, level="notice", title="t" * 300, message="m" * 5000)
    close(stage, opened(stage).id, replace(conclusion(), annotations=[long]))
    (only,) = stage.world.checks[0].annotations
    assert ("t" * 254 + "…", "m" * 4095 + "…") == (only["title"], only["message"])


def test_annotations_that_cannot_follow_leave_the_conclusion_standing(stage: Stage) -> None:
    begun = opened(stage)
    stage.world.faults.append(Fault(kind="502 before", matching="PATCH", after=1))
    assert isinstance(close(stage, begun.id, conclusion(annotations=60)), Posted)
    (only,) = stage.world.checks
    assert ("failure", 50) == (only.fields["conclusion"], len(only.annotations))


@pytest.mark.parametrize("kind", ["502 before", "502 after", "dropped before", "dropped after"])
def test_annotations_are_not_doubled_by_an_answer_that_was_lost(stage: Stage, kind: str) -> None:
    begun = opened(stage)
    stage.world.faults.append(Fault(kind=kind, matching="PATCH"))  # type: ignore[arg-type]
    assert isinstance(close(stage, begun.id, conclusion(annotations=7)), Posted)
    assert 7 == len(stage.world.checks[0].annotations)


@pytest.mark.parametrize("kind", ["502 before", "502 after", "dropped before", "dropped after"])
def test_an_opening_without_an_answer_leaves_one_check(stage: Stage, kind: str) -> None:
    stage.world.faults.append(Fault(kind=kind, matching="POST .*/check-runs"))  # type: ignore[arg-type]
    begun = opened(stage)
    assert [begun.id] == [each.id for each in stage.world.checks]


def test_a_shorter_rendering_is_taken_where_the_longest_does_not_fit(stage: Stage) -> None:
    close(stage, opened(stage).id, conclusion(renderings=["x" * 65_536, "y" * 65_535]))
    assert "y" * 65_535 == stage.world.checks[0].output["summary"]


def test_a_rendering_that_never_fits_is_said(stage: Stage) -> None:
    outcome = close(stage, opened(stage).id, conclusion(renderings=["x" * 65_536]))
    assert isinstance(outcome, NotPosted)
    assert "every rendering is longer than GitHub's 65,535 characters" in outcome.reason


def test_a_commit_that_github_does_not_know_is_said(stage: Stage) -> None:
    name = check.CheckName(name=CHECK, head=Commit("d" * 40), external_id="1/1")
    outcome = check.open_check(stage.client(), name, details_url=PAGE)
    assert isinstance(outcome, NotPosted)
    expected = f"the check was not posted: GitHub answered 422: No commit found for SHA: {'d' * 40}"
    assert expected == outcome.reason


def latest(stage: Stage) -> check.Concluded | NotRead | None:
    return check.latest_completed(stage.client(), name=CHECK, head=stage.head)


def test_the_latest_completed_check_of_our_name_is_found(stage: Stage) -> None:
    assert latest(stage) is None
    close(stage, None, conclusion("failure"))
    close(stage, None, conclusion("success", title="ship"))
    other = check.CheckName(name="remyx / other (main)", head=stage.head, external_id="9/9")
    check.close_check(stage.client(), other, None, conclusion("failure"), details_url=PAGE)
    opened(stage)
    found = latest(stage)
    assert isinstance(found, check.Concluded)
    assert ("success", "ship") == (found.conclusion, found.title)


def test_a_check_of_our_name_by_another_app_does_not_count(stage: Stage) -> None:
    stage.world.identities["app"] = bot("other")
    check.close_check(stage.client("app"), named(stage), None, conclusion("success"), details_url=PAGE)
    assert latest(stage) is None


def test_a_check_of_an_older_head_does_not_count(stage: Stage) -> None:
    close(stage, None, conclusion("success"))
    stage.push("name: newer\n")
    assert latest(stage) is None


def test_checks_that_cannot_be_read_are_not_taken_for_none(stage: Stage) -> None:
    outcome = check.latest_completed(stage.client("expired"), name=CHECK, head=stage.head)
    assert isinstance(outcome, NotRead)
    assert "earlier checks could not be read" in outcome.reason


def test_a_token_that_may_not_check_is_told_the_line_to_add(stage: Stage) -> None:
    stage.world.allow(TOKEN, pull_requests="write")
    outcome = check.open_check(stage.client(), named(stage), details_url=PAGE)
    assert isinstance(outcome, NotPosted)
    assert "add to the job in the workflow file:\npermissions:\n  checks: write" == outcome.next_step
