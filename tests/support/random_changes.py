"""Random pull requests on one repository, and an independent reading of their trees.

A change is three trees: the one it started from, the base branch's tip, and the head; its number says which.
`git fast-import` writes all of them at once. The reading knows git by `ls-tree` and `cat-file` alone.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

Entry = tuple[str, str]
"""Mode, and text; of a submodule its commit."""
Files = dict[str, Entry]
Edit = Callable[[Random, Files], None]
FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
RIGHT = {"half": 20, "better": 30, "best": 38, "worse": 5}
TEMPLATE, POLICY, MODEL = ".remyx/templates/small.yaml", ".remyx/policies/default.yaml", "model.yaml"
SCRIPT = """#!/bin/sh
file=$REMYX_ASSET
[ -e "$file" ] || file=evaluation/known/$file
[ -d "$file" ] && file=$file/w.json
cp "$file" "$REMYX_OUTPUT_DIR/results.json"
"""
ASSETS = (
    "better", "best", "worse", "half", "models/v2", "./models//v2", "models/v4", "models/v3", "latest",
    "current/v2", "models/nothing", "out", "vendor/lib", "models/v2@main",
)  # fmt: skip

LIKELY = ("better", "best", "models/v2", "models/v4", "latest", "current/v2")


def results(right: int) -> str:
    """What a harness leaves, with so many of 40 samples right."""
    rows = [{"id": f"s{number}", "score": int(number < right)} for number in range(40)]
    return json.dumps({"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": rows}}})


@dataclass(frozen=True, kw_only=True)
class Change:
    """One pull request."""

    number: int
    before: Files
    tip: Files
    head: Files
    is_stale: bool
    """The event names the commit that the change started from, not the tip."""
    given: str | None
    """The input that names a variant."""


def change_of(number: int) -> Change:
    """Return one pull request."""
    draw = Random(number)
    before = _project(draw)
    tip, head = dict(before), dict(before)
    for edit in draw.sample(TIP_EDITS, draw.choice((0, 0, 1, 1, 2))):
        edit(draw, tip)
    if draw.random() < 0.9:
        head[MODEL] = FILE, f"model: {draw.choice(LIKELY * 2 + ASSETS)}\n"
    for edit in draw.sample(HEAD_EDITS, draw.choice((0, 0, 0, 1, 1, 2, 3))):
        edit(draw, head)
    given = draw.choice(ASSETS[:4]) if draw.random() < 0.08 else None
    return Change(number=number, before=before, tip=tip, head=head, is_stale=draw.random() < 0.4, given=given)


def _project(draw: Random) -> Files:
    template = (
        "version: 1\nname: small\nscript: evaluation/run.sh\nbaseline_asset: half\nmetrics: [accuracy]\n"
        "samples: 40\nvariant_asset: {file: model.yaml, pointer: /model}\n"
    )
    template += draw.choice(("harness: [evaluation/**]\n", "harness: [evaluation/**]\n", ""))
    template += draw.choice(("paths: [src/**]\n", "paths: [model.yaml, src/**]\n", ""))
    files = {
        ".remyx/metrics.yaml": "version: 1\nmetrics:\n  - {key: accuracy, unit: accuracy, scores: binary}\n",
        TEMPLATE: template,
        POLICY: "version: 1\nname: default\ntemplate: small\nrequire_lock: 'off'\n"
        "ship: {all: [{metric: accuracy, op: improves_by, threshold: 0.02}]}\n",
        ".remyx/experiments/old.yaml": _experiment("old", "half"),
        MODEL: "model: half\nlayers: 1\n" if draw.random() < 0.2 else "model: half\n",
        "models/v1": results(20),
        "models/v2": results(30),
        "models/v3/w.json": results(5),
        "models/v4/w.json": results(36),
        "src/a.txt": "a\n",
        "src/deep/b.txt": "b\n",
        "docs/x.md": "x\n",
        **{f"evaluation/known/{name}": results(right) for name, right in RIGHT.items()},
    }
    return {
        **{path: (FILE, text) for path, text in files.items()},
        "evaluation/run.sh": (EXECUTABLE, SCRIPT),
        "latest": (LINK, "models/v2"),
        "current": (LINK, "models"),
        "out": (LINK, "../out"),
        **({"vendor/lib": (SUBMODULE, "1" * 40)} if draw.random() < 0.3 else {}),
    }


def _experiment(name: str, variant: str) -> str:
    return f"version: 1\nname: {name}\ntemplate: small\nvariant: {variant}\n"


def _put(path: str, *choices: str | None, mode: str = FILE) -> Edit:
    def edit(draw: Random, files: Files) -> None:
        text = draw.choice(choices)
        if text is None:
            files.pop(path, None)
        else:
            files[path] = mode, text

    return edit


def _replace(path: str, old: str, new: str) -> Edit:
    def edit(_: Random, files: Files) -> None:
        if path in files:
            files[path] = files[path][0], files[path][1].replace(old, new)

    return edit


def _rename(draw: Random, files: Files) -> None:
    old, new = draw.choice((("src/a.txt", "docs/a.txt"), ("docs/x.md", "src/x.md"), ("models/v2", "src/v2")))
    if old in files:
        files[new] = files.pop(old)


def _experiments(draw: Random, files: Files) -> None:
    named = re.search("model: (.*)", files.get(MODEL, ("", ""))[1])
    same = [named[1]] if named else []
    for name in draw.sample(("x", "old", "y"), draw.choice((1, 1, 2))):
        variant = draw.choice((*same * 8, "better", "worse"))
        files[f".remyx/experiments/{name}.yaml"] = FILE, _experiment(name, variant)


def _name_what_is_touched(draw: Random, files: Files) -> None:
    """Name an asset, and change what it leads to."""
    asset, path, entry = draw.choice(
        (
            ("models/v2", "models/v2", (FILE, results(3))),
            ("latest", "models/v2", (FILE, results(3))),
            ("current/v2", "models/v2", (FILE, results(3))),
            ("models/v4", "models/v4/more", (FILE, "more\n")),
            ("./models//v4", "models/v4/w.json", (EXECUTABLE, results(36))),
            ("latest", "latest", (LINK, "models/v3")),
            ("current/v2", "current", (LINK, "docs")),
            ("models/v2", "models/v2", (LINK, "v1")),
            ("models/v5", "models/v5", (FILE, results(30))),
        )
    )
    files[MODEL], files[path] = (FILE, f"model: {asset}\n"), entry


def _link_the_variant_file(draw: Random, files: Files) -> None:
    """Have the variant file lead to another one, beside an experiment that names a good asset."""
    files["docs/model.yaml"] = FILE, "model: worse\n"
    files[MODEL] = LINK, draw.choice(("docs/model.yaml", "nowhere"))
    files[".remyx/experiments/x.yaml"] = FILE, _experiment("x", "better")


SOME_COMMIT = "2" * 40
HEAD_EDITS: Sequence[Edit] = (
    _put(MODEL, "# only words\nmodel: half\n", "{model: 'half'}\n"),
    _put(MODEL, "model: better\nlayers: 2\n", "model: half\nlayers: 3\n", "layers: 1\n", None, "model: 7\n"),
    _put(
        MODEL, "model: worse\nmodel: better\n", "x: &x worse\nmodel: *x\n", "model: [better\n", "model: ''\n"
    ),
    _put(MODEL, "model: better\n", mode=LINK),
    _experiments,
    _experiments,
    _name_what_is_touched,
    _name_what_is_touched,
    _link_the_variant_file,
    _put("src/a.txt", "changed\n", None),
    _put("src/new.txt", "new\n"),
    _put("src/link", "../models/v2", mode=LINK),
    _put("docs/x.md", "changed\n", None),
    _put("docs/y.md", "new\n"),
    _put("README.md", "new\n"),
    _rename,
    _put("evaluation/known/better", results(40), None),
    _put("evaluation/new.txt", "new\n"),
    _put("evaluation/link", "../README.md", mode=LINK),
    _put("evaluation/run.sh", SCRIPT + "# more\n", mode=EXECUTABLE),
    _put("evaluation/run.sh", SCRIPT, mode=FILE),
    _put("models/v2", results(3)),
    _put("models/v4/w.json", results(2)),
    _put("models/v4/more", "more\n"),
    _put("models/v2", "v3", mode=LINK),
    _put("latest", "models/v3", "models/v4", mode=LINK),
    _put("current", "docs", mode=LINK),
    _put("src/lib", SOME_COMMIT, mode=SUBMODULE),
    _put("vendor/lib", SOME_COMMIT, mode=SUBMODULE),
    _put("evaluation/lib", SOME_COMMIT, mode=SUBMODULE),
    _put(".gitmodules", '[submodule "l"]\n\tpath = src/lib\n\turl = ./x\n\tignore = all\n'),
    _put(".gitattributes", "* filter=x\n*.txt -text\n"),
    _replace(POLICY, "0.02", "0.001"),
    _replace(TEMPLATE, "src/**", "docs/**"),
    _replace(TEMPLATE, "half", "worse"),
    _put(".github/workflows/x.yml", "on: push\n"),
    _put("conftest.py", "raise SystemExit\n"),
    _put("HEAD", "ref: refs/heads/x\n"),
)
TIP_EDITS: Sequence[Edit] = (
    _put("docs/x.md", "landed\n"),
    _put("src/a.txt", "landed\n"),
    _put("src/landed.txt", "landed\n"),
    _put(MODEL, "model: better\n", "model: best\n"),
    _put("models/v2", results(4), results(39)),
    _put("models/v4/w.json", results(39)),
    _put("evaluation/known/better", results(33)),
    _put("evaluation/new.txt", "landed\n"),
    _put("evaluation/link", "../docs/x.md", mode=LINK),
    _put("latest", "models/v4", "models/v3", mode=LINK),
    _replace(POLICY, "0.02", "0.4"),
    _replace(TEMPLATE, "paths: [src/**]", "paths: [src/**, docs/**]"),
    _replace(TEMPLATE, "harness: [evaluation/**]\n", ""),
    _put("vendor/lib", SOME_COMMIT, mode=SUBMODULE),
)


def write_all(folder: Path, changes: Sequence[Change]) -> None:
    """Write every change into a new bare repository: refs/heads/before-N, main-N and head-N."""
    subprocess.run(["git", "init", "-q", "--bare", "--template=", folder], check=True)
    stream = b"".join(line for change in changes for line in _as_stream(change))
    subprocess.run(
        ["git", "-C", folder, "fast-import", "--quiet", "--force"],
        input=stream,
        check=True,
        capture_output=True,
    )


def _as_stream(change: Change) -> Iterator[bytes]:
    trees = {"before": change.before, "main": change.tip, "head": change.head}
    for name, files in trees.items():
        told = f"{name} {change.number}".encode()
        yield f"commit refs/heads/{name}-{change.number}\n".encode()
        if name == "before":
            yield f"mark :{change.number + 1}\n".encode()
        yield b"committer A <a@example.org> 1700000000 +0000\ndata %d\n%s\n" % (len(told), told)
        if name != "before":
            yield f"from :{change.number + 1}\n".encode()
        yield b"deleteall\n"
        for path, (mode, text) in files.items():
            if mode == SUBMODULE:
                yield f"M {mode} {text} {path}\n".encode()
            else:
                yield f"M {mode} inline {path}\ndata {len(text.encode())}\n{text}\n".encode()


def _git(folder: Path, *words: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ("git", "-C", folder, *words), env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


@lru_cache(maxsize=1024)
def _blob(folder: Path, object_id: str) -> str:
    """Content of a blob, which its id names: most changes share most of theirs."""
    return _git(folder, "cat-file", "blob", object_id)


@dataclass(kw_only=True)
class Reading:
    """Two commits of a repository as git lists them, and what of them a verdict may hang on."""

    folder: Path
    number: int
    trees: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    """By name of the commit: path → mode and object."""

    def git(self, *words: str) -> str:
        return _git(self.folder, *words)

    def tree(self, name: str) -> Mapping[str, tuple[str, str]]:
        if name not in self.trees:
            rows = self.git("ls-tree", "-r", "-z", f"{name}-{self.number}").split("\0")
            parts = (row.partition("\t") for row in rows if row)
            self.trees[name] = {path: (about.split()[0], about.split()[2]) for about, _, path in parts}
        return self.trees[name]

    def text(self, name: str, path: str) -> str | None:
        found = self.tree(name).get(path)
        if found is None or found[0] not in (FILE, EXECUTABLE):
            return None
        return _blob(self.folder, found[1])

    def changed(self) -> list[str]:
        """Paths that differ between what the change started from and its head."""
        before, head = self.tree("before"), self.tree("head")
        return sorted(path for path in before.keys() | head.keys() if before.get(path) != head.get(path))

    def written_paths(self) -> list[str]:
        """Changed files in the `paths` of the tip's template, the variant file aside."""
        found = re.search(r"^paths: \[(.*)\]$", self.text("main", TEMPLATE) or "", re.MULTILINE)
        folders = [glob.removesuffix("**") for glob in found[1].split(", ")] if found else []
        return [
            path
            for path in self.changed()
            if path != MODEL and any(path.startswith(folder) for folder in folders)
        ]

    def harness_paths(self) -> list[str]:
        """Changed files of the tip's harness."""
        whole = "harness: [evaluation/**]" in (self.text("main", TEMPLATE) or "")
        return [
            path
            for path in self.changed()
            if (whole and path.startswith("evaluation/")) or path == "evaluation/run.sh"
        ]

    def document(self, name: str) -> dict[str, str] | str | None:
        """The variant file: its keys where it is plain, its object where it is not, None without one."""
        text = self.text(name, MODEL)
        if text is None:
            return str(self.tree(name)[MODEL]) if MODEL in self.tree(name) else None
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        if lines == ["{model: 'half'}"]:
            return {"model": "half"}
        pairs = [re.fullmatch(r"(\w+): ([\w./@-]+)", line) for line in lines]
        keys = [pair[1] for pair in pairs if pair]
        if not all(pairs) or len(set(keys)) < len(keys):
            return self.tree(name)[MODEL][1]
        return {pair[1]: pair[2] for pair in pairs if pair}

    def beyond_the_name(self) -> bool:
        """Whether the variant file differs beyond the value that names the variant."""
        before, head = self.document("before"), self.document("head")
        if isinstance(before, dict) and isinstance(head, dict):
            return {**before, "model": ""} != {**head, "model": ""} or "model" not in head
        return before != head

    def named(self, given: str | None) -> set[str]:
        """Every name that the change gives the variant."""
        before, tip, head = (self.document(name) for name in ("before", "main", "head"))
        found = {given} if given is not None else set()
        if isinstance(head, dict) and "model" in head:
            landed = {one.get("model") for one in (before, tip) if isinstance(one, dict)}
            found |= {head["model"]} - landed
        for path in self.changed():
            text = self.text("head", path) if path.startswith(".remyx/experiments/") else None
            found |= set(re.findall("^variant: (.*)$", text or "", re.MULTILINE))
        return found

    def resolved(self, name: str, path: str) -> str | None:
        """Where a path ends; None where it is none of the tree's."""
        tree, left, here = self.tree(name), posixpath.normpath(path).split("/"), ""
        for _ in range(100):
            if not left:
                return here
            here = posixpath.normpath(posixpath.join(here, left.pop(0)))
            if tree.get(here, ("", ""))[0] == LINK:
                target = _blob(self.folder, tree[here][1])
                left, here = [*target.split("/"), *left], posixpath.dirname(here)
            elif not any(entry == here or entry.startswith(f"{here}/") for entry in tree):
                return None
        return None

    def content(self, name: str, path: str) -> dict[str, tuple[str, str]]:
        """What a path leads to, file by file."""
        real = self.resolved(name, path.partition("@")[0])
        if real is None:
            return {}
        tree = self.tree(name)
        return {
            posixpath.relpath(each, real): entry
            for each, entry in tree.items()
            if each == real or each.startswith(f"{real}/")
        }

    def share_right(self, asset: str) -> float:
        """The accuracy of an asset as the tip holds it."""
        for place in (asset, f"evaluation/known/{asset}"):
            real = self.resolved("main", place)
            text = self.text("main", real) or self.text("main", f"{real}/w.json") if real else None
            if text:
                samples = json.loads(text)["metrics"]["accuracy"]["samples"]
                return float(sum(one["score"] for one in samples) / len(samples))
        raise AssertionError(f"{asset} holds no results")
