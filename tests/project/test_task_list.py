"""The list of lighteval's tasks: what it holds, what it is held to, what a template's keys come out as."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from remyx_action.project.files.json_text import Fault
from remyx_action.project.models import Template
from remyx_action.project.models.field_types import KEY_PATTERN
from remyx_action.project.models.lighteval import TASK_PATTERN
from remyx_action.project.tasks import Resolved, Task, TaskList, TaskMetric, resolve, task_list
from remyx_action.project.tasks.listing import key_of, label_of
from remyx_action.project.tasks.resolving import offers_of
from remyx_action.runtimes.lighteval.child.names import canonical
from remyx_action.runtimes.plan.lighteval import LIGHTEVAL_VERSION

KNOWN = task_list()


def template(**keys: Any) -> Template:
    given = {"version": 1, "name": "t", "runtime": "lighteval", "model": {"backend": "accelerate"}}
    return Template.model_validate(given | {"metrics": "auto"} | keys)


def resolved(known: TaskList = KNOWN, **keys: Any) -> Resolved:
    found, faults = resolve(template(**keys), known)
    assert () == faults
    assert found is not None
    return found


def faults(known: TaskList = KNOWN, **keys: Any) -> list[Fault]:
    found, wrong = resolve(template(**keys), known)
    assert found is None
    return list(wrong)


def test_the_list_is_of_the_version_that_is_run() -> None:
    assert LIGHTEVAL_VERSION == KNOWN.version


def test_how_much_of_lighteval_can_be_judged() -> None:
    """docs/decisions/tasks-of-lighteval.md says how these come about."""
    assert 646 == len(KNOWN.tasks)
    assert 6 == sum(name.startswith("tiny:") for name in KNOWN.tasks)
    assert 563 == sum(bool(task.measurable) for task in KNOWN.tasks.values())
    assert 48 == len(KNOWN.groups)
    assert 57 == len(KNOWN.groups["mmlu"])


def test_names_are_those_that_every_run_gives() -> None:
    for task in KNOWN.tasks.values():
        assert re.match(TASK_PATTERN, task.name)
        for metric in task.metrics:
            assert "0x" not in metric.name
            assert metric.name == canonical(metric.name)


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("gsm8k", "extractive_match"),
        ("mmlu:astronomy", "em"),
        ("arc:easy", "acc"),
        ("winogrande", "acc"),
        ("hellaswag", "em"),
    ],
)
def test_the_metrics_of_well_known_tasks(task: str, name: str) -> None:
    assert name in [metric.name for metric in KNOWN.tasks[task].measurable]


def test_every_task_has_a_reason_or_a_metric_and_every_key_is_one() -> None:
    for name in KNOWN.names:
        tasks = KNOWN.find(name)
        offers = offers_of(tasks)
        assert offers or all(task.why_not for task in tasks)
        assert len(offers) == len({offer.key for offer in offers})
        for offer in offers:
            assert re.match(KEY_PATTERN, offer.key)


@given(some.text(min_size=1))
def test_any_name_gives_a_key_and_a_label(name: str) -> None:
    assert re.match(KEY_PATTERN, key_of(name))
    assert len(label_of(name)) <= 80


@pytest.mark.parametrize(
    ("name", "key", "label"),
    [
        ("em", "em", "exact match"),
        ("pass@k:k=1&n=1", "pass_k_k_1_n_1", "pass@k (k=1, n=1)"),
        ("BERTScore-F", "bertscore-f", "BERTScore-F"),
        ("chrf++", "chrf", "chrf++"),
        (
            "maj@n:n=4&strip_strings=True&normalize_pred=math_normalizer&normalize_gold=math_normalizer",
            "maj_n_n_4_strip_strings_true",
            "maj@n (n=4, strip_strings=True)",
        ),
        ("5shot", "m_5shot", "5shot"),
    ],
)
def test_keys_and_labels(name: str, key: str, label: str) -> None:
    assert (key, label) == (key_of(name), label_of(name))


def test_auto_takes_what_the_task_reports() -> None:
    found = resolved(task="gsm8k")
    assert ("gsm8k",) == found.tasks
    assert {"extractive_match": {"gsm8k": "extractive_match"}} == found.metrics
    [chosen] = found.chosen
    assert chosen.metric is not None
    assert ("higher", (0, 1), "generative") == (
        chosen.metric.direction,
        chosen.metric.range,
        chosen.metric.mode,
    )


def test_a_group_is_a_unit_whose_metric_all_of_its_tasks_report() -> None:
    found = resolved(task="mmlu")
    assert 57 == len(found.tasks)
    assert {"em"} == set(found.metrics)
    assert set(found.tasks) == set(found.metrics["em"])


def test_a_name_that_is_a_task_is_no_group() -> None:
    """lighteval's own command line would bring `boolq:contrastset` along, and `bbq` twice."""
    for name in ("boolq", "bbq", "lsat_qa", "imdb"):
        assert (name,) == resolved(task=name).tasks


