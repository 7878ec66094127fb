"""Load: what only several keys about containers together get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from remyx_action.checks.problem_words import Words
from remyx_action.files.nearest import did_you_mean
from remyx_action.files.yaml_loader import pointer_to
from remyx_action.specs import Template

Located = tuple[str, Words]
"""JSON Pointer and what is wrong there."""


def misused_containers(template: Template) -> Iterator[Located]:
    """Every contradiction of one template; the files that it names are not looked at."""
    yield from _predict(template)
    yield from _patches(template)
    yield from _placeholders(template)


def _predict(template: Template) -> Iterator[Located]:
    predict = template.predict
    if predict is None:
        return
    if predict.container.dockerfile is None:
        yield (
            "/predict/container",
            Words(
                code="missing-key",
                message="the code under test has no image: `dockerfile` is missing",
                help="add `dockerfile: PATH`, a Dockerfile of the base branch",
            ),
        )
    if template.compare == "commits" and "**" in (predict.source or template.paths):
        yield (
            "/predict/source" if predict.source else "/predict",
            Words(
                code="source-unbounded",
                message="nothing says what of a commit is the code under test: labels could come along",
                help='write `source: ["src/**"]`, or narrow the template\'s `paths`',
            ),
        )
    yield from _beside_the_scorer(template)


def _beside_the_scorer(template: Template) -> Iterator[Located]:
    """Folders that the code under test gets to see, and that hold what scores it."""
    predict = template.predict
    assert predict is not None
    if _holds(predict.inputs, template.program):
        yield (
            "/predict/inputs",
            Words(
                code="inputs-hold-the-scorer",
                message=f"code under test would see its scorer: {template.program} is in {predict.inputs}",
                help="name the file or folder of the inputs alone, without the labels",
            ),
        )
    for place, context in _contexts(template):
        if _holds(context, template.program):
            yield (
                place,
                Words(
                    code="context-holds-the-scorer",
                    message=f"the image of the code under test could hold the labels: its context {context} "
                    f"holds {template.program}",
                    help="give it a folder of its own, such as `context: evaluation/image`",
                ),
            )


def _contexts(template: Template) -> Iterator[tuple[str, str]]:
    predict = template.predict
    assert predict is not None
    yield "/predict/container", predict.container.context
    for index, before in enumerate(predict.container.prebuild):
        yield f"/predict/container/prebuild/{index}", before.context


def _holds(folder: str, path: str) -> bool:
    root, inside = normpath(folder), normpath(path)
    return root in {".", inside} or inside.startswith(f"{root}/")


def _patches(template: Template) -> Iterator[Located]:
    container, files = template.container, [patch.file for patch in template.patch or ()]
    if container is None:
        return
    for index, file in enumerate(files):
        if file not in container.mount_config:
            yield (
                f"/patch/{index}/file",
                Words(
                    code="patch-without-place",
                    message=f"`container.mount_config` does not say where {file} belongs in the container",
                    help=f"add `{file}: /PATH/IN/THE/CONTAINER` to it",
                ),
            )
    for file in container.mount_config:
        if file not in files:
            yield (
                pointer_to("/container/mount_config", file),
                Words(
                    code="unpatched-file",
                    message=f"`patch` changes no {file}, so it is the image's own",
                    help=did_you_mean(file, files, none="remove it, or patch the file"),
                ),
            )


def _placeholders(template: Template) -> Iterator[Located]:
    commands = {"/command": template.command or []}
    if template.predict is not None:
        commands["/predict/command"] = template.predict.command
    for pointer, words in commands.items():
        inside = pointer == "/predict/command"
        wrong = {"harness", "output_dir"} if inside else {"inputs"}
        if template.predict is None:
            wrong.add("predictions")
        for index, word in enumerate(words):
            for name in sorted(name for name in wrong if f"{{{name}}}" in word):
                advice = "`{predictions}`" if inside else "`predict`, whose command knows it"
                yield (
                    f"{pointer}/{index}",
                    Words(
                        code="placeholder-without-value",
                        message=f"{{{name}}} has no value here",
                        help=f"use {advice}" if inside else f"leave it out, or write {advice}",
                    ),
                )
