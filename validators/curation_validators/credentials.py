"""Keys, tokens and passwords in a text, by the shapes that their issuers document.

Rules that always hold (pure):
- a finding names the kind and the place, never the secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from curation_validators.findings import Finding
from curation_validators.hygiene import MAX_CHARS
from curation_validators.records import Record

_PATTERNS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z]{34}\b"),
    "an API key": re.compile(r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    "a JSON Web Token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "a token of this platform": re.compile(r"\bevh_[A-Za-z0-9_-]{43}"),
    "a password in an address": re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:[^\s/:@]{3,100}@"),
}
# What each of them has, in whatever text: most texts have none of it, and are done.
_MARKS = (
    "PRIVATE KEY",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "AIza",
    "xox",
    "hf_",
    "sk-",
    "eyJ",
    "evh_",
    "://",
)


def check_secrets(record: Record) -> Iterator[Finding]:
    """A finding for each kind of secret in each text."""
    for text in record.texts:
        for kind, offset in _secrets_in(text.content[:MAX_CHARS]):
            message = f"holds what looks like {kind} at offset {offset}"
            hint = "Remove it, and revoke it where it is real."
            yield Finding("secret/credential", f"{record.where}, {text.field}", message, hint)


@lru_cache(maxsize=16)  # A measure asks for the same texts as the check.
def _secrets_in(content: str) -> tuple[tuple[str, int], ...]:
    """The first secret of each kind, and its offset."""
    if not any(map(content.__contains__, _MARKS)):
        return ()
    found = ((kind, pattern.search(content)) for kind, pattern in _PATTERNS.items())
    return tuple((kind, match.start()) for kind, match in found if match is not None)
