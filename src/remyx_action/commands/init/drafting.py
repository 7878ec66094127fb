"""The texts that `init` would write: checked, shown, and written whole or not at all."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from remyx_action.commands.planned_samples import planned_samples, price_of_looks
from remyx_action.commands.schema import schema_texts
from remyx_action.errors import FilesWrong, Problem, WrongUsage
from remyx_action.policy.lints.rule_errors import load_checked
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.project.codeowners import CAP_BYTES, LOCATIONS, is_owner, with_block
from remyx_action.project.load import VOCABULARY, Bundle, load_bundle
from remyx_action.project.protected import protected_paths
from remyx_action.sources.disk import read_below, read_project, write_whole
from remyx_action.sources.git import find_repository

from .answers import Answers
from .origin import origin
from .texts import example_folder, texts_of, variant_text, with_metrics, workflow_texts

EXAMPLES = {"digits": "digits-classifier"}
"""Name → folder of the examples that come with the program."""


class Draft(Struct, frozen=True, kw_only=True):
    """What would be written."""

    texts: Mapping[str, str]
    """Path below the project's root (a workflow and CODEOWNERS: the repository's) → text."""
    for_editors: Mapping[str, str]
    """JSON Schemas that know this project."""
    warnings: tuple[Problem, ...] = ()
    """Those of `check`."""
    notes: tuple[str, ...] = ()
    """What the person should know."""
    left_out: tuple[str, ...] = ()
    """What was not written, each with the flag that has it written."""


def draft(root: Path, answers: Answers, *, ready: Mapping[str, str] | None = None) -> Draft:
    """Return every text, checked as `check` would; FilesWrong where the answers make no valid files."""
    owners = answers.owners
    wrong = [owner for owner in owners if not is_owner(owner)]
    if wrong:
        raise WrongUsage(f"{wrong[0]!r} is no owner", help="write @user, @org/team or an address")
    of_project = dict(ready or _texts(root, answers))
    there = read_project(root)[0] if (root / ".remyx").is_dir() else {}
    contents = {**there, **{path: text.encode() for path, text in of_project.items()}}
    bundle = load_checked(contents)
    if any(problem.path in of_project for problem in bundle.errors):
        raise FilesWrong(bundle.errors, contents)
    left_out: list[str] = []
    of_repository = _workflows(root, bundle, answers)
    if not of_repository:
        left_out.append("the workflow for pull requests (--action OWNER/NAME@COMMIT)")
    elif not answers.recorded:
        left_out.append("the job that keeps each verdict on the branch remyx-verdicts (--record)")
    price = price_of_looks(bundle, answers.policy)
    if price and answers.looks == "counted":
        left_out.append(f"floors that rise with each look at a pull request (--looks corrected): {price}")
    if owners:
        location, text, prefix = _codeowners(root)
        every = [path for one in bundle.templates.values() for path in protected_paths(one, root=prefix)]
        of_repository[location] = with_block(text, dict.fromkeys(every), owners, root=prefix)
    else:
        left_out.append("whose review a change of the bar needs (--owners @org/team)")
    return Draft(
        texts={**of_project, **{_at_top(root, path): text for path, text in of_repository.items()}},
        for_editors={f".remyx/schemas/{name}": text for name, text in schema_texts(bundle).items()},
        warnings=tuple(one for one in warnings_of(bundle, contents) if one.path in of_project),
        notes=tuple(_notes(root, answers, of_project, bundle)),
        left_out=tuple(left_out),
    )


def _texts(root: Path, answers: Answers) -> dict[str, str]:
    """Return the project's texts; metrics that are declared already keep their lines."""
    texts = texts_of(answers)
    file = answers.variant_file
    if file and not (root / file).exists():
        texts[file] = variant_text(file, answers.variant_pointer, answers.baseline_asset)
    there = read_below(root, VOCABULARY)
    declared = load_bundle({VOCABULARY: there}).metrics if there is not None else None
    if there is None or declared is None or answers.task:
        return texts
    known = {metric.key for metric in declared.metrics}
    added = [metric for metric in answers.metrics if metric.key not in known]
    joined = with_metrics(there.decode(), added)
    bundle = load_bundle({VOCABULARY: joined.encode()})
    if not bundle.errors and bundle.metrics and len(bundle.metrics.metrics) == len(known) + len(added):
        texts[VOCABULARY] = joined
    return texts


