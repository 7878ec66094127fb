"""The warnings of `check`: when each is given, with which figure, and how it is silenced."""

import os
from pathlib import Path

import pytest

from remyx_action.errors import Problem, Severity
from remyx_action.policy.lints.catalogue import LINTS, PAGE
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.project.load import load_bundle

ROOT = Path(__file__).parents[2]

METRICS = """\
version: 1
metrics:
  - {key: accuracy, unit: accuracy, baseline: 0.42}
  - {key: space, unit: accuracy, baseline: {value: 0.55, stderr: 0.02, n: 400}}
  - {key: score, unit: "%", baseline: 97}
  - {key: latency, unit: ms, direction: lower, baseline: 120}
  - {key: tail, unit: ms, direction: lower, aggregate: p95}
"""
GAIN = '{metric: accuracy.delta, op: ">=", threshold: 0.02}'


def warned(
    ship: str,
    reject: str | None = None,
    *,
    metrics: str = "accuracy",
    samples: int | None = None,
    more: str = "",
    template: str = "",
    files: dict[str, bytes] | None = None,
) -> list[Problem]:
    """The warnings about a policy with these rules, written as flow YAML."""
    texts = {
        ".remyx/metrics.yaml": METRICS,
        ".remyx/templates/suite.yaml": f"version: 1\nname: suite\nscript: evaluation\nmetrics: [{metrics}]\n"
        + (f"samples: {samples}\n" if samples else "")
        + template,
        ".remyx/policies/default.yaml": f"version: 1\nname: default\ntemplate: suite\nship: {ship}\n"
        + (f"reject: {reject}\n" if reject else "")
        + more,
    }
    data = {path: text.encode() for path, text in texts.items()} | (files or {})
    bundle = load_bundle(data)
    assert () == bundle.problems
    return list(warnings_of(bundle, data))


def told(warnings: list[Problem]) -> list[tuple[str, str]]:
    return [(warning.code, warning.message) for warning in warnings]


def test_a_sound_policy_is_not_warned_of() -> None:
    reject = "{any: [{metric: accuracy, op: no_regression, threshold: 0.01, confidence: 0.80}]}"
    assert [] == warned(f"{{all: [{GAIN}]}}", reject, samples=300)


@pytest.mark.parametrize(
    ("condition", "message", "meant"),
    [
        (
            '{metric: latency.delta, op: ">=", threshold: 5}',
            "ships only where latency is at least 5 worse: lower is better",
            "did you mean `latency improves_by 5`?",
        ),
        (
            '{metric: latency.delta, op: ">", threshold: -5}',
            "ships only where latency is no more than 5 better: lower is better",
            "did you mean `latency no_regression 5`?",
        ),
        (
            '{metric: accuracy.relative_delta, op: "<=", threshold: -0.1}',
            "ships only where accuracy is at least 0.1 of the baseline worse: higher is better",
            "did you mean `accuracy improves_by 0.1 of baseline`?",
        ),
    ],
)
def test_a_delta_on_the_wrong_side_of_ship(condition: str, message: str, meant: str) -> None:
    warnings = warned(f"{{all: [{condition}]}}", metrics="accuracy, latency")
    warning = next(one for one in warnings if one.code == "wrong-side")
    assert message == warning.message
    assert warning.help.startswith(meant)


def test_a_delta_on_the_wrong_side_of_reject() -> None:
    reject = '{any: [{metric: latency.delta, op: "<", threshold: -5, confidence: 0.80}]}'
    assert ("wrong-side", "rejects where latency is 5 or more better: lower is better") in told(
        warned("{all: [{metric: latency, op: improves_by, threshold: 1}]}", reject, metrics="latency")
    )


def test_directional_conditions_cannot_be_on_the_wrong_side() -> None:
    ship = "{all: [{metric: latency, op: improves_by, threshold: 5}]}"
    assert [] == warned(ship, metrics="latency")


def test_a_fraction_on_a_percentage() -> None:
    ship = '{all: [{metric: score.delta, op: ">=", threshold: 0.02}]}'
    message = "0.02 on a metric in % is 0.02 percentage points: one sample in 5000"
    assert ("threshold-unit", message) in told(warned(ship, metrics="score"))


