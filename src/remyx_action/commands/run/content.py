"""What a measurement of a pull request is about, without commits: measured again it is the same look."""

from __future__ import annotations

import json
import re
from hashlib import sha256

from remyx_action.project.files.globs import matcher
from remyx_action.project.files.layout import FOLDER
from remyx_action.project.lock import digest_of_measuring
from remyx_action.project.models import Template
from remyx_action.sources.git import find_repository

from .context import Context
from .request import Request


def content_measured(context: Context, template: Template, harness: str, request: Request) -> str:
    """Return a digest of what measured, and of the variant: its asset, and the files that it is made of."""
    asset = context.variant_of(template) or ""
    known = [digest_of_measuring(template, harness), asset, _files_of(context, template, request, asset)]
    return sha256(json.dumps(known).encode()).hexdigest()


def name_measured(context: Context, template: Template, request: Request) -> str | None:
    """Return the variant's name where it means the same in another pull request.

    None where the variant is made of the pull request's own files.
    """
    asset = context.variant_of(template)
    is_of_files = template.compare != "assets" or (
        asset is not None and _files_of(context, template, request, asset)
    )
    return None if is_of_files else asset


PLAIN_PATH = re.compile(r"(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._-][A-Za-z0-9._/-]*")
"""What may be a path below the project's root, and nothing that git reads otherwise."""


def _files_of(context: Context, template: Template, request: Request, asset: str) -> list[str]:
    """Return mode, object and path of the variant's files, as far as the head's tree holds them."""
    proposal = context.proposal
    if proposal is None:  # git is not asked: it may refuse a checkout that only a run reads
        return []
    repository = find_repository(request.root)
    if repository is None:
        return []
    if template.compare == "assets":
        entries = repository.entries(proposal.head, asset) if PLAIN_PATH.fullmatch(asset) else ()
        return [f"{entry.mode} {entry.object_id} {entry.path}" for entry in entries]
    measured = matcher(template.paths or ["**"])
    named = ((repository.relative(entry.path), entry) for entry in repository.all_entries(proposal.head))
    return sorted(
        f"{entry.mode} {entry.object_id} {path}"
        for path, entry in named
        if measured(path) and not path.startswith(f"{FOLDER}/")
    )
