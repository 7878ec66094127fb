"""Baselines of lighteval are kept under what they were measured with: another stack measures anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from remyx_action.commands.run.lighteval import digest_of_program, edition
from remyx_action.errors import NotJudged
from remyx_action.project.models import Template
from remyx_action.runtimes.lighteval.child.program import harness_of
from remyx_action.runtimes.lighteval.environment import child_folder
from remyx_action.runtimes.plan.lighteval import LIGHTEVAL_VERSION


def template_of(python: str | None = None) -> Template:
    model = {"backend": "accelerate", **({"python": python} if python else {})}
    return Template.model_validate(
        {
            "version": 1,
            "name": "suite",
            "runtime": "lighteval",
            "task": "gsm8k",
            "metrics": "auto",
            "model": model,
        }
    )


def write_python(path: Path, **packages: str) -> None:
    """A program that answers as a Python with these packages would."""
    path.write_text(f"#!/bin/sh\necho '{json.dumps(packages)}'\n")
    path.chmod(0o755)


def test_a_named_python_is_known_by_what_is_installed_there(tmp_path: Path) -> None:
    def found(**packages: str) -> str:
        write_python(tmp_path / "python", lighteval=LIGHTEVAL_VERSION, **packages)
        return edition(template_of("python"), tmp_path, environment={})

    assert found(torch="2.13.0") == found(torch="2.13.0") != found(torch="2.14.0")
    assert found(torch="2.13.0") != edition(template_of(), tmp_path, environment={})


def test_a_named_python_that_cannot_be_used_has_no_edition(tmp_path: Path) -> None:
    with pytest.raises(NotJudged, match="cannot be used"):
        edition(template_of("python"), tmp_path, environment={})


def test_another_program_that_scores_is_another_edition(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(child_folder(), tmp_path / "copy"))
    before = digest_of_program(copy)
    assert edition(template_of(), tmp_path, environment={}).endswith(f" {before[:16]}")
    (copy / "documents.py").write_text("# scored otherwise\n")
    assert before != digest_of_program(copy)


def test_arms_of_other_libraries_are_of_another_harness() -> None:
    """The provenance `harness` has to be equal in both arms."""
    versions = {"lighteval": "0.13.0", "torch": "2.13.0", "vllm": ""}
    assert "lighteval 0.13.0, torch 2.13.0: few_shot 5" == harness_of(versions, {"few_shot": 5})
