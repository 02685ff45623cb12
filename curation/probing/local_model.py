"""A model of transformers in this process: the one module that imports torch.

Rules that always hold:
- weights come from safetensors and no code from the model is run; a weight that the files lack is an error, where
  transformers would draw it at random;
- the digest is of the weights themselves, however they are split into files.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from curation.errors import InvalidInput
from curation.probing.option_tokens import Run, Tokens

_HINT = "Name a folder that save_pretrained wrote, with weights as safetensors, or a model of the Hub."


@dataclass(frozen=True, slots=True)
class LocalModel:
    """Tokenizer and weights. `longest`: how many tokens it takes; None where it does not say."""

    name: str
    tokenizer: Any
    model: Any
    device: str
    digest: str
    longest: int | None

    @property
    def chat_template(self) -> str | None:
        """Its own chat template."""
        said = self.tokenizer.chat_template
        return said if isinstance(said, str) else None

    def encode(self, text: str, *, templated: bool) -> list[int]:
        """Tokens, with the marks that the tokenizer begins a text with; a chat template has written them already."""
        found = [int(token) for token in self.tokenizer(text, add_special_tokens=not templated)["input_ids"]]
        # Some tokenizers also end a text: the model has to go on from here.
        return found[:-1] if found and found[-1] == self.tokenizer.eos_token_id and not templated else found

    def render_chat(self, prompt: str) -> str:
        """The prompt as a user's message, up to where the answer begins."""
        messages = [{"role": "user", "content": prompt}]
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def log_probabilities(self, runs: Sequence[Run]) -> list[float]:
        """Of each run's tokens, added up; the model runs once over all of them."""
        texts = list(dict.fromkeys(run.text for run in runs))
        row = {text: number for number, text in enumerate(texts)}
        wanted = [(row[run.text], run.place + step, token) for run in runs for step, token in enumerate(run.tokens)]
        kept = sorted({place for _, place, _ in wanted})
        # Padding stands behind: no token sees what comes after it, so positions need not be told.
        ids, mask = self._padded(texts, behind=True)
        kept_places = torch.tensor(kept, device=self.device)
        with torch.inference_mode():
            logits = self.model(input_ids=ids, attention_mask=mask, logits_to_keep=kept_places, use_cache=False).logits
        rows = [number for number, _, _ in wanted]
        places = [kept.index(place) for _, place, _ in wanted]
        chosen = logits[rows, places].float().log_softmax(-1)
        values = iter(chosen[range(len(wanted)), [token for _, _, token in wanted]].tolist())
        return [sum(next(values) for _ in run.tokens) for run in runs]

    def write(self, texts: Sequence[Tokens], longest: int) -> list[tuple[str, bool]]:
        """What the likeliest token after the other comes to, and whether the model ended it."""
        ids, mask = self._padded(texts, behind=False)
        how = copy.deepcopy(self.model.generation_config)
        ends = how.eos_token_id if how.eos_token_id is not None else self.tokenizer.eos_token_id
        how.update(
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            max_length=None,
            max_new_tokens=longest,
            eos_token_id=ends,
            pad_token_id=self._pad,
        )
        with torch.inference_mode():
            made = self.model.generate(input_ids=ids, attention_mask=mask, generation_config=how)
        known = set(ends if isinstance(ends, list) else [ends])
        found = []
        for tokens in made[:, ids.shape[1] :].tolist():
            end = next((place for place, token in enumerate(tokens) if token in known), None)
            text = self.tokenizer.decode(tokens[:end], skip_special_tokens=True)
            found.append((str(text), end is not None))
        return found

    @property
    def _pad(self) -> int:
        return int(next((i for i in (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id) if i is not None), 0))

    def _padded(self, texts: Sequence[Tokens], *, behind: bool) -> tuple[Any, Any]:
        width = max(map(len, texts))
        ids, mask = [], []
        for text in texts:
            padding, own = [self._pad] * (width - len(text)), [1] * len(text)
            none = [0] * len(padding)
            ids.append([*text, *padding] if behind else [*padding, *text])
            mask.append([*own, *none] if behind else [*none, *own])
        return torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device)


def load_local_model(name: str, device: str | None = None) -> LocalModel:
    """Read a model from a folder or, where there is none of that name, from the Hub.

    Args:
        device: as torch calls it; None: an accelerator where there is one, else the CPU.

    Raises:
        InvalidInput: where it is none, or its files do not hold all of its weights.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder = Path(name)
    local = folder.is_dir()
    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local)
        model, told = AutoModelForCausalLM.from_pretrained(
            name, local_files_only=local, use_safetensors=True, dtype="auto", output_loading_info=True
        )
        model = model.to(where).eval()
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InvalidInput(f"is no model to load: {reason}", where="--model", hint=_HINT) from None
    missing = sorted({*told["missing_keys"], *(key for key, *_ in told["mismatched_keys"])})
    if missing:
        raise InvalidInput(
            f"its files lack {len(missing)} of its weights, such as {missing[0]}", where="--model", hint=_HINT
        )
    longest = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    shown_name = folder.resolve().name if local else name
    return LocalModel(shown_name, tokenizer, model, where, weights_digest(model), longest)


def weights_digest(model: Any) -> str:
    """SHA-256 over each weight's name, type, shape and bytes, in the order of names."""
    digest = sha256()
    for name, tensor in sorted(model.state_dict().items()):
        plain = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {plain.dtype} {list(plain.shape)}\n".encode())
        digest.update(plain.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
