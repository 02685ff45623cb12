"""The bundle's texts for people: dataset card, citation, changelog, difference, definition and policies.

Rules that always hold (pure):
- every figure comes from the rows; nothing is claimed that was not measured;
- the YAML lists each data file by name, never by pattern: `datasets` caches by folder name and listed paths, and would
  otherwise return another home's rows for the same version;
- simulated data says so, first thing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from curation.releases.diff import Difference
from curation.releases.gates import Gates
from curation.rulebook.controls import ControlCounts
from curation.rulebook.definitions import Definitions
from curation_schemas.definition import DatasetTerms, Policy, Topic
from curation_schemas.release import CONFIGS, SPLITS
from curation_validators.measures import MEASURES
from curation_validators.statistics import wilson

DataFiles = Mapping[tuple[str, str], str]
"""(config, split) → path of its Parquet file."""

_HUB_LANGUAGES = {"zh-Hans": "zh", "zh-Hant": "zh"}


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the texts are made of."""

    definitions: Definitions
    epoch: int
    """The last closed epoch of the prefix."""
    version: str
    previous: str | None
    origin: str
    size: int
    rows: Mapping[str, Mapping[str, int]]
    changes: Difference
    left_out: Mapping[str, int]
    """Reason → number of examples left out for it."""
    gates: Gates
    controls: ControlCounts
    quotes: Mapping[str, int]
    """`quote_status` → number of sources."""
    archive_urls: int
    """Sources with the address of a public copy."""

    @property
    def terms(self) -> DatasetTerms:
        """The dataset's terms."""
        if self.definitions.terms is None:
            raise ValueError("a release needs a defined dataset")
        return self.definitions.terms


def _front_matter(facts: CardFacts, files: DataFiles) -> str:
    terms = facts.terms
    configs = []
    for config in CONFIGS:
        listed = [{"split": split, "path": files[config, split]} for split in SPLITS if (config, split) in files]
        if listed:
            entry: dict[str, Any] = {"config_name": config, "data_files": listed}
            if config == "sft":
                entry["default"] = True
            configs.append(entry)
    front = {
        "pretty_name": terms.title.get("en", next(iter(terms.title.values()))),
        "license": [item.lower() for item in terms.licenses],
        "language": sorted({_HUB_LANGUAGES.get(item, item) for item in terms.languages}),
        "tags": ["evenhand", *(["simulated"] if terms.simulated else [])],
        "configs": configs,
    }
    return yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000)


def _rows_table(facts: CardFacts) -> str:
    lines = ["| config | " + " | ".join(SPLITS) + " |", "|---|" + "---|" * len(SPLITS)]
    empty = []
    for config in CONFIGS:
        counts = facts.rows.get(config, {})
        if not counts:
            empty.append(config)
            continue
        lines.append(f"| {config} | " + " | ".join(str(counts.get(split, "–")) for split in SPLITS) + " |")
    text = "\n".join(lines)
    if empty:
        text += (
            f"\n\nEmpty in this release, and therefore without a file: {', '.join(empty)}. A dash is an empty split."
        )
    return text


def _controls(found: ControlCounts) -> str:
    """How many examples that were slanted on purpose slipped through."""
    if not found.planted:
        return "None were planted: how much slips through reviewing was not measured."
    sealed = found.planted - found.opened
    text = (
        f"Examples slanted on purpose, to measure reviewing: {found.planted} planted, {found.opened} opened after "
        f"their rounds, {sealed} still sealed or in review. None is in a release."
    )
    if not found.judged:
        return f"{text} None was judged by full rounds yet: not measured."
    low, high = wilson(found.accepted, found.judged)
    return (
        f"{text} Of {found.judged} that full rounds judged, {found.accepted} were accepted: "
        f"{100 * found.accepted / found.judged:.0f} % (95 % interval {100 * low:.0f} to {100 * high:.0f} %)."
    )


_QUOTES = {
    "exact": "their quote stands in the page that was archived",
    "fuzzy": "it stands there only nearly",
    "missing": "it is missing there",
    "not_extracted": "no text is extracted from the archived page",
    "not_archived": "the page could not be archived",
    "not_checked": "their quote was not compared with a page",
    "none": "they quote nothing",
}


def _sources(facts: CardFacts) -> str:
    """How many sources there are, and how their quotes stand."""
    total = sum(facts.quotes.values())
    if not total:
        return "No example of this release cites a source."
    listed = "\n".join(f"- {facts.quotes[name]}: {words}" for name, words in _QUOTES.items() if facts.quotes.get(name))
    return (
        f"{total} sources are cited; {facts.archive_urls} name a public copy. How quotes stand, as the server of this "
        f"dataset found it:\n\n{listed}"
    )


