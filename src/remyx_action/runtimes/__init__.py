"""Carrying out a plan: each runtime runs one arm and returns its outcome; siblings behind one protocol."""

from .arms import Predicting, Redacting, Retrying, run_arms
from .containers import ContainerRuntime
from .outcomes import (
    Event,
    Finished,
    Line,
    Note,
    OnEvent,
    Outcome,
    Progress,
    Runtime,
    Secrets,
    Started,
)
from .script import ScriptRuntime

__all__ = [
    "ContainerRuntime",
    "Event",
    "Finished",
    "Line",
    "Note",
    "OnEvent",
    "Outcome",
    "Predicting",
    "Progress",
    "Redacting",
    "Retrying",
    "Runtime",
    "ScriptRuntime",
    "Secrets",
    "Started",
    "run_arms",
]
