"""Run with a Python that has torch and TRL: train a tiny random model on a release, by the card's own words.

python train_on_release.py RELEASE WORK disk|streaming
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

from transformers import LlamaForCausalLM, set_seed

from tests.publishing.tiny_model import write_tiny_model

release, work, how = sys.argv[1:]
os.chdir(work)
set_seed(7)
# DPO loads its reference from where the model came from.
tokenizer = write_tiny_model(Path(work) / "tiny")
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
