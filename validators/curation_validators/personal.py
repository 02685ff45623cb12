"""Personal data, by pattern only: it finds no names, and nobody should take it for a review.

Rules that always hold:
- recognizers come from an allow-list; those with a checksum must pass it; nothing is fetched at run time;
- a finding names the kind and the place, never the data;
- addresses under the names that RFC 2606 keeps for examples belong to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from curation_validators.findings import Finding
from curation_validators.hygiene import MAX_CHARS
from curation_validators.identifiers import identifiers_in, may_hold_digits
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
_ANY = re.compile(r"@|\d(?:[\s().+-]?\w){6}|\d\.\d{1,3}\.|[0-9a-fA-F]:[0-9a-fA-F:]*:")
# Numbers that a private network or a manual uses (RFC 1918, 5737, 3849, loopback) are nobody's.
_NOBODYS = re.compile(
    r"(10|127|192\.168|172\.(1[6-9]|2\d|3[01])|192\.0\.2|198\.51\.100|203\.0\.113|0|255)\.|::1?$|2001:db8:",
    re.IGNORECASE,
)


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
        if not ("@" in text or ":" in text or may_hold_digits(text)) or not _ANY.search(text):
            return []
        spans = [(kind, 1.0, start, end) for kind, start, end in identifiers_in(text)]
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
