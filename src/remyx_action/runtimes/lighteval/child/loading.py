"""Data sets and models as they are loaded: from where, which revision, and no prepared copy of local data."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from .guards import MODEL_LINK
from .specification import ModelSpecification, RefusedError

_REVISION = re.compile(r"@([0-9a-f]{40})/")
DIGEST_CAP_BYTES = 4 * 1024 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024


@dataclass(kw_only=True)
class DataSets:
    """Loads each task's data set and remembers what it was."""

    cache_folder: Path
    """Empty: `datasets` recognises a local folder by names and times, not by what it holds."""
    data_folder: str | None = None
    found: dict[str, str] = field(default_factory=dict)
    """Data set → the hub's commit of it; what it held is in the digest of all questions."""

    def load(self, task: Any) -> Any:
        """In place of lighteval's own loader; same arguments to `datasets`, same filter."""
        from datasets import load_dataset

        name, subset, revision = task.dataset_path, task.dataset_config_name, task.dataset_revision
        is_local = Path(name).exists()
        if is_local and not Path(name).is_absolute():
            raise RefusedError(f"the data set {name} of {task.name} is a relative path; build it on __file__")
        cache = str(self.cache_folder) if is_local else self.data_folder
        dataset = load_dataset(path=name, name=subset, revision=revision, cache_dir=cache)
        called = f"{Path(name).name if is_local else name}/{subset}"
        self.found[called] = "local" if is_local else revision_of(dataset)
        return dataset.filter(task.dataset_filter) if task.dataset_filter is not None else dataset


def revision_of(dataset: Any) -> str:
    """The hub's commit that the splits of a data set came from; "unknown" where it does not say."""
    splits = [dataset[name] for name in sorted(dataset)]
    urls: list[str] = [url for split in splits for url in (split.info.download_checksums or {})]
    commits = sorted({match[1] for url in urls if (match := _REVISION.search(url))})
    return "+".join(commits) or "unknown"


@dataclass(frozen=True, kw_only=True)
class LocatedModel:
    """A model where it lies."""

    name: str
    """The name passed to lighteval: a hub's, or a relative path."""
    revision: str | None
    """Digest of a local model's files; None where the hub says it later."""


def locate(model: ModelSpecification) -> LocatedModel:
    """Find a model: below its root, by a link in the working folder, or on the hub. Raises RefusedError."""
    if model.backend == "openai":
        return LocatedModel(name=model.name, revision=None)
    if model.name.startswith(("/", "~")) or ".." in Path(model.name).parts:
        raise RefusedError(
            f"the model {model.name} is neither a hub's name nor a path below the harness root"
        )
    folder = Path(model.root or "/nonexistent", model.name)
    if not folder.exists():
        if model.name.startswith(".") or model.name.count("/") > 1:
            raise RefusedError(f"the model {model.name} does not exist below the harness root")
        if "/" in model.name and folder.parent.is_dir() and model.revision is None:
            # a folder of the project is no account on the hub, which anyone could open under its name
            others = ", ".join(
                sorted(f"{folder.parent.name}/{one.name}" for one in folder.parent.iterdir())[:5]
            )
            raise RefusedError(
                f"the model {model.name} does not exist below the harness root, where there are {others}; "
                f"a hub's model of that name is {model.name}@REVISION"
            )
        return LocatedModel(name=model.name, revision=None)
    if model.revision is not None:  # it would count as pinned, and is whatever lies there
        raise RefusedError(f"{model.name} is a folder, which has no revision {model.revision}; leave @ away")
    if not (folder / "config.json").is_file():
        raise RefusedError(f"{model.name} is not a model: it has no config.json")
    Path(MODEL_LINK).symlink_to(folder.resolve(), target_is_directory=True)
    return LocatedModel(name=MODEL_LINK, revision=digest_of_folder(folder))


def digest_of_folder(folder: Path) -> str | None:
    """Digest of a folder's files, by name; None where they are more than 4 GiB."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if sum(path.stat().st_size for path in files) > DIGEST_CAP_BYTES:
        return None
    found = sha256()
    for path in files:
        found.update(f"{os.path.relpath(path, folder)}\0{path.stat().st_size}\0".encode())
        for block in _blocks(path):
            found.update(block)
    return f"sha256:{found.hexdigest()}"


def _blocks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block
