"""`gitlab-note` against a merge request on loopback: one note, the newest, by the token's user alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from remyx_action.commands.gitlab_note import BROKEN, gitlab_note, text_of
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.report import render
from remyx_action.report.report import Report, to_json
from support.gitlab_stand_in import OURS, SOMEBODY, TOKEN, MergeRequest, merge_request_on_loopback
from support.hostile_text import CORPUS
from support.reports import REPORTS
from support.spoken import spoken_by

FENCED = re.compile(r"^(`{3,})\w*\n.*?^\1$", re.DOTALL | re.MULTILINE)
"""Where GitLab looks for no command and no name."""
PROGRAM = Path(sys.executable).with_name("remyx-action")


def written(folder: Path, report: Report) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "verdict.json").write_text(to_json(report))
    return folder


def noted(out: Path, world: MergeRequest, pipeline: int) -> str:
    return gitlab_note(out, world.environment | {"CI_PIPELINE_ID": str(pipeline)})


def test_there_is_one_note_and_it_is_of_the_newest_pipeline(tmp_path: Path) -> None:
    ship, reject = (written(tmp_path / name, REPORTS[name]()) for name in ("ship", "reject"))
    with merge_request_on_loopback(page_size=2) as world:
        assert "posted" == noted(ship, world, 10)
        (body,) = world.bodies()
        assert body == f"{text_of(ship)}\n<!-- remyx-action:note of pipeline 10 -->\n"
        for author in (SOMEBODY, SOMEBODY, SOMEBODY):
            world.add(body.replace("10", "99"), author)
        assert "unchanged" == noted(ship, world, 10)
        assert "updated" == noted(reject, world, 11)
        assert "left alone: the note is of pipeline 11, which is newer" == noted(ship, world, 10)
        world.add(body, OURS)  # of two pipelines that wrote at the same time
        assert "updated" == noted(tmp_path / "lost", world, 12)
        (note,) = (one for one in world.notes if one["author"]["id"] == OURS)
        assert "### ⚠️ Not judged: the job that judges left no verdict" in note["body"]
        assert 4 == len(world.notes)


def test_several_policies_share_the_note(tmp_path: Path) -> None:
    for name in ("ship", "reject"):
        written(tmp_path / name, REPORTS[name]())
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/verdict.json").write_text("{")
    text = text_of(tmp_path)
    places = [text.index(words) for words in (f"Not judged: {BROKEN} (`broken`)", "Reject: ", "Ship: ")]
    assert sorted(places) == places


def test_what_gitlab_refuses_is_reported_without_the_token(tmp_path: Path) -> None:
    out = written(tmp_path, REPORTS["ship"]())
    with merge_request_on_loopback() as world:
        for status in (401, 403, 500):
            world.fault = status
            with pytest.raises(NotJudged, match=f"the note was not written: {status}"):
                noted(out, world, 1)
        world.fault, environment = None, world.environment
        with pytest.raises(NotJudged, match="404"):
            gitlab_note(out, environment | {"CI_MERGE_REQUEST_IID": "13"})
        with pytest.raises(WrongUsage, match="CI_PIPELINE_ID is '1; drop', which is no number"):
            gitlab_note(out, environment | {"CI_PIPELINE_ID": "1; drop"})
        assert [] == world.notes
    with pytest.raises(NotJudged, match="the note was not written") as caught:
        gitlab_note(out, environment)  # nobody listens there any more
    assert TOKEN not in f"{caught.value.message}{caught.value.help}"
    with pytest.raises(WrongUsage, match=r"lacks CI_SERVER_URL \(.*REMYX_GITLAB_TOKEN \("):
        gitlab_note(out, {})


@pytest.mark.parametrize("hostile", ["/close", "!1 %2 ~3", "@all /merge", *CORPUS[::16]])
def test_no_text_gives_gitlab_a_command_or_mentions_anybody(hostile: str) -> None:
    text = FENCED.sub("", render.comment(spoken_by(hostile)))
    assert not re.search(r"^\s*(>\s*)*/", text, re.MULTILINE)
    prose = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\w)[@!%~][^\W_]", prose)


@pytest.mark.slow
def test_the_command_needs_no_project_and_says_what_it_did(tmp_path: Path) -> None:
    written(tmp_path / ".remyx-out", REPORTS["ship"]())
    with merge_request_on_loopback() as world:
        environment = os.environ | world.environment
        words = [str(PROGRAM), "gitlab-note"]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (0, b"note posted\n", b"") == (done.returncode, done.stdout, done.stderr)
    assert ["GET", "GET", "POST"] == world.calls
