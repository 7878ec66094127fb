"""Digests: the same for the same meaning, another for another."""

import pytest

from remyx_action.project.load import load_bundle
from remyx_action.project.lock import HarnessFile, digest_of, digest_of_harness
from remyx_action.project.models import Metrics

DIGEST = "sha256:6a698338a0329d8bcf4dec98f32debf0d0633464aa6a938fb908431289f428d5"
METRICS = "version: 1\nmetrics:\n  - {key: accuracy, unit: accuracy, baseline: 0.42}\n"


def vocabulary(text: str) -> Metrics:
    return load_bundle({".remyx/metrics.yaml": text.encode()}).vocabulary


def test_a_digest_is_the_same_on_every_machine() -> None:
    assert DIGEST == digest_of(vocabulary(METRICS))


@pytest.mark.parametrize(
    "text",
    [
        "# why\n" + METRICS,
        'metrics:\n  - unit: "accuracy"\n    baseline: 42e-2 # measured\n    key: accuracy\nversion: 1\n',
        METRICS.replace("0.42", "0.4200"),
        METRICS.replace("0.42", "0.42, direction: higher"),
    ],
)
def test_comments_order_spelling_and_written_defaults_do_not_count(text: str) -> None:
    assert DIGEST == digest_of(vocabulary(text))


@pytest.mark.parametrize(
    "text",
    [
        METRICS.replace("0.42", "0.43"),
        METRICS.replace("0.42", "0.42, direction: lower"),
        METRICS.replace("0.42", "{value: 0.42, n: 5}"),
        METRICS + "  - {key: latency}\n",
        METRICS.replace("key: accuracy", "key: accuracy2"),
    ],
)
def test_everything_that_is_meant_counts(text: str) -> None:
    assert DIGEST != digest_of(vocabulary(text))


RUN = HarnessFile(path="evaluation/run.py", mode="100644", content=b"print()")
PROMPT = HarnessFile(path="evaluation/prompt.txt", mode="100644", content=b"Why?")


def test_the_order_of_harness_files_does_not_count() -> None:
    assert digest_of_harness([RUN, PROMPT]) == digest_of_harness([PROMPT, RUN])


@pytest.mark.parametrize(
    "other",
    [
        HarnessFile(path="evaluation/run.py", mode="100755", content=b"print()"),
        HarnessFile(path="evaluation/run.py", mode="100644", content=b"print() "),
        HarnessFile(path="evaluation/ran.py", mode="100644", content=b"print()"),
    ],
)
def test_path_mode_and_every_byte_of_a_harness_file_count(other: HarnessFile) -> None:
    assert digest_of_harness([RUN]) != digest_of_harness([other])


def test_a_harness_file_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"run\.py is given twice"):
        digest_of_harness([RUN, RUN])
