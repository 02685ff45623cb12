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
from curation.releases.card_balance import say_balance, say_controls, say_sources
from curation.releases.datasheets import datasheet_path
from curation.releases.facts import CHANCES, CardFacts, DataFiles, chances, in_english, shown_people
from curation.releases.markdown import as_written, listed, table
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
        "pretty_name": facts.title,
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
    if empty:
        text += (
            f"\n\nEmpty in this release, and therefore without a file: {', '.join(empty)}. A dash is an empty split."
        )
    return text


def render_card(facts: CardFacts, files: DataFiles, card_text: str) -> bytes:
    """README.md.

    Args:
        facts: the release's figures.
        files: its data files.
        card_text: what its maintainers wrote about the dataset.

    Raises:
        InvalidInput: a section is left open.
    """
    terms = facts.terms
    text = f"""---
{_front_matter(facts, files)}---

# {facts.title} {facts.version}

{_SIMULATED if terms.simulated else ""}{_yanked(facts)}{in_english(terms.description)}

## Dataset Details

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
- **Demo:** none is named by its maintainers

## Uses

{_uses(facts)}

## Dataset Structure

{_structure(facts)}

## Dataset Creation

### Curation Rationale

{_rationale(facts)}

### Source Data

#### Data Collection and Processing

{_collection(facts)}

#### Who are the source data producers?

{_producers(facts)}

### Annotations

#### Annotation process

{_annotation(facts)}

#### Who are the annotators?

{_annotators(facts)}

#### Personal and Sensitive Information

{_personal(facts)}

## Bias, Risks, and Limitations

{_limitations(facts)}

### Balance

{say_balance(facts.gates)}

### Planted controls

{say_controls(facts.controls)}

### Recommendations

{_recommendations(facts)}

## Citation

**BibTeX:**

```bibtex
{_bibtex(facts)}
```

**APA:**

{facts.citation()}

## Glossary

{_GLOSSARY}

## More Information

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
`{facts.origin}`.
"""
    if _LEFT_OPEN in text.lower():
        raise InvalidInput(
            "the card says «More Information Needed»: a section is left open",
            where="card.md",
            hint="Write what is known, or that it is not known, and define the dataset with that text.",
        )
    return text.encode()


def _yanked(facts: CardFacts) -> str:
    if not facts.yanked:
        return ""
    said = listed(f"{version}: «{as_written(reason)}»" for version, reason in facts.yanked.items())
    return f"**Earlier releases that their maintainers yanked: do not use them.**\n\n{said}\n\n"


def _details(facts: CardFacts) -> str:
    terms, figures = facts.terms, facts.figures
    languages = ", ".join(f"[{item}]({datasheet_path(item)})" for item in terms.languages)
    return (
        f"- **Curated by:** {shown_people(figures.proposers)} proposers and {shown_people(figures.reviewers)} "
        "reviewers, "
        "counted as pseudonyms; a person has another one on each topic\n"
        "- **Funded by:** its definition names no funder\n"
        f"- **Shared by:** the operator of the log `{facts.origin}`\n"
        f"- **Language(s) (NLP):** {languages} (each with a datasheet)\n"
        f"- **License:** {', '.join(terms.licenses)}; each row names its own in `license`"
    )


def _uses(facts: CardFacts) -> str:
    simulated = (
        " This release is simulated: use it to try tools, never as training data or as evidence of what anybody thinks."
        if facts.terms.simulated
        else ""
    )
    return f"""### Direct Use

`sft` and `preference` train as they are: their columns are those that TRL looks for.{simulated} From disk, with
`release` the absolute path of this folder, or on the Hub with the repository's name and `revision="v{facts.version}"`:

```python
{TRAINING_SNIPPET}
```

`evenhand release pluralistic FOLDER` writes the config `pluralistic` as conversations, in the voice of each
position or with the answer that integrates them.

### Out-of-Scope Use

- As a source of facts on any of the topics; cite the sources instead (config `sources`).
- As a sample of opinion: who takes part is self-chosen, and perspectives are declared.
- Training on `rejected` of a preference pair as if it were an answer, or on `prompts` whose `use` is `evaluation`.
- Finding out who contributors are."""


TRAINING_SNIPPET = """from datasets import load_dataset
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

rows = load_dataset(release, "sft", split="train")
config = SFTConfig(output_dir="sft", max_steps=2)
SFTTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer).train()

pairs = load_dataset(release, "preference", split="train")
config = DPOConfig(output_dir="dpo", max_steps=2)
DPOTrainer(model=model, args=config, train_dataset=pairs, processing_class=tokenizer).train()"""
"""Run by tests/releases/test_training.py as it stands here."""


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


