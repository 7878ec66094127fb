"""What decides the scores stays as it is while the arms run, or nothing is judged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from remyx_action.errors import NotJudged
from remyx_action.project.models import Template

from .judged_under import harness_files


@contextmanager
def unchanged_harness(template: Template, roots: Sequence[Path]) -> Iterator[None]:
    """NotJudged after the block where the harness below one of the roots is not what it was before."""
    before = [harness_files(template, root) for root in roots]
    yield
    for root, files in zip(roots, before, strict=True):
        _refuse("the harness", files, harness_files(template, root))


@contextmanager
def unchanged_assets(root: Path, assets: Iterable[str], *, out: Path) -> Iterator[None]:
    """NotJudged after the block where a file at an asset below `root` is not what it was before.

    Sizes and times are compared, as models are large. Files that are added do not count, nor does `out`.
    """
    there = [asset for asset in set(assets) if asset and "\0" not in asset]
    before = {asset: _stamps(root, asset, out) for asset in there}
    yield
    for asset, stamps in before.items():
        _refuse(f"the asset {asset}", stamps, _stamps(root, asset, out))


def _stamps(root: Path, asset: str, out: Path) -> dict[str, str]:
    """By path below `root`, size and time of the files at an asset; empty where it names none."""
    path, apart = Path(root, asset), {out.resolve(), Path(root, ".git").resolve()}
    if not os.path.lexists(path):  # without an error where an asset, such as a prompt, is too long for a path
        return {}
    folders = os.walk(path) if path.is_dir() else [(str(path.parent), [], [path.name])]
    stamps = {}
    for folder, inside, names in folders:
        inside[:] = [name for name in inside if Path(folder, name).resolve() not in apart]
        for file in (Path(folder, name) for name in names):
            if file.is_file() and not file.is_symlink():
                found = file.stat()
                stamps[os.path.relpath(file, root)] = f"{found.st_size} {found.st_mtime_ns}"
    return stamps


def _refuse(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    changed = [path for path, stamp in before.items() if after.get(path) != stamp]
    if changed:
        raise NotJudged(
            f"{name} changed while the arms ran: {changed[0]}",
            help="run it again, and leave the files that are measured, and those that measure, as they are",
        )
