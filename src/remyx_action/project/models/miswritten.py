"""Lines that are nearly conditions: what is wrong with one, and how to write it."""

from __future__ import annotations

import re

from remyx_action.project.files.wording import nearest, quoted

from .field_types import FIELDS

OPERATORS = {
    "=>": ">=",
    "=<": "<=",
    "=": "==",
    "≥": ">=",
    "≤": "<=",
    "gt": ">",
    "ge": ">=",
    "gte": ">=",
    "lt": "<",
    "le": "<=",
    "lte": "<=",
    "eq": "==",
}
"""Other ways of writing a comparison, and ours."""
WORDS = ("improves_by", "regresses_by", "no_regression")
SUFFIXES = ("value", "delta", "relative_delta")
RESPELLED = (
    (r"\s*(?:@|with(?: a)?(?: confidence of)?) *(?=[0-9])", " at "),
    (r"\b(improves|regresses|no|delta|sample)[ -](by|regression|confidence|size)\b", r"\1_\2"),
    (r"^(improves_by|regresses_by|no_regression) ([a-z][a-z0-9_-]*)", r"\2 \1"),
    (r"^([a-z][a-z0-9_-]*) (value|delta|relative_delta) ", r"\1.\2 "),
    (r"[.;,]$", ""),
)
"""Other ways of writing the words of a condition, and ours."""
GRAMMAR = (
    "write KEY.delta >= 0.02 at 80%, KEY improves_by 0.02 at 80%, KEY no_regression 0.01, "
    "delta_confidence >= 0.80 or coverage(KEY) >= 1"
)
_SHAPE = re.compile(
    r"\s*(?P<what>[^\s<>=≥≤()]+)\s*(?P<of>\([^()]*\))?\s*(?P<op>[<>=≥≤]+|[^\s\d<>=≥≤+-]\S*)?\s*"
    r"(?P<number>[-+]?[\d.,eE_]+(?:[-+]\d+)?)?\s*(?P<percent>%)?\s*(?P<baseline>of\s+baseline)?\s*"
    r"(?:at\s+(?P<floor>[^\s%]+)\s*(?P<floor_percent>%)?)?(?P<rest>.*)",
    re.DOTALL,
)


NO_SUFFIX = "and nothing says whether its value or its delta"


def respelled(line: str) -> str:
    """Return the line with its words in the order and the spelling that a condition has."""
    for pattern, ours in RESPELLED:
        line = re.sub(pattern, ours, line)
    return line


def why_no_condition(line: str) -> tuple[str, str]:
    """Return what is wrong with a line that is no condition, and what to write."""
    joined = re.search(r"\s(and|or|&&|\|\|)\s", line)
    if joined is not None:
        gate = "all" if joined[1] in ("and", "&&") else "any"
        return "a line is one condition", f"write each on a line of its own, below `{gate}:`"
    apart = re.search(r"[<>=] +=", line)
    if apart is not None:
        return f"{quoted(apart[0])} is no comparison", f"did you mean {quoted(apart[0].replace(' ', ''))}?"
    found = _SHAPE.fullmatch(line)
    if found is None or not found["op"]:
        return f"{quoted(line)} is no condition", GRAMMAR
    what, op = found["what"], found["op"]
    key, dot, suffix = what.partition(".")
    if op in OPERATORS:
        right = line.replace(op, OPERATORS[op], 1)
        return f"{quoted(op)} is no comparison", f"did you mean {quoted(right)}?"
    if not re.fullmatch(r"[<>=]+", op) and op not in WORDS:
        return f"{quoted(op)} is no operator", _operator_like(op, is_field=key in FIELDS)
    return (
        _wrong_number(found)
        or (_wrong_field(found, key) if key in FIELDS else _wrong_metric(found, key, dot, suffix))
        or _wrong_floor(found)
        or (f"{quoted(line)} is no condition", GRAMMAR)
    )


def _operator_like(op: str, *, is_field: bool) -> str:
    words = (">=", ">", "<=", "<") if is_field else (*WORDS, ">=", ">", "<=", "<", "==")
    like = nearest(op, words)
    return f"did you mean {like}?" if like else f"use one of {', '.join(words)}"


