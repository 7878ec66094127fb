"""What a metric of lighteval's is called here: its key in files, its label in front of people."""

from __future__ import annotations

import re

LONGEST = 64
"""Characters of a metric's key, as in every file."""
READABLE = 40
"""Characters of a key or label with its parameters, of which the last ones go."""
_OTHERS = re.compile(r"[^a-z0-9_-]+")
_LABELS = {
    "acc": "accuracy",
    "em": "exact match",
    "f1": "F1",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "rougeLsum": "ROUGE-Lsum",
    "summac": "SummaC",
    "bleurt": "BLEURT",
    "truthfulqa_mc1": "TruthfulQA MC1",
    "truthfulqa_mc2": "TruthfulQA MC2",
}


def key_of(name: str) -> str:
    """The metric key of a canonical name: other characters turned to `_`, cut after a whole parameter.

    `pass@k:k=1&n=1` is `pass_k_k_1_n_1`. Two names of one task may have one key; the caller tells.
    """
    parts = name.split("&")
    while len(parts) > 1 and len("&".join(parts)) > READABLE:
        parts.pop()
    key = _OTHERS.sub("_", "&".join(parts).lower()).strip("_")
    return (key if key[:1].isalpha() else f"m_{key}")[:LONGEST]


def label_of(name: str) -> str:
    """What people read: a metric's name and, in brackets, as many of its parameters as stay readable."""
    stem, _, parameters = name.partition(":")
    label = _LABELS.get(stem, stem.replace("_", " "))
    shown = parameters.split("&") if parameters else []
    while shown and len(label) + len(", ".join(shown)) > READABLE:
        shown.pop()
    return f"{label} ({', '.join(shown)})" if shown else label[:LONGEST]
