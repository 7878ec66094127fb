"""The real git repository behind the stand-in: a bare one, written by plumbing, read by git itself."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.invalid"), ("DATE", "2026-01-02T03:04:05Z"))
}
COMMITTER = "Ada <ada@example.invalid> 1767323045 +0000"
"""The same, as fast-import wants it."""
STATUS_WORDS = {"A": "added", "M": "modified", "D": "removed", "T": "changed"}


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    path: str
    status: str
    """added · modified · removed · changed."""
    additions: int
    deletions: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    mode: str
    kind: str
    sha: str
    size: int | None
    path: str


class History:
    """One bare repository; every answer comes from a git process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.exists():
            subprocess.run(["git", "init", "-q", "--bare", "--template=", "-b", "main", folder], check=True)
            with (folder / "config").open("a") as config:
                config.write("[uploadpack]\n\tallowAnySHA1InWant = true\n")

    def git(self, *arguments: str, text: str | None = None, index: Path | None = None) -> str:
        """Standard output of one git command, without its last line break."""
        environment = {**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull}
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        done = subprocess.run(
            ["git", "-C", self.folder, *arguments],
            input=text,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.removesuffix("\n")

    def blob(self, sha: str) -> bytes:
        """Return the content of a file, byte for byte."""
        words = ["git", "-C", str(self.folder), "cat-file", "blob", sha]
        return subprocess.run(words, check=True, capture_output=True).stdout

    def commit(self, name: str) -> str | None:
        """The commit that a branch, ref or hash names; git is asked only where its files do not say."""
        for ref in (name, f"refs/heads/{name}"):
            if ref.startswith("refs/") and (self.folder / ref).is_file():
                return (self.folder / ref).read_text().strip()
        if len(name) == 40 and (self.folder / "objects" / name[:2] / name[2:]).is_file():
            return name
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except subprocess.CalledProcessError:
            return None

    def write(self, branch: str, files: dict[str, str | None], *, onto: str | None = None) -> str:
        """Commit these texts (None removes one) and return the commit; `onto` starts a new branch."""
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        parent = self.commit(onto) if onto else self.commit(ref)
        message = f"Change {', '.join(files)}\n"
        lines = [
            f"commit {ref}",
            f"committer {COMMITTER}",
            _data(message),
            *([f"from {parent}"] if parent else []),
        ]
        for path, text in files.items():
            shown = json.dumps(path, ensure_ascii=False)
            lines.append(f"D {shown}" if text is None else f"M 100644 inline {shown}\n{_data(text)}")
        self.git("fast-import", "--quiet", "--force", text="\n".join([*lines, "done", ""]))
        commit = self.commit(ref)
        assert commit is not None
        return commit

    def tree(self, entries: Sequence[Mapping[str, str | None]], *, base: str | None) -> str:
        """Write a tree of these entries, each with its content or none, over another tree."""
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder) / "index"
            self.git("read-tree", *([base] if base else ["--empty"]), index=index)
            for entry in entries:
                path, content = entry["path"], entry.get("content")
                if content is None:
                    self.git("update-index", "--index-info", text=f"0 {'0' * 40}\t{path}\n", index=index)
                else:
                    blob = self.git("hash-object", "-w", "--stdin", text=content)
                    line = f"{entry['mode']},{blob},{path}"
                    self.git("update-index", "--add", "--cacheinfo", line, index=index)
            return self.git("write-tree", index=index)

    def point(self, ref: str, commit: str) -> None:
        """Let a ref name a commit."""
        path = self.folder / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{commit}\n")

    def merge(self, ref: str, base: str, head: str) -> str | None:
        """Write the merge of two commits to a ref, as GitHub does for a pull request; None on conflict."""
        try:
            tree = self.git("merge-tree", "--write-tree", base, head)
        except subprocess.CalledProcessError:
            return None
        commit = self.git("commit-tree", tree, "-p", base, "-p", head, "-m", f"Merge {head} into {base}")
        self.point(ref, commit)
        return commit

    def merge_base(self, one: str, other: str) -> str:
        return self.git("merge-base", one, other)

    def commits_between(self, base: str, head: str) -> list[str]:
        """Oldest first."""
        return self.git("rev-list", "--reverse", f"{base}..{head}").split()

    def changed_files(self, base: str, head: str) -> list[ChangedFile]:
        kinds = self.git("diff", "--no-renames", "--name-status", "-z", base, head).split("\0")
        counts = self.git("diff", "--no-renames", "--numstat", "-z", base, head).split("\0")
        words = dict(zip(kinds[1::2], kinds[0::2], strict=False))
        files = []
        for line in filter(None, counts):
            added, removed, path = line.split("\t")
            plus, minus = (0 if each == "-" else int(each) for each in (added, removed))
            files.append(
                ChangedFile(path=path, status=STATUS_WORDS[words[path]], additions=plus, deletions=minus)
            )
        return files

    def entries(self, treeish: str, *, recursive: bool = False) -> list[Entry]:
        listed = self.git("ls-tree", "-z", "-l", *(["-r", "-t"] if recursive else []), treeish)
        return [_entry(line) for line in listed.split("\0") if line]

    def entry(self, commit: str, path: str) -> Entry | None:
        listed = self.git("ls-tree", "-z", "-l", commit, "--", path.strip("/"))
        return _entry(listed.rstrip("\0")) if listed else None

    def branches(self) -> dict[str, str]:
        lines = self.git(
            "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"
        ).splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def refs(self, prefix: str) -> dict[str, str]:
        """Every ref that starts like this, in full."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        refs = dict(line.rsplit(" ", 1) for line in lines)
        return {name: sha for name, sha in refs.items() if name.startswith(prefix)}


def _data(text: str) -> str:
    """A text in a stream for fast-import."""
    return f"data {len(text.encode())}\n{text}"


def _entry(line: str) -> Entry:
    facts, path = line.split("\t", 1)
    mode, kind, sha, size = facts.split()
    return Entry(mode=mode, kind=kind, sha=sha, size=None if size == "-" else int(size), path=path)
