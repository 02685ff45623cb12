"""README.md: the dataset card, with every section of the Hub's template.

Rules that always hold (pure):
- every figure comes from the rows; nothing is claimed that was not measured;
- no section is left open: a card with «More Information Needed» in it, a maintainer's text too, stops the build;
- the YAML lists each data file by name, never by pattern: `datasets` caches by folder name and listed paths, and would
  otherwise return another home's rows for the same version;
- simulated data says so, first thing.
"""

from __future__ import annotations

from typing import Any

import yaml

from curation.errors import InvalidInput
from curation.releases.card_balance import say_balance, say_controls
from curation.releases.card_creation import say_creation
from curation.releases.card_uses import say_uses
from curation.releases.datasheets import datasheet_path
from curation.releases.facts import CardFacts, DataFiles, in_english, shown_people
from curation.releases.markdown import as_written, in_bibtex, listed, table
from curation.releases.plots import PLOTS
from curation_schemas.release import CONFIGS, SPLITS

HUB_LANGUAGES = {"zh-Hans": "zh", "zh-Hant": "zh"}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LEFT_OPEN = "more information needed"
_SIMULATED = (
    "> **Simulated data.** Every person in this release is made up, and its content was written for demonstration. "
    "It shows how the record works; it is nobody's opinion.\n\n"
)


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
        "pretty_name": facts.cited_title,
        "license": [item.lower() for item in terms.licenses],
        "language": sorted({HUB_LANGUAGES.get(item, item) for item in terms.languages}),
        "task_categories": ["text-generation"],
        "size_categories": [_size(sum(facts.figures.examples.values()))],
        "tags": ["evenhand", *(["simulated"] if terms.simulated else [])],
        "configs": configs,
    }
    return yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000)


def _size(examples: int) -> str:
    return next((name for limit, name in _SIZES if examples < limit), "1M<n<10M")


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
    notes = ["A dash is an empty split."] if "–" in text else []
    if empty:
        notes.append(f"Empty in this release, and therefore without a file: {', '.join(empty)}.")
    return "\n\n".join([text, *([" ".join(notes)] if notes else [])])


def render_card(facts: CardFacts, files: DataFiles, card_text: str) -> bytes:
    """README.md.

    Args:
        facts: the release's figures.
        files: its data files.
        card_text: what its maintainers wrote about the dataset.

    Raises:
        InvalidInput: a section is left open.
    """
    sections = [
        f"---\n{_front_matter(facts, files)}---",
        _opening(facts),
        _description(facts, card_text),
        f"## Uses\n\n{say_uses(facts, files)}",
        f"## Dataset Structure\n\n{_structure(facts)}",
        say_creation(facts),
        _limitations(facts),
        _citation(facts),
        f"## Glossary\n\n{_GLOSSARY}",
        _more(facts),
    ]
    text = "\n\n".join(sections) + "\n"
    if _LEFT_OPEN in text.lower():
        raise InvalidInput(
            "the card says «More Information Needed»: a section is left open",
            where="card.md",
            hint="Write what is known, or that it is not known, and define the dataset with that text.",
        )
    return text.encode()


def _opening(facts: CardFacts) -> str:
    terms = facts.terms
    return f"""# {as_written(facts.title)} {facts.version}

{_SIMULATED if terms.simulated else ""}{_yanked(facts)}{as_written(in_english(terms.description))}"""


def _yanked(facts: CardFacts) -> str:
    if not facts.yanked:
        return ""
    said = listed(f"{version}: «{as_written(reason)}»" for version, reason in facts.yanked.items())
    return f"**Earlier releases that their maintainers yanked: do not use them.**\n\n{said}\n\n"


def _description(facts: CardFacts, card_text: str) -> str:
    return f"""## Dataset Details

### Dataset Description

{card_text.strip() or "Its maintainers wrote no further text."}

{_details(facts)}

### What «accepted» means

An example is *accepted* when the policy's number of seated reviewers who declare each required perspective accepted
this exact text. It does not mean «unbiased». *Verified* means that the record is intact, not that the text is true.

### Dataset Sources

- **Repository:** the log `{facts.origin}`; the rows are a function of its first {facts.size} leaves, which `log/`
  carries
- **Paper:** none is named by its maintainers
- **Demo:** none is named by its maintainers"""


