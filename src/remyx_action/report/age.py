"""report: how old numbers are that were not measured now."""

from __future__ import annotations

import re

STALE_DAYS = 30
"""From this age on they come with a warning: models, data and machines move without git knowing."""
_MOMENT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T[\d:.]{5,15}Z")


def age_days(measured: str | None, now: str) -> int | None:
    """Calendar days from one moment to another (UTC, RFC 3339); None where one of them is no moment."""
    then, today = _day_of(measured or ""), _day_of(now)
    return None if then is None or today is None else today - then


def age_in_words(measured: str | None, now: str) -> str:
    """`today`, `1 day before`, `12 days before`; or that nobody knows."""
    days = age_days(measured, now)
    if days is None:
        return "nobody knows when"
    if days < 1:
        return "the same day" if days == 0 else "later than this run, as its clock says"
    return f"{days:,} {'day' if days == 1 else 'days'} before"


def _day_of(moment: str) -> int | None:
    """Days since 1970 of `2026-05-04T09:12:44Z`.

    Counted from 1 March, so that February ends the year: https://howardhinnant.github.io/date_algorithms.html
    """
    match = _MOMENT.fullmatch(moment)
    if match is None:
        return None
    year, month, day = map(int, match.groups())
    year -= month <= 2
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + day_of_year - 719_468
