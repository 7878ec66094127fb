"""What is protected: the bar, the repository's own files, and the harness with its script."""

from __future__ import annotations

from typing import Any

import pytest

from remyx_action.project.models import Template
from remyx_action.project.path_patterns import WrongPatternError
from remyx_action.project.protected import covered_by, harness_globs, not_lockable, protected_paths


def template(**given: Any) -> Template:
    return Template.model_validate({"version": 1, "name": "suite", "metrics": ["accuracy"], **given})


def of_harness(one: Template) -> list[str]:
    always = protected_paths(template(script="x/y"))
    return [path for path in protected_paths(one) if path not in always]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"script": "evaluation/run.py"}, ["/evaluation/run.py"]),
        ({"script": "evaluation/run.py", "harness": ["evaluation/**"]}, ["/evaluation/"]),
        ({"script": "scoring/run.py", "harness": ["data/**"]}, ["/scoring/run.py", "/data/"]),
        ({"script": "scoring/run.py", "harness": ["data/*"]}, ["/scoring/run.py", "/data/"]),
        ({"script": "a b/run.py", "harness": ["a b/*.json"]}, ["/a\\ b/run.py", "/a\\ b/*.json"]),
    ],
)
def test_the_script_always_belongs_to_the_harness(given: dict[str, Any], expected: list[str]) -> None:
    assert of_harness(template(**given)) == expected


def test_the_default_harness_is_the_script_or_its_folder() -> None:
    assert harness_globs(template(script="evaluation/")) == ["evaluation", "evaluation/**"]


@pytest.mark.parametrize(
    ("path", "files", "about"),
    [
        ("/evaluation/v1.2", ["evaluation/v1.2/run"], "folder"),
        ("/evaluation/v1.2", ["evaluation/v1.2"], "direct"),
        ("/evaluation/v1.2", [], "either"),
        ("/CODEOWNERS", [], "direct"),
        ("/*.pth", [], "direct"),
        ("/.github/", [], "folder"),
        ("/models/a/conftest.py", [], "direct"),
    ],
)
def test_a_protected_path_is_the_file_or_the_folder_that_lies_there(
    path: str, files: list[str], about: str
) -> None:
    assert covered_by(path, files).about == about


def test_a_path_that_codeowners_cannot_hold_is_refused() -> None:
    with pytest.raises(WrongPatternError):
        protected_paths(template(script="evaluation/run.py", harness=["evaluation/[ab].py"]))


def test_links_submodules_and_twins_cannot_be_locked() -> None:
    entries = [
        ("evaluation/Run.py", "100644"),
        ("evaluation/link.py", "120000"),
        ("evaluation/module", "160000"),
        ("evaluation/run.py", "100755"),
        ("src/link.py", "120000"),
    ]
    patterns = [covered_by("/evaluation/", [path for path, _ in entries])]
    found = [(problem.path, problem.code) for problem in not_lockable(patterns, entries)]
    assert found == [
        ("evaluation/link.py", "not-a-file"),
        ("evaluation/module", "not-a-file"),
        ("evaluation/run.py", "twin-file"),
    ]
