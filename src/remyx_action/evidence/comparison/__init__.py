"""Compare: scores of two arms → the evidence about each metric, exactly."""

from .changes import samples_changed
from .gathering import gather

__all__ = ["gather", "samples_changed"]
