"""Load: the value of one YAML scalar by YAML 1.2's core schema, numbers exactly as they are written.

<https://yaml.org/spec/1.2.2/#103-core-schema>
"""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

from .wording import quoted

LARGEST_NUMBER = Decimal(10) ** 15
MOST_DIGITS = 30

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Controls, those that turn the direction of text included, and what only some take for a line break."""

NULL = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
RADIX = re.compile(r"0[ox]")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE](?P<exponent>[-+]?[0-9]+))?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Refused(Struct, frozen=True, kw_only=True):
    """A scalar that is not allowed."""

    code: str
    message: str
    help: str


ScalarValue = None | bool | int | Decimal | str


def scalar_value(text: str, *, plain: bool) -> ScalarValue | Refused:
    """What `text` means; `plain`: it stood without quotes. Whole numbers are int, others Decimal."""
    if not plain:
        if FORBIDDEN.search(text) is None:
            return text
        return Refused(
            code="control-character", message=f"{quoted(text)} holds a control character", help="remove it"
        )
    if text in NULL:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if NOT_FINITE.fullmatch(text):
        return Refused(
            code="number-not-finite", message=f"{text} is not a finite number", help="write a finite number"
        )
    number = INTEGER.fullmatch(text) or FLOAT.fullmatch(text)
    return _number(text) if number else text


def _number(text: str) -> int | Decimal | Refused:
    number = _decimal(text)
    if number is not None and abs(number) > LARGEST_NUMBER:
        code, what = "number-too-large", "is beyond ±1e15"
    elif number is None or _digits(number) > MOST_DIGITS:
        code, what = "number-too-long", f"has more than {MOST_DIGITS} digits when written out"
    else:
        return int(number) if INTEGER.fullmatch(text) else number
    return Refused(code=code, message=f"{_cut(text)} {what}", help="write a number that fits")


def _decimal(text: str) -> Decimal | None:
    """The number; None where its exponent alone is absurd."""
    if RADIX.match(text):
        # Longer ones are too long in base ten as well; int() would take quadratic time.
        return Decimal(int(text, 0)) if len(text) <= 40 else Decimal("Infinity")
    match = FLOAT.fullmatch(text)
    assert match is not None
    exponent = match["exponent"]
    return Decimal(text) if exponent is None or len(exponent) <= 6 else None


def _digits(number: Decimal) -> int:
    """How many digits the number has when it is written without an exponent."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    return max(len(digits), -exponent, len(digits) + exponent)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
