"""What has to be known before a bar can be written down."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class MetricAnswer(Struct, frozen=True, kw_only=True):
    key: str
    label: str = ""
    unit: str = ""
    direction: Literal["higher", "lower", ""] = ""
    """"": as the unit implies."""
    baseline: str = ""
    """A number as it was written; "": none."""
    is_binary: bool = False


class Answers(Struct, frozen=True, kw_only=True):
    """Everything that `init` writes down; an empty text is a key that is left out."""

    metrics: tuple[MetricAnswer, ...]
    template: str = "suite"
    script: str = "evaluate.py"
    compare: Literal["assets", "commits"] = "assets"
    baseline_asset: str = ""
    variant_file: str = ""
    """The YAML or JSON file in which a pull request names its variant."""
    variant_pointer: str = "/model"
    samples: str = ""
    policy: str = "default"
    ship: tuple[str, ...] = ()
    """Conditions as they are typed: `accuracy improves_by 0.02 at 0.80`."""
    reject: tuple[str, ...] = ()
    shares_floors: bool = True
    notes: str = ""
    branch: str = "main"
    action: str = ""
    """What the workflow uses: `OWNER/NAME@COMMIT`; "": to be filled in by hand."""
