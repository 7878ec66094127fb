"""Carrying out a plan: each runtime runs one arm and returns its outcome; siblings behind one protocol."""

from .both_arms import Predicting, Redacting, Retrying, run_arms
from .containers import ContainerRuntime
from .outcomes import (
    Finished,
    Note,
    OnEvent,
    Outcome,
    OutputLine,
    Progress,
    RunEvent,
    Runtime,
    Secrets,
    Started,
)
from .script import ScriptRuntime

__all__ = [
    "ContainerRuntime",
    "Finished",
    "Note",
    "OnEvent",
    "Outcome",
    "OutputLine",
    "Predicting",
    "Progress",
    "Redacting",
    "Retrying",
    "RunEvent",
    "Runtime",
    "ScriptRuntime",
    "Secrets",
    "Started",
    "run_arms",
]
