"""The check run is opened or taken up, closed in every case, and says success or failure only."""

import pytest
from msgspec.structs import replace

from remyx_action.errors import Annotation
from remyx_action.github import check_run
from remyx_action.github.events import Commit
from remyx_action.github.marks import ExternalId, Order
from remyx_action.github.trouble import NotPosted, NotRead, Posted, Superseded
from remyx_action.project.models.policy import policy_key
from support.github_stand_in.stage import CHECK, TOKEN, Stage
from support.github_stand_in.talk import bot
from support.github_stand_in.world import Fault, Identity

PAGE = "https://example.invalid/run"


def conclusion(word: str = "failure", annotations: int = 0, **values: object) -> check_run.Conclusion:
    given = {
        "word": word,
        "title": "reject: regression on mindcube",
        "renderings": ["the report"],
        "annotations": [
            Annotation(
                path=".remyx/policies/default.yaml",
                line=line,
                level="failure",
                title="below the bar",
                message=f"condition {line}",
            )
            for line in range(1, annotations + 1)
        ],
    }
    return check_run.Conclusion(**(given | values))  # type: ignore[arg-type]


def opened(stage: Stage, order: Order | None = None, token: str = TOKEN) -> check_run.Opened:
    external_id = stage.external_id(order)
    outcome = check_run.open_check(stage.client(token), stage.named(), external_id, details_url=PAGE)
    assert isinstance(outcome, check_run.Opened)
    return outcome


def close(
    stage: Stage,
    opened_id: int | None,
    said: check_run.Conclusion,
    order: Order | None = None,
    token: str = TOKEN,
) -> Posted | NotPosted:
    used = stage.client(token)
    return check_run.close_check(
        used,
        stage.named(),
        stage.external_id(order),
        said,
        checks=check_run.read_checks(used, stage.named(), opened_id=opened_id),
        opened_id=opened_id,
        details_url=PAGE,
    )


def test_its_name_carries_folder_policy_and_base_branch() -> None:
    assert "remyx / default (release/1.0)" == check_run.check_name("default", "release/1.0")
    assert "remyx / models/vision / default (main)" == check_run.check_name(
        "default", "main", "models/vision"
    )


def test_an_external_id_is_read_back_as_it_was_written() -> None:
    written = ExternalId(
        order=Order(500, 2), base=Commit("b" * 40), key=policy_key("a", "default"), look="c" * 16
    )
    assert f"remyx/2 500.2 {'b' * 40} {'c' * 16} {written.key}" == str(written)
    assert written == ExternalId.read(str(written))
    still_open = replace(written, look=None)
    assert f"remyx/2 500.2 {'b' * 40} - {written.key}" == str(still_open)
    assert still_open == ExternalId.read(str(still_open))
    for other in (None, "", "500/2", f"{written} ", str(written).replace("/2", "/1")):
        assert ExternalId.read(other) is None
    assert policy_key("a", "default") != policy_key("", "default") != policy_key("", "other")


def test_it_is_in_progress_on_the_head_until_it_is_closed(stage: Stage) -> None:
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
    assert ("completed", word, str(stage.external_id())) == (
        only.fields["status"],
        only.fields["conclusion"],
        only.fields["external_id"],
    )


def test_one_whose_number_is_wrong_is_posted_complete(stage: Stage) -> None:
    assert isinstance(close(stage, 31337, conclusion()), Posted)
    assert ["failure"] == [each.fields["conclusion"] for each in stage.world.checks]


def test_one_that_an_older_run_left_open_is_taken_up_and_no_second_one_is_added(stage: Stage) -> None:
    left = opened(stage, Order(499, 1))
    assert left.id == opened(stage, Order(500, 1)).id
    assert str(stage.external_id(Order(500, 1))) == stage.world.checks[0].fields["external_id"]
    assert isinstance(close(stage, left.id, conclusion()), Posted)
    again = opened(stage, Order(500, 2))
    assert again.id != left.id
    assert ["completed", "in_progress"] == [each.fields["status"] for each in stage.world.checks]


def test_one_that_a_newer_run_has_is_neither_taken_up_nor_closed(stage: Stage) -> None:
    newer = opened(stage, Order(501, 1))
    outcome = check_run.open_check(stage.client(), stage.named(), stage.external_id(), details_url=PAGE)
    assert Superseded(by="run 501, attempt 1") == outcome
    checks = check_run.read_checks(stage.client(), stage.named())
    assert isinstance(checks, check_run.Checks)
    assert Order(501, 1) == checks.newer_than(Order(500, 9))
    assert checks.newer_than(Order(501, 1)) is None
    assert ([], [newer.id]) == (checks.open_until(Order(500, 9)), checks.open_until(Order(501, 1)))


def test_every_one_that_was_left_open_is_closed(stage: Stage) -> None:
    """Two: the answer to the first opening was lost for good."""
    first = opened(stage)
    stage.world.faults.append(Fault(kind="502 before", matching="GET .*/check-runs", times=9))
    second = opened(stage)
    stage.world.faults.clear()
    assert first.id != second.id
    assert isinstance(close(stage, second.id, conclusion("success")), Posted)
    titles = [each.output["title"] for each in stage.world.checks]
    assert ["Superseded", conclusion("success").title] == titles


