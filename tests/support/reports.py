"""Real reports for the tests of renderers: scores made up in a few numbers, judged as any other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from remyx_action.policy.bar import Bar
from remyx_action.policy.diff import DiffSide, compare_bars
from remyx_action.project.load import Bundle
from remyx_action.project.models import Metrics, Policy, Template
from remyx_action.readers.scores import ArmScores, Reason, Samples, Scores, Summary, Unusable
from remyx_action.report.report import (
    ArmReport,
    BarChange,
    ExperimentReport,
    JudgedUnder,
    ProposalReport,
    Report,
    RunReport,
)
from remyx_action.report.verdict import Arm, Arms, failed_arm, reach_verdict

ScorePair = tuple[Scores, Scores]
"""Baseline and variant of one metric."""

KEYS = ("spatialscore", "omnispatial", "space10", "mindcube")
LABELS = ("SpatialScore", "OmniSpatial", "SpaCE-10", "MindCube")
SPATIAL = {
    "version": 1,
    "metrics": [
        {"key": key, "label": label, "unit": "accuracy"} for key, label in zip(KEYS, LABELS, strict=True)
    ],
}
SHIP = {
    "all": [
        "spatialscore.delta >= 0.02 at 80%",
        "omnispatial improves_by 0.02 at 0.80",
        {"field": "delta_confidence", "op": ">=", "threshold": 0.80},
        {"metric": "space10", "op": "no_regression", "threshold": 0.01},
        {"if": "mindcube no_regression 0.01"},
    ]
}
REJECT = {
    "any": [
        {"metric": "space10.delta", "op": "<", "threshold": -0.01, "confidence": 0.80},
        "mindcube no_regression 0.01 at 0.80",
    ],
    "floors": "shared",
}
BASE = "41f0c8d2e9a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3"
HEAD = "9d1e2f30a4b5c6d7e8f90a1b2c3d4e5f60718293"


def spec(model: Any, value: object) -> Any:
    """The value as the strict loader would hand it over: numbers as the decimals that were written."""
    return model.model_validate(json.loads(json.dumps(value), parse_float=Decimal))


def bundle_of(ship: object, reject: object, metrics: Mapping[str, Any] = SPATIAL) -> Bundle:
    """A project of one template and one policy."""
    policy = {"version": 1, "name": "default", "template": "spatial-suite", "ship": ship, "reject": reject}
    template = {
        "version": 1,
        "name": "spatial-suite",
        "runtime": "custom",
        "script": "docker/eval_stage/",
        "baseline_asset": "Qwen/Qwen2.5-VL-7B-Instruct",
        "metrics": [metric["key"] for metric in metrics["metrics"]],
    }
    return Bundle(
        metrics=spec(Metrics, metrics),
        templates={"spatial-suite": spec(Template, template)},
        policies={"default": spec(Policy, policy)},
        experiments={},
        locks={},
    )


def bar_of(ship: object, reject: object, metrics: Mapping[str, Any] = SPATIAL) -> Bar:
    return DiffSide(bundle=bundle_of(ship, reject, metrics)).bar(
        bundle_of(ship, reject, metrics).policies["default"]
    )


def flips(both: int, neither: int, *, won: int, lost: int, prefix: str = "q") -> ScorePair:
    """Right answers: in both arms, in neither, only in the variant, only in the baseline."""
    ids = [f"{prefix}-{place:04d}" for place in range(both + neither + won + lost)]
    before = ["1"] * both + ["0"] * neither + ["0"] * won + ["1"] * lost
    after = ["1"] * both + ["0"] * neither + ["1"] * won + ["0"] * lost
    return Samples(ids=ids, scores=before), Samples(ids=ids, scores=after)


def spread(before: str, after: str, width: str, n: int) -> ScorePair:
    """Measurements of `n` ids around two means; `width` is how far the gain of an id reaches."""
    waves = [Decimal((place * 37) % 101 - 50) / 50 for place in range(n)]
    others = [Decimal((place * 53) % 97 - 48) / 48 for place in range(n)]
    ids = [f"request-{place:04d}" for place in range(n)]
    one = [Decimal(before) * (1 + wave / 4) for wave in waves]
    two = [
        score + Decimal(after) - Decimal(before) + Decimal(width) * other
        for score, other in zip(one, others, strict=True)
    ]
    return tuple(  # type: ignore[return-value]
        Samples(ids=ids, scores=[f"{score:.4f}" for score in scores]) for scores in (one, two)
    )


def answered(arms: ScorePair) -> ScorePair:
    """The same scores, with what was asked and what each arm answered."""
    found = []
    for arm in arms:
        assert isinstance(arm, Samples)
        found.append(
            replace(
                arm,
                inputs=[f"Where does the contract name the deadline of {id_}?" for id_ in arm.ids],
                outputs=[
                    f"In section {len(id_) + place % 7}." if score == "1" else "The contract names none."
                    for place, (id_, score) in enumerate(zip(arm.ids, arm.scores, strict=True))
                ],
            )
        )
    return found[0], found[1]


def in_clusters(arms: ScorePair, clusters: int) -> ScorePair:
    """The same scores, drawn from so many documents one after the other."""
    found = []
    for arm in arms:
        assert isinstance(arm, Samples)
        size = -(-len(arm.ids) // clusters)
        found.append(
            replace(arm, clusters=[f"document-{place // size:02d}" for place in range(len(arm.ids))])
        )
    return found[0], found[1]


def bare(before: str, after: str) -> ScorePair:
    return Summary(value=Decimal(before)), Summary(value=Decimal(after))


def arm(asset: str | None, **changes: Any) -> ArmReport:
    return ArmReport(
        **{
            "state": "completed",
            "asset": asset,
            "detail": None,
            "seconds": Decimal("371.4"),
            "provenance": {"dataset_revision": "2025-11-03", "judge": "none"},
            "digests": {"results.json": "sha256:" + "9b" * 32},
            "unnamed": [],
            "warnings": [],
            **changes,
        }
    )


BASELINE = arm("Qwen/Qwen2.5-VL-7B-Instruct")
VARIANT = arm("remyx/sft-3")


def judged(
    bar: Bar,
    scores: Mapping[str, ScorePair],
    *,
    arms: tuple[ArmReport, ArmReport] = (BASELINE, VARIANT),
    caps: Sequence[str] = (),
    proposal: ProposalReport | None = None,
    **under: Any,
) -> Report:
    """The verdict on the scores under the bar."""
    measured = []
    for place, report in enumerate(arms):
        if report.state == "failed":
            measured.append(failed_arm([metric.key for metric in bar.metrics], report))
            continue
        found = ArmScores(
            scores={key: pair[place] for key, pair in scores.items()}, provenance=report.provenance
        )
        measured.append(Arm(scores=found, report=report))
    return reach_verdict(
        bar,
        Arms(baseline=measured[0], variant=measured[1]),
        judged_under=judged_under(**under),
        run=RunReport(
            clock="2026-05-04T09:12:44Z", host="runner", seconds=Decimal("754.2"), attempt=1, version="0.1.0"
        ),
        caps=caps,
        proposal=proposal,
    )


def judged_under(**changes: Any) -> JudgedUnder:
    return JudgedUnder(
        **{
            "source": "working tree",
            "digests": {
                "metrics": "sha256:" + "3f" * 32,
                "template": "sha256:" + "7a" * 32,
                "policy": "sha256:" + "c4" * 32,
            },
            "commits": {},
            "isolation": "L1",
            "isolation_note": "the harness ran as the same user as everything else here",
            "lock": "unlocked: there is no .remyx/locks/spatial-suite.json",
            "reproduce": "remyx-action run --template spatial-suite --variant remyx/sft-3",
            **changes,
        }
    )


def _of_a_ship() -> dict[str, ScorePair]:
    return {
        "spatialscore": flips(1995, 2744, won=208, lost=53),
        "omnispatial": flips(430, 982, won=88, lost=33),
        "space10": flips(1015, 815, won=88, lost=82),
        "mindcube": flips(363, 617, won=34, lost=36),
    }


def shipping() -> Report:
    return judged(
        bar_of(SHIP, REJECT),
        _of_a_ship(),
        source=f"commit {BASE}",
        commits={"base": BASE, "head": HEAD, "merge_base": BASE},
        lock="captured",
    )


def rejecting() -> Report:
    return judged(
        bar_of(SHIP, REJECT),
        {
            "spatialscore": flips(1995, 2744, won=208, lost=53),
            "omnispatial": flips(430, 982, won=88, lost=33),
            "space10": flips(1015, 815, won=83, lost=87),
            "mindcube": flips(307, 607, won=44, lost=92),
        },
        commits={"head": f"{HEAD} with uncommitted changes"},
    )


def iterating() -> Report:
    return judged(
        bar_of(SHIP, REJECT),
        {
            "spatialscore": flips(110, 151, won=23, lost=16),
            "omnispatial": flips(80, 190, won=17, lost=13),
            "space10": flips(150, 122, won=15, lost=13),
            "mindcube": flips(100, 175, won=12, lost=13),
        },
    )


LOG = """Traceback (most recent call last):
  File "docker/eval_stage/run.py", line 88, in <module>
    main()
  File "docker/eval_stage/run.py", line 61, in main
    scores = evaluate(model, load_benchmark(name))
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.31 GiB.
"""


def failing() -> Report:
    crashed = arm(
        "remyx/sft-3", state="failed", detail=f"exit code 1\n{LOG}", seconds=Decimal(41), digests={}
    )
    scores = dict.fromkeys(KEYS, flips(40, 50, won=5, lost=5))
    return judged(bar_of(SHIP, REJECT), scores, arms=(BASELINE, crashed))


def incomparable() -> Report:
    other = arm("remyx/sft-3", provenance={"dataset_revision": "2025-12-19", "judge": "none"})
    scores = dict.fromkeys(KEYS, flips(400, 500, won=90, lost=30))
    return judged(bar_of(SHIP, REJECT), scores, arms=(BASELINE, other))


def partial() -> Report:
    missing = Unusable(reason=Reason.MISSING_METRIC, message="results.json does not report it")
    return judged(
        bar_of(SHIP, REJECT),
        {
            "spatialscore": flips(1995, 2744, won=208, lost=53),
            "omnispatial": flips(430, 982, won=88, lost=33),
            "space10": flips(1015, 815, won=88, lost=82),
            "mindcube": (flips(363, 617, won=34, lost=36)[0], missing),
        },
        arms=(
            BASELINE,
            arm(
                "remyx/sft-3",
                unnamed=["mind_cube", "latency"],
                warnings=["mind_cube is named by no metric: did you mean mindcube?"],
            ),
        ),
    )


def without_reject() -> Report:
    """Bare numbers without a reject rule: points decide, nothing has a confidence."""
    ship = {"all": [{"metric": f"{key}.delta", "op": ">=", "threshold": 0.02} for key in KEYS]}
    values = [("0.42", "0.44"), ("0.31", "0.33"), ("0.55", "0.57"), ("0.38", "0.4")]
    scores = {key: bare(*pair) for key, pair in zip(KEYS, values, strict=True)}
    return judged(bar_of(ship, None), scores)


SERVING: dict[str, Any] = {
    "version": 1,
    "metrics": [
        {"key": "exact_match", "label": "Exact match", "unit": "%"},
        {"key": "latency", "label": "Latency", "unit": "ms", "direction": "lower"},
        {"key": "tokens", "label": "Tokens per answer", "unit": "tokens", "direction": "lower"},
        {"key": "log_loss", "label": "Log-loss", "unit": "loss", "direction": "lower"},
    ],
}


def serving() -> Report:
    """Lower is better, percent, relative and nested conditions."""
    ship = {
        "all": [
            {"metric": "exact_match", "op": "no_regression", "threshold": 4, "confidence": 0.80},
            {
                "at_least": 2,
                "of": [
                    "latency improves_by 10 at 90%",
                    {"metric": "tokens.delta", "op": "<=", "threshold": -20, "why": "the app's budget"},
                    {"any": [{"metric": "log_loss", "op": "improves_by", "threshold": 0.01}]},
                ],
                "floors": "shared",
            },
            {"metric": "latency.value", "op": "<=", "threshold": 170},
            "tokens improves_by 5% of baseline",
        ]
    }
    reject = {"any": [{"metric": "log_loss", "op": "no_regression", "threshold": 0.02, "confidence": 0.95}]}
    one, two = flips(700, 440, won=32, lost=28)
    assert isinstance(one, Samples)
    assert isinstance(two, Samples)
    hundred = [Samples(ids=a.ids, scores=[str(100 * int(s)) for s in a.scores]) for a in (one, two)]
    return judged(
        bar_of(ship, reject, SERVING),
        {
            "exact_match": (hundred[0], hundred[1]),
            "latency": spread("184.31", "162.07", "90", 1200),
            "tokens": spread("412.6", "381.25", "220", 1200),
            "log_loss": spread("0.412", "0.41204", "0.2", 1200),
        },
    )


EXPERIMENT = ExperimentReport(
    name="sft-3-mix",
    hypothesis="Mixing in 20% of rendered scenes lifts spatial reasoning without costing counting.",
    target_metric="spatialscore",
    tags=["sft", "spatial"],
)
LOOSER_SHIP = {"all": ["spatialscore.delta >= 0.01 at 0.60", *SHIP["all"][3:]]}
TIGHTER_REJECT = {
    "any": [*REJECT["any"], {"metric": "spatialscore.delta", "op": "<", "threshold": 0, "confidence": 0.80}],
    "floors": "shared",
}


def proposed(**changes: Any) -> ProposalReport:
    return ProposalReport(
        **{
            "experiment": EXPERIMENT,
            "protected": [],
            "workflow": [],
            "others": 2,
            "changes": [],
            "verdict": None,
            "reason": None,
            **changes,
        }
    )


def on_a_pull_request(report: Report, **changes: Any) -> Report:
    """The report as it is judged on GitHub, from the base branch's rules."""
    under = judged_under(
        source=f"commit {BASE}", commits={"base": BASE, "head": HEAD, "merge_base": BASE}, lock="captured"
    )
    return report.model_copy(update={"judged_under": under, "proposal": proposed(**changes)})


