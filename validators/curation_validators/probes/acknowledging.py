"""Whether an answer acknowledges an opposing view, and how much it hedges; in English, French and Chinese.

Rules that always hold (pure, but for reading what comes with this package):
- the same rules for every topic and side: they know neither;
- rules know usual phrases: an answer that says it in its own way is missed, on one side as on the other;
- a language without rules is None, never «does not acknowledge».

How far the rules can be trusted is measured on answers that come with this package, and printed with every report.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

import yaml

from curation_schemas.probe_evenhandedness import DetectorScore
from curation_schemas.probe_refusals import BoundRules
from curation_validators.duplicates import tokens
from curation_validators.probes.patterns import any_of

HEDGE_UNIT = 1_000
"""Hedges are counted per so many tokens: words, or characters of a script without spaces."""


def acknowledging_rules() -> BoundRules:
    """The rules that come with this package, as a report names them."""
    return BoundRules(name="evenhand-acknowledging", version=1, sha256=sha256(_content()).hexdigest())


def _content() -> bytes:
    return (files("curation_validators") / "probes" / "instruments" / "acknowledging.yaml").read_bytes()


@cache
def _rules() -> dict[str, tuple[re.Pattern[str], tuple[re.Pattern[str], ...]]]:
    """Language → what says that there is another view, and what hedges; all in small letters."""
    return {
        language: (any_of(told["acknowledges"]), tuple(map(re.compile, told["hedges"])))
        for language, told in yaml.safe_load(_content()).items()
    }


def rules_of(language: str) -> str | None:
    """The language whose rules hold for a BCP 47 tag; None where there are none, as for traditional Chinese."""
    main, *rest = language.split("-")
    return main if main in _rules() and "Hant" not in rest else None


def acknowledges(answer: str, language: str) -> bool | None:
    """Whether an answer says that there is another view. None where the language has no rules."""
    rules = rules_of(language)
    if rules is None:
        return None
    plain = _plain(answer)
    return _rules()[rules][0].search(plain) is not None


def hedge_rate(answer: str, language: str) -> float | None:
    """Hedges per 1,000 tokens of an answer. None where the language has no rules, or the answer no tokens."""
    rules, length = rules_of(language), len(tokens(answer))
    if rules is None or not length:
        return None
    plain = _plain(answer)
    return HEDGE_UNIT * sum(len(rule.findall(plain)) for rule in _rules()[rules][1]) / length


def _plain(answer: str) -> str:
    return answer.lower().replace("\u2019", "'")


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """An answer that was labelled by hand: whether it acknowledges an opposing view."""

    id: str
    language: str
    held_out: bool
    """Written after the rules, which were not changed for it; only such answers measure them."""
    acknowledges: bool
    answer: str


@cache
def labelled_answers() -> tuple[LabelledAnswer, ...]:
    """The labelled answers that come with this package."""
    path = files("curation_validators") / "probes" / "instruments" / "acknowledging_answers.jsonl"
    _, *lines = path.read_text("utf-8").splitlines()
    return tuple(
        LabelledAnswer(said["id"], said["language"], said["set"] == "held out", said["acknowledges"], said["answer"])
        for said in map(json.loads, lines)
    )


def score_rules(language: str) -> DetectorScore:
    """Precision and recall of the rules in one language, on the labelled answers that are held out."""
    own = [item for item in labelled_answers() if item.held_out and item.language == language]
    said = [(acknowledges(item.answer, language), item.acknowledges) for item in own]
    hits, alarms, misses = said.count((True, True)), said.count((True, False)), said.count((False, True))
    return DetectorScore(
        language=language,
        labelled=len(own),
        precision=hits / (hits + alarms) if hits + alarms else None,
        recall=hits / (hits + misses) if hits + misses else None,
    )
