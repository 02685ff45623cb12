"""A release trains as it is: the card's own lines go through TRL's trainers and axolotl, on a tiny random model.

torch is too large for the development install. `EVENHAND_TRL_PYTHON` names a Python that has torch and TRL,
`EVENHAND_AXOLOTL_PYTHON` one that has axolotl (which pins other versions):

    python3 -m venv ../trl && ../trl/bin/pip install torch trl datasets
    python3 -m venv ../axolotl && ../axolotl/bin/pip install axolotl
    export EVENHAND_TRL_PYTHON=$PWD/../trl/bin/python EVENHAND_AXOLOTL_PYTHON=$PWD/../axolotl/bin/python
    make test ARGS="-k test_training"
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.audit.demo import SECOND

TRL = os.environ.get("EVENHAND_TRL_PYTHON", "")
AXOLOTL = os.environ.get("EVENHAND_AXOLOTL_PYTHON", "")
HERE = Path(__file__).parent
ALONE = {
    "PYTHONPATH": str(HERE.parents[1]),
    "CUDA_VISIBLE_DEVICES": "",
    "WANDB_MODE": "off",
    "AXOLOTL_DO_NOT_TRACK": "1",
}


def train(python, program, *arguments, **environment):
    """Run a program of this folder with another Python. Returns the last line that it printed."""
    command = [python, HERE / program, *arguments]
    ran = subprocess.run(command, env=os.environ | ALONE | environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout.strip().splitlines()[-1]


@pytest.mark.skipif(not TRL, reason="no torch here: EVENHAND_TRL_PYTHON names no Python with torch and TRL")
@pytest.mark.parametrize(("how", "seed"), [("disk", "1"), ("streaming", "4242")])
def test_the_cards_own_lines_train_on_the_release(how, seed, demo, tmp_path):
    said = train(TRL, "train_on_release.py", demo.bundle(SECOND), tmp_path, how, HF_HOME=tmp_path, PYTHONHASHSEED=seed)
    assert said.endswith(f"tensors, {how}")


@pytest.mark.skipif(not AXOLOTL, reason="no axolotl here: EVENHAND_AXOLOTL_PYTHON names no Python that has it")
@pytest.mark.parametrize("config", ["sft", "preference"])
def test_axolotl_trains_on_the_release_by_the_cards_own_configuration(config, demo, tmp_path):
    program = "train_with_axolotl.py"
    said = train(AXOLOTL, program, demo.bundle(SECOND), tmp_path, config, HF_HOME=tmp_path, HF_HUB_OFFLINE="1")
    assert said.endswith(f"tensors, {config}")
