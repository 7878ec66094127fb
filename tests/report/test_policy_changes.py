"""The list of changes as people read it: worst first, harmless, within its width."""

from __future__ import annotations

import pytest

from remyx_action.policy.diff import Change, Effect
from remyx_action.report.render.bar_diff import changes_as_markdown, changes_as_text, headline
from support.hostile_text import CORPUS, Page, acted_on


def change(effect: Effect, sentence: str = "ship: a changed", path: str = ".remyx/policies/p.yaml") -> Change:
    return Change(path=path, pointer="/ship", policies=("p",), code="x", effect=effect, sentence=sentence)


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ([], "No metric, template or policy changed."),
        ([Effect.UNCHANGED], "This change leaves the bar as it is."),
        ([Effect.UNCHANGED, Effect.TIGHTENED], "This change tightens the bar."),
        ([Effect.UNCHANGED, Effect.LOOSENED], "This change loosens the bar."),
        (
            [Effect.TIGHTENED, Effect.LOOSENED],
            "This change loosens the bar in one place and tightens it in another: read it as a loosening.",
        ),
        (
            [Effect.TIGHTENED, Effect.INCOMPARABLE],
            "This change cannot be shown to keep the bar: read it as a loosening.",
        ),
    ],
)
def test_the_headline_says_what_all_changes_do(effects: list[Effect], expected: str) -> None:
    changes = [change(effect) for effect in effects]
    assert expected == headline(changes)
    assert changes_as_markdown(changes).startswith(f"**{expected}**\n")
    assert changes_as_text(changes).startswith(f"{expected}\n")


def test_what_loosens_comes_first() -> None:
    changes = [
        change(Effect.TIGHTENED, "one"),
        change(Effect.LOOSENED, "two"),
        change(Effect.INCOMPARABLE, "three", ".remyx/metrics.yaml"),
    ]
    expected = """\
This change cannot be shown to keep the bar: read it as a loosening.

.remyx/policies/p.yaml
  ↓ loosened: two
  ↑ tightened: one

.remyx/metrics.yaml
  ? incomparable: three

1 loosened, 1 incomparable, 1 tightened
"""
    assert expected == changes_as_text(changes)
    assert "\x1b[31m↓ loosened\x1b[0m: two" in changes_as_text(changes, colour=True)


def test_a_long_list_is_cut_and_counted() -> None:
    changes = [change(Effect.UNCHANGED)] * 3 + [change(Effect.LOOSENED)] * 2
    drawn = changes_as_markdown(changes, shown=3)
    assert drawn.endswith("- and 2 unchanged\n")
    assert 2 == drawn.count("**loosened**")


@pytest.mark.parametrize("value", CORPUS)
def test_hostile_names_are_shown_and_do_nothing(value: str) -> None:
    changes = [change(Effect.LOOSENED, f"template t: the baseline is {value} instead of {value}", value)]
    page = Page(changes_as_markdown(changes))
    assert page.tags <= {"p", "strong", "ul", "li", "code"}
    assert [] == acted_on(page)
    drawn = changes_as_text(changes)
    assert all(character.isprintable() or character == "\n" for character in drawn)


@pytest.mark.parametrize("width", [40, 80])
def test_lines_keep_to_the_width(width: int) -> None:
    words = "a rather long sentence about a condition " * 8
    drawn = changes_as_text([change(Effect.LOOSENED, words)], width=width)
    assert [] == [line for line in drawn.splitlines()[1:] if len(line) > width]
