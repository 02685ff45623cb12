"""A tiny random model, made on the spot: every byte is a token, so that any language can be written."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIALS = ["<pad>", "<end>", "<|user|>", "<|assistant|>"]
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def byte_tokenizer(merges: list[tuple[str, str]] | None = None, template: str | None = TEMPLATE):
    """Every byte a token, and what `merges` joins."""
    words = SPECIALS + sorted(pre_tokenizers.ByteLevel.alphabet()) + ["".join(pair) for pair in merges or []]
    made = Tokenizer(models.BPE(vocab={word: place for place, word in enumerate(words)}, merges=merges or []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        eos_token="<end>",
        additional_special_tokens=SPECIALS[2:],
        chat_template=template,
    )


def write_tiny_model(folder: Path, seed: int = 7, longest: int = 2048, **tokenizer) -> Path:
    """A random model of some thousand weights, in the folder. Its letters are likelier than chance has it."""
    torch.manual_seed(seed)
    made = byte_tokenizer(**tokenizer)
    config = LlamaConfig(
        vocab_size=len(made),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=longest,
        pad_token_id=0,
        eos_token_id=1,
        initializer_range=0.5,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    made.save_pretrained(folder)
    return folder