@pytest.mark.parametrize(
    ("ship", "reject", "unreachable"),
    [
        (">= 0.02", "> 0", True),
        (">= 0", ">= 0", True),
        (">= 0", "> 0", False),
        (">= 0.02", "< -0.01", False),
        (">= 0.02", "> 0.03", False),
        (">= 0.02", "> 0 0.8", False),
        (">= 0.02 0.9", "> 0 0.8", True),
    ],
)
def test_a_ship_rule_that_reject_shuts_out(ship: str, reject: str, *, unreachable: bool) -> None:
    def condition(text: str) -> str:
        op, threshold, *floor = text.split()
        confidence = f", confidence: {floor[0]}" if floor else ""
        return f'{{metric: accuracy.delta, op: "{op}", threshold: {threshold}{confidence}}}'

    warnings = told(warned(f"{{all: [{condition(ship)}]}}", f"{{any: [{condition(reject)}]}}"))
    assert unreachable == ("ship-unreachable" in dict(warnings))


def test_one_of_several_alternatives_that_is_shut_out_is_left_alone() -> None:
    ship = f'{{any: [{GAIN}, {{metric: space.delta, op: ">", threshold: 0}}]}}'
    reject = '{any: [{metric: space.delta, op: ">", threshold: -0.1, confidence: 0.8}]}'
    assert "ship-unreachable" not in dict(told(warned(ship, reject, metrics="accuracy, space")))


def test_four_conditions_without_a_floor_at_300_samples_reject_an_unchanged_model_in_79_percent() -> None:
    vocabulary = "version: 1\nmetrics:\n" + "".join(f"  - {{key: m{n}, unit: accuracy}}\n" for n in range(4))
    conditions = [f'{{metric: m{n}.delta, op: "<", threshold: -0.01}}' for n in range(4)]
    texts = {
        ".remyx/metrics.yaml": vocabulary,
        ".remyx/templates/suite.yaml": "version: 1\nname: suite\nscript: x\n"
        "metrics: [m0, m1, m2, m3]\nsamples: 300\n",
        ".remyx/policies/default.yaml": "version: 1\nname: default\ntemplate: suite\n"
        'ship: {all: [{metric: m0.delta, op: ">=", threshold: 0.02}]}\n'
        f"reject: {{any: [{', '.join(conditions)}]}}\n",
    }
    data = {path: text.encode() for path, text in texts.items()}
    message = (
        "4 conditions have no floor: at n = 300 "
        "the rule rejects an unchanged model with probability about 79 %"
    )
    assert [("reject-without-floor", message)] == told(list(warnings_of(load_bundle(data), data)))


@pytest.mark.parametrize(
    ("condition", "chance"),
    [
        ("{metric: accuracy, op: no_regression}", "about 47 %"),
        ("{metric: accuracy, op: regresses_by, threshold: 0.1}", "about 0 %"),
        ("{metric: space, op: regresses_by, threshold: 0.02}", "about 17 %"),
        ("{metric: latency, op: regresses_by, threshold: 5}", "up to 50 %"),
        ("{metric: accuracy, op: regresses_by, threshold: 0.05, mode: relative}", "about 20 %"),
    ],
)
def test_the_chance_of_rejecting_an_unchanged_model(condition: str, chance: str) -> None:
    warnings = dict(
        told(
            warned(
                f"{{all: [{GAIN}]}}",
                f"{{any: [{condition}]}}",
                metrics="accuracy, space, latency",
                samples=300,
            )
        )
    )
    assert warnings["reject-without-floor"].endswith(f"with probability {chance}")


def test_conditions_that_must_fail_together_rarely_do() -> None:
    both = ", ".join(f"{{metric: {key}, op: no_regression}}" for key in ("accuracy", "space"))
    warnings = dict(
        told(warned(f"{{all: [{GAIN}]}}", f"{{all: [{both}]}}", metrics="accuracy, space", samples=300))
    )
    assert warnings["reject-without-floor"].endswith("about 22 %")