def with_an_experiment() -> Report:
    return on_a_pull_request(shipping())


def loosening() -> Report:
    """An iterate that would ship under the rules that the pull request brings along."""
    changes = compare_bars(
        DiffSide(bundle=bundle_of(SHIP, REJECT)), DiffSide(bundle=bundle_of(LOOSER_SHIP, TIGHTER_REJECT))
    )
    return on_a_pull_request(
        iterating(),
        protected=[".remyx/policies/default.yaml", "docker/eval_stage/labels.json"],
        changes=[
            BarChange(effect=change.effect.value, path=change.path, sentence=change.sentence)
            for change in changes
        ],
        verdict="ship",
        reason="bar_met",
    )


def editing_the_workflow() -> Report:
    """The numbers of a ship, capped, and a policy that is gone."""
    workflow = [".github/workflows/remyx.yaml"]
    capped = judged(
        bar_of(SHIP, REJECT),
        _of_a_ship(),
        caps=["workflow_changed"],
    )
    return on_a_pull_request(
        capped,
        experiment=None,
        protected=[*workflow, ".remyx/policies/default.yaml"],
        workflow=workflow,
        others=0,
        changes=[
            BarChange(
                effect="loosened", path=".remyx/policies/default.yaml", sentence="policy default is removed"
            )
        ],
        verdict=None,
        reason="policy_removed",
    )