def _workflows(root: Path, bundle: Bundle, answers: Answers) -> dict[str, str]:
    """Return the workflows for what the project has: shards, another policy, a folder of its own.

    Empty where it is not known which release of this program shall judge.
    """
    action, repository = answers.action or origin(os.environ), find_repository(root)
    if action is None:
        return {}
    return workflow_texts(
        policy="" if any(name != answers.policy for name in bundle.policies) else answers.policy,
        branch=answers.branch,
        action=action,
        in_shards=any((one.shards or 1) > 1 for one in bundle.templates.values()),
        folder=repository.prefix.rstrip("/") if repository else "",
        for_forks=answers.for_forks,
        recorded=answers.recorded,
    )


def _notes(root: Path, answers: Answers, texts: Mapping[str, str], bundle: Bundle) -> Iterator[str]:
    template = bundle.templates[answers.template]
    if template.script and template.script not in texts and not (root / template.script).exists():
        yield (
            f"there is no {template.script} yet: a program that scores the version in REMYX_ASSET and "
            "writes results.json into REMYX_OUTPUT_DIR"
        )
    bare = [metric.key for metric in answers.metrics if not metric.has_spread]
    if bare:
        yield (
            f"{', '.join(bare)}: bare numbers, so nothing says how sure a change is; "
            "report a score for each sample to be able to ask for it (docs/guide/writing-a-harness.md)"
        )
    else:
        for line in planned_samples(root, bundle, policy=answers.policy):
            yield line.removeprefix(f"{answers.policy}: ")


def example(name: str) -> tuple[Answers, dict[str, str]]:
    """Return a shipped example, file by file."""
    folder = example_folder(EXAMPLES[name])
    texts: dict[str, str] = {}

    def collect(place: object, below: str) -> None:
        for one in sorted(place.iterdir(), key=lambda one: one.name):  # type: ignore[attr-defined]
            path = f"{below}{one.name}"
            if one.is_dir():
                if one.name not in {".remyx-out", "__pycache__", "schemas"}:
                    collect(one, f"{path}/")
            elif one.name != "README.md":
                texts[path] = one.read_text("utf-8")

    collect(folder, "")
    bundle = load_checked({path: text.encode() for path, text in texts.items()})
    policy = next(iter(bundle.policies.values()))
    return Answers(policy=policy.name, template=policy.template), texts


def in_the_way(root: Path, draft: Draft) -> list[str]:
    """Return files that exist already and would lose some of their text."""
    hindering = []
    for path, text in draft.texts.items():
        if (root / path).exists() and not path.endswith("CODEOWNERS"):
            before = (root / path).read_bytes().decode("utf-8", "replace")
            if before != text and not (path == VOCABULARY and text.startswith(before.rstrip())):
                hindering.append(path)
    return hindering


def shown(root: Path, draft: Draft) -> str:
    """Return what would be written, as a person reads it: new files whole, others as their difference."""
    parts = []
    for path, text in draft.texts.items():
        there = read_below(root, path, cap_bytes=CAP_BYTES) if ".." not in path else None
        before = there.decode("utf-8", "replace") if there is not None else ""
        if before and before != text:
            lines = before.splitlines(), text.splitlines()
            difference = difflib.unified_diff(*lines, "as it is", "as it will be", lineterm="")
            parts.append(f"── {path}\n" + "\n".join(difference))
        elif not before:
            whole = (
                path.startswith(".remyx/") or len(text) < 200
            )  # what sets the bar is read before it counts
            parts.append(
                f"── {path}\n{text.rstrip() if whole else f'   new, {len(text.splitlines())} lines'}"
            )
    parts.append(f"── .remyx/schemas/\n   {len(draft.for_editors)} schemas for editors")
    return "\n\n".join(parts)


def write(root: Path, draft: Draft, *, force: bool) -> list[str]:
    """Write everything; WrongUsage, and nothing written, where that would overwrite something."""
    hindering = in_the_way(root, draft)
    if hindering and not force:
        raise WrongUsage(
            f"would overwrite {', '.join(hindering)}",
            help="--template NAME and --policy NAME write others beside them; --force writes these anew",
        )
    every = {**draft.for_editors, **draft.texts}
    for path, text in every.items():
        write_whole(root / path, text)
        if text.startswith("#!"):
            (root / path).chmod(0o755)
    return list(draft.texts)


def _at_top(root: Path, path: str) -> str:
    """A path of the repository, as it is seen from the project's root."""
    repository = find_repository(root)
    return "../" * repository.prefix.count("/") + path if repository else path


def _codeowners(root: Path) -> tuple[str, str, str]:
    repository = find_repository(root)
    top, prefix = (repository.top(), repository.prefix) if repository else (root, "")
    for location in LOCATIONS:
        content = read_below(top, location, cap_bytes=CAP_BYTES)
        if content is not None:
            return location, content.decode("utf-8", "replace"), prefix
    return LOCATIONS[0], "", prefix
