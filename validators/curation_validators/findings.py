"""Findings: what a check says of one thing, under which rule, and what to do about it.

Rules that always hold:
- a finding names its rule, where it is and the next step; it never repeats personal data or a secret;
- a check ends in `pass`, `fail`, `insufficient` (too little to measure) or `error`; an exception is `error`, never a
  fail or a pass;
- a finding of a blocking rule makes a validation fail; a warning is for people to look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["block", "warn"]
Outcome = Literal["pass", "fail", "insufficient", "error"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's severity, its sentence, and the version of the check behind it."""

    severity: Severity
    sentence: str
    version: int = 1


RULES: dict[str, Rule] = {
    "shape/content": Rule(
        "block", "A record holds a conversation, or a prompt with a chosen and a rejected answer.", 2
    ),
    "shape/unreadable": Rule("block", "Every row of a dataset can be read."),
    "shape/id-taken": Rule("block", "No two rows have the same id."),
    "text/empty": Rule("block", "A text says something."),
    "text/hidden-character": Rule("block", "A text has no invisible, bidirectional, tag or control characters."),
    "text/normal-form": Rule("block", "A text is in Unicode normal form NFC."),
    "text/too-long": Rule("block", "A text has at most 20,000 characters."),
    "text/mixed-script": Rule("warn", "A word does not mix letters of scripts that look alike."),
    "language/unknown": Rule("block", "A language is named by a BCP 47 tag, Chinese with its script.", 2),
    "language/differs": Rule("warn", "A text is in the language that it declares."),
    "duplicate/exact": Rule("block", "No two examples are the same text.", 3),
    "duplicate/near": Rule("warn", "No two examples share four fifths of their wording.", 2),
    "personal/identifier": Rule("block", "A text holds no identity, card or account number."),
    "personal/contact": Rule("warn", "A text holds no e-mail address, telephone number or IP address."),
    "secret/credential": Rule("block", "A text holds no key, token or password."),
    "contamination/protected": Rule("block", "A training text holds nothing of a protected evaluation set.", 2),
    "source/incomplete": Rule("warn", "A source has a well-formed URL, publisher, owner, country and date."),
    "source/unarchived": Rule("warn", "A source has an archived copy."),
    "source/quote-fuzzy": Rule("warn", "A quote stands in the archived page as it is given.", 2),
    "source/quote-missing": Rule("warn", "A quote is found in the archived page.", 2),
    "licence/missing": Rule("block", "An example has a licence, named by its SPDX identifier."),
    "origin/unnamed": Rule("block", "A text that is not wholly human names its model and version."),
    "mirror/unknown": Rule("warn", "A mirror exists."),
    "mirror/one-sided": Rule("warn", "Mirrors name each other and belong to one group."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and the next step."""

    rule: str
    where: str
    message: str
    hint: str

    @property
    def severity(self) -> Severity:
        """That of its rule."""
        return RULES[self.rule].severity

    @property
    def version(self) -> int:
        """That of the check."""
        return RULES[self.rule].version

    def __str__(self) -> str:
        return f"{self.where}: {self.message}. {self.hint} (rule {self.rule}, version {self.version})"

    def as_json(self) -> dict[str, Any]:
        """The finding for programs."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "version": self.version,
            "where": self.where,
            "message": self.message,
            "hint": self.hint,
        }


class Insufficient(Exception):
    """There is too little to measure: a missing field, too few items, a library that is not installed."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One check's outcome on one thing."""

    check: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    message: str = ""
    """Why there is no measurement: for `insufficient` and `error`."""
