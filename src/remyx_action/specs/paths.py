"""Field types that templates and their parts share: paths, pointers, words of a command."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .fields import CONTROLS, END

PLACEHOLDERS = (
    "asset", "arm", "source", "harness", "inputs", "predictions", "output_dir", "samples", "seed", "shard",
    "shards",
)  # fmt: skip
"""What `{…}` in a command may name; other braces stand for themselves."""
PLACEHOLDER_PATTERN = r"\{(?!(?:" + "|".join(PLACEHOLDERS) + r")\})[a-z_]+\}"
"""A placeholder that does not exist."""
WORD_PATTERN = r"^(?!.*" + PLACEHOLDER_PATTERN + r")[^" + CONTROLS + r"]*" + END
CommandWord = Annotated[str, Field(pattern=WORD_PATTERN, min_length=1, max_length=500)]
"""One word of a command."""

POINTER_PATTERN = r"^(/[^" + CONTROLS + r"]*)?" + END
PATH_PATTERN = r"^(?!/)(?!.*(^|/)\.\.(/|$))[^\\" + CONTROLS + r"]+" + END
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,127}" + END

Pointer = Annotated[str, Field(pattern=POINTER_PATTERN, max_length=500)]
"""RFC 6901 JSON Pointer; `{metric}` stands for the harness's name of the metric."""
RepositoryPath = Annotated[str, Field(pattern=PATH_PATTERN, max_length=500)]
"""A path below the repository's root, with `/`; never absolute, never through `..`."""
VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN)]
