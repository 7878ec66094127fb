"""Branches, commits, trees and files of the stand-in, answered from real git."""

from __future__ import annotations

import base64
from typing import Any

from .history import ChangedFile, Entry
from .serving import NOT_FOUND, REPOSITORY, Answer, Page, Request, serves

JSON = Any


@serves(f"get {REPOSITORY}", "metadata")
def repository(request: Request) -> Answer:
    return Answer(body=shown_repository(request, "full-repository"))


def shown_repository(request: Request, schema: str = "repository") -> JSON:
    world = request.world
    owner = world.contract.named("simple-user", login=world.owner)
    return world.contract.named(
        schema,
        name=world.name,
        full_name=world.repository,
        owner=owner,
        default_branch="main",
        url=request.url,
    )


@serves(f"get {REPOSITORY}/branches", "contents")
def list_branches(request: Request) -> Answer | Page:
    branches = request.world.history.branches()
    return Page(
        items=[
            {"name": name, "commit": {"sha": sha, "url": f"{request.url}/commits/{sha}"}, "protected": False}
            for name, sha in branches.items()
        ]
    )


@serves(f"get {REPOSITORY}/branches/{{branch}}", "contents")
def read_branch(request: Request) -> Answer:
    name = request.path["branch"]
    sha = request.world.history.branches().get(name)
    if sha is None:
        return NOT_FOUND
    is_protected = name in request.world.protections or bool(request.world.rules.get(name))
    return Answer(
        body=request.world.contract.named(
            "branch-with-protection",
            name=name,
            commit=shown_commit(request, sha),
            protected=is_protected,
            protection={"enabled": name in request.world.protections},
        )
    )


def shown_commit(request: Request, sha: str) -> JSON:
    named, history = request.world.contract.named, request.world.history
    parents = history.git("show", "-s", "--format=%P", sha).split()
    tree = history.git("rev-parse", f"{sha}^{{tree}}")
    commit = named("commit")["commit"] | {
        "message": history.git("show", "-s", "--format=%B", sha),
        "tree": {"sha": tree, "url": f"{request.url}/git/trees/{tree}"},
    }
    return named(
        "commit",
        sha=sha,
        url=f"{request.url}/commits/{sha}",
        commit=commit,
        parents=[{"sha": each, "url": f"{request.url}/commits/{each}"} for each in parents],
    )


@serves(f"get {REPOSITORY}/commits/{{ref}}", "contents")
def read_commit(request: Request) -> Answer:
    sha = request.world.history.commit(request.path["ref"])
    return NOT_FOUND if sha is None else Answer(body=shown_commit(request, sha))


@serves(f"get {REPOSITORY}/git/commits/{{commit_sha}}", "contents")
def read_git_commit(request: Request) -> Answer:
    sha = request.world.history.commit(request.path["commit_sha"])
    if sha is None:
        return NOT_FOUND
    shown = shown_commit(request, sha)
    return Answer(
        body=request.world.contract.named(
            "git-commit", sha=sha, message=shown["commit"]["message"], tree=shown["commit"]["tree"]
        )
    )


def _shown_ref(request: Request, name: str, sha: str) -> JSON:
    target = {"type": "commit", "sha": sha, "url": f"{request.url}/git/commits/{sha}"}
    return request.world.contract.named(
        "git-ref", ref=name, url=f"{request.url}/git/{name}", object=target, node_id="x"
    )


@serves(f"get {REPOSITORY}/git/ref/{{ref}}", "contents")
def read_ref(request: Request) -> Answer:
    name = f"refs/{request.path['ref']}"
    sha = request.world.history.commit(name)
    return NOT_FOUND if sha is None else Answer(body=_shown_ref(request, name, sha))


@serves(f"get {REPOSITORY}/git/matching-refs/{{ref}}", "contents")
def list_refs(request: Request) -> Answer | Page:
    found = request.world.history.refs(f"refs/{request.path['ref']}")
    return Page(items=[_shown_ref(request, name, sha) for name, sha in found.items()])


@serves(f"get {REPOSITORY}/git/trees/{{tree_sha}}", "contents")
def read_tree(request: Request) -> Answer:
    tree = request.world.history.git("rev-parse", f"{request.path['tree_sha']}^{{tree}}")
    return Answer(body=_shown_tree(request, tree, recursive="recursive" in request.query))


def _shown_tree(request: Request, tree: str, *, recursive: bool) -> JSON:
    entries = request.world.history.entries(tree, recursive=recursive)
    most = request.world.tree_entries if recursive else len(entries)
    items = [
        {"path": each.path, "mode": each.mode, "type": each.kind, "sha": each.sha}
        | ({} if each.size is None else {"size": each.size})
        for each in entries[:most]
    ]
    is_cut = len(entries) > most
    return {"sha": tree, "url": f"{request.url}/git/trees/{tree}", "tree": items, "truncated": is_cut}


