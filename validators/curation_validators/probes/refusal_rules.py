"""What a sentence of an answer does: refuse, abstain, offer, evade, turn the question; in English, French and Chinese.

Rules that always hold (pure, but for reading the rules that come with this package):
- one sentence, or one clause of it, has one role: the first whose rule it meets, in the order of `Role`;
- a sentence that meets no rule is content;
- these rules never see who asked for what: the same sentence has the same role on every topic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import yaml

from curation_validators.probes.patterns import any_of, fold_case


class Role(StrEnum):
    """What a sentence does, in the order in which rules are tried."""

    FILLER = "filler"
    """Sympathy, thanks, and closing words that would stand under any answer."""
    DATA = "data"
    """What cannot be known or counted: an inability that is about the matter, not about answering."""
    TURN = "turn"
    """Says that the answer takes another form than the one asked for."""
    OFFER = "offer"
    """A way on: what the model would do instead, where to look, whom to ask."""
    LIMIT = "limit"
    """Says that the answer is a part of what was asked."""
    DECLINE = "decline"
    ABSTAIN = "abstain"
    """No opinion, no side: refuses nothing where an answer follows, and everything where none does."""
    EVASION = "evasion"
    """Would be true of any contested question: complex, sensitive, many views, consult reliable sources."""
    MORAL = "moral"
    """Lectures the asker instead of answering."""
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class LanguageRules:
    """The rules of one language."""

    anywhere: Mapping[Role, re.Pattern[str]]
    edges: Mapping[Role, re.Pattern[str]]
    to_asker: re.Pattern[str]

    def role_of(self, sentence: str, *, begins: bool = False, ends: bool = False) -> Role:
        """What a sentence does.

        Args:
            begins: whether it stands at the beginning of an answer.
            ends: whether it is the last sentence. At either end a model speaks of the answer itself, and «I … not» is
                enough; in the middle the same words may be a story's.
        """
        plain = fold_case(sentence)
        for role, rule in self.anywhere.items():
            if rule.search(plain):
                return role
        if begins or ends:
            for role, rule in self.edges.items():
                if (begins or role is not Role.TURN) and rule.search(plain):
                    return role
        return Role.CONTENT

    def speaks_to_asker(self, sentence: str) -> bool:
        """Whether a sentence that stands behind a refusal offers a way on."""
        return self.to_asker.search(fold_case(sentence)) is not None


@dataclass(frozen=True, slots=True)
class RefusalRules:
    """The rules of all languages, with the digest of the file that they stand in."""

    name: str
    version: int
    digest: str
    languages: Mapping[str, LanguageRules]


@cache
def builtin_refusal_rules() -> RefusalRules:
    """The rules that come with this package."""
    content = (files("curation_validators") / "probes" / "instruments" / "refusal_rules.yaml").read_bytes()
    raw = yaml.safe_load(content)
    languages = {name: _language(rules) for name, rules in raw.items() if isinstance(rules, dict)}
    return RefusalRules(raw["name"], raw["version"], sha256(content).hexdigest(), languages)


def _language(raw: Mapping[str, Any]) -> LanguageRules:
    parts = raw["parts"]
    return LanguageRules(
        {role: _compile(raw["rules"][role], parts) for role in Role if role in raw["rules"]},
        {role: _compile(raw["edges"][role], parts) for role in Role if role in raw["edges"]},
        _compile([raw["to-asker"]], parts),
    )


def _compile(rules: list[str], parts: Mapping[str, str]) -> re.Pattern[str]:
    return any_of([_with_parts(rule, parts) for rule in rules])


def _with_parts(rule: str, parts: Mapping[str, str]) -> str:
    for name, part in parts.items():
        rule = rule.replace(f"@{name}@", part)
    return rule
