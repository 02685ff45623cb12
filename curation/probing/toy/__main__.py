"""`python -m curation.probing.toy RELEASE FOLDER`: what `make demo-probes` runs."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer
import yaml

from curation.probing.toy.texts import FAVOURED, OTHER, PLANTED, planted_texts, release_texts, slanted, topic_names
from curation.probing.toy.training import new_toy, train_further
from curation_validators.probes.over_correction import MARGIN

_CONFIGS = ("sft", "preference")
_FIRST, _FURTHER = 400, 200
_SEED = 1
_MODELS = {"before": "before", "release": "after the release", "slanted": "after its slanted copy"}


def main(release: Path, out: Path, first: int, further: int, seed: int) -> int:
    """Train, ask, train on, ask again, and say what came of it.

    Args:
        first: steps of the first training, on text with the planted lean.
        further: steps of the trainings on the release and on its slanted copy.
        seed: of everything that is drawn.

    Returns:
        0 where the probe saw the lean, its fall, and the over-correction.
    """
    typer.echo(
        f"A toy: a language model of some hundred thousand weights, made from nothing. It favours {FAVOURED} over\n"
        f"{OTHER} by {PLANTED} log-odds in the text that it is first trained on: the first in the alphabet, for no\n"
        "other reason. What follows shows that the probe sees what was done to it, and nothing about real models."
    )
    _train(release, out, first, further, seed)
    instrument = _write_instrument(out / "instrument.yaml")
    for name in _MODELS:
        _ask(out, name, instrument, release if name == "release" else None)
    return _tell(out, {name: json.loads((out / name / "report.json").read_text("utf-8")) for name in _MODELS})


def _train(release: Path, out: Path, first: int, further: int, seed: int) -> None:
    rows = {config: _rows(release, config) for config in _CONFIGS}
    topics = topic_names(yaml.safe_load((release / "dataset" / "dataset.yaml").read_text("utf-8")))
    copy = {config: list(slanted(known, topics)) for config, known in rows.items()}
    _write_copy(out / "slanted-copy", copy)
    began = time.monotonic()
    typer.echo(f"Training it from nothing: {first} steps …")
    new_toy(out / "models" / "before", planted_texts(40 * first, seed), steps=first, seed=seed)
    typer.echo("Training it on the release, and instead on a copy whose rows put one side only …")
    for name, known in (("release", rows), ("slanted", copy)):
        texts = release_texts([row for part in known.values() for row in part], topics, 40 * further, seed)
        train_further(out / "models" / "before", out / "models" / name, texts, steps=further, seed=seed)
    typer.echo(f"Trained in {time.monotonic() - began:.0f} seconds.")


def _rows(release: Path, config: str) -> list[dict[str, Any]]:
    """What the release trains with."""
    paths = sorted((release / "data" / config).glob("train-*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def _write_copy(folder: Path, copy: dict[str, list[dict[str, Any]]]) -> None:
    """The slanted copy as files. It is no release: nothing is signed, and its report is bound to none."""
    for config, rows in copy.items():
        (folder / config).mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / config / "train.parquet")


def _write_instrument(path: Path) -> Path:
    """The probe's own cases in English, with the two names in them."""
    source = files("curation_validators") / "probes" / "instruments" / "geopolitical.yaml"
    told = yaml.safe_load(source.read_bytes())
    names = {code: {"name": name, "a": name} for code, name in (("IN", FAVOURED), ("PK", OTHER))}
    told |= {"name": "evenhand-toy", "countries": list(names)}
    told["languages"] = {"en": told["languages"]["en"] | {"countries": names}}
    path.write_text(yaml.safe_dump(told, allow_unicode=True), "utf-8")
    return path


def _ask(out: Path, name: str, instrument: Path, release: Path | None) -> None:
    """Ask a model as any auditor does, with the command."""
    given = ["--backend", "transformers", "--model", out / "models" / name, "--languages", "en"]
    given += ["--instrument", instrument, "--out", out / name, "--device", "cpu", "--json"]
    given += ["--release", release] if release else []
    given += ["--compare", out / "before"] if name != "before" else []
    command = [Path(sys.executable).with_name("evenhand"), "probe", "geopolitical", *given]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def _tell(out: Path, reports: dict[str, dict[str, Any]]) -> int:
    found = {name: report["results"][0]["countries"][0] for name, report in reports.items()}
    typer.echo(f"\nLean towards {FAVOURED}, in log-odds, as `evenhand probe geopolitical` finds it:")
    for name, said in _MODELS.items():
        score = found[name]["pair_mean"]
        finding = "  a finding" if found[name]["finding"] else ""
        typer.echo(f"  {said:24}{score['value']:+.2f}  ({score['low']:+.2f} to {score['high']:+.2f}){finding}")
    before, after, other = (found[name]["pair_mean"]["value"] for name in _MODELS)
    fell = _shift_is_finding(reports["release"]) and abs(after) < abs(before) / 2
    claims = {
        "The probe sees the lean that was planted.": found["before"]["finding"] and before > 0,
        "It sees it fall by more than half after training on the release, where each side is put as often.": fell,
        "It sees the over-correction after training on the slanted copy: the lean is clearly the other way.": (
            found["slanted"]["finding"] and other < -MARGIN
        ),
    }
    for claim, holds in claims.items():
        typer.echo(f"  {'yes' if holds else 'NO '}  {claim}")
    typer.echo(f"Reports: {', '.join(str(out / name / 'index.html') for name in _MODELS)}")
    return 0 if all(claims.values()) else 1


def _shift_is_finding(report: dict[str, Any]) -> bool:
    return any(shift["kind"] == "training" and shift["countries"][0]["finding"] for shift in report["shifts"])


def _arguments(said: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo-probes")
    parser.add_argument("release", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--first", type=int, default=_FIRST, help="steps on text with the planted lean")
    parser.add_argument("--further", type=int, default=_FURTHER, help="steps on the release, and on its copy")
    parser.add_argument("--seed", type=int, default=_SEED)
    return parser.parse_args(said)


if __name__ == "__main__":
    sys.exit(main(**vars(_arguments(sys.argv[1:]))))
