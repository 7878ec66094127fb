"""Arguments in, exit code out: the only room that prints and exits."""

import gc

# Samples are millions of strings in long lists and make no cycles: looking for some among them takes half of
# the time that `judge` needs, and a tenth of its start. So this comes before every import.
gc.set_threshold(200_000)

from .process import carry_out, main  # noqa: E402

__all__ = ["carry_out", "main"]
