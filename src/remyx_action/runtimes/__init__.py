"""Carrying out a plan: each runtime starts one arm and says how it ended; siblings behind one protocol."""

from .arms import Predicting, Retrying, run_arms
from .containers import ContainerRuntime
from .outcomes import (
    ArmOutcome,
    Completed,
    Event,
    Failed,
    Finished,
    Line,
    Note,
    OnEvent,
    Progress,
    Runtime,
    Started,
    TimedOut,
)
from .script import ScriptRuntime

__all__ = [
    "ArmOutcome",
    "Completed",
    "ContainerRuntime",
    "Event",
    "Failed",
    "Finished",
    "Line",
    "Note",
    "OnEvent",
    "Predicting",
    "Progress",
    "Retrying",
    "Runtime",
    "ScriptRuntime",
    "Started",
    "TimedOut",
    "run_arms",
]
