"""A Python that a template names is refused before anything is loaded, where lighteval cannot run in it."""

from __future__ import annotations

import os
import venv
from pathlib import Path

import pytest

from remyx_action.errors import NotJudged
from remyx_action.runtimes.lighteval.environment import lighteval_python

RIGHT = {"lighteval": "0.13.0", "huggingface_hub": "1.2.3", "xxhash": "3.6.0"}


def environment(folder: Path, packages: dict[str, str]) -> Path:
    """A real one, whose packages are known by their metadata alone."""
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name, version in packages.items():
        about = site / f"{name}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder / "bin" / "python"


def refusal(python: Path) -> str:
    with pytest.raises(NotJudged) as refused:
        lighteval_python(str(python), environ=os.environ, say=print)
    assert refused.value.help
    return refused.value.message.replace(str(python), "PYTHON")


def test_one_that_fits_is_taken(tmp_path: Path) -> None:
    python = environment(tmp_path, RIGHT)
    assert str(python) == lighteval_python(str(python), environ=os.environ, say=print)


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        ({"huggingface_hub": "2.4.0"}, "has huggingface_hub 2.4.0, and <2 is needed"),
        ({"xxhash": "4.1.0"}, "has xxhash 4.1.0, and <4 is needed"),
        ({"lighteval": "0.12.2"}, "has lighteval 0.12.2, and 0.13.0 is needed"),
        (
            {"lighteval": "1.0", "huggingface_hub": "10.0", "xxhash": "4.0rc1"},
            "has lighteval 1.0, and 0.13.0 is needed; huggingface_hub 10.0, and <2 is needed; "  # noqa: ISC004
            "xxhash 4.0rc1, and <4 is needed",
        ),
    ],
)
def test_versions_that_cannot_work_are_named_together(
    tmp_path: Path, packages: dict[str, str], message: str
) -> None:
    assert f"model.python: PYTHON {message}" == refusal(environment(tmp_path, RIGHT | packages))


def test_one_without_lighteval_is_refused(tmp_path: Path) -> None:
    assert "model.python: PYTHON has no lighteval, and 0.13.0 is needed" == refusal(environment(tmp_path, {}))


@pytest.mark.parametrize("program", ["", "echo 1", "echo no JSON", "exit 3", "kill -9 $$"])
def test_a_program_that_is_no_python_is_refused(tmp_path: Path, program: str) -> None:
    (tmp_path / "python").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "python").chmod(0o755)
    assert refusal(tmp_path / "python").startswith("model.python: PYTHON cannot be used: ")


@pytest.mark.parametrize("path", ["/nonexistent", "/tmp", "/etc/hostname"])
def test_a_path_that_is_no_program_is_refused(path: str) -> None:
    assert refusal(Path(path)).startswith("model.python: PYTHON cannot be used: ")
