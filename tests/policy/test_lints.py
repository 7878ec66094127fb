"""The warnings of `check`: when each is given, with which figure, and how it is silenced."""

import os
from pathlib import Path
from typing import Any

import pytest

from remyx_action.errors import Problem, Severity
from remyx_action.policy.lints.catalogue import LINTS, PAGE
from remyx_action.policy.lints.templates import missing_files
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
GUARDED = "{any: [accuracy no_regression 0.01 at 80%]}"


def warned(
    ship: str,
    reject: str | None = None,
    *,
    metrics: str = "accuracy",
    samples: int | None = None,
    more: str = "",
    template: str = "",
    files: dict[str, bytes] | None = None,
    starts: str = "variant_asset: {file: model.yaml, pointer: /model}\n",
) -> list[Problem]:
    """The warnings about a policy with these rules, written as flow YAML."""
    texts = {
        ".remyx/metrics.yaml": METRICS,
        ".remyx/templates/suite.yaml": f"version: 1\nname: suite\nscript: evaluation\nmetrics: [{metrics}]\n"
        + (f"samples: {samples}\n" if samples else "")
        + starts
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
        "metrics: [m0, m1, m2, m3]\nsamples: 300\nvariant_asset: {file: a.yaml, pointer: /a}\n",
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


CORRECTED = "looks: corrected\n"


@pytest.mark.parametrize(
    ("ship", "message"),
    [
        (
            "{all: [accuracy.delta >= 0.02, coverage >= 1]}",
            "`looks: corrected` raises floors, and accuracy.delta >= 0.02 has none: an unchanged model meets "  # noqa: ISC004
            "accuracy.delta >= 0.02 at one look with probability 24 %, at one of 5 with 74 %",
        ),
        (
            "{all: [accuracy improves_by 0 at 80%, accuracy.value >= 0.5, worse(accuracy) <= 3]}",
            "`looks: corrected` raises floors, and accuracy.value >= 0.5 and 1 more have none",
        ),
        ("{all: [accuracy improves_by 0 at 80%, delta_confidence >= 0.9, sample_size >= 9]}", None),
    ],
)
def test_conditions_that_further_looks_do_not_raise_are_named(ship: str, message: str | None) -> None:
    given = [
        text for code, text in told(warned(ship, GUARDED, samples=300, more=CORRECTED)) if "looks" in code
    ]
    assert given == ([] if message is None else [message])
    assert "looks-without-floor" not in dict(told(warned(ship, GUARDED, samples=300)))


def test_sizes_are_held_against_the_floor_of_the_first_look() -> None:
    ship = "{all: [accuracy improves_by 0 at 80%, delta_confidence >= 0.8]}"
    assert "cannot-pass" not in dict(told(warned(ship, GUARDED, samples=4)))
    message = "even the best variant has confidence 0.82 at n = 4, below the floor 0.9 of the first look"
    assert ("cannot-pass", message) in told(warned(ship, GUARDED, samples=4, more=CORRECTED))
    message = "even the best accuracy has confidence 0.896 at n = 3, below the floor 0.9 of the first look"
    assert ("cannot-pass", message) in told(warned(ship, GUARDED, samples=3, more=CORRECTED))


def test_a_bare_recorded_number_never_gives_a_confidence() -> None:
    ship = f"{{all: [{GAIN[:-1]}, confidence: 0.8}}]}}"
    recorded = "baseline: recorded\n"
    assert "cannot-pass" in dict(told(warned(ship, template=recorded)))
    arm = {".remyx/baselines/suite.json": b"{}"}
    assert "cannot-pass" not in dict(told(warned(ship, template=recorded, files=arm)))
    assert "cannot-pass" not in dict(told(warned(ship)))


@pytest.mark.parametrize(
    ("results", "is_warned"),
    [
        ("{file: out.json, format: json, value: '/{metric}'}", True),
        ("[{file: out.json, format: json, value: '/{metric}'}]", True),
        ("{file: out.json, format: json, value: '/{metric}', stderr: /stderr, n: 300}", False),
        ("{file: out.json, format: json, rows: /rows, id: /id, score: /score}", False),
        ("lm-eval", False),
    ],
)
def test_a_map_that_reads_one_number_never_gives_a_confidence(results: str, *, is_warned: bool) -> None:
    floored = "{all: [accuracy improves_by 0.02 at 80%]}"
    found = warned(floored, GUARDED, samples=300, template=f"results: {results}\n")
    message = "`results` reads one number of accuracy: there is never a confidence (0 of it)"
    assert is_warned == (("cannot-pass", message) in told(found))
    bare = warned("{all: [accuracy.delta >= 0.02]}", more=CORRECTED, template=f"results: {results}\n")
    [advice] = [one.help for one in bare if one.code == "looks-without-floor"]
    assert is_warned == advice.startswith("read a score of each sample, or `stderr` and `n`; then add")


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


BY_CHANCE = "holds for an unchanged model with probability"


@pytest.mark.parametrize(
    ("ship", "reject", "samples", "message"),
    [
        (
            f"{{all: [{GAIN}, worse(accuracy) <= 3]}}",
            GUARDED,
            1000,
            "worse(accuracy) <= 3 of 1000 samples lets an unchanged model ship with probability 26 %",
        ),
        (
            f"{{all: [{GAIN}, worse(accuracy) < 1]}}",
            GUARDED,
            300,
            "worse(accuracy) < 1 of 300 samples lets an unchanged model ship with probability 22 %",
        ),
        (
            f"{{all: [{GAIN}]}}",
            "{any: [worse(accuracy) > 3]}",
            1000,
            "worse(accuracy) > 3 of 1000 samples rejects an unchanged model with probability 74 %",
        ),
        (
            "{all: [better(accuracy) >= 5]}",
            GUARDED,
            1000,
            f"better(accuracy) >= 5 of 1000 samples {BY_CHANCE} 56 %: alone it is no evidence",
        ),
        ("{all: [better(accuracy) >= 5, accuracy improves_by 0 at 80%]}", GUARDED, 1000, None),
        (f"{{all: [{GAIN}, better(accuracy) >= 20]}}", GUARDED, 1000, None),
        (f"{{all: [{GAIN}, worse(accuracy) <= 7]}}", GUARDED, 1000, None),
        (f"{{all: [{GAIN}]}}", "{any: [worse(accuracy) > 7]}", 1000, None),
    ],
)
def test_a_count_of_changes_that_noise_decides(
    ship: str, reject: str, samples: int, message: str | None
) -> None:
    found = [one for one in warned(ship, reject, samples=samples) if one.code == "changes-by-chance"]
    expected = [] if message is None else [f"with one change in a hundred, {message}"]
    assert expected == [one.message for one in found]


def test_the_count_that_is_offered_is_one_that_is_not_warned_of() -> None:
    for samples in (50, 300, 1000, 20_000):
        (found,) = [
            one
            for one in warned(f"{{all: [{GAIN}, worse(accuracy) < 1]}}", GUARDED, samples=samples)
            if one.code == "changes-by-chance"
        ]
        offered = found.help.split("`")[1]
        again = warned(f"{{all: [{GAIN}, {offered}]}}", GUARDED, samples=samples)
        assert "changes-by-chance" not in {one.code for one in again}


SOUND: Any = {"ship": f"{{all: [{GAIN}]}}", "reject": GUARDED}


@pytest.mark.parametrize(
    ("template", "samples", "code", "pointer"),
    [
        ("", 300, None, None),
        ("paths: [src/**]\n", 300, "nothing-starts-it", "/paths"),
        ("compare: commits\n", 300, "commits-without-paths", "/compare"),
        ("compare: commits\npaths: [src/**]\n", 300, None, None),
        ("variant_asset: {file: model.yaml, pointer: /model}\n", 300, None, None),
    ],
)
def test_what_starts_a_template(template: str, samples: int, code: str | None, pointer: str | None) -> None:
    found = warned(**SOUND, samples=samples, starts="", template=template)
    assert [(one.code, one.pointer) for one in found] == ([] if code is None else [(code, pointer)])
    assert all(one.path == ".remyx/templates/suite.yaml" for one in found)


def test_an_experiment_starts_a_template() -> None:
    experiment = {
        ".remyx/experiments/try.yaml": b"version: 1\nname: try\ntemplate: suite\nvariant: b\n"
        b"hypothesis: It is better.\ntarget_metric: accuracy\n"
    }
    assert [] == warned(**SOUND, samples=300, starts="paths: [src/**]\n", files=experiment)


SIZES = (
    "version: 1\nmetrics:\n"
    "  - {key: accuracy, unit: accuracy, baseline: {value: 0.4, stderr: 0.02, n: 400}}\n"
    "  - {key: space, unit: accuracy, baseline: {value: 0.5, stderr: 0.02, n: %d}}\n"
)


@pytest.mark.parametrize(
    ("size", "samples", "is_warned"),
    [(300, "400", True), (400, "400", False), (300, "{accuracy: 400, space: 300}", False), (300, "", False)],
)
def test_one_number_of_samples_for_metrics_of_different_size(
    size: int, samples: str, *, is_warned: bool
) -> None:
    vocabulary = {".remyx/metrics.yaml": (SIZES % size).encode()}
    template = f"samples: {samples}\n" if samples else ""
    found = warned(**SOUND, metrics="accuracy, space", template=template, files=vocabulary)
    told_ = [one for one in found if one.code == "one-samples-number"]
    assert [one.help.partition(" (")[0] for one in told_] == (
        ["write a number a metric: `samples: {accuracy: 400, space: 300}`"] if is_warned else []
    )


@pytest.mark.parametrize(
    ("template", "is_warned"),
    [("shards: 8\n", True), ("shards: 8\nsamples: 400\n", False), ("shards: 1\n", False), ("", False)],
)
def test_parts_of_nobody_knows_how_many_samples(template: str, *, is_warned: bool) -> None:
    found = warned(**SOUND, template=template)
    assert is_warned == ("shards-without-samples" in [one.code for one in found])


@pytest.mark.parametrize(
    ("samples", "more", "told"),
    [
        ("400", "", None),
        ("408", "", None),
        ("409", "", "coverage(accuracy) >= 0.97"),
        ("800", "", "coverage(accuracy) >= 0.5"),
        ("{accuracy: 800}", "", "coverage(accuracy) >= 0.5"),
        ("{space: 800}", "", None),
        ("800", "max_missing: 0.5\n", None),
        ("200", "", None),
    ],
)
def test_more_samples_than_the_baseline_has(samples: str, more: str, told: str | None) -> None:
    vocabulary = {".remyx/metrics.yaml": (SIZES % 800).encode()}
    template = f"samples: {samples}\n{more}"
    found = warned(**SOUND, metrics="accuracy, space", template=template, files=vocabulary)
    offered = [one.help.split("`")[1] for one in found if one.code == "samples-beyond-baseline"]
    assert offered == ([] if told is None else [told])


HELD = ["run.py", "data/a/b.json", "labels.json", "lib/score.py", "model.yaml", "src/code.py", "assets/x.bin"]


@pytest.mark.parametrize(
    ("script", "template", "named"),
    [
        ("open('labels.json')", "", "labels.json"),
        ('open("./labels.json")', "", "labels.json"),
        ("Path('data', asset)", "", "data/**"),
        ("cat data/a/*.json labels.json", "", "data/a/** and 1 more"),
        ("sys.path.insert(0, 'lib')", "", "lib/**"),
        ("sys.path.insert(0, 'lib')", "harness: [lib/**]\n", None),
        ("Path('data', asset)", "harness: [labels.json]\n", "data/**"),
        ("Path('data', asset); open('labels.json')", "harness: ['data/**', labels.json]\n", None),
        ("data = read(data)", "", None),
        ("open('model.yaml')", "variant_asset: {file: model.yaml, pointer: /model}\n", None),
        ("import_module('src')", "paths: ['src/**']\ncompare: commits\n", None),
        ("open('assets/x.bin')", "baseline_asset: assets/x.bin\n", None),
        ("open('nowhere.json'); open('../labels.json')", "", None),
        ("\0\xff '" + "a" * 300, "", None),
    ],
)
def test_a_script_that_names_what_the_harness_leaves_out(
    script: str, template: str, named: str | None
) -> None:
    texts = {
        ".remyx/metrics.yaml": METRICS.encode(),
        ".remyx/templates/suite.yaml": (
            f"version: 1\nname: suite\nscript: run.py\nmetrics: [accuracy]\n{template}"
        ).encode(),
        ".remyx/policies/default.yaml": (
            f"version: 1\nname: default\ntemplate: suite\nship: {{all: [{GAIN}]}}\n"
        ).encode(),
        "run.py": script.encode("latin-1"),
    }
    bundle = load_bundle(texts)
    assert () == bundle.problems
    found = [one for one in warnings_of(bundle, texts, HELD) if one.code == "harness-leaves-out"]
    shown = [one.message.partition(" names ")[2].partition(", which")[0] for one in found]
    assert shown == ([] if named is None else [named])


def test_a_template_s_warning_is_silenced_by_a_policy_that_judges_by_it() -> None:
    silence = "silence: [{lint: nothing-starts-it, why: It is judged on laptops.}]\n"
    assert [] == warned(**SOUND, samples=300, starts="paths: [src/**]\n", more=silence)


FILES_OF_A_TEMPLATE = [
    "evaluation/evaluate.py",
    "evaluation/data/labels.json",
    "model.yaml",
    "docker/Dockerfile",
]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("script: evaluation/evaluate.py\n", []),
        ("script: evaluation/evaluate.py\nharness: [evaluation/**, '*.yaml']\n", []),
        ("script: evaluation/\ncommand: [python, evaluate.py]\n", []),
        ("script: evaluation/evaluat.py\n", [("no-such-file", "/script", "error")]),
        ("script: evaluation\n", [("folder-without-start", "/script", "warning")]),
        (
            "script: evaluation/evaluate.py\nvariant_asset: {file: models.yaml, pointer: /model}\n",
            [("no-such-file", "/variant_asset/file", "error")],
        ),
        (
            "script: evaluation/evaluate.py\nharness: [evaluation/**, data/**]\n",
            [("harness-matches-nothing", "/harness/1", "error")],
        ),
        ("script: evaluation/evaluate.py\ncontainer: {dockerfile: docker/Dockerfile}\n", []),
        (
            "script: evaluation/evaluate.py\ncontainer: {dockerfile: Dockerfile}\n",
            [("no-such-file", "/container/dockerfile", "error")],
        ),
        (
            "script: evaluation/\ncontainer: {prebuild: [{tag: base, dockerfile: base/Dockerfile}]}\n",
            [("no-such-file", "/container/prebuild/0/dockerfile", "error")],
        ),
    ],
)
def test_what_a_template_names_must_exist(template: str, expected: list[tuple[str, str, str]]) -> None:
    texts = {
        ".remyx/metrics.yaml": METRICS.encode(),
        ".remyx/templates/suite.yaml": f"version: 1\nname: suite\nmetrics: [accuracy]\n{template}".encode(),
    }
    bundle = load_bundle(texts)
    assert () == bundle.problems
    found = list(missing_files(bundle, FILES_OF_A_TEMPLATE))
    assert expected == [(one.code, one.pointer, one.severity.value) for one in found]
    assert all(one.line > 1 for one in found)


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
