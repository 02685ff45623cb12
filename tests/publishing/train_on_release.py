"""Run with a Python that has torch and TRL: train a tiny random model on a release, by the card's own words.

python train_program.py RELEASE WORK disk|streaming
"""

import os
import re
import sys
from pathlib import Path

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "TOKENIZERS_PARALLELISM": "false",
    "WANDB_MODE": "off",
}

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed

release, work, how = sys.argv[1:]
os.chdir(work)
set_seed(7)

# Every byte is a token, so that any language can be written and no vocabulary has to be fetched.
specials = ["<pad>", "<end>", "<|system|>", "<|user|>", "<|assistant|>"]
words = specials + sorted(pre_tokenizers.ByteLevel.alphabet())
tokens = Tokenizer(models.BPE(vocab={word: place for place, word in enumerate(words)}, merges=[]))
tokens.pre_tokenizer, tokens.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=tokens, pad_token="<pad>", eos_token="<end>", additional_special_tokens=specials[2:]
)
tokenizer.chat_template = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=8192,
        pad_token_id=0,
        eos_token_id=1,
    )
)
# DPO loads its reference from where the model came from.
model.save_pretrained("tiny")
model = LlamaForCausalLM.from_pretrained(Path(work) / "tiny")
before = {name: value.clone() for name, value in model.state_dict().items()}

card = (Path(release) / "README.md").read_text("utf-8")
(snippet,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
assert "SFTTrainer" in snippet
assert "DPOTrainer" in snippet
if how == "streaming":
    snippet = snippet.replace('split="train")', 'split="train", streaming=True)')
    assert snippet.count("streaming=True") == 2
# The card is written for a machine with an accelerator; nothing else is changed.
snippet = snippet.replace("max_steps=2)", 'max_steps=2, use_cpu=True, bf16=False, report_to="none")')
exec(compile(snippet, "README.md", "exec"))

moved = [name for name, value in model.state_dict().items() if not value.equal(before[name])]
assert moved, "training changed nothing"
print(f"trained {len(moved)} of {len(before)} tensors, {how}")
