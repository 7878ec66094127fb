"""One reader of Dockerfiles: continued lines, arguments, stages, directives, as the engine reads them."""

from __future__ import annotations

import pytest

from remyx_action.project.files.dockerfile import bases, copied, filled_in, instructions

DOCKERFILE = """# escape is not changed
ARG BASE=team/base:1
ARG VERSION=3
ARG FULL="python:${VERSION}"
from --platform=linux/amd64 team/base:1 as build
RUN make \\
  # a comment in between

  all
FROM ${BASE}
COPY --from=build /x /x
COPY --chown=1:1 --from=tools /y /y
FROM \\
  tools
FROM $FULL AS last
COPY --from=0 /x /x
COPY --from=last /x /x
FROM registry:5000/tools
FROM scratch
FROM build"""


def names(text: str, target: str | None = None, **arguments: str) -> list[str]:
    return [base.name for base in bases(text, arguments, target)]


def test_images_are_what_no_stage_of_the_file_is() -> None:
    expected = ["team/base:1", "team/base:1", "tools", "tools", "python:3", "registry:5000/tools"]
    assert expected == names(DOCKERFILE)


def test_a_builds_own_arguments_go_before_defaults() -> None:
    assert ["team/base:1", "other", "tools", "tools", "python:4"] == names(
        DOCKERFILE, BASE="other", VERSION="4"
    )[:5]


def test_stages_after_the_target_are_not_built() -> None:
    assert ["team/base:1"] == names(DOCKERFILE, target="BUILD")
    assert ["team/base:1", "team/base:1", "tools"] == names(DOCKERFILE, target="1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# escape=`\nFROM `\n  a`\n", ["a"]),
        ("# syntax=x\n#  Escape = `\nFROM `\nb", ["b"]),
        ("FROM a\n# escape=`\nFROM `\nb", ["a", "`"]),
        ("\ufeffFROM a", ["a"]),
        ("FROM a\r\nFROM b AS c\r\nFROM c\r\n", ["a", "b"]),
        ("FROM\ta", ["a"]),
        ("RUN echo \\\\\nFROM a", ["a"]),
        ("RUN echo \\\n\n# x\nFROM a", []),
        ("FROM a \\", ["a"]),
        ("RUN echo \f x\nFROM a", ["a"]),
        ("FROM ${NOTHING}", []),
        ("FROM ${NOTHING:-a}", ["a"]),
        ("FROM", []),
        ("COPY --from x /a /a", []),
        ('FROM "a"', ["a"]),
        ("", []),
    ],
)
def test_lines_are_joined_as_the_engine_joins_them(text: str, expected: list[str]) -> None:
    assert expected == names(text)


@pytest.mark.parametrize("text", [DOCKERFILE, "", "\n\n", "RUN a \\\n", "# x\n", "RUN a\\\n\n b\n\nFROM x"])
def test_instructions_together_are_the_whole_text(text: str) -> None:
    assert text.removesuffix("\n") == "\n".join(one.text for one in instructions(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "1"), ("${A}x", "1x"), ("${B:-2}", "2"), ("${B-2}", ""), ("${C-2}", "2"), ("${A:+3}", "3"),
        ("${B:+3}", ""), ("${B+3}", "3"), ("${C+3}", ""), ("$C", ""), ("${C:-$A", "${C:-1"),
    ],
)  # fmt: skip
def test_variables_have_defaults(text: str, expected: str) -> None:
    assert expected == filled_in(text, {"A": "1", "B": ""})


def test_what_is_copied_of_the_context() -> None:
    text = """FROM x
COPY --chown=1:1 a b /to/
COPY ["with blank", "c", "/to/"]
ADD https://example.org/x git@example.org:x d /to/
COPY --from=x e /to/
ONBUILD COPY f \\
  /to/
ONBUILD COPY --from=x g /to/
COPY ["broken, h /to/
"""
    assert [
        (2, "a"), (2, "b"), (3, "with blank"), (3, "c"), (4, "d"), (6, "f"), (9, '["broken,'), (9, "h"),
    ] == list(copied(text))  # fmt: skip
