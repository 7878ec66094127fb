"""Lints of a template: what starts it, how many samples it expects, and the files that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import floor
from posixpath import dirname, join, normpath

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import Problem, Severity
from remyx_action.project.files.dockerfile import copied
from remyx_action.project.files.layout import matcher
from remyx_action.project.files.yaml_text import TOP
from remyx_action.project.load import Bundle
from remyx_action.project.models import Metrics, Template
from remyx_action.project.models.container import Container
from remyx_action.project.models.metrics import RecordedBaseline
from remyx_action.project.problems import Words
from remyx_action.project.protected import harness_globs

from .lint_context import Finding, LintContext

STARTS = ("Dockerfile", "run", "entrypoint.sh")
"""What a folder may hold that says how it is started."""


class TemplateContext(Struct, frozen=True, kw_only=True):
    """A template with what its lints need."""

    template: Template
    vocabulary: Metrics
    has_experiment: bool
    """Whether an experiment of this template is at hand."""
    held: Sequence[str] = ()
    """Every file below the project's root, where that is known."""
    script: bytes | None = None
    """What the template's script says, where it is a file and at hand."""


def nothing_starts_it(context: TemplateContext) -> Iterator[Finding]:
    template = context.template
    if template.compare != "assets" or template.paths is None:
        return
    if template.variant_asset is None and not context.has_experiment:
        yield Finding(
            lint="nothing-starts-it",
            pointer="/paths",
            message="a pull request that touches `paths` names no variant, so that none can be judged",
            help="add `variant_asset: {file: model.yaml, pointer: /model}`, or propose an experiment",
        )


def commits_without_paths(context: TemplateContext) -> Iterator[Finding]:
    if context.template.compare == "commits" and context.template.paths is None:
        yield Finding(
            lint="commits-without-paths",
            pointer="/compare",
            message="every pull request measures baseline and variant in full, one that edits a README too",
            help='add what the scores depend on: `paths: ["src/**"]`',
        )


def shards_without_samples(context: TemplateContext) -> Iterator[Finding]:
    template = context.template
    if template.script is not None and (template.shards or 1) > 1 and template.samples is None:
        yield Finding(
            lint="shards-without-samples",
            pointer="/shards",
            message=f"no `samples` say that one of {template.shards} parts must not hold all of them",
            help="declare how many all parts have together: `samples: 5000`",
        )


def one_samples_number(context: TemplateContext) -> Iterator[Finding]:
    samples, keys = context.template.samples, set(context.template.metrics)
    if samples is None or isinstance(samples, Mapping):
        return
    sizes = {
        metric.key: metric.baseline.n
        for metric in context.vocabulary.metrics
        if metric.key in keys and isinstance(metric.baseline, RecordedBaseline)
    }
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{key}: {n}" for key, n in sizes.items())
        yield Finding(
            lint="one-samples-number",
            pointer="/samples",
            message=f"{samples} samples are expected of every metric, and the baselines have {shown}",
            help=f"write a number a metric: `samples: {{{shown}}}`",
        )


def samples_beyond_baseline(context: TemplateContext) -> Iterator[Finding]:
    template = context.template
    samples = template.samples
    for metric in context.vocabulary.metrics:
        baseline = metric.baseline
        expected = samples.get(metric.key) if isinstance(samples, Mapping) else samples
        if metric.key not in template.metrics or not isinstance(baseline, RecordedBaseline) or not expected:
            continue
        if baseline.n < (1 - template.max_missing) * expected:
            yield Finding(
                lint="samples-beyond-baseline",
                pointer="/samples",
                message=f"{expected} samples are expected of {metric.key}, and its baseline has "
                f"{baseline.n}: with so few nothing ships, for want of coverage",
                help=f"correct the number, or say in the ship rule how few suffice: "
                f"`coverage({metric.key}) >= {floor(100 * baseline.n / expected) / 100}`",
            )


MOST_READ = 200_000
_QUOTED = re.compile(r"""(["'])([^"'\n]{1,200})\1""")
_WORD = re.compile(r"[\w.-]*[./][\w./-]*")


def harness_leaves_out(context: TemplateContext) -> Iterator[Finding]:
    left_out = _left_out(context.template, context.held, (context.script or b"")[:MOST_READ])
    if left_out:
        more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        yield Finding(
            lint="harness-leaves-out",
            pointer="/harness" if context.template.harness else "/script",
            message=f"{context.template.script} names {left_out[0]}{more}, which `harness` does not: neither "
            "digested nor protected",
            help=f"add it to the template's `harness`: `{left_out[0]}`",
        )


