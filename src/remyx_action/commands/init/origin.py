"""Which repository and commit this very program came from, for the workflow that shall run it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution

from remyx_action.errors import WrongUsage
from remyx_action.project.files.wording import shown_as

_COMMIT = r"[0-9a-f]{40}"
IS_RELEASE = False
"""`script/fill-release` writes True: only a release's workflows name a commit of the action."""


def origin(environment: Mapping[str, str], *, is_release: bool = IS_RELEASE) -> str | None:
    """Return `OWNER/NAME@COMMIT`, or None where nothing says so or where that is no release.

    In a job it is the action's own repository and commit; elsewhere that of an installation from git.
    """
    if not is_release:
        return None
    repository = environment.get("GITHUB_ACTION_REPOSITORY", "")
    commit = environment.get("GITHUB_ACTION_REF", "")
    if re.fullmatch(_COMMIT, commit) and re.fullmatch(r"[\w-]+/[\w.-]+", repository):
        return f"{repository}@{commit}"
    try:
        text = distribution("remyx-action").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    return installed_from(text)


def release_named(text: str) -> str:
    """Return `OWNER/NAME@COMMIT` as it was typed, "" for nothing; WrongUsage for a placeholder or a tag."""
    repository, _, commit = text.partition("@")
    is_one = re.fullmatch(r"[\w-]+/[\w.-]+", repository) and re.fullmatch(rf"{_COMMIT}( # v[\w.]+)?", commit)
    if text and (not is_one or repository.startswith("OWNER/") or commit.startswith("0" * 40)):
        raise WrongUsage(
            f"--action {shown_as(text)} names no release of the action",
            help="give its repository and the full commit that you reviewed, 40 hexadecimal digits: "
            "--action some-team/remyx-action@0123456789abcdef0123456789abcdef01234567",
        )
    return text


def installed_from(text: str | None) -> str | None:
    """Return the same from direct_url.json (PEP 610) of an installation from git."""
    about = json.loads(text or "{}")
    commit = about.get("vcs_info", {}).get("commit_id", "")
    name = re.search(r"[:/]([\w-]+/[\w.-]+?)(\.git)?/?$", about.get("url", ""))
    return f"{name[1]}@{commit}" if name and re.fullmatch(_COMMIT, commit) else None
