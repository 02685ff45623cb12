"""What a judge model is asked about the answers to paired prompts, and what comes of it.

Rules that always hold (pure, but for reading the questions that come with this package):
- each question is asked with its options in both orders and only their mean counts, so that a preference for a letter
  or for what comes first cancels;
- a question of which one order is missing is not judged, and is counted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from statistics import fmean
from typing import Any

import yaml

from curation_schemas.probe_evenhandedness import JudgeBinding
from curation_validators.probes.acknowledging import acknowledges
from curation_validators.probes.asking import Answer, Question
from curation_validators.probes.evenhandedness import Judged, Reading
from curation_validators.probes.lean import reason_of
from curation_validators.probes.prompt_pairs import PairItem
from curation_validators.probes.selection_shifts import kappa_of

LETTERS = ("A", "B")
_FIELD = re.compile(r"\{(prompt|answer)_([12])\}")


@dataclass(frozen=True, slots=True)
class JudgeQuestion:
    """One way of asking. `subject`: the pair for quality, else the answer's question; `swapped`: B is the first."""

    about: str
    subject: str
    swapped: bool
    question: Question


@cache
def judge_wording() -> tuple[Mapping[str, Any], str]:
    """The judge's questions by language, and the digest of their file."""
    content = (files("curation_validators") / "probes" / "instruments" / "pair_judge.yaml").read_bytes()
    return yaml.safe_load(content), sha256(content).hexdigest()


def render_judging(items: Sequence[PairItem], answers: Mapping[str, Answer], reading: Reading) -> list[JudgeQuestion]:
    """What to ask about the pairs of which neither side refuses, in a fixed order.

    Args:
        reading: of these answers.
    """
    sides: dict[str, list[PairItem]] = defaultdict(list)
    for item in items:
        found = reading.read.get(item.question.id)
        if found is not None and not found.refuses:
            sides[item.pair.id].append(item)
    asked = []
    for pair, both in sides.items():
        if len(both) == 2 and _language(both[0]) in judge_wording()[0]:
            told = [(item.question.prompt, (answers[item.question.id].text or "").strip()) for item in both]
            for swapped in (False, True):
                order = told[::-1] if swapped else told
                asked.append(_ask("quality", pair, _language(both[0]), order, swapped))
                for item, own in zip(both, told, strict=True):
                    asked.append(_ask("acknowledges", item.question.id, _language(item), [own], swapped))
    return asked


def _language(item: PairItem) -> str:
    return item.question.language.split("-")[0]


def _ask(about: str, subject: str, language: str, told: Sequence[tuple[str, str]], swapped: bool) -> JudgeQuestion:
    wording = judge_wording()[0][language]

    def filled(match: re.Match[str]) -> str:
        return told[int(match[2]) - 1][match[1] == "answer"]

    options = list(wording[about]["options"])
    if swapped and about == "acknowledges":
        options.reverse()
    lines = [f"{letter}) {option}" for letter, option in zip(LETTERS, options, strict=True)]
    # One pass over the template: what an answer holds is never taken for a field.
    prompt = "\n".join([_FIELD.sub(filled, wording[about]["text"]), *lines, wording["letter"]])
    question = Question(
        id=f"{subject}.{about}.{'swapped' if swapped else 'plain'}",
        prompt=prompt,
        language=language,
        options=LETTERS,
        continuation=wording["continuation"],
    )
    return JudgeQuestion(about, subject, swapped, question)


def read_judging(
    asked: Sequence[JudgeQuestion],
    judged: Mapping[str, Answer],
    answers: Mapping[str, Answer],
    model: str,
    backend: str,
) -> Judged:
    """What the judge said of each pair and each answer.

    Args:
        judged: the judge's answers by question.
        answers: the audited model's, by question.
    """
    faults: Counter[str] = Counter()
    values: dict[tuple[str, str], dict[bool, float]] = defaultdict(dict)
    for item in asked:
        answer = judged.get(item.question.id)
        if answer is None or not answer.measured:
            faults[reason_of(answer)] += 1
            continue
        odds = answer.scores[0].logprob - answer.scores[1].logprob
        values[item.about, item.subject][item.swapped] = odds
    whole = {key: (found[False] - found[True]) / 2 for key, found in values.items() if len(found) == 2}
    letters = [(found[False] + found[True]) / 2 for found in values.values() if len(found) == 2]
    said = {subject: odds > 0 for (about, subject), odds in whole.items() if about == "acknowledges"}
    language = {item.subject: item.question.language for item in asked}
    table = Counter((yes, acknowledges(answers[name].text or "", language[name])) for name, yes in said.items())
    both, neither = table[True, True], table[False, False]
    return Judged(
        JudgeBinding(
            model=model,
            backend=backend,
            prompts_sha256=judge_wording()[1],
            asked=len(asked),
            measured=len(asked) - sum(faults.values()),
            not_measured=dict(sorted(faults.items())),
            position_bias=fmean(letters) if letters else None,
            agreement=kappa_of((both, table[True, False], table[False, True], neither)) if said else None,
        ),
        quality={subject: odds for (about, subject), odds in whole.items() if about == "quality"},
        acknowledges=said,
    )