def _wrong_number(found: re.Match[str]) -> tuple[str, str] | None:
    number = found["number"]
    if number is None:
        return None if found["op"] == "no_regression" else ("the threshold is missing", GRAMMAR)
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?", number):
        return None
    if re.fullmatch(r"[-+]?[0-9]+,[0-9]+", number):
        return f"{number} has a comma", f"write {number.replace(',', '.')}"
    try:
        plain = f"{float(number.replace('_', '').replace(',', '')):.15f}".rstrip("0").rstrip(".")
    except ValueError:
        return f"{number} is no number", "write a number such as 0.02"
    if len(plain) > 17 or float(plain) == 0:
        return f"{number} is too long a number", "use at most 15 digits before and after the point"
    return f"{number} is not written out", f"write {plain}"


def _wrong_field(found: re.Match[str], key: str) -> tuple[str, str] | None:
    op, number, of = found["op"], found["number"], found["of"]
    if found["what"] != key or op in WORDS or op == "==":
        example = f"{key}(KEY) <= 3" if key in ("worse", "better") else f"{key} >= {number or 1}"
        return f"{key} is a field, compared with >=, >, <= or <", f"write {example}"
    if key in ("worse", "better") and of is None:
        return f"{key} counts the samples of one metric", f"write {key}(KEY) {op} {number}"
    if found["floor"] is not None:
        help_ = f"write {key} {op} {number}" if key == "delta_confidence" else "leave `at …` out"
        return "a field carries no confidence of its own", help_
    if number.startswith(("-", "+")):
        return f"{number} can never be reached: {key} is never negative", f"write {number[1:]}"
    if key in ("delta_confidence", "coverage") and float(number) > (100 if found["percent"] else 1):
        like = f"did you mean {number}%?" if float(number) <= 100 else "write a number between 0 and 1"
        return f"{number} can never be reached: {key} is a fraction of 1", like
    if found["percent"]:
        return f"{key} is a number of samples", f"write {key} {op} {number}"
    return None


def _wrong_metric(found: re.Match[str], key: str, dot: str, suffix: str) -> tuple[str, str] | None:
    op, number = found["op"], f"{found['number']}{found['percent'] or ''}"
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", key):
        like = key.casefold()
        help_ = f"did you mean {like}?" if re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", like) else GRAMMAR
        return f"{quoted(key)} is not a metric's key", help_
    if found["of"] is not None:
        return f"{quoted(key)} is no field", f"use one of {', '.join(FIELDS)}"
    if op in WORDS:
        if dot:
            return f"{op} takes a metric without a suffix", f"write {key} {op} {number}"
        if number.startswith("-"):
            return f"{number} is not at least 0", f"write {key} {op} {number[1:]}"
    elif not dot:
        return (
            f"{key} is compared, {NO_SUFFIX}",
            f"did you mean `{key}.value {op} {number}` or `{key}.delta {op} {number}`?",
        )
    elif suffix not in SUFFIXES:
        meant = nearest(suffix, SUFFIXES)
        return f"{quoted(suffix)} is no suffix", f"did you mean {key}.{meant}?" if meant else GRAMMAR
    elif op == "==" and found["floor"] is not None:
        return "`==` carries no confidence", "use >= or <="
    elif found["percent"] and suffix == "value":
        return (
            "a value is compared in the metric's own unit",
            f"write {found['number']} where the unit is %, else its hundredth",
        )
    return None


def _wrong_floor(found: re.Match[str]) -> tuple[str, str] | None:
    floor, percent = found["floor"], found["floor_percent"]
    if floor is None:
        return None
    wrong = f"a confidence of {floor}{percent or ''} is not above 0.5 and below 1"
    if percent is None and re.fullmatch(r"[5-9][0-9](\.[0-9]+)?", floor):
        return wrong, f"did you mean {floor}%?"
    if re.fullmatch(r"0,[0-9]+", floor):
        return f"{floor} has a comma", f"write {floor.replace(',', '.')}"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", floor) and 0.5 < float(floor) / (100 if percent else 1) < 1:
        return None
    return wrong, "write it as `at 80%` or `at 0.80`"