def _left_out(template: Template, held: Sequence[str], script: bytes) -> Sequence[str]:
    """What a script names and no glob does: files, and folders as `data/**`; not what is measured."""
    text, folder = script.decode("utf-8", "replace"), dirname(template.script or "")
    named = {found[2] for found in _QUOTED.finditer(text)} | set(_WORD.findall(text))
    place = template.variant_asset
    measured = [*(template.paths or ()), template.baseline_asset or "", place.file if place else ""]
    apart = matcher([*harness_globs(template), *filter(None, measured), ".remyx/**"])
    left = [path for path in held if not apart(path)]
    found = set()
    for name in named:
        for path in {normpath(name), normpath(join(folder, name))}:
            if path in left:
                found.add(path)
            elif any(file.startswith(f"{path}/") for file in left):
                found.add(f"{path}/**")
    return sorted(found)


def missing_files(bundle: Bundle, files: Sequence[str]) -> Iterator[Problem]:
    """Yield what templates name and does not exist; `files`: every file below the project's root."""
    for template in bundle.templates.values():
        yield from missing_of(bundle, template, files)


def missing_of(bundle: Bundle, template: Template, files: Sequence[str]) -> Iterator[Problem]:
    """Yield every file that the template names and that does not exist, and a folder that nothing starts."""
    held = frozenset(files)
    folders = {path[:index] for path in held for index, sign in enumerate(path) if sign == "/"}
    for pointer, path in _named(template):
        if path.rstrip("/") not in held | folders:
            words = Words(
                code="no-such-file", message=f"there is no {path} here", help="correct the path, or add it"
            )
            yield _problem(bundle, template, pointer, words)
    for index, glob in enumerate(template.harness or ()):
        if not any(map(matcher([glob]), files)):
            words = Words(
                code="harness-matches-nothing",
                message=f"{glob} matches no file: nothing of it is digested or protected",
                help="correct the glob, or remove it",
            )
            yield _problem(bundle, template, f"/harness/{index}", words)
    script = (template.script or "").rstrip("/")
    is_started = template.command or template.container or any(f"{script}/{one}" in held for one in STARTS)
    if script in folders and not is_started:
        words = Words(
            code="folder-without-start",
            message=f"nothing says how {script}/ is started",
            help="add an executable `run` or `entrypoint.sh`, a Dockerfile, or `command:` to the template",
        )
        yield replace(_problem(bundle, template, "/script", words), severity=Severity.WARNING)


def _named(template: Template) -> Iterator[tuple[str, str]]:
    """Yield pointer and path of every file or folder that a template names by itself."""
    if template.script is not None:
        yield "/script", template.script
    if template.custom_tasks is not None:
        yield "/custom_tasks", template.custom_tasks
    if template.variant_asset is not None:
        yield "/variant_asset/file", template.variant_asset.file
    if template.container is not None:
        yield from _of_container("/container", template.container)
    if template.predict is not None:
        yield from _of_container("/predict/container", template.predict.container)


def _of_container(pointer: str, container: Container) -> Iterator[tuple[str, str]]:
    if container.dockerfile is not None:
        yield f"{pointer}/dockerfile", container.dockerfile
    for index, before in enumerate(container.prebuild):
        if before.dockerfile is not None:
            yield f"{pointer}/prebuild/{index}/dockerfile", before.dockerfile


def _problem(bundle: Bundle, template: Template, pointer: str, words: Words) -> Problem:
    path = f".remyx/templates/{template.name}.yaml"
    place = bundle.places.get(path, {}).get(pointer, TOP)
    return Problem(
        path=path,
        line=place.line,
        column=place.column,
        pointer=pointer,
        code=words.code,
        message=words.message,
        help=words.help,
    )


def dockerfile_beyond_harness(context: LintContext, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """`files`: path below the repository's root → bytes; the build's context is the root."""
    harness, script = context.template.harness, context.template.script
    path = f"{(script or '').rstrip('/')}/Dockerfile"
    if harness is None or path not in files:
        return
    covered = [_pattern(glob) for glob in harness]
    for line, source in copied(files[path][:MOST_READ].decode("utf-8", "replace")):
        inside = normpath(source).lstrip("/")
        if not any(pattern.fullmatch(inside) or pattern.fullmatch(f"{inside}/x") for pattern in covered):
            yield Finding(
                lint="dockerfile-beyond-harness",
                pointer="/template",
                message=f"{path}:{line} copies {source}, which `harness` does not name",
                help="add it to the template's `harness`",
            )


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob with `**` as a pattern of whole paths."""
    text = re.escape(glob.rstrip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    text = text.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.compile(f"{text}(?:/.*)?")
