"""A release's small texts: citation, changelog, difference, definition and policies.

Rules that always hold (pure):
- the same facts give the same bytes; nothing is claimed that the log does not give;
- `diff.json` and `CHANGELOG.md` say the same, the one for programs, the other for people.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from curation.releases.facts import SIMULATED, CardFacts, Removed
from curation.releases.markdown import as_written
from curation.rulebook.definitions import Definitions
from curation_schemas.definition import Policy

_MESSAGE = "If you use this dataset, cite this release."
_IN_CITATIONS = frozenset(
    {
        *("CC0-1.0", "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0"),
        *("CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0"),
        *("CDLA-Permissive-1.0", "CDLA-Sharing-1.0", "ODC-By-1.0", "ODbL-1.0", "PDDL-1.0", "OGL-UK-3.0"),
        *("Apache-2.0", "MIT", "Unlicense"),
    }
)
"""Licences of data that the Citation File Format 1.2.0 knows: its list is of 2021, and it admits no other."""


def _citation_license(licenses: list[str]) -> dict[str, Any]:
    """The licence field, or none where the format does not know a licence; the card names all."""
    listed = list(dict.fromkeys(licenses))
    if not _IN_CITATIONS.issuperset(listed):
        return {}
    return {"license": listed[0] if len(listed) == 1 else listed}


def render_citation(facts: CardFacts) -> bytes:
    """CITATION.cff (Citation File Format 1.2.0)."""
    fields = {
        "cff-version": "1.2.0",
        "message": _MESSAGE + (f" {SIMULATED}" if facts.terms.simulated else ""),
        "title": facts.cited_title,
        "abstract": facts.summary(),
        "keywords": ["evenhand", *(["simulated"] if facts.terms.simulated else [])],
        "type": "dataset",
        "version": facts.version,
        "date-released": facts.date,
        "authors": [{"name": facts.contributors}],
        **_citation_license(facts.terms.licenses),
        "identifiers": [{"type": "other", "value": f"{facts.origin}@{facts.size}", "description": "log and size"}],
    }
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=1000).encode()


_WHAT = {
    "retracted": "Retracted by two maintainers",
    "withdrawn": "Withdrawn by their authors",
    "erased": "Erased",
    "flagged": "Held by a flag",
    "gated": "Left with their topic, which fails a gate",
    "rejected": "Rejected in an appeal or after a revision",
}


def removed_by_kind(removed: tuple[Removed, ...]) -> dict[str, list[Removed]]:
    """What was removed, by what took it out, retractions and withdrawals first."""
    kinds = sorted({item.kind for item in removed}, key=lambda kind: ([*_WHAT, kind].index(kind), kind))
    return {kind: [item for item in removed if item.kind == kind] for kind in kinds}


def render_changelog(facts: CardFacts) -> bytes:
    """CHANGELOG.md: this release against the one before."""
    changes = facts.changes
    lines = [f"# {facts.version}", "", *([SIMULATED, ""] if facts.terms.simulated else [])]
    lines.append(_since(facts))
    sections = [
        ("Added", [f"- {example}" for example in changes.added]),
        ("Revised", [f"- {item.example}, now {item.after[1]}" for item in changes.revised]),
        ("Moved", [f"- {item.example}, from {item.before[0]} to {item.after[0]}" for item in changes.moved]),
    ]
    for kind, items in removed_by_kind(facts.removed).items():
        said = [f"- {item.example}: {as_written(item.reason)} (leaf {item.event})" for item in items]
        sections.append((_WHAT.get(kind, f"Removed ({kind})"), said))
    for name, listed in sections:
        if listed:
            lines += ["", f"## {name}", "", *listed]
    return ("\n".join(lines) + "\n").encode()


def _since(facts: CardFacts) -> str:
    """What the version's number says, and where to read on."""
    if facts.previous is None:
        return "The first release. `evenhand trace ID --bundle .` tells the story of each example."
    parts = zip(facts.version.split("."), facts.previous.split("."), strict=True)
    first = next((place for place, (now, before) in enumerate(parts) if now != before), len(_MEANS) - 1)
    return (
        f"Since {facts.previous}: {_MEANS[first]}. `evenhand trace ID --bundle .` tells the story of each example, "
        f"and `evenhand release diff` counts them by topic."
    )


_MEANS = (
    "a major version, because training configs lack or change what they had",
    "a minor version, because training configs only gained",
    "a patch, because training configs are as they were",
)
"""By the first number of the version that differs."""


def render_difference(facts: CardFacts) -> bytes:
    """diff.json."""
    stated = {"version": facts.version, "previous": facts.previous, "simulated": facts.terms.simulated}
    content = {**stated, **facts.changes.as_json()}
    content["removed"] = {
        kind: [{"example": item.example, "reason": item.reason, "event": item.event} for item in items]
        for kind, items in removed_by_kind(facts.removed).items()
    }
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def render_definition(facts: CardFacts) -> bytes:
    """dataset/dataset.yaml: the definition in force at the release's last epoch, as its maintainers would write it."""
    definitions, terms = facts.definitions, facts.terms
    plain = {
        "schema": "evenhand/dataset/v1",
        **terms.model_dump(mode="json", exclude={"documents"}),
        "policy": definitions.policy_at(facts.epoch).content.model_dump(mode="json", exclude_none=True),
        "topics": [item.content.model_dump(mode="json") for item in definitions.topics_at(facts.epoch)],
    }
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=1000).encode()


def render_policies(definitions: Definitions) -> dict[str, bytes]:
    """dataset/policies/<n>.json: every policy ever defined, with its leaf and the epoch from which it binds."""
    rendered = {}
    for number, item in enumerate(definitions.policies):
        policy: Policy = item.content
        fields = {"leaf": item.leaf, "epoch": item.epoch, "binds_from_epoch": item.binds_from}
        content = {**fields, "policy": policy.model_dump(mode="json", exclude_none=True)}
        rendered[f"dataset/policies/{number:04d}.json"] = (
            json.dumps(content, indent=1, sort_keys=True) + "\n"
        ).encode()
    return rendered
