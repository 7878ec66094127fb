"""Makes the runs below tests/examples/lighteval: `python make.py`, with lighteval 0.13.0 and a CPU.

Two small models are trained on a few sums and digits, evaluated by lighteval's own pipeline, and what that
leaves is packed as it is. Everything is relative to a new folder, so that no path of a machine is in it.
"""

import json
import os
import random
import string
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
INTO = HERE.parents[1] / "tests" / "examples" / "lighteval"
MODELS = {"model-a": (1, 800), "model-b": (2, 3000)}
"""Name → seed and steps of training."""


def write_data() -> list[tuple[str, str]]:
    """The data files; returns questions with their answers, to train on."""
    chance = random.Random(5)
    sums = [(a, b) for a in range(9) for b in range(9)]
    chance.shuffle(sums)
    asked = [{"question": f"{a} + {b} =", "answer": str(a + b)} for a, b in sums[:40]]
    parts = {"sums/test": asked[:24], "sums/validation": asked[24:]}
    for name, count in (("low", 24), ("high", 15)):
        digits = [
            {"question": f"the {name} digit of {i} is", "gold": chance.randrange(4)} for i in range(count)
        ]
        parts[f"{name}/test"] = digits
    for name, lines in parts.items():
        path = Path("data", f"{name}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return [
        (line["question"] + "\n", (line.get("answer") or f" {line['gold']}") + "\n")
        for lines in parts.values()
        for line in lines
    ]


def train(folder: str, texts: list[tuple[str, str]], seed: int, steps: int) -> None:
    import torch
    from tokenizers import Tokenizer, decoders, models
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    letters = ["<pad>", "<s>", "</s>", "<unk>", *string.printable]
    plain = Tokenizer(
        models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[], unk_token="<unk>")
    )
    plain.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    config = LlamaConfig(vocab_size=len(letters), max_position_embeddings=256, **sizes, **ends)
    model = LlamaForCausalLM(config)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for step in range(steps):
        question, answer = texts[step % len(texts)]
        ids = tokenizer(question + answer, return_tensors="pt").input_ids
        labels = ids.clone()
        labels[:, : -len(answer)] = -100
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def evaluate(model: str, out: str) -> None:
    unloadable = ModuleType("lighteval.tasks.tasks.tiny_benchmarks")  # downloads when it is imported
    unloadable.TASKS_TABLE = []
    sys.modules[unloadable.__name__] = unloadable
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.models.transformers.transformers_model import TransformersModelConfig
    from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters

    parameters = PipelineParameters(launcher_type=ParallelismManager.NONE, custom_tasks_directory="tasks.py")
    config = TransformersModelConfig(
        model_name=model, batch_size=4, dtype="float32", device="cpu", cache_dir="cache"
    )
    pipeline = Pipeline(
        tasks="sums|0,digits|0,both|0",
        pipeline_parameters=parameters,
        evaluation_tracker=EvaluationTracker(output_dir=out, save_details=True),
        model_config=config,
    )
    pipeline.model._cache = None  # it cannot hold a task whose numbers repeat over splits
    pipeline.evaluate()
    pipeline.save_and_push_results()


def pack(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for part in ("details", "results") for path in (folder / part).rglob("*")):
            if path.is_file():
                name = zipfile.ZipInfo(path.relative_to(folder).as_posix())  # of no time and nobody
                packed.writestr(name, path.read_bytes(), zipfile.ZIP_DEFLATED)


def main() -> None:
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "GIT_PYTHON_REFRESH": "quiet"}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = f"{folder}/home"
        os.chdir(folder)
        for name in ("tasks.py", "folds.py"):
            Path(name).write_text((HERE / name).read_text())
        sys.path.insert(0, folder)
        texts = write_data()
        for name, (seed, steps) in MODELS.items():
            train(f"org/{name}", texts, seed, steps)
        for name in MODELS:  # lighteval turns gradients off when it is imported
            evaluate(f"org/{name}", f"out-{name}")
            pack(Path(f"out-{name}"), INTO / f"{name}.zip")


if __name__ == "__main__":
    main()
