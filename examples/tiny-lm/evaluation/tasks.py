"""What the models are asked: sums, and word problems as lighteval's own gsm8k task asks and scores them.

lighteval loads this file. It runs in an empty folder, so the data is found beside this file.
"""

from pathlib import Path

from lighteval.metrics.metrics import Metrics
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc
from lighteval.tasks.tasks.gsm8k import gsm8k

DATA = Path(__file__).parent / "data"


def sum_prompt(line: dict[str, str], task_name: str) -> Doc:
    """`12+34=`, to be gone on with `46`."""
    return Doc(task_name=task_name, query=line["question"], choices=[line["answer"]], gold_index=0)


addition = LightevalTaskConfig(
    name="addition",
    prompt_function=sum_prompt,
    hf_repo=str(DATA / "addition"),
    hf_subset="default",
    hf_avail_splits=["test"],
    evaluation_splits=["test"],
    generation_size=5,
    stop_sequence=["\n"],
    metrics=[Metrics.exact_match],
)

word_problems = LightevalTaskConfig(
    name="word_problems",
    prompt_function=gsm8k.prompt_function,
    hf_repo=str(DATA / "word_problems"),
    hf_subset="default",
    hf_avail_splits=["test"],
    evaluation_splits=["test"],
    generation_size=48,
    stop_sequence=gsm8k.stop_sequence,
    metrics=gsm8k.metrics,
)

TASKS_TABLE = [addition, word_problems]