@pytest.mark.parametrize(
    ("condition", "samples", "message"),
    [
        (
            "{metric: score, op: improves_by, threshold: 5}",
            300,
            "the baseline 97 leaves room for an improvement of 3, and 5 is asked for",
        ),
        (
            "{metric: accuracy, op: improves_by, threshold: 0.02, confidence: 0.95}",
            3,
            "even the best variant has confidence 0.67 at n = 3, below the floor 0.95",
        ),
        (
            '{field: sample_size, op: ">=", threshold: 500}',
            300,
            "the template declares 300 samples, and 500 are asked for",
        ),
        (
            '{field: delta_confidence, metric: accuracy, op: ">=", threshold: 0.99}',
            2,
            "even the best accuracy has confidence 0.80 at n = 2",
        ),
        (
            "{metric: tail, op: improves_by, threshold: 1, confidence: 0.9}",
            80,
            "p95 of 80 samples rests on 4 of them, fewer than 5",
        ),
    ],
)
def test_what_cannot_pass(condition: str, samples: int, message: str) -> None:
    warnings = warned(f"{{all: [{GAIN}, {condition}]}}", metrics="accuracy, score, tail", samples=samples)
    assert ("cannot-pass", message) in told(warnings)


def test_a_bare_recorded_number_never_gives_a_confidence() -> None:
    ship = f"{{all: [{GAIN[:-1]}, confidence: 0.8}}]}}"
    recorded = "baseline: recorded\n"
    assert "cannot-pass" in dict(told(warned(ship, template=recorded)))
    arm = {".remyx/baselines/suite.json": b"{}"}
    assert "cannot-pass" not in dict(told(warned(ship, template=recorded, files=arm)))
    assert "cannot-pass" not in dict(told(warned(ship)))


def test_a_guard_that_fails_identical_arms() -> None:
    guard = "{metric: accuracy, op: no_regression, threshold: 0.01, confidence: 0.80}"
    message = (
        "a variant with the very same scores has confidence 0.56 at n = 20, below the floor 0.8: "
        "the range is too wide for so few samples"
    )
    warnings = warned(f"{{all: [{GAIN}, {guard}]}}", samples=20)
    assert ("wide-range", message) in told(warnings)
    enough = next(one.help for one in warnings if one.code == "wide-range")
    assert enough.startswith("run 118 samples")
    assert "wide-range" not in dict(told(warned(f"{{all: [{GAIN}, {guard}]}}", samples=118)))
    assert "wide-range" in dict(told(warned(f"{{all: [{GAIN}, {guard}]}}", samples=117)))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("any: [{}]", "4 floors under any are not shared: it may claim wrongly in up to 59 % of all cases"),
        (
            "at_least: 3, of: [{}]",
            "4 floors under at_least 3 of 4 are not shared: it may claim wrongly in up to 36 % of all cases",
        ),
        ("any: [{}], floors: shared", None),
        ("all: [{}]", None),
        ("at_least: 4, of: [{}]", None),
    ],
)
def test_floors_that_are_not_shared(rule: str, message: str | None) -> None:
    keys = ("accuracy", "space", "score", "latency")
    conditions = ", ".join(
        f"{{metric: {key}, op: improves_by, threshold: 0.5, confidence: 0.8}}" for key in keys
    )
    warnings = dict(told(warned(f"{{{rule.format(conditions)}}}", metrics=", ".join(keys))))
    assert message == warnings.get("floors-not-shared")


def test_metrics_in_no_rule() -> None:
    ship = f'{{all: [{GAIN}, {{field: coverage, metric: tail, op: ">=", threshold: 1}}]}}'
    warnings = told(warned(ship, metrics="accuracy, space, latency, tail"))
    message = "2 of 4 measured metrics stand in no rule: space, latency"
    assert [("metric-in-no-rule", message)] == warnings


def test_a_ship_metric_that_may_become_worse() -> None:
    gains = [f"{{metric: {key}, op: improves_by, threshold: 0.5}}" for key in ("accuracy", "latency")]
    ship = f"{{at_least: 1, of: [{', '.join(gains)}]}}"
    assert [
        ("metric-without-guard", "accuracy may become worse by up to 1 and still ship"),
        ("metric-without-guard", "latency may become worse without limit and still ship"),
    ] == told(warned(ship, metrics="accuracy, latency"))
    guards = [
        "{metric: accuracy, op: no_regression, confidence: 0.8}",
        '{metric: latency.value, op: ">", threshold: 200}',
    ]
    reject = f"{{any: [{', '.join(guards)}]}}"
    assert [] == told(warned(ship, reject, metrics="accuracy, latency"))


@pytest.mark.parametrize("notes", ["Ship 3-of-4 benchmarks.", "three out of the four must gain", "3 of 4"])
def test_notes_that_say_k_of_n(notes: str) -> None:
    assert ["notes-say-k-of-n"] == [
        code for code, _ in told(warned(f"{{all: [{GAIN}]}}", more=f"notes: {notes}\n"))
    ]


