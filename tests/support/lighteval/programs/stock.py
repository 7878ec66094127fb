"""lighteval as its own documentation has it, with no guard but one: its results as a line of JSON.

Without network it does not even start, since one of its modules downloads a pickle: that one is left out.
The argument is a list of runs, one after the other in this process.
"""

import json
import shutil
import sys
import traceback
from types import ModuleType
from typing import Any

unloaded = ModuleType("lighteval.tasks.tasks.tiny_benchmarks")
unloaded.TASKS_TABLE = []  # type: ignore[attr-defined]
sys.modules[unloaded.__name__] = unloaded

KEPT: list[Any] = []
"""So that no address is used twice."""


def run(asked: dict[str, Any]) -> Any:
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.models.model_input import GenerationParameters
    from lighteval.models.transformers.transformers_model import TransformersModelConfig
    from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters

    if "copy" in asked:
        shutil.copy(*asked["copy"])
    tracker = EvaluationTracker(output_dir="results", save_details=True)
    parameters = PipelineParameters(
        launcher_type=ParallelismManager.ACCELERATE, custom_tasks_directory=asked["custom_tasks"]
    )
    pipeline = Pipeline(
        tasks=asked["tasks"],
        pipeline_parameters=parameters,
        evaluation_tracker=tracker,
        model_config=TransformersModelConfig(
            model_name=asked["model"],
            batch_size=asked.get("batch_size", 8),
            dtype=asked.get("dtype", "auto"),
            generation_parameters=GenerationParameters(**asked.get("generation", {})),
            **({"cache_dir": asked["cache"]} if "cache" in asked else {}),
        ),
    )
    KEPT.append(pipeline)
    pipeline.evaluate()
    if asked.get("save"):
        pipeline.save_and_push_results()
    details = {
        name: [{"id": each.doc.id, "text": each.model_response.text} for each in found]
        for name, found in tracker.details_logger.details.items()
    }
    return {"results": tracker.metrics_logger.metric_aggregated, "details": details}


def tried(asked: dict[str, Any]) -> Any:
    try:
        return run(asked)
    except Exception:  # noqa: BLE001 - whatever lighteval does wrong is what is looked at
        return {"crashed": traceback.format_exc()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps([tried(asked) for asked in json.loads(sys.argv[1])]) + "\n")
