"""What the card says of how the data came to be: topics, proposals, sources, judging, people.

Rules that always hold (pure):
- every figure comes from the rows or the log; people are counted as pseudonyms, and few are never told apart.
"""

from __future__ import annotations

from curation.releases.card_balance import say_sources
from curation.releases.facts import CHANCES, CardFacts, chances, in_english, shown_people
from curation.releases.markdown import as_written, listed, table
from curation.releases.plots import PLOTS


def say_creation(facts: CardFacts) -> str:
    """The section «Dataset Creation», with its headings."""
    return f"""## Dataset Creation

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

{_personal(facts)}"""


def _rationale(facts: CardFacts) -> str:
    topics = listed(
        f"**{as_written(in_english(topic.label))}** (`{topic.id}`): {as_written(in_english(topic.scope))}"
        for topic in facts.topics()
    )
    return (
        "Data that is meant to make a model fairer on contested topics can turn it the other way, and nobody "
        "outside can "
        "tell when it is private. Here people who disagree judge each other's examples under the same rules, each "
        "required perspective for itself, and every vote of an ended round is in the log that comes with the data. "
        f"The topics:\n\n{topics}"
    )


def _collection(facts: CardFacts) -> str:
    origins = ", ".join(f"{kind} {count}" for kind, count in sorted(facts.figures.origins.items())) or "none"
    models = ", ".join(as_written(model) for model in facts.figures.models)
    written = f" Models that took part, as proposers say: {models}." if models else ""
    first, last = facts.time_frame()
    return (
        f"Proposed and judged in the epochs that ended from {first} to {last}. Who wrote the texts (`origin.kind`): "
        f"{origins}."
        f"{written} Each proposal is checked for hygiene, language, copies, personal data, secrets and protected test "
        f"sets; what the checks refuse never enters the log.\n\n{say_sources(facts)}"
    )


def _producers(facts: CardFacts) -> str:
    return (
        f"{shown_people(facts.figures.proposers)} proposers, {facts.people}. Nothing about them is known here but a "
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

![{PLOTS["acceptance"]}](plots/acceptance.svg)

Examples that were rejected are not in it, so these shares are high by construction: they compare perspectives, and say
nothing of how much is accepted."""


def _annotators(facts: CardFacts) -> str:
    rows = [
        [topic.id, as_written(in_english(item.label)), "yes" if item.required else "no"]
        for topic in facts.topics()
        for item in topic.perspectives
    ]
    return (
        f"{shown_people(facts.figures.reviewers)} reviewers, {facts.people}. A reviewer declares a perspective on a "
        "topic before sitting for it. Nobody checks that people stand where they say."
        f"\n\n{table(['topic', 'perspective', 'required'], rows)}"
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