@serves(f"post {REPOSITORY}/git/trees", "contents", level="write")
def create_tree(request: Request) -> Answer:
    tree = request.world.history.tree(request.body["tree"], base=request.body.get("base_tree"))
    return Answer(status=201, body=_shown_tree(request, tree, recursive=False))


@serves(f"post {REPOSITORY}/git/commits", "contents", level="write")
def create_commit(request: Request) -> Answer:
    body, history = request.body, request.world.history
    parents = [word for parent in body.get("parents", []) for word in ("-p", parent)]
    sha = history.git("commit-tree", body["tree"], *parents, "-m", body["message"])
    shown = shown_commit(request, sha)
    named = request.world.contract.named
    facts = {"message": body["message"], "tree": shown["commit"]["tree"]}
    return Answer(status=201, body=named("git-commit", sha=sha, **facts))


def _no_such_move(message: str) -> Answer:
    return Answer(status=422, body={"message": message, "documentation_url": "https://docs.github.com/rest"})


@serves(f"post {REPOSITORY}/git/refs", "contents", level="write")
def create_ref(request: Request) -> Answer:
    name, sha = request.body["ref"], request.body["sha"]
    if request.world.history.commit(name) is not None:
        return _no_such_move("Reference already exists")
    request.world.history.git("update-ref", name, sha, "0" * 40)
    return Answer(status=201, body=_shown_ref(request, name, sha))


@serves(f"patch {REPOSITORY}/git/refs/{{ref}}", "contents", level="write")
def move_ref(request: Request) -> Answer:
    name, sha, history = f"refs/{request.path['ref']}", request.body["sha"], request.world.history
    now = history.commit(name)
    if now is None:
        return _no_such_move("Reference does not exist")
    if not request.body.get("force") and history.merge_base(now, sha) != now:
        return _no_such_move("Update is not a fast forward")
    history.git("update-ref", name, sha, now)
    return Answer(body=_shown_ref(request, name, sha))


@serves(f"get {REPOSITORY}/git/blobs/{{file_sha}}", "contents")
def read_blob(request: Request) -> Answer:
    sha = request.path["file_sha"]
    content = request.world.history.blob(sha)
    body = request.world.contract.named(
        "blob", sha=sha, content=_base64(content), encoding="base64", size=len(content)
    )
    return Answer(body=body)


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode()


@serves(f"get {REPOSITORY}/contents/{{path}}", "contents")
def read_contents(request: Request) -> Answer:
    history = request.world.history
    commit = history.commit(request.query.get("ref", "main"))
    entry = commit and history.entry(commit, request.path["path"])
    if not commit or not entry:
        return NOT_FOUND
    if entry.kind == "blob":
        return Answer(body=_shown_file(request, entry))
    inside = history.entries(f"{commit}:{entry.path}")
    below = [_entry_facts(request, each, f"{entry.path}/{each.path}") for each in inside]
    return Answer(body=below)


def _entry_facts(request: Request, entry: Entry, path: str) -> JSON:
    address = f"{request.url}/contents/{path}"
    return {
        "type": "file" if entry.kind == "blob" else "dir",
        "size": entry.size or 0,
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.sha,
        "url": address,
        "git_url": address,
        "html_url": address,
        "download_url": address,
        "_links": {"self": address, "git": address, "html": address},
    }


def _shown_file(request: Request, entry: Entry) -> JSON:
    content = _base64(request.world.history.blob(entry.sha))
    return _entry_facts(request, entry, entry.path) | {"encoding": "base64", "content": content}


def shown_change(request: Request, file: ChangedFile) -> JSON:
    return request.world.contract.named(
        "diff-entry",
        filename=file.path,
        status=file.status,
        additions=file.additions,
        deletions=file.deletions,
        changes=file.additions + file.deletions,
    )


@serves(f"get {REPOSITORY}/compare/{{basehead}}", "contents")
def compare(request: Request) -> Answer:
    history = request.world.history
    base, _, head = request.path["basehead"].partition("...")
    one, other = history.commit(base), history.commit(head)
    if one is None or other is None:
        return NOT_FOUND
    common = history.merge_base(one, other)
    ahead, behind = history.commits_between(one, other), history.commits_between(other, one)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    return Answer(
        body=request.world.contract.named(
            "commit-comparison",
            base_commit=shown_commit(request, one),
            merge_base_commit=shown_commit(request, common),
            status=status.get((bool(ahead), bool(behind)), "diverged"),
            ahead_by=len(ahead),
            behind_by=len(behind),
            total_commits=len(ahead),
            commits=[shown_commit(request, each) for each in ahead],
            files=[shown_change(request, each) for each in history.changed_files(common, other)],
        )
    )
