"""Dockerfiles as they are sent: bases built here under our names, and a label that every layer carries."""

from __future__ import annotations

import pytest

from remyx_action.runtimes.plan.container import marked, ours

RENAMED = {"team/base:1": "remyx-action:aaa", "tools": "remyx-action:bbb"}
DOCKERFILE = """# syntax is not ours to change
ARG BASE=team/base:1
from --platform=linux/amd64 team/base:1 as build
RUN make \\
  # a comment in between
  all
FROM ${BASE}
COPY --from=build /x /x
COPY --chown=1:1 --from=tools:latest /y /y
FROM tools
FROM registry:5000/tools
FROM scratch
FROM build"""
SENT = """# syntax is not ours to change
ARG BASE=team/base:1
FROM --platform=linux/amd64 remyx-action:aaa as build
LABEL mark
RUN make \\
  # a comment in between
  all
FROM remyx-action:aaa
LABEL mark
COPY --from=build /x /x
COPY --chown=1:1 --from=remyx-action:bbb /y /y
FROM remyx-action:bbb
LABEL mark
FROM registry:5000/tools
LABEL mark
FROM scratch
LABEL mark
FROM build
LABEL mark
"""


def test_every_stage_is_marked_and_only_images_built_here_are_renamed() -> None:
    assert SENT == marked(DOCKERFILE, arguments={}, renamed=RENAMED, label="mark")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tools", "remyx-action:bbb"),
        ("tools:latest", "remyx-action:bbb"),
        ("tools:2", "tools:2"),
        ("team/base", "team/base"),
        ("other/tools", "other/tools"),
    ],
)
def test_a_name_without_a_tag_means_latest(name: str, expected: str) -> None:
    assert expected == ours(name, RENAMED)


def test_an_instruction_that_ends_with_the_file_is_kept() -> None:
    assert "FROM x\nLABEL mark\nRUN a \\\n" == marked(
        "FROM x\nRUN a \\", arguments={}, renamed={}, label="mark"
    )
