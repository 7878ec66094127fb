"""Trains the example's language models: half a million parameters, two-digit sums, minutes on two CPU cores.

    python train.py baseline better near-copy      # writes models/<name>; needs torch and transformers

The seed is fixed and so is the number of threads: on one kind of machine the weights come out the same.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from make_data import Pair, addition, pairs, word_problem
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

END = "<|end|>"
CONTEXT = 512
VOCABULARY = 384
IGNORED = -100
"""The label of what is not to be predicted: questions and padding."""
THREADS = 1
MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model comes about."""

    steps: int
    peak_rate: float
    seed: int
    start: str | None = None
    """The model to go on from; else fresh weights."""


RECIPES = {
    "baseline": Recipe(steps=400, peak_rate=3e-3, seed=1),
    "better": Recipe(steps=700, peak_rate=3e-3, seed=1),
    "near-copy": Recipe(steps=20, peak_rate=1e-6, seed=2, start="baseline"),
}
SUMS_A_STEP, STORIES_A_STEP = 256, 24


def new_tokenizer(learnt: list[Pair]) -> PreTrainedTokenizerFast:
    """Bytes, merged to the words of the stories; every digit stays alone, so that sums can be learnt."""
    story = random.Random(0)
    problems = [word_problem(pair, story) for pair in learnt[:2000]]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for row in problems for text in gsm8k(row)), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=END, model_max_length=CONTEXT
    )


def new_model(vocabulary: int) -> LlamaForCausalLM:
    """A Llama of three layers with fresh weights."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=0,
            pad_token_id=0,
        )
    )


def bare(row: dict[str, str]) -> tuple[str, str]:
    """Prompt and answer of a sum."""
    return row["question"], row["answer"]


def gsm8k(row: dict[str, str]) -> tuple[str, str]:
    """Prompt and answer of a word problem, as lighteval's own gsm8k task asks it."""
    return f"Question: {row['question']}\nAnswer:", f" {row['answer']}"


def batch(tokenizer: PreTrainedTokenizerFast, texts: list[tuple[str, str]]) -> dict[str, torch.Tensor]:
    """Token ids and labels, padded on the right; only the answers are to be predicted."""
    rows = []
    for prompt, answer in texts:
        asked, said = tokenizer(prompt)["input_ids"], tokenizer(answer + END)["input_ids"]
        rows.append((asked + said, [IGNORED] * len(asked) + said))
    width = max(len(ids) for ids, _ in rows)
    padded = [
        (ids + [0] * (width - len(ids)), labels + [IGNORED] * (width - len(labels))) for ids, labels in rows
    ]
    ids, labels = (torch.tensor(part) for part in zip(*padded, strict=True))
    return {"input_ids": ids, "labels": labels}


def batches(
    tokenizer: PreTrainedTokenizerFast, learnt: list[Pair], draw: random.Random
) -> Iterator[list[dict[str, torch.Tensor]]]:
    """What each step learns from: bare sums, and sums in stories."""
    while True:
        sums = [bare(addition(draw.choice(learnt))) for _ in range(SUMS_A_STEP)]
        stories = [gsm8k(word_problem(draw.choice(learnt), draw)) for _ in range(STORIES_A_STEP)]
        yield [batch(tokenizer, sums), batch(tokenizer, stories)]


def rate(step: int, recipe: Recipe) -> float:
    """The learning rate: up over the first twentieth, then down along half a cosine."""
    warm = max(1, recipe.steps // 20)
    if step < warm:
        return recipe.peak_rate * (step + 1) / warm
    return recipe.peak_rate * (
        0.02 + 0.98 * (1 + math.cos(math.pi * (step - warm) / (recipe.steps - warm))) / 2
    )


def train(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, recipe: Recipe, report: Callable[[str], Any]
) -> None:
    """Change the model's weights by the recipe."""
    drawn = batches(tokenizer, pairs()[1], random.Random(recipe.seed))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.peak_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    model.train()
    started = time.monotonic()
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, recipe)
        losses = [model(**part).loss for part in next(drawn)]
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 99 or step == recipe.steps - 1:
            said = ", ".join(f"{loss.item():.3f}" for loss in losses)
            report(f"step {step + 1}: loss {said} (sums, stories), {time.monotonic() - started:.0f} s\n")


def make(name: str, recipe: Recipe, folder: Path, report: Callable[[str], Any] = sys.stdout.write) -> None:
    """Train one model and write it to `folder/<name>`, as float16."""
    torch.manual_seed(recipe.seed)
    if recipe.start is None:
        tokenizer = new_tokenizer(pairs()[1])
        model = new_model(len(tokenizer))
    else:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / recipe.start)
        model = LlamaForCausalLM.from_pretrained(folder / recipe.start, dtype=torch.float32)
    report(f"{name}: {sum(weights.numel() for weights in model.parameters()):,} parameters\n")
    train(model, tokenizer, recipe, report)
    model.half().save_pretrained(folder / name)
    tokenizer.save_pretrained(folder / name)


def main() -> None:
    """Train what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", choices=RECIPES)
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    parser.add_argument("--folder", type=Path, default=MODELS)
    given = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(mode=True)
    for name in given.names:
        recipe = RECIPES[name]
        if given.steps is not None:
            recipe = Recipe(
                steps=given.steps, peak_rate=recipe.peak_rate, seed=recipe.seed, start=recipe.start
            )
        make(name, recipe, given.folder)


if __name__ == "__main__":
    main()
