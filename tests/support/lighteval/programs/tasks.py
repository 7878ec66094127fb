"""Tasks on local data, as a user's repository has them: one for each trap."""

from pathlib import Path
from typing import Any

from lighteval.metrics.metrics import Metrics
from lighteval.metrics.metrics_sample import ExactMatches, SampleLevelComputation
from lighteval.metrics.utils.metric_utils import SampleLevelMetric
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc, SamplingMethod

DATA = str(Path(__file__).parent / "data")


def choice(line: Any, task_name: str) -> Any:
    return Doc(
        task_name=task_name, query=line["question"], choices=[" yes", " no"], gold_index=int(line["gold"])
    )


def written(line: Any, task_name: str) -> Any:
    return Doc(task_name=task_name, query=line["question"], choices=[line["answer"]], gold_index=0)


def pictured(line: Any, task_name: str) -> Any:
    return Doc(task_name=task_name, query="?", choices=[line["answer"]], gold_index=0, images=["a picture"])


def first_word(text: str) -> str:
    return text.split(" ", maxsplit=1)[0]


def written_metric(name: str, score: Any, corpus: Any) -> Any:
    """A metric that looks at the generated text alone."""

    class Scorer(SampleLevelComputation):  # type: ignore[misc]
        def compute(self, model_response: Any, **_: Any) -> float:
            return float(score(model_response.final_text[0]))

    return SampleLevelMetric(
        metric_name=name,
        sample_level_fn=Scorer(),
        category=SamplingMethod.GENERATIVE,
        corpus_level_fn=corpus,
        higher_is_better=True,
    )


def print_of(text: str) -> float:
    """A number that hardly two texts have in common."""
    return sum(ord(character) * (place + 1) for place, character in enumerate(text)) / 1000


def exact(name: str) -> Any:
    return SampleLevelMetric(
        metric_name=name,
        sample_level_fn=ExactMatches(type_exact_match="prefix"),
        category=SamplingMethod.GENERATIVE,
        corpus_level_fn=MEAN,
        higher_is_better=True,
    )


def task(
    name: str, prompt: Any, metrics: Any, *, repo: str = DATA, splits: Any = ("test",), **more: Any
) -> Any:
    return LightevalTaskConfig(
        name=name,
        prompt_function=prompt,
        hf_repo=repo,
        hf_subset="default",
        hf_avail_splits=["train", "test"],
        evaluation_splits=list(splits),
        few_shots_split="train",
        metrics=metrics,
        **more,
    )


GENERATED: Any = {"generation_size": 6, "stop_sequence": ["\n"]}
MEAN = Metrics.exact_match.value.corpus_level_fn
LENGTH = written_metric("length", len, MEAN)
PRINT = written_metric("print", print_of, MEAN)

TASKS_TABLE = [
    task("choice", choice, [Metrics.loglikelihood_acc]),
    task("written", written, [Metrics.exact_match, Metrics.f1_score, PRINT, LENGTH], **GENERATED),
    task("splits", written, [Metrics.exact_match], splits=("train", "test"), **GENERATED),
    task("mix:choice", choice, [Metrics.loglikelihood_acc]),
    task("mix:written", written, [Metrics.exact_match], **GENERATED),
    task("addressed", written, [exact(f"em:normalize={first_word}")], **GENERATED),
    task("unstopped", written, [Metrics.exact_match], generation_size=6),
    task("odd", written, [written_metric("odd", lambda _: "nan", MEAN)], **GENERATED),
    task("longest", written, [written_metric("longest", len, max)], **GENERATED),
    task("pictured", pictured, [Metrics.exact_match], **GENERATED),
    task("elsewhere", written, [Metrics.exact_match], repo="acme/questions", **GENERATED),
]
