"""The toy model: made from nothing, trained on the CPU in minutes. It needs torch.

Rules that always hold:
- the same texts, steps and seed give the same model on one machine;
- the folder is what any model's is: `evenhand probe --backend transformers --model FOLDER` asks it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging

logging.disable_progress_bar()
_END, _VOCABULARY, _BATCH = "<end>", 1_000, 16
_RATE = 3e-3
_PROSE = 0.05
"""How much the words of a case count beside its answer; all of them together, as much as so many answers."""


def new_toy(folder: Path, texts: Sequence[str], *, steps: int, seed: int) -> None:
    """Train a tokenizer and a model from nothing."""
    tokenizer = _new_tokenizer(texts)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=1_024,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    _train(LlamaForCausalLM(config), tokenizer, texts, folder, steps=steps, seed=seed)


def train_further(before: Path, folder: Path, texts: Sequence[str], *, steps: int, seed: int) -> None:
    """Train a model on, and write it to another folder."""
    tokenizer = AutoTokenizer.from_pretrained(before, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(before, local_files_only=True)
    _train(model, tokenizer, texts, folder, steps=steps, seed=seed)


def _new_tokenizer(texts: Sequence[str]) -> Any:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        texts[:2_000],
        trainers.BpeTrainer(
            vocab_size=_VOCABULARY, special_tokens=[_END], initial_alphabet=alphabet, show_progress=False
        ),
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=_END, pad_token=_END)


def _train(model: Any, tokenizer: Any, texts: Sequence[str], folder: Path, *, steps: int, seed: int) -> None:
    """AdamW with a rate that rises over a tenth of the steps and falls to nothing, over batches drawn with the seed."""
    torch.set_num_threads(1)  # more of them wait for each other longer than a model this small takes
    torch.manual_seed(seed)
    draw = random.Random(seed)  # noqa: S311  # the order of a toy's texts, no secret
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps, pct_start=0.1)
    model.train()
    for _ in range(steps):
        loss = _loss(model, tokenizer, draw.sample(texts, _BATCH))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    model.eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _loss(model: Any, tokenizer: Any, texts: Sequence[str]) -> Any:
    batch = tokenizer(list(texts), return_tensors="pt", padding=True, padding_side="right")
    ids, mask = batch["input_ids"], batch["attention_mask"]
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
    each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none") * mask[:, 1:]
    answers = each[torch.arange(len(texts)), mask.sum(1) - 2]  # the letter is each text's last token
    return answers.mean() + _PROSE * each.sum() / mask[:, 1:].sum()
