"""Every schema, committed or written for a project, is one that ajv takes in strict mode."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from remyx_action.commands.schema import write_schemas
from remyx_action.project.load import load_bundle

ROOT = Path(__file__).parents[2]
PACKAGES = ("ajv@8.17.1", "ajv-formats@3.0.1")
PROJECTS = sorted(
    folder.parent
    for glob in ("examples/*/.remyx", "examples/*/project/.remyx", "tests/examples/files/holds-*/.remyx")
    for folder in ROOT.glob(glob)
)


@pytest.fixture(scope="session")
def ajv(request: pytest.FixtureRequest) -> Path:
    """The folder that ajv is installed in, with npm unless it is there."""
    folder: Path = request.config.cache.mkdir("ajv")
    if (folder / "node_modules" / "ajv-formats").is_dir():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("ajv: npm is missing: install Node.js")
    (folder / "package.json").write_text("{}")
    words = [
        npm,
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        *PACKAGES,
    ]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("ajv: npm took longer than 120 s")
    if done.returncode:
        pytest.skip(f"ajv: {done.stderr[-300:]}")
    return folder


def refused(ajv: Path, paths: list[Path]) -> str:
    script = Path(__file__).with_name("strict_schemas.mjs")
    done = subprocess.run(["node", script, ajv, *paths], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.slow
def test_ajv_takes_every_schema_in_strict_mode(ajv: Path, tmp_path: Path) -> None:
    paths = sorted((ROOT / "schemas").glob("*.json"))
    for number, root in enumerate(PROJECTS):
        texts = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.glob(".remyx/**/*")
            if path.is_file()
        }
        paths += write_schemas(tmp_path / str(number), project=load_bundle(texts))
    assert len(PROJECTS) >= 10
    assert len(paths) == 7 * (1 + len(PROJECTS))
    each_once = {path.read_text(): path for path in paths}
    assert refused(ajv, [*each_once.values()]) == ""


@pytest.mark.slow
def test_ajv_refuses_what_only_some_programs_know(ajv: Path, tmp_path: Path) -> None:
    (tmp_path / "loose.json").write_text('{"type": "string", "markdownEnumDescriptions": []}')
    assert 'unknown keyword: "markdownEnumDescriptions"' in refused(ajv, [tmp_path / "loose.json"])