def render_card(facts: CardFacts, files: DataFiles, card_text: str) -> bytes:
    """README.md."""
    terms = facts.terms
    title = terms.title.get("en", terms.slug)
    topics = facts.definitions.topics_at(facts.epoch)
    listed = "\n".join(
        f"- **{_english(item.content.label)}** (`{item.content.id}`): {_seats(facts, item.content)}" for item in topics
    )
    left_out = "\n".join(f"- {reason}: {count}" for reason, count in sorted(facts.left_out.items())) or "- none"
    simulated = (
        "> **Simulated data.** Every person in this release is made up, and its content was written for demonstration. "
        "It shows how the record works; it is nobody's opinion.\n\n"
        if terms.simulated
        else ""
    )
    return f"""---
{_front_matter(facts, files)}---

# {title} {facts.version}

{simulated}{_english(terms.description)}

{card_text.strip()}

## What «accepted» means

An example is *accepted* when the policy's number of seated reviewers who declare each required perspective accepted
this exact text. It does not mean «unbiased». *Verified* means that the record is intact, not that the text is true.

## Topics

{listed}

## Rows

{_rows_table(facts)}

Splits come from a hash of the group, so translations and mirrors never part.

## Sources

{_sources(facts)}

## Left out

Examples in the log that this release does not hold, by reason:

{left_out}

## Balance

{_balance(facts.gates)}

## Planted controls

{_controls(facts.controls)}

## Check it yourself

```
evenhand verify .
evenhand trace EXAMPLE_ID --bundle .
```

The rows are a function of the first {facts.size} leaves of the log `{facts.origin}`, which this bundle carries in
`log/`, and of the texts in `openings/`. Compare `log/checkpoint` with one that you got elsewhere: `--pin CHECKPOINT`.
""".encode()


_MEASURED = (
    "Measured per topic, over all kinds and for each; `validation/report.json` and `validation/index.html` have it in "
    "full. Balance counts labels: it cannot see a slant that reviewers let through."
)


def _balance(gates: Gates) -> str:
    """What the gates did, what warns, and what was not measured, each by name."""
    left = "\n".join(f"- {topic} {reason}" for topic, reason in gates.reasons().items())
    taken = [item for item in gates.measured if item.outcome in ("pass", "fail")]
    warnings = [f"- {item.measure}, {item.where}: {item.message}" for item in taken if item.breaks == "warn"]
    missing = dict.fromkeys(
        f"- {name}: not measured" for name in MEASURES if name not in {item.measure for item in taken}
    )
    broken = [f"- {item.measure}, {item.where}: the measure broke" for item in gates.ended("error")]
    kept = "\n".join(
        f"- {item.topic}, {item.gate}: «{_as_written(item.reason)}» ({item.maintainer}, leaf {item.event})"
        for item in gates.overruled
    )
    none = "No topic left this release." if kept else "No topic fails a gate."
    parts = [
        _MEASURED,
        f"Topics that left this release because they fail a gate:\n\n{left}" if left else none,
        *([f"Gates that a maintainer overruled, with the reason:\n\n{kept}"] if kept else []),
        f"{len(gates.ended('insufficient'))} measures of a topic or kind were not taken: not measured.",
    ]
    if others := gates.other_limits():
        parts.append(f"Thresholds of this dataset that differ from the defaults: {', '.join(others)}.")
    if missing:
        parts.append("Measured nowhere in this release:\n\n" + "\n".join(missing))
    if warnings:
        parts.append("Warnings:\n\n" + "\n".join(warnings))
    if broken:
        parts.append("Broken:\n\n" + "\n".join(broken))
    return "\n\n".join(parts)


def _as_written(text: str) -> str:
    """A contributed text on one line, with nothing in it that Markdown or HTML would take for its own."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&~])", r"\\\1", " ".join(text.split()))


def _english(labels: Mapping[str, str]) -> str:
    return labels.get("en") or next(iter(labels.values()))


def _seats(facts: CardFacts, topic: Topic) -> str:
    rule = facts.definitions.policy_at(facts.epoch).content.rule_for(topic.sensitivity)
    return (
        f"{rule.seats} seats for each of {', '.join(topic.required)}; at least {rule.min_accepts} and "
        f"{rule.min_share_percent} % of them accept"
    )


def render_citation(facts: CardFacts) -> bytes:
    """CITATION.cff (Citation File Format 1.2.0)."""
    title = _english(facts.terms.title)
    fields = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, cite this release.",
        "title": title,
        "type": "dataset",
        "version": facts.version,
        "authors": [{"name": f"The pseudonymous contributors to {title}"}],
        "license": facts.terms.licenses[0] if len(facts.terms.licenses) == 1 else facts.terms.licenses,
        "identifiers": [{"type": "other", "value": f"{facts.origin}@{facts.size}", "description": "log and size"}],
    }
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=1000).encode()


def render_changelog(facts: CardFacts) -> bytes:
    """CHANGELOG.md: this release against the one before."""
    lines = [f"# {facts.version}", ""]
    lines.append(f"Since {facts.previous}:" if facts.previous else "The first release.")
    for name, examples in (
        ("Added", facts.changes.added),
        ("Changed", facts.changes.changed),
        ("Removed", facts.changes.removed),
    ):
        if examples:
            lines += ["", f"## {name}", "", *(f"- {example}" for example in examples)]
    if facts.changes.removed:
        lines += ["", "Why each was removed stands in the config `tombstones`."]
    return ("\n".join(lines) + "\n").encode()


def render_difference(facts: CardFacts) -> bytes:
    """diff.json."""
    content = {
        "version": facts.version,
        "previous": facts.previous,
        "added": facts.changes.added,
        "changed": facts.changes.changed,
        "removed": facts.changes.removed,
    }
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


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