def test_of_a_group_only_what_can_be_judged_is_run() -> None:
    every = {task.name for task in KNOWN.groups["bigbench"]}
    assert {"bigbench:social_support"} == every - set(resolved(task="bigbench").tasks)


def test_chosen_metrics_are_in_the_order_of_the_template() -> None:
    found = resolved(task="truthfulqa:mc", metrics=["truthfulqa_mc2", "truthfulqa_mc1"])
    assert ["truthfulqa_mc2", "truthfulqa_mc1"] == list(found.metrics)


def test_names_give_a_metric_another_key() -> None:
    found = resolved(task="gsm8k", names={"accuracy": "extractive_match"})
    assert {"accuracy": {"gsm8k": "extractive_match"}} == found.metrics
    again = resolved(task="gsm8k", metrics=["accuracy"], names={"accuracy": "extractive_match"})
    assert found.metrics == again.metrics


@pytest.mark.parametrize("name", ["astronomy/em", "mmlu:astronomy/em"])
def test_names_may_mean_one_task_of_a_group(name: str) -> None:
    found = resolved(task="mmlu", names={"astronomy": name})
    assert ["em", "astronomy"] == list(found.metrics)
    assert {"mmlu:astronomy": "em"} == found.metrics["astronomy"]
    assert 57 == len(found.metrics["em"])
    alone = resolved(task="mmlu", metrics=["astronomy"], names={"astronomy": name})
    assert ("mmlu:astronomy",) == alone.tasks


def test_auto_leaves_out_what_downloads_a_scoring_model_unless_it_is_asked_for() -> None:
    name = "summarization:cnn-dm"
    assert "bertscore-f" not in resolved(task=name).metrics
    assert "rouge1" in resolved(task=name).metrics
    assert {"bertscore-f"} == set(resolved(task=name, metrics=["bertscore-f"]).metrics)


def test_programs_that_a_model_writes_run_where_they_were_asked_for() -> None:
    chosen = resolved(task="lcb:codegeneration", metrics=["codegen_pass_1_16"])
    assert {"codegen_pass_1_16"} == set(chosen.metrics)
    named = resolved(task="lcb:codegeneration", names={"solved": "codegen_pass@1:16"})
    assert {"solved"} == set(named.metrics)


def test_what_is_filled_in_is_filled_in_alike_again() -> None:
    """A template is resolved when it is read, and again when it is run."""
    for keys in ({"task": "mmlu", "names": {"astronomy": "astronomy/em"}}, {"task": "ifeval"}):
        once = resolved(**keys)
        assert once == resolved(**keys, metrics=list(once.metrics))


def test_metrics_that_cannot_be_counted_together_keep_their_task() -> None:
    def task(name: str, *metrics: TaskMetric) -> Task:
        return Task(
            name=name,
            dataset="org/data",
            subset=None,
            revision=None,
            splits=("test",),
            few_shot=0,
            few_shot_split=None,
            metrics=metrics,
        )

    unit, percent = (
        TaskMetric(name="rouge1", direction="higher", mode="generative", range=(0, most)) for most in (1, 100)
    )
    tasks = (task("sum:a", unit), task("sum:b", percent))
    known = TaskList(version="1", tasks={one.name: one for one in tasks}, groups={"sum": tasks})
    assert {"a_rouge1": {"sum:a": "rouge1"}, "b_rouge1": {"sum:b": "rouge1"}} == resolved(
        known, task="sum"
    ).metrics
    assert {"r": {"sum:b": "rouge1"}} == resolved(
        known, task="sum", metrics=["r"], names={"r": "b/rouge1"}
    ).metrics