@pytest.mark.parametrize("notes", ["Part of a whole.", "4 of 4", "one of a kind", "15 of March"])
def test_other_notes_are_left_alone(notes: str) -> None:
    assert [] == warned(f"{{all: [{GAIN}]}}", more=f"notes: {notes}\n")


def test_notes_that_an_at_least_keeps_are_left_alone() -> None:
    ship = f"{{at_least: 1, of: [{GAIN}, {{metric: accuracy, op: no_regression}}]}}"
    assert "notes-say-k-of-n" not in dict(told(warned(ship, more="notes: one of two\n")))


DOCKERFILE = b"""\
FROM python:3.12 AS base
# COPY commented/ .
COPY --from=build /out /out
COPY evaluation/ /app/
COPY --chown=1:1 \\
    src/model.py \\
    prompts /app/
ADD ["data/labels.json", "/data/"]
ADD https://example.org/x.tar.gz /x/
RUN copy this
"""


def test_a_dockerfile_that_copies_beyond_the_harness() -> None:
    warnings = warned(
        f"{{all: [{GAIN}]}}",
        template='harness: ["evaluation/**", "prompts/*"]\n',
        files={"evaluation/Dockerfile": DOCKERFILE},
    )
    assert [
        (
            "dockerfile-beyond-harness",
            "evaluation/Dockerfile:5 copies src/model.py, which `harness` does not name",
        ),
        (
            "dockerfile-beyond-harness",
            "evaluation/Dockerfile:8 copies data/labels.json, which `harness` does not name",
        ),
    ] == told(warnings)


def test_a_silenced_warning_is_not_given() -> None:
    silence = "notes: 3 of 4\nsilence: [{lint: notes-say-k-of-n, why: The notes are a quotation.}]\n"
    assert [] == warned(f"{{all: [{GAIN}]}}", more=silence)


def test_a_proven_lock_needs_a_token_that_sees_who_may_bypass() -> None:
    reject = "{any: [{metric: accuracy, op: no_regression, threshold: 0.01, confidence: 0.80}]}"
    rules = {"ship": f"{{all: [{GAIN}]}}", "reject": reject, "samples": 300}
    (warning,) = warned(**rules, more="require_lock: locked\n")  # type: ignore[arg-type]
    assert ("locked-needs-a-token", "/require_lock") == (warning.code, warning.pointer)
    assert [] == warned(**rules, more="require_lock: captured\n")  # type: ignore[arg-type]


def test_a_warning_names_its_page_and_is_no_error() -> None:
    (warning,) = warned(f"{{all: [{GAIN}]}}", more="notes: 3 of 4\n")
    assert Severity.WARNING is warning.severity
    assert warning.help.endswith(f"({PAGE}#notes-say-k-of-n)")
    assert ("/notes", 5) == (warning.pointer, warning.line)


def test_a_policy_with_an_error_is_not_warned_of() -> None:
    texts = {
        ".remyx/metrics.yaml": METRICS.encode(),
        ".remyx/policies/default.yaml": b"version: 1\nnotes: 3 of 4\n",
    }
    assert () == warnings_of(load_bundle(texts), texts)


def reference() -> str:
    """The page of every warning, from the catalogue."""
    parts = [
        "# What `check` warns about\n",
        "Warnings never change the exit code. A team that has read one and decided to live with it says",
        "so in the policy, and why:\n",
        "```yaml",
        "silence:",
        "  - {lint: reject-without-floor, why: a false alarm costs us one more run}",
        "```\n",
    ]
    for lint_id, lint in LINTS.items():
        parts += [
            f"## {lint_id}\n",
            f"{lint.title[0].upper()}{lint.title[1:]}. {lint.why}\n",
            f"**The figure.** {lint.figure}\n",
            f"```yaml\n# instead of\n{lint.example}\n# write\n{lint.better}\n```\n",
        ]
    return "\n".join(parts)


def test_the_reference_is_what_the_catalogue_says() -> None:
    """`REWRITE_GOLDEN=1 uv run pytest tests/policy/test_lints.py` writes it again."""
    page = ROOT / PAGE
    if os.environ.get("REWRITE_GOLDEN"):
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(reference())
    assert reference() == page.read_text()
