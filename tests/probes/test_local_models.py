"""A model in this process, and other harnesses on the same model: checked where there is torch.

torch is too large for the development install. `EVENHAND_PROBES_PYTHON` names a Python that has it, and what an
auditor installs beside it:

    python3 -m venv ../probes
    ../probes/bin/pip install '.[probes]' torch transformers 'lm-eval[hf]' inspect-ai pytest
    EVENHAND_PROBES_PYTHON=../probes/bin/python make test ARGS="-k test_local_models"
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PYTHON = os.environ.get("EVENHAND_PROBES_PYTHON", "")
CHECKS = Path(__file__).with_name("with_torch")
ROOT = Path(__file__).parents[2]
SOURCES = os.pathsep.join(str(ROOT / part) for part in ("", "api", "schemas", "validators"))


@pytest.mark.skipif(not PYTHON, reason="no torch here: EVENHAND_PROBES_PYTHON names no Python with torch")
@pytest.mark.parametrize("program", sorted(path.name for path in CHECKS.glob("check_*.py")))
def test_what_needs_torch_holds(program, tmp_path):
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HOME": str(tmp_path / "cache"),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": SOURCES,
        "TOKENIZERS_PARALLELISM": "false",
    }
    command = [PYTHON, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "-c", os.devnull]
    ran = subprocess.run(
        [*command, "--rootdir", CHECKS, CHECKS / program], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
