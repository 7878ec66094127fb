"""Walks lighteval's registry and writes what it holds, one line a metric and one a task.

Runs in lighteval's environment: `python -I walk.py FILE`. Nothing is downloaded: no data set, no model.
"""

import contextlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import re
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace

SOURCE = Path(__file__).parents[2] / "src" / "remyx_action"
UNIT = (0, 1)
RANGES = {
    "AccGoldLikelihood": UNIT,
    "AvgAtN": UNIT,
    "BLEU": UNIT,
    "CodegenMetric": UNIT,
    "ExactMatches": UNIT,
    "F1_score": UNIT,
    "GPassAtK": UNIT,
    "IFBench": UNIT,
    "IFEvalMetrics": UNIT,
    "LoglikelihoodAcc": UNIT,
    "MRR": UNIT,
    "MajAtN": UNIT,
    "MultilingualExtractiveMatchMetric": UNIT,
    "NormalizedMultiChoiceProbability": UNIT,
    "PassAtK": UNIT,
    "Probability": UNIT,
    "Recall": UNIT,
    "TruthfulqaMCMetrics": UNIT,
    "VerifiableRewardMetric": UNIT,
}
"""What a class of lighteval's scores a sample with → [lowest, highest]; of other classes: unknown."""
RANGES_OF_NAMES = {"summarization_coverage": UNIT}
NEEDS = {
    "BLEURT": "downloads a scoring model",
    "BertScore": "downloads a scoring model",
    "CodegenMetric": "runs programs that the model writes",
    "Faithfulness": "downloads a scoring model",
    "VerifiableRewardMetric": "downloads and runs a scoring program",
}
"""What a metric does besides comparing answers."""


def canonical_names() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "names", SOURCE / "runtimes" / "lighteval" / "child" / "names.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quiet() -> None:
    """No network, no advice on standard error."""
    os.environ |= {"GIT_PYTHON_REFRESH": "quiet", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    warnings.simplefilter("ignore")
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    import nltk
    import requests

    requests.get = lambda *_, **__: SimpleNamespace(status_code=0)  # a pickle, while tasks are imported
    nltk.download = lambda *_, **__: False  # corpora, likewise


def why_not(metric: object, name: str) -> str | None:
    """Why a metric is not a mean of scores that samples have by themselves; None where it is."""
    import numpy as np
    from lighteval.metrics.metrics_sample import SampleLevelComputation
    from lighteval.metrics.sample_preparator import Preparator

    sample = metric.sample_level_fn
    kind = type(sample).__name__
    together = metric.corpus_level_fn
    together = together.get(name) if isinstance(together, dict) else together
    if "Perplexity" in kind:
        return "a perplexity is no mean of samples' scores"
    if "Judge" in kind:
        return "another model judges the answers"
    if kind == "TinyCorpusAggregator":
        return "lighteval downloads a pickle for it, and loads it"
    if isinstance(sample, Preparator):
        return "computed over all answers at once, not for each"
    if not isinstance(sample, SampleLevelComputation):
        return "lighteval cannot compute it: its scoring function is none of the kinds that it takes"
    if together is not np.mean:
        return "aggregated by something other than the mean of samples"
    return None


def shows_images(config: object) -> bool:
    """Whether a task's questions come with images: the models that are run here are shown the text alone."""
    try:
        return re.search(r"\bimages=", inspect.getsource(config.prompt_function)) is not None
    except (OSError, TypeError):  # no function of a file; the program of an arm looks at each document
        return False


def metrics_of(config: object, canonical: object) -> dict[str, dict[str, object]]:
    """Canonical name → facts; of two metrics with one name lighteval keeps the later."""
    found = {}
    unseen = "its questions are images, and models are shown text alone" if shows_images(config) else None
    for metric in config.metrics:
        kind = type(metric.sample_level_fn).__name__
        for name in metric.metric_name if isinstance(metric.metric_name, list) else [metric.metric_name]:
            higher = metric.higher_is_better
            higher = higher.get(name, True) if isinstance(higher, dict) else higher
            limits = RANGES_OF_NAMES.get(name) or RANGES.get(kind)
            if kind == "ROUGE":
                limits = (0, 100) if metric.sample_level_fn.bootstrap else UNIT
            asked = getattr(metric.sample_level_fn, "num_samples", None)
            answers = asked() if asked else None
            answers = max(answers) if isinstance(answers, list) else answers
            facts = {
                "direction": "higher" if higher else "lower",
                "mode": metric.category.value.lower(),
                "range": list(limits) if limits else None,
                "answers": answers if answers and answers > 1 else None,
                "does": NEEDS.get(kind),
                "why_not": unseen or why_not(metric, name),
            }
            if facts["why_not"]:
                facts |= {"range": None, "does": None, "answers": None}
            found[canonical(name)] = {key: value for key, value in facts.items() if value is not None}
    return found


def walk() -> dict[str, object]:
    from lighteval.tasks.lighteval_task import LightevalTask
    from lighteval.tasks.registry import Registry

    canonical = canonical_names().canonical
    kinds: Counter[str] = Counter()
    tasks = {}
    for name, config in sorted(Registry.load_all_task_configs().items()):
        used = {
            one: json.dumps({"name": one} | facts) for one, facts in metrics_of(config, canonical).items()
        }
        kinds.update(used.values())
        tasks[name] = {
            "dataset": config.hf_repo,
            "subset": config.hf_subset,
            "revision": config.hf_revision,
            "splits": list(config.evaluation_splits),
            "few_shot_split": LightevalTask(config).fewshot_split,
            "few_shot": config.num_fewshots or None,
            "metrics": list(used.values()),
        }
    places = {text: place for place, text in enumerate(sorted(kinds, key=lambda text: (-kinds[text], text)))}
    for task in tasks.values():
        task["metrics"] = [places[text] for text in task["metrics"]]
    return {
        "lighteval": importlib.metadata.version("lighteval"),
        "metrics": [json.loads(text) for text in places],
        "tasks": [
            {"name": name} | {key: value for key, value in task.items() if value is not None}
            for name, task in tasks.items()
        ],
    }


def as_text(listed: dict[str, object]) -> str:
    lines = [
        f'"{key}": [\n' + ",\n".join(json.dumps(one, ensure_ascii=False) for one in listed[key]) + "\n]"
        for key in ("metrics", "tasks")
    ]
    return f'{{\n"lighteval": "{listed["lighteval"]}",\n' + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    out = Path(sys.argv[1]).resolve()
    told = sys.stderr
    quiet()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # nothing here shadows a data set
        try:
            text = as_text(walk())
        finally:
            sys.stderr = told
    out.write_text(text, encoding="utf-8")
    print(f"{out.name}: {text.count(chr(10))} lines")
