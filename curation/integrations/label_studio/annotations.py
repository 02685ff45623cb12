"""An annotation as Label Studio has it, and whether it may be looked at as this reviewer's.

Rules that always hold (pure):
- an annotation is its author's only if the same account made it and last changed it: Label Studio lets anybody edit
  anybody's, and goes on naming the first author;
- one task has one annotation; where its reviewer made two, neither is taken instead of the other;
- what was drafted or skipped is no annotation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Annotation:
    """`raw`: all of it, as JSON with sorted keys. `digest`: SHA-256 of what a change shows in."""

    id: int
    result: object
    raw: str
    digest: str
    problem: str | None = None


def _live(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = task.get("annotations")
    kept = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    return [item for item in kept if not item.get("was_cancelled") and isinstance(item.get("id"), int)]


def annotation_of(task: Mapping[str, Any], user: int, taken: int | None = None) -> tuple[Annotation | None, list[str]]:
    """The annotation of a task that is its reviewer's to judge by, and what is wrong with others beside it.

    Args:
        task: as the server has it.
        user: the reviewer's account there.
        taken: the annotation from which a review was taken before.
    """
    live = _live(task)
    if not live:
        return None, []
    own = [item for item in live if item.get("completed_by") == user]
    before = [item for item in live if item["id"] == taken]
    chosen = (before or own or live)[0]
    beside = [item for item in live if item["id"] != chosen["id"]]
    foreign = [item for item in beside if item.get("completed_by") != user]
    said = [f"annotation {item['id']} was made by another account" for item in foreign]
    second = [item for item in beside if item.get("completed_by") == user]
    problem = _problem(chosen, user)
    if problem is None and second:
        if taken is None:
            problem = "the task has more than one annotation of this account: delete all but one"
        else:
            said += [f"annotation {item['id']} is a second one of the same task" for item in second]
    return _read(chosen, problem), said


def _problem(item: Mapping[str, Any], user: int) -> str | None:
    if item.get("completed_by") != user:
        return "it was made by another account than this reviewer’s"
    if item.get("updated_by") != user:
        return "it was last changed by another account than its author’s"
    return None


def _read(item: Mapping[str, Any], problem: str | None) -> Annotation:
    # What Label Studio works out anew at each request is no part of it.
    kept = {name: value for name, value in item.items() if name not in ("created_ago", "created_username")}
    raw = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if problem is None and len(raw) > MAX_BYTES:
        problem = f"it is longer than {MAX_BYTES} bytes"
    changing = {name: item.get(name) for name in ("id", "result", "completed_by", "updated_by")}
    digest = hashlib.sha256(json.dumps([changing, problem], sort_keys=True).encode()).hexdigest()
    return Annotation(int(item["id"]), item.get("result"), raw, digest, problem)
