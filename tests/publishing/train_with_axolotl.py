"""Run with a Python that has axolotl: train a tiny random model on a release, by the card's own configuration.

python train_with_axolotl.py RELEASE WORK CONFIG
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from safetensors.torch import load_file
from transformers import set_seed

from tests.publishing.tiny_model import write_tiny_model

release, work, config = sys.argv[1:]
os.chdir(work)
set_seed(7)
write_tiny_model(Path(work) / "tiny")

card = (Path(release) / "README.md").read_text("utf-8")
blocks = re.findall(r"```yaml\n(.*?)```", card, re.DOTALL)
(block,) = [block for block in blocks if ("rl: dpo" in block) == (config == "preference")]
block = block.replace("MODEL", str(Path(work) / "tiny"))
block = block.replace("RELEASE", release)
# The card is written for a machine with an accelerator; nothing else is changed.
Path("config.yaml").write_text(block + "bf16: false\nfp16: false\n")
command = [sys.executable, "-m", "axolotl.cli.main", "train", "config.yaml", "--launcher", "python"]
subprocess.run(command, check=True)

(made,) = re.findall(r"output_dir: (\w+)", block)
before, after = (load_file(Path(work) / name / "model.safetensors") for name in ("tiny", made))
moved = [name for name, value in after.items() if not value.equal(before[name])]
assert moved, "training changed nothing"
print(f"trained {len(moved)} of {len(before)} tensors, {config}")
