"""Experiments on a laptop: written by a command, measured by name or because a branch changes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from remyx_action.commands.experiment import NewExperiment, new
from remyx_action.commands.replay import replay
from remyx_action.errors import FilesWrong, NotJudged, WrongUsage
from remyx_action.project.load import load_bundle
from remyx_action.report import render
from support.person import at_a_terminal
from support.places import Place
from support.repositories import commit, git
from support.small_project import model

HYPOTHESIS = 'Training: "sharpens" it, # and costs nothing'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def trained(place: Place, **given: Any) -> str:
    known = {"hypothesis": HYPOTHESIS, "target_metric": "accuracy", "tags": ("sft", "a: b"), **given}
    return new(place.root, NewExperiment(name="sharper", variant="trained", **known))


def test_what_is_written_says_what_was_asked_for(place: Place) -> None:
    path = trained(place)
    bundle = load_bundle({**texts(place.root), path: (place.root / path).read_bytes()})
    assert bundle.errors == ()
    found = bundle.experiments["sharper"]
    assert (found.template, found.variant, found.target_metric) == ("small", "trained", "accuracy")
    assert (found.hypothesis, found.tags) == (HYPOTHESIS, ["sft", "a: b"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "no/name"}, "is no name"),
        ({"template": "smal"}, "did you mean small?"),
        ({"variant": " "}, "--variant ASSET"),
        ({"variant": "half"}, "is what small compares with"),
        ({"target_metric": "accurcy"}, "did you mean accuracy?"),
    ],
)
def test_nothing_is_written_where_something_is_wrong(place: Place, given: dict[str, str], said: str) -> None:
    wanted = {"name": "sharper", "variant": "trained", **given}
    with pytest.raises(WrongUsage) as wrong:
        new(place.root, NewExperiment(**wanted))
    assert said in f"{wrong.value.message} {wrong.value.help}"
    assert not (place.root / ".remyx/experiments").exists()


def test_a_hypothesis_that_no_file_may_hold_is_refused(place: Place) -> None:
    with pytest.raises(FilesWrong):
        trained(place, tags=("x" * 65,))
    assert not (place.root / ".remyx/experiments").exists()


def test_an_experiment_is_never_overwritten(place: Place) -> None:
    trained(place)
    with pytest.raises(WrongUsage, match="already"):
        trained(place)


def test_a_person_is_asked_for_what_is_missing(place: Place) -> None:
    command = [sys.executable, "-m", "remyx_action", "experiment", "new", "sharper"]
    code, screen = at_a_terminal(command, ["trained", HYPOTHESIS], folder=place.root)
    assert (code, "next: remyx-action run --experiment sharper" in screen) == (0, True), screen
    assert "variant: trained\n" in (place.root / ".remyx/experiments/sharper.yaml").read_text()


def test_a_named_experiment_is_measured_and_shown(place: Place) -> None:
    trained(place)
    report = place.run(variant=None, experiment="sharper")
    assert (report.verdict, report.arms["variant"].asset) == ("ship", "trained")
    assert report.experiment is not None
    assert report.experiment.hypothesis == HYPOTHESIS
    assert "--experiment sharper" in report.judged_under.reproduce
    for text in (render.comment(report), render.page(report), render.summary(report)):
        assert "sharper" in text
    (place.out / "again.json").write_text(place.text_of(report))
    assert replay(place.out / "again.json").exit == 0


def test_an_unknown_or_a_wrong_experiment_is_refused(place: Place) -> None:
    trained(place)
    with pytest.raises(WrongUsage) as wrong:
        place.run(variant=None, experiment="sharpe")
    assert wrong.value.help == "did you mean sharper?"
    with pytest.raises(NotJudged, match="several variants"):
        place.run(variant="better", experiment="sharper")
    with pytest.raises(WrongUsage, match="is measured by small"):
        place.run(variant=None, experiment="sharper", template="other")
    place.write({".remyx/experiments/sharper.yaml": "version: 1\nname: sharper\n"})
    with pytest.raises(FilesWrong):
        place.run(variant=None, experiment="sharper")


def test_a_branch_that_adds_an_experiment_is_measured_by_it(place: Place) -> None:
    git(place.root, "init", "--quiet", "--initial-branch", "main")
    place.write({"model.yaml": model("half")})
    new(place.root, NewExperiment(name="old", variant="worse"))
    commit(place.root, {})
    git(place.root, "switch", "--quiet", "--create", "feature")
    trained(place)
    report = place.run(variant=None, base="main")  # not committed yet, and found all the same
    assert (report.verdict, report.arms["variant"].asset) == ("ship", "trained")
    commit(place.root, {})
    report = place.run(variant=None, base="main")
    assert report.experiment is not None
    assert report.experiment.name == "sharper"
    place.write({"model.yaml": model("better")})
    with pytest.raises(NotJudged, match="several variants"):
        place.run(variant=None, base="main")


def texts(root: Path) -> dict[str, bytes]:
    files = (path for path in (root / ".remyx").rglob("*.yaml"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
