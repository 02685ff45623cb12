"""A release trains as it is: the card's own lines go through TRL's trainers, on a tiny random model.

torch is too large for the development install. `EVENHAND_TRL_PYTHON` names a Python that has torch and TRL:

    python3 -m venv ../trl && ../trl/bin/pip install torch trl datasets
    EVENHAND_TRL_PYTHON=../trl/bin/python make test ARGS="-k test_training"
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.audit.demo import SECOND

PYTHON = os.environ.get("EVENHAND_TRL_PYTHON", "")
PROGRAM = Path(__file__).with_name("train_on_release.py")


@pytest.mark.skipif(not PYTHON, reason="no torch here: EVENHAND_TRL_PYTHON names no Python with torch and TRL")
@pytest.mark.parametrize(("how", "seed"), [("disk", "1"), ("streaming", "4242")])
def test_the_cards_own_lines_train_on_the_release(how, seed, demo, tmp_path):
    environment = os.environ | {"HF_HOME": str(tmp_path / "cache"), "PYTHONHASHSEED": seed, "PYTHONPATH": ""}
    command = [PYTHON, PROGRAM, demo.bundle(SECOND), tmp_path, how]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout.strip().endswith(f"tensors, {how}")
