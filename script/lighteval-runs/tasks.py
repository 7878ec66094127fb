"""Tasks on the data that make.py writes: two splits with the same numbers, a group, two kinds of request."""

import numpy as np
from folds import mean_fifth, median
from lighteval.metrics.metrics import Metrics
from lighteval.metrics.metrics_sample import SampleLevelComputation
from lighteval.metrics.utils.metric_utils import SampleLevelMetric
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc, SamplingMethod


def sum_prompt(line, task_name=None):
    return Doc(task_name=task_name, query=line["question"] + "\n", choices=[line["answer"]], gold_index=0)


def digit_prompt(line, task_name=None):
    choices = [f" {digit}" for digit in "0123"]
    return Doc(task_name=task_name, query=line["question"] + "\n", choices=choices, gold_index=line["gold"])


def stripped(text):
    return text.strip()


class Length(SampleLevelComputation):
    """How long an answer is, between 0 and 1."""

    def compute(self, model_response, **_):
        return len(model_response.text[0]) % 7 / 7


def length(name, fold):
    return SampleLevelMetric(
        metric_name=name,
        sample_level_fn=Length(),
        category=SamplingMethod.GENERATIVE,
        corpus_level_fn=fold,
        higher_is_better=True,
    )


def task(name, folder, prompt, metrics, splits=("test",)):
    return LightevalTaskConfig(
        name=name,
        prompt_function=prompt,
        hf_repo=f"data/{folder}",
        hf_subset="default",
        hf_avail_splits=splits,
        evaluation_splits=splits,
        generation_size=4,
        stop_sequence=["\n"],
        metrics=metrics,
        version=1,
    )


LENGTHS = [length("length", np.mean), length("length_fifth", mean_fifth), length("length_median", median)]
STRIPPED = Metrics.exact_match(sample_params={"normalize_gold": stripped})
TASKS_TABLE = [
    task(
        "sums",
        "sums",
        sum_prompt,
        [Metrics.exact_match, Metrics.expr_gold_metric, *LENGTHS],
        ("test", "validation"),
    ),
    task("digits:low", "low", digit_prompt, [Metrics.loglikelihood_acc, Metrics.mrr]),
    task("digits:high", "high", digit_prompt, [Metrics.loglikelihood_acc, Metrics.mcc]),
    task("both", "low", digit_prompt, [Metrics.loglikelihood_acc, STRIPPED]),
]
