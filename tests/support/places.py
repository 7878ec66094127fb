"""A project on disk and runs of it in this process, one after the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from remyx_action.commands.run.pipeline import run
from remyx_action.commands.run.request import CacheSettings, Request, World
from remyx_action.report.report import COMPARED, ArmReport, Report, to_json
from remyx_action.runtimes import RunEvent, Started
from support.small_project import FILES


class Place:
    """A project on disk, and runs of it that share a folder of kept arms."""

    def __init__(self, root: Path, files: dict[str, str | None] = FILES) -> None:
        self.root = root / "project"
        self.kept = root / "kept"
        self.out = root / "out"
        self.events: list[RunEvent] = []
        self.write({path: text or "" for path, text in files.items()})

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @staticmethod
    def text_of(report: Report) -> str:
        """verdict.json."""
        return to_json(report)

    def world(self) -> World:
        self.events.clear()
        return World(on_event=self.events.append)

    def measure(self, variant: str = "better", **given: Any) -> None:
        """The arms alone, without a verdict."""
        request = Request(root=self.root, out=self.out, variant=variant, measure_only=True, **given)
        assert [] == run(request, self.world()).reports

    def run(self, variant: str | None = "better", **given: Any) -> Report:
        cache = given.pop("cache", CacheSettings(folder=self.kept))
        request = Request(root=self.root, out=self.out, cache=cache, variant=variant, **given)
        (report,) = run(request, self.world()).reports
        return report

    def ran(self) -> list[str]:
        """Arms that were started by the last run."""
        return sorted(event.arm for event in self.events if isinstance(event, Started))

    def entries(self) -> list[Path]:
        return sorted(path for path in self.kept.glob("*") if path.is_dir())

    def baseline(self, **given: Any) -> Request:
        cache = given.pop("cache", CacheSettings(folder=self.kept))
        return Request(root=self.root, out=self.out, cache=cache, **given)


def arm(report: Report, name: str = "baseline") -> ArmReport:
    return report.arms[name]  # type: ignore[index]


def compared(out: Path) -> str:
    """The part of the verdict in a run's output folder that is the same from one machine and from several."""
    report = json.loads((out / "verdict.json").read_text())
    return json.dumps({name: report[name] for name in COMPARED})
