"""The circumstances of a run: clock, host and environment, read once and handed in."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct, field

from remyx_action import __version__
from remyx_action.report.report import RunReport


class Circumstances(Struct, frozen=True, kw_only=True):
    """Where and when this process runs."""

    surroundings: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    began: float = field(default_factory=time.monotonic)
    attempt: int = 1

    def now(self) -> RunReport:
        """The record of this moment; `seconds` counts since this process began its work."""
        return RunReport(
            clock=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            host=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            seconds=Decimal(f"{time.monotonic() - self.began:.3f}"),
            attempt=self.attempt,
            version=__version__,
        )