def _rationale(facts: CardFacts) -> str:
    topics = listed(
        f"**{as_written(in_english(topic.label))}** (`{topic.id}`): {as_written(in_english(topic.scope))}"
        for topic in facts.topics()
    )
    return (
        "Data that is meant to make a model fairer on contested topics can turn it the other way, and nobody "
        "outside can "
        "tell when it is private. Here people who disagree judge each other's examples under the same rules, each "
        f"required perspective for itself, and all of it is published. The topics:\n\n{topics}"
    )


def _collection(facts: CardFacts) -> str:
    origins = ", ".join(f"{kind} {count}" for kind, count in sorted(facts.figures.origins.items())) or "none"
    models = ", ".join(as_written(model) for model in facts.figures.models)
    written = f" Models that took part, as proposers say: {models}." if models else ""
    first, last = facts.time_frame()
    return (
        f"Proposed between the epochs that ended on {first} and on {last}. Who wrote the texts (`origin.kind`): "
        f"{origins}."
        f"{written} Each proposal is checked for hygiene, language, copies, personal data, secrets and protected test "
        f"sets; what the checks refuse never enters the log.\n\n{say_sources(facts)}"
    )


def _producers(facts: CardFacts) -> str:
    people = "invented people" if facts.terms.simulated else "people who signed up"
    return (
        f"{shown_people(facts.figures.proposers)} proposers, {people}. Nothing about them is known here but a "
        "pseudonym on each topic and what "
        "they propose. Sources are by the publishers that the config `sources` names."
    )


def _annotation(facts: CardFacts) -> str:
    seats = listed(facts.seat_rules())
    rows = []
    for rule, topics in facts.rules():
        for most in sorted({len(topic.required) for topic in topics}):
            found = [f"{100 * chance:.1f} %" for chance in chances(rule, most)]
            rows.append([f"{rule.seats}, {rule.min_accepts}, {rule.min_share_percent} %", str(most), *found])
    headings = ["seats, accepts, share", "perspectives", *(f"accepts at {first} and {last}" for first, last in CHANCES)]
    return f"""Every revision is judged in a round with seats for each required perspective; reviews stay sealed until
it ends.

{seats}

The release has {facts.figures.reviews} reviews, {facts.figures.counted} of which count; {facts.reviews_per_example()}.

How often these rules accept (their operating characteristic): the chance that a text is accepted if each seat accepts
with the first figure, those of one perspective with the second. Seats are taken as independent, which people are not.

{table(headings, rows)}

![{PLOTS["acceptance"]}](plots/acceptance.svg)"""


def _annotators(facts: CardFacts) -> str:
    rows = [
        [topic.id, as_written(in_english(item.label)), "yes" if item.required else "no"]
        for topic in facts.topics()
        for item in topic.perspectives
    ]
    return (
        f"{shown_people(facts.figures.reviewers)} reviewers. A reviewer declares a perspective on a topic before "
        "sitting for it. Nobody checks that "
        f"people stand where they say.\n\n{table(['topic', 'perspective', 'required'], rows)}"
    )


def _personal(facts: CardFacts) -> str:
    return (
        "Positions on these topics are political opinions. Contributors appear under a pseudonym on each topic, "
        "drawn at random, so that what is "
        "published does not link them across topics; acts are sealed in shuffled batches without times of day. "
        "Patterns of personal data "
        "are looked for at intake; names of people are not found by them, and texts may name public figures. A "
        "text that "
        "has to go is erased: its opening is destroyed, and the log keeps the votes."
    )


def _limitations(facts: CardFacts) -> str:
    return listed(
        [
            (
                "Balance counts labels, scores and words. It cannot see a slant that all required perspectives let "
                "through."
            ),
            "Perspectives are a few large camps; who stands elsewhere has no seat until a perspective is proposed.",
            "One person can have two accounts, if the operator lets them.",
            "Contested examples are published apart, in `contested`, with their votes; they are not training data.",
            (
                "Topics uneven in size and language: the table above and the datasheets "
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


def _bibtex(facts: CardFacts) -> str:
    name = facts.terms.slug.replace("-", "_")
    return (
        f"@misc{{{name}_{facts.version.replace('.', '_')},\n"
        f"  title = {{{facts.title}}},\n"
        f"  author = {{{{The pseudonymous contributors to {facts.title}}}}},\n"
        f"  year = {{{facts.date[:4]}}},\n"
        f"  version = {{{facts.version}}},\n"
        f"  note = {{Log {facts.origin}, size {facts.size}}}\n}}"
    )


_GLOSSARY = """- **Perspective:** where a reviewer declares to stand on a topic. **Position:** a view held on a topic,
  put as its holders put it.
- **Round:** the judging of one revision. **Seat:** one reviewer's place in a round, for one perspective.
- **Contested:** some required perspectives accepted and some did not. **Unresolved:** seats stayed empty.
- **Epoch:** the span after which acts are sealed into the log. **Tombstone:** what an earlier release held and
  this one does not."""