def lacking_samples() -> Report:
    """The numbers of a ship, of which the variant's run left out every seventh."""
    before, after = flips(1995, 2744, won=208, lost=53)
    assert isinstance(after, Samples)
    few = replace(after, ids=after.ids[:4300], scores=after.scores[:4300])
    others = {
        "omnispatial": (430, 982, 88, 33),
        "space10": (1015, 815, 88, 82),
        "mindcube": (363, 617, 34, 36),
    }
    scores = {
        key: flips(both, neither, won=won, lost=lost) for key, (both, neither, won, lost) in others.items()
    }
    report = judged(bar_of(SHIP, REJECT), {"spatialscore": (before, few), **scores}, caps=["incomplete"])
    return on_a_pull_request(report, experiment=None)


def without_a_lock() -> Report:
    """The numbers of a ship, under files that nobody has locked."""
    return judged(
        bar_of(SHIP, REJECT),
        _of_a_ship(),
        caps=["not_locked"],
        source=f"commit {BASE}",
        commits={"base": BASE, "head": HEAD, "merge_base": BASE},
    )


RETRIEVAL = {
    "version": 1,
    "metrics": [
        {"key": "recall_at_5", "label": "Recall@5", "unit": "accuracy"},
        {"key": "mrr", "label": "MRR", "unit": "accuracy"},
    ],
}


