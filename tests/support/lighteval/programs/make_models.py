"""Writes two tiny Llamas with random weights, and a tokenizer of single characters, into folders."""

import sys
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CHARACTERS = [chr(code) for code in range(32, 127)] + ["\n"]
VOCABULARY = {name: number for number, name in enumerate(["<end>", "<unknown>", *CHARACTERS])}


def tokenizer() -> Any:
    made = Tokenizer(models.BPE(vocab=VOCABULARY, merges=[], unk_token="<unknown>"))
    made.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<end>", unk_token="<unknown>", pad_token="<end>"
    )


def model(seed: int) -> Any:
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(VOCABULARY),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=256,
            bos_token_id=0,
            eos_token_id=0,
            initializer_range=0.5,
        )
    )


if __name__ == "__main__":
    for number, folder in enumerate(sys.argv[1:]):
        model(number + 1).save_pretrained(folder)
        tokenizer().save_pretrained(folder)
