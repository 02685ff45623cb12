"""Two topics of the pilot with all that happens on them: the same kinds of events as the whole, in half the time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

import curation.demo

TOPICS = ("taiwan-status", "us-gun-policy")


def write_two_topics(folder: Path) -> Path:
    """Write the pilot into a new folder, without its other topics and those who only stand on them."""
    pilot = curation.demo.pilot_folder()
    folder.mkdir()
    definition = yaml.safe_load((pilot / "dataset.yaml").read_text("utf-8"))
    definition["topics"] = [topic for topic in definition["topics"] if topic["id"] in TOPICS]
    (folder / "dataset.yaml").write_text(yaml.safe_dump(definition, allow_unicode=True, sort_keys=False), "utf-8")
    (folder / "guidelines").mkdir()
    for page in (pilot / "guidelines").iterdir():
        (folder / "guidelines" / page.name).write_bytes(page.read_bytes())
    (folder / "card.md").write_text("Two topics of the pilot, for tests.\n", "utf-8")
    lines = _lines_on_these(_read(pilot / "contributions.jsonl"))
    _write(folder / "contributions.jsonl", lines)
    acting = {line.get("by") for line in lines}
    people = [_standing_on_these(person) for person in _read(pilot / "people.jsonl")]
    _write(
        folder / "people.jsonl",
        [person for person in people if person["perspectives"] or "roles" in person or person["person"] in acting],
    )
    return folder


def _lines_on_these(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines on these topics, and every stage direction."""
    examples: set[str] = set()
    flags: set[str] = set()
    kept = []
    for line in lines:
        if line["act"] == "propose" and line["example"]["topic"] in TOPICS:
            examples.add(line["as"])
        if line["act"] == "flag" and line["of"] in examples:
            flags.add(line["id"])
        named = line.get("as") or line.get("of")
        if named in examples or line.get("flag") in flags or "by" not in line:
            kept.append(line)
    return kept


def _standing_on_these(person: dict[str, Any]) -> dict[str, Any]:
    stands = {topic: perspective for topic, perspective in person["perspectives"].items() if topic in TOPICS}
    return {**person, "perspectives": stands}


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
