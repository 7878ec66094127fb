"""Arguments in, exit code out: the only room that prints and exits."""

from .app import app
from .process import carry_out, main

__all__ = ["app", "carry_out", "main"]