def test_where_closing_fails_a_completed_one_is_posted_beside_it(stage: Stage) -> None:
    begun = opened(stage)
    stage.world.faults.append(Fault(kind="502 before", matching="PATCH", times=9))
    assert isinstance(close(stage, begun.id, conclusion()), Posted)
    assert [("in_progress", None), ("completed", "failure")] == [
        (each.fields["status"], each.fields.get("conclusion")) for each in stage.world.checks
    ]


def test_one_left_open_below_a_completed_one_is_closed_and_the_newest_verdict_is_on_top(
    stage: Stage,
) -> None:
    begun = opened(stage)
    stage.world.faults.append(Fault(kind="502 before", matching="PATCH", times=9))
    close(stage, begun.id, conclusion("failure"))
    stage.world.faults.clear()
    close(stage, begun.id, conclusion("success"), Order(500, 2))
    by_id = sorted(stage.world.checks, key=lambda each: each.id)
    assert ["Superseded", conclusion().title, conclusion().title] == [each.output["title"] for each in by_id]
    assert ["failure", "failure", "success"] == [each.fields["conclusion"] for each in by_id]


def test_one_of_another_project_policy_or_app_is_not_ours(stage: Stage) -> None:
    stage.world.identities["other"] = bot("other")
    strange = replace(stage.external_id(), key=policy_key("b", "default"))
    check_run.open_check(stage.client(), stage.named(), strange, details_url=PAGE)
    opened(stage, Order(900, 1), token="other")
    found = check_run.read_checks(stage.client(), stage.named())
    assert isinstance(found, check_run.Checks)
    assert ((), 2) == (tuple(found.ours), len(found.others))
    assert found.newer_than(Order(1, 1)) is None


def test_an_app_s_token_finds_its_own_by_the_one_that_it_opened(stage: Stage) -> None:
    stage.world.identities["ghs_app"] = bot("remyx")
    begun = opened(stage, token="ghs_app")
    assert "remyx" == begun.app
    forged = opened(stage, Order(900, 1))
    found = check_run.read_checks(stage.client("ghs_app"), stage.named(), opened_id=begun.id)
    assert isinstance(found, check_run.Checks)
    assert ([begun.id], [forged.id]) == ([each.id for each in found.ours], [each.id for each in found.others])


def test_a_person_s_token_is_warned_that_only_an_app_can_post_checks(stage: Stage) -> None:
    stage.world.identities["pat"] = Identity(login="ada", kind="User", permissions={"checks": "write"})
    outcome = close_with(stage, "pat")
    assert "only a GitHub App can post checks" in outcome.next_step
    assert [] == stage.world.checks


def close_with(stage: Stage, token: str) -> NotPosted:
    outcome = close(stage, None, conclusion(), token=token)
    assert isinstance(outcome, NotPosted)
    return outcome


@pytest.mark.parametrize(("annotations", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (120, 3)])
def test_annotations_go_fifty_a_request(stage: Stage, annotations: int, requests: int) -> None:
    begun = opened(stage)
    stage.world.calls.clear()
    close(stage, begun.id, conclusion(annotations=annotations))
    assert requests == sum(call.verb == "PATCH" for call in stage.world.calls)
    lines = [each["start_line"] for each in stage.world.checks[0].annotations]
    assert list(range(1, annotations + 1)) == lines


def test_a_long_annotation_is_cut_where_it_can_be_seen(stage: Stage) -> None:
    long = Annotation(path="a", line=1, level="notice", title="t" * 300, message="m" * 5000)
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


def test_a_rendering_that_never_fits_is_reported(stage: Stage) -> None:
    outcome = close(stage, opened(stage).id, conclusion(renderings=["x" * 65_536]))
    assert isinstance(outcome, NotPosted)
    assert "every rendering is longer than GitHub's 65,535 characters" in outcome.reason


def test_a_commit_that_github_does_not_know_is_reported(stage: Stage) -> None:
    named = stage.named(Commit("d" * 40))
    outcome = check_run.open_check(stage.client(), named, stage.external_id(), details_url=PAGE)
    assert isinstance(outcome, NotPosted)
    expected = f"the check was not posted: GitHub answered 422: No commit found for SHA: {'d' * 40}"
    assert expected == outcome.reason


def test_checks_that_cannot_be_read_are_not_taken_for_none(stage: Stage) -> None:
    outcome = check_run.read_checks(stage.client("expired"), stage.named())
    assert isinstance(outcome, NotRead)
    assert "the checks of the commit could not be read" in outcome.reason


def test_a_token_that_may_not_check_gets_the_line_to_add(stage: Stage) -> None:
    stage.world.allow(TOKEN, pull_requests="write")
    outcome = check_run.open_check(stage.client(), stage.named(), stage.external_id(), details_url=PAGE)
    assert isinstance(outcome, NotPosted)
    assert "add to the job in the workflow file:\npermissions:\n  checks: write" == outcome.next_step