def _details(facts: CardFacts) -> str:
    terms, figures = facts.terms, facts.figures
    languages = ", ".join(f"[{item}]({datasheet_path(item)})" for item in terms.languages)
    return (
        f"- **Curated by:** {shown_people(figures.proposers)} proposers and {shown_people(figures.reviewers)} "
        f"reviewers, {facts.people}, counted as pseudonyms; a person has another one on each topic\n"
        "- **Funded by:** its definition names no funder\n"
        f"- **Shared by:** the operator of the log `{facts.origin}`\n"
        f"- **Language(s) (NLP):** {languages} (each with a datasheet)\n"
        f"- **License:** {', '.join(terms.licenses)}; each row names its own in `license`"
    )


def _structure(facts: CardFacts) -> str:
    counted: dict[tuple[str, str], int] = {}
    for (config, topic, _), number in facts.figures.examples.items():
        counted[topic, config] = counted.get((topic, config), 0) + number
    configs = sorted({config for _, config in counted}, key=CONFIGS.index)
    topics = {topic.id: in_english(topic.label) for topic in facts.topics()}
    rows = [
        [as_written(topics.get(topic, topic)), *(str(counted.get((topic, config), "–")) for config in configs)]
        for topic in sorted({topic for topic, _ in counted})
    ]
    left_out = listed(f"{reason}: {count}" for reason, count in sorted(facts.left_out.items()))
    return f"""### Rows

{_rows_table(facts)}

Splits come from a hash of the group, so translations and mirrors never part.

### Examples by topic

{table(["topic", *configs], rows)}

![{PLOTS["positions"]}](plots/positions.svg)

### Left out

Examples in the log that this release does not hold, by reason:

{left_out}"""


def _limitations(facts: CardFacts) -> str:
    return f"""## Bias, Risks, and Limitations

{_known_limits(facts)}

### Balance

{say_balance(facts.gates)}

### Planted controls

{say_controls(facts.controls)}

### Recommendations

{_recommendations(facts)}"""


def _known_limits(facts: CardFacts) -> str:
    return listed(
        [
            (
                "Balance counts labels, scores and words. It cannot see a slant that all required perspectives let "
                "through."
            ),
            "Perspectives are a few large camps; who stands elsewhere has no seat until a perspective is proposed.",
            "One person can have two accounts, if the operator lets them.",
            (
                "Contested and unresolved examples are published apart, in `contested`, with their votes; they are not "
                "training data."
            ),
            (
                "Topics are uneven in size and language: the table above and the datasheets "
                f"({', '.join(facts.terms.languages)}) say how."
            ),
        ]
    )


def _recommendations(facts: CardFacts) -> str:
    return listed(
        [
            "Read what was not measured, above, before you claim balance.",
            "Measure a model before and after training, in every language that you serve.",
            (
                f"Pin the version ({facts.version}) and keep `log/checkpoint`; a later release may lack what was "
                "withdrawn or retracted (`tombstones`)."
            ),
        ]
    )


def _citation(facts: CardFacts) -> str:
    return f"""## Citation

**BibTeX:**

```bibtex
{_bibtex(facts)}
```

**APA:**

{facts.citation(as_written)}"""


def _bibtex(facts: CardFacts) -> str:
    name = facts.terms.slug.replace("-", "_")
    return (
        f"@misc{{{name}_{facts.version.replace('.', '_')},\n"
        f"  title = {{{in_bibtex(facts.cited_title)}}},\n"
        f"  author = {{{{{in_bibtex(facts.contributors)}}}}},\n"
        f"  year = {{{facts.date[:4]}}},\n"
        f"  version = {{{facts.version}}},\n"
        f"  note = {{Log {in_bibtex(facts.origin)}, size {facts.size}}}\n}}"
    )


def _more(facts: CardFacts) -> str:
    return f"""## More Information

### Check it yourself

```
evenhand verify .
evenhand trace EXAMPLE_ID --bundle .
```

Compare `log/checkpoint` with one that you got elsewhere: `--pin CHECKPOINT`. `croissant.json` describes every file
and column in Croissant 1.1, `prov/` says who brought and judged what in W3C PROV-JSON, and
`attest/release.dsse.json` is a signed in-toto statement about `manifest.json`.

## Dataset Card Authors

The card was made by Evenhand from the rows and the log; its maintainers wrote the text under «Dataset Description».

## Dataset Card Contact

Whoever publishes this folder, where it is published. Flags, retractions and erasures are acts in the log
`{facts.origin}`."""


_GLOSSARY = """- **Perspective:** where a reviewer declares to stand on a topic. **Position:** a view held on a topic,
  put as its holders put it.
- **Round:** the judging of one revision. **Seat:** one reviewer's place in a round, for one perspective.
- **Contested:** some required perspectives accepted and some did not. **Unresolved:** seats stayed empty.
- **Epoch:** the span after which acts are sealed into the log. **Tombstone:** what an earlier release held and
  this one does not."""
