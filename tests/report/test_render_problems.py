"""Problems, drawn."""

import json

from remyx_action.errors import Problem, Severity
from remyx_action.report.render.problems import counted, problems_as_json, problems_as_text

TEXTS = {"a.yaml": "\ufeffversion: 1\r\nname: \t日本\x1b x\r\n".encode()}


def problem(**changes: object) -> Problem:
    values = {
        "path": "a.yaml",
        "line": 2,
        "column": 11,
        "pointer": "/name",
        "code": "wrong-form",
        "message": '"x" is not a name',
        "help": "write a name",
    }
    return Problem(**{**values, **changes})  # type: ignore[arg-type]


def test_text_shows_the_line_with_a_caret_under_the_place() -> None:
    assert (
        'a.yaml:2:11 $.name: "x" is not a name [wrong-form]\n'
        "    2 | name:  日本\\x1b x\n"
        "      |                ^\n"
        "  help: write a name\n"
    ) == problems_as_text([problem()], TEXTS)


def test_a_place_beyond_the_text_or_in_a_missing_file_has_no_caret() -> None:
    for odd in (problem(line=99), problem(path="b.yaml")):
        assert "^" not in problems_as_text([odd], TEXTS)


def test_a_long_line_is_cut_around_the_place() -> None:
    text = problems_as_text([problem(line=1, column=5001)], {"a.yaml": b"x" * 5000 + b"!" + b"x" * 5000})
    source, caret = text.splitlines()[1:3]
    assert "!" == source[caret.index("^")]
    assert len(source) < 120


def test_warnings_say_so_and_colour_only_comes_when_asked_for() -> None:
    warning = problem(severity=Severity.WARNING)
    assert ": warning: " in problems_as_text([warning], TEXTS)
    assert "\x1b[" not in problems_as_text([warning], TEXTS)
    assert "\x1b[33m" in problems_as_text([warning], TEXTS, colour=True)


def test_nothing_from_a_file_reaches_the_terminal_unescaped() -> None:
    text = problems_as_text([problem(message="\x1b]0;x\x07", path="a\n.yaml", pointer="/\u202e")], TEXTS)
    assert all(character.isprintable() or character == "\n" for character in text)


def test_json_has_the_fixed_keys() -> None:
    assert {
        "problems": [
            {
                "path": "a.yaml",
                "line": 2,
                "column": 11,
                "pointer": "/name",
                "code": "wrong-form",
                "severity": "error",
                "message": '"x" is not a name',
                "help": "write a name",
            }
        ]
    } == json.loads(problems_as_json([problem()]))


def test_problems_are_counted_by_severity() -> None:
    warning = problem(severity=Severity.WARNING)
    assert ["no problems", "1 error", "2 errors and 1 warning"] == [
        counted(problems) for problems in ([], [problem()], [problem(), problem(), warning])
    ]