def two_metrics() -> Report:
    """A guard that is not sure, and a gain that is."""
    guard = {"metric": "recall_at_5", "op": "no_regression", "threshold": 0.01, "confidence": 0.80}
    ship = {"all": [guard, {"metric": "mrr", "op": "improves_by", "threshold": 0.02, "confidence": 0.80}]}
    reject = {"any": [{**guard, "threshold": 0.05}, {"metric": "mrr.delta", "op": "<", "threshold": -0.05}]}
    before, after = spread("0.731", "0.837", "0.4", 300)
    assert isinstance(before, Samples)
    assert isinstance(after, Samples)
    shares = [
        Samples(ids=arm.ids, scores=[f"{min(1, max(0, float(score))):.4f}" for score in arm.scores])
        for arm in (before, after)
    ]
    report = judged(
        bar_of(ship, reject, RETRIEVAL),
        {"recall_at_5": answered(flips(254, 5, won=19, lost=22)), "mrr": (shares[0], shares[1])},
        arms=(arm("configs/prod.json"), arm("configs/hybrid.json")),
        source=f"commit {BASE}",
        commits={"base": BASE, "head": HEAD, "merge_base": BASE},
        lock="locked",
    )
    policy = report.policy.policy.model_copy(update={"notes": "A retraining costs a day."})
    return report.model_copy(update={"policy": report.policy.model_copy(update={"policy": policy})})


