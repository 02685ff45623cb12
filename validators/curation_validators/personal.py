"""Personal data, by pattern only: it finds no names, and nobody should take it for a review.

Rules that always hold:
- recognizers come from an allow-list; those with a checksum must pass it; nothing is fetched at run time;
- a finding names the kind and the place, never the data;
- addresses under the names that RFC 2606 keeps for examples belong to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from curation_validators.findings import Finding
from curation_validators.hygiene import MAX_CHARS
from curation_validators.records import Record

_LEAST_SCORE = 0.5
_KINDS = {
    "CN_ID": ("personal/identifier", "a mainland Chinese identity number"),
    "FR_NIR": ("personal/identifier", "a French social security number"),
    "US_SSN": ("personal/identifier", "a US social security number"),
    "CREDIT_CARD": ("personal/identifier", "a card number"),
    "IBAN_CODE": ("personal/identifier", "a bank account number"),
    "EMAIL_ADDRESS": ("personal/contact", "an e-mail address"),
    "PHONE_NUMBER": ("personal/contact", "a telephone number"),
    "IP_ADDRESS": ("personal/contact", "an IP address"),
}
_REGIONS = ("US", "GB", "FR", "CN", "TW", "HK")
_RESERVED = re.compile(r"@([\w-]+\.)*(example(\.(com|net|org))?|test|invalid|localhost)$", re.IGNORECASE)
# Every kind has an @, a run of digits, or the colons of an IPv6 address: most texts have none, and are done.
_ANY = re.compile(r"@|\d(?:[\s().+-]?\w){6}|\d\.\d{1,3}\.|[0-9a-f]:[0-9a-f:]*:", re.IGNORECASE)
_CN = re.compile(r"(?<![\dXx])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])")
_FR = re.compile(r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\d)")
# Numbers that a private network or a manual uses (RFC 1918, 5737, 3849, loopback) are nobody's.
_NOBODYS = re.compile(
    r"(10|127|192\.168|172\.(1[6-9]|2\d|3[01])|192\.0\.2|198\.51\.100|203\.0\.113|0|255)\.|::1?$|2001:db8:",
    re.IGNORECASE,
)


def is_chinese_id(number: str) -> bool:
    """Whether an 18-character resident identity number has a real date and the right check character.

    Source: GB 11643-1999, with the check character of ISO 7064 MOD 11-2.
    """
    if not _CN.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def is_french_nir(number: str) -> bool:
    """Whether a French social security number has the right key: 97 minus the number modulo 97 (INSEE)."""
    plain = number.replace(" ", "")
    if not _FR.fullmatch(plain):
        return False
    # Corsica's departments: 2A counts as 19, 2B as 18.
    digits = plain[:13].replace("A", "0").replace("B", "0")
    value = int(digits) - (1_000_000 if "A" in plain[:13] else 2_000_000 if "B" in plain[:13] else 0)
    return 97 - value % 97 == int(plain[13:])


_LIBRARIES = ("presidio_analyzer", "tldextract")


class PersonalData:
    """Presidio's recognizers from the allow-list, each called by itself. It needs the extra «validate».

    Raises ModuleNotFoundError where that is not installed. Presidio takes seconds to load, so it waits for the first
    text in which anything could be found, or for `load`.
    """

    def __init__(self) -> None:
        for name in _LIBRARIES:
            if find_spec(name) is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    def load(self) -> None:
        """Load the recognizers now."""
        _ = self._recognizers

    @cached_property
    def _recognizers(self) -> list[Any]:
        import tldextract  # noqa: PLC0415  # an auditor's install does without
        from presidio_analyzer import predefined_recognizers as known  # noqa: PLC0415  # an auditor's install does without

        # The recognizer's own would fetch the list of public suffixes on first use.
        offline = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())

        class Email(known.EmailRecognizer):
            """Presidio's, with the list of suffixes that comes with tldextract."""

            def validate_result(self, pattern_text: str) -> bool:
                return bool(offline(pattern_text).fqdn) and not _RESERVED.search(pattern_text)

        return [
            Email(),
            known.CreditCardRecognizer(),
            known.IbanRecognizer(),
            known.UsSsnRecognizer(),
            known.IpRecognizer(),
            known.PhoneRecognizer(supported_regions=_REGIONS, leniency=2),
        ]

    def find(self, text: str) -> list[tuple[str, int, int]]:
        """What a text holds: (kind, start, end), by place; where two overlap, the more certain one stands."""
        if not _ANY.search(text):
            return []
        found = [("CN_ID", 1.0, match) for match in _CN.finditer(text) if is_chinese_id(match.group())]
        found += [("FR_NIR", 1.0, match) for match in _FR.finditer(text) if is_french_nir(match.group())]
        spans = [(kind, score, match.start(), match.end()) for kind, score, match in found]
        for recognizer in self._recognizers:
            for item in recognizer.analyze(text, recognizer.supported_entities, None) or ():
                kind = str(item.entity_type)
                nobodys = kind == "IP_ADDRESS" and _NOBODYS.match(text[item.start : item.end])
                if item.score >= (0.4 if kind == "PHONE_NUMBER" else _LEAST_SCORE) and not nobodys:
                    spans.append((kind, float(item.score), int(item.start), int(item.end)))
        kept: list[tuple[str, int, int]] = []
        order = list(_KINDS)
        for kind, _, start, end in sorted(spans, key=lambda span: (-span[1], order.index(span[0]), span[2])):
            if all(end <= other[1] or start >= other[2] for other in kept):
                kept.append((kind, start, end))
        return sorted(kept, key=lambda span: span[1])

    def check(self, record: Record) -> Iterator[Finding]:
        """A finding for each kind in each text."""
        for text in record.texts:
            seen = set()
            for kind, start, _ in self.find(text.content[:MAX_CHARS]):
                if kind not in seen:
                    seen.add(kind)
                    rule, name = _KINDS[kind]
                    message = f"holds what looks like {name} at offset {start}"
                    hint = "Remove it, unless it is public and the example needs it."
                    yield Finding(rule, f"{record.where}, {text.field}", message, hint)