LIST_THEM = (
    "list them, as in `metrics: [accuracy]` with `names: {accuracy: em}`, and declare them in metrics.yaml"
)
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "misspelt task": ({"task": "gms8k"}, [("/task", "unknown-task", "did you mean gsm8k?")]),
    "a subtask in another way": (
        {"task": "mmlu-astronomy"},
        [("/task", "unknown-task", "did you mean mmlu:astronomy?")],
    ),
    "perplexity": (
        {"task": "wikitext:103:document_level"},
        [("/task", "unsupported-task", "`remyx-action tasks` lists those that can be judged")],
    ),
    "a judge": (
        {"task": "mt_bench"},
        [("/task", "unsupported-task", "`remyx-action tasks` lists those that can be judged")],
    ),
    "images": (
        {"task": "mmmu_pro:vision"},
        [("/task", "unsupported-task", "`remyx-action tasks` lists those that can be judged")],
    ),
    "a whole group": (
        {"task": "tiny"},
        [("/task", "unsupported-task", "`remyx-action tasks` lists those that can be judged")],
    ),
    "a metric's popular name": (
        {"task": "gsm8k", "metrics": ["exact_match"]},
        [("/metrics/0", "unknown-metric", "did you mean extractive_match?")],
    ),
    "a metric over the whole corpus": (
        {"task": "glue:mrpc", "metrics": ["acc", "loglikelihood_f1"]},
        [("/metrics/1", "unsupported-metric", "use acc")],
    ),
    "a name that is none": (
        {"task": "mmlu", "names": {"astronomy": "astronomi/em", "a": "acc"}},
        [
            ("/names/astronomy", "unknown-metric", "use one of em"),
            ("/names/a", "unknown-metric", "use one of em"),
        ],
    ),
    "a name that is not measured": (
        {"task": "gsm8k", "metrics": ["accuracy"], "names": {"accurcy": "extractive_match"}},
        [
            ("/names/accurcy", "unknown-metric", "did you mean accuracy?"),
            ("/metrics/0", "unknown-metric", "did you mean accurcy?"),
        ],
    ),
    "likelihoods of a server": (
        {"task": "arc:easy", "model": {"backend": "openai", "base_url": "http://localhost/v1"}},
        [
            (
                "/model/backend",
                "server-gives-text",
                "use `backend: accelerate` or `backend: vllm`, or metrics that look at generated text",
            )
        ],
    ),
    "auto where programs would run": (
        {"task": "lcb:codegeneration"},
        [
            (
                "/metrics",
                "auto-does-more",
                "to have that done, choose it: `metrics: [codegen_pass_1_16]`",
            )
        ],
    ),
    "auto of one's own task": (
        {"task": "sums", "custom_tasks": "tasks.py"},
        [
            (
                "/metrics",
                "auto-of-custom-task",
                LIST_THEM,
            )
        ],
    ),
    "names beside one's own metrics": (
        {"task": "sums", "custom_tasks": "tasks.py", "metrics": ["em"], "names": {"acc": "em"}},
        [("/names/acc", "unknown-metric", "use one of em")],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_resolved_is_reported_with_its_place_and_a_next_step(case: str) -> None:
    keys, expected = WRONG[case]
    assert expected == [(fault.pointer, fault.code, fault.help) for fault in faults(**keys)]


def test_the_reason_of_an_unsupported_task_is_given() -> None:
    [fault] = faults(task="mt_bench")
    assert 'no verdict can rest on "mt_bench": another model judges the answers' == fault.message


def test_a_task_of_ones_own_is_taken_at_its_word() -> None:
    found = resolved(
        task="sums", custom_tasks="tasks.py", metrics=["accuracy", "em"], names={"accuracy": "em:k=1"}
    )
    assert not found.from_list
    assert {"accuracy": {"sums": "em:k=1"}, "em": {"sums": "em"}} == found.metrics
    assert [None, None] == [chosen.metric for chosen in found.chosen]


def test_a_task_of_the_list_stays_one_beside_custom_tasks() -> None:
    assert resolved(task="gsm8k", custom_tasks="tasks.py").from_list


def test_a_server_answers_generative_tasks() -> None:
    server = {"backend": "openai", "base_url": "http://localhost/v1"}
    assert resolved(task="gsm8k", model=server).metrics