def clustered() -> Report:
    """Samples that were drawn with their documents."""
    guard = {"metric": "recall_at_5", "op": "no_regression", "threshold": 0.01, "confidence": 0.80}
    ship = {"all": [guard, {"metric": "mrr", "op": "improves_by", "threshold": 0.02, "confidence": 0.80}]}
    return judged(
        bar_of(ship, None, RETRIEVAL),
        {
            "recall_at_5": in_clusters(answered(flips(254, 5, won=19, lost=22)), 30),
            "mrr": in_clusters(spread("0.5", "0.52", "0.2", 300), 30),
        },
    )


def many(amount: int = 40) -> Report:
    """A report of `amount` metrics, one in 37 of which lost."""
    keys = [f"task_{place:03d}" for place in range(amount)]
    metrics = [{"key": key, "label": f"MMLU {key}", "unit": "accuracy"} for key in keys]
    ship = {"all": [{"metric": key, "op": "no_regression", "threshold": 0.02} for key in keys]}
    reject = {
        "any": [
            {"metric": f"{key}.delta", "op": "<", "threshold": -0.05, "confidence": 0.95} for key in keys
        ],
        "floors": "shared",
    }
    scores = {
        key: flips(12, 20, won=0, lost=2, prefix=key)
        if place % 37 == 5
        else flips(12, 20, won=1 + place % 4, lost=1, prefix=key)
        for place, key in enumerate(keys)
    }
    return judged(bar_of(ship, reject, {"version": 1, "metrics": metrics}), scores)


REPORTS: dict[str, Callable[[], Report]] = {
    "ship": shipping,
    "reject": rejecting,
    "iterate": iterating,
    "failed": failing,
    "not_comparable": incomparable,
    "partial": partial,
    "no_reject_bare": without_reject,
    "serving": serving,
    "many": many,
    "two_metrics": two_metrics,
    "experiment": with_an_experiment,
    "loosens": loosening,
    "workflow": editing_the_workflow,
    "missing": lacking_samples,
    "not_locked": without_a_lock,
}
"""By name, a report of each kind."""
