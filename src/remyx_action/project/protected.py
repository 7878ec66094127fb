"""The paths that need an owner's review, so that no change can move its own bar."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import normpath

from .codeowners import LOCATIONS, escaped
from .models import Template

OF_THE_BAR = (
    ".remyx/metrics.yaml",
    ".remyx/templates/",
    ".remyx/policies/",
    ".remyx/locks/",
    ".remyx/baselines/",
)
"""Below the project's root; not experiments/, which are proposals and read from head."""

OF_THE_REPOSITORY = (
    ".github/",
    *(place for place in LOCATIONS if not place.startswith(".github/")),
    ".gitattributes",
    ".gitmodules",
    ".lfsconfig",
)
"""Below the repository's root: what starts the evaluation, who reviews, what git makes of a file."""

TAKEN_UP_BY_PYTHON = (
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "*.pth",
    "pytest.ini",
    "tox.ini",
    "setup.cfg",
    "pyproject.toml",
)
"""In the project's root, where the harness shares a tree with product code: programs read them unasked."""


def protected_paths(template: Template, *, root: str = "") -> tuple[str, ...]:
    """CODEOWNERS patterns of everything a verdict by this template hangs on, in order, each once.

    `root` is the project's folder below the repository's root: "" or ending in `/`.
    """
    patterns = [f"/{escaped(root)}{place}" for place in OF_THE_BAR]
    patterns += [f"/{place}" for place in OF_THE_REPOSITORY]
    patterns += [_below(root, glob) for glob in review_globs(template)]
    return _without_repeats(patterns)


def harness_globs(template: Template) -> list[str]:
    """The template's `harness`, else the script or everything in its folder; and what it builds with.

    Of lighteval: its own tasks and what `harness` adds to them, or nothing.
    """
    if template.runtime == "lighteval":
        return [*([template.custom_tasks] if template.custom_tasks else []), *(template.harness or [])]
    script = template.program.rstrip("/")
    globs = list(template.harness) if template.harness else [script, f"{script}/**"]
    return [*globs, *(path for path in _named_beside(template) if path not in globs)]


def _named_beside(template: Template) -> list[str]:
    """What a template's containers and patches name: it decides about the numbers like the script does."""
    predict = template.predict
    containers = [template.container, predict.container if predict else None]
    dockerfiles = [
        path
        for container in containers
        if container is not None
        for path in (container.dockerfile, *(before.dockerfile for before in container.prebuild))
    ]
    contexts = [one.context for one in containers if one is not None]
    contexts += [before.context for one in containers if one is not None for before in one.prebuild]
    sent = [f"{normpath(context)}/**" for context in contexts if normpath(context) != "."]
    inputs = [predict.inputs, f"{predict.inputs.rstrip('/')}/**"] if predict else []
    named = [*dockerfiles, *sent, *(patch.file for patch in template.patch or ()), *inputs]
    return list(dict.fromkeys(path for path in named if path is not None))


def review_globs(template: Template) -> list[str]:
    """The harness, and what Python takes up beside it where it shares a tree with product code."""
    return [*harness_globs(template), *(TAKEN_UP_BY_PYTHON if shares_a_tree(template) else ())]


def shares_a_tree(template: Template) -> bool:
    """Whether the harness runs beside product code: from the root itself, or with a checkout of it."""
    return template.compare == "commits" or any("/" not in glob for glob in harness_globs(template)[:1])


def _below(root: str, glob: str) -> str:
    path = normpath(root + glob.removesuffix("/**"))
    text = "/".join(part.replace(" ", "\\ ") for part in path.split("/"))
    return f"/{text}/" if glob.endswith("/**") else f"/{text}"


def _without_repeats(patterns: Iterable[str]) -> tuple[str, ...]:
    """Each once; a folder goes where its name alone, which means file or folder, stands already."""
    kept = list(dict.fromkeys(patterns))
    return tuple(one for one in kept if not (one.endswith("/") and one.rstrip("/") in kept))
