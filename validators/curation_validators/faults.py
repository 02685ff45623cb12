"""What no example of a release may hold: protected evaluation text, secrets, identity numbers.

Rules that always hold (pure, but for reading the protected sets that come with this package):
- only what needs no library and nothing of anybody's home: whoever verifies a release looks again and finds the same;
- it is the same checks that run at intake, and never more than they find; a prompt declared for evaluation
  is no finding against itself.
"""

from __future__ import annotations

from curation_validators.contamination import builtin_sets, check_contamination
from curation_validators.credentials import check_secrets
from curation_validators.hygiene import MAX_CHARS
from curation_validators.identifiers import identifiers_in
from curation_validators.records import Record

PROTECTED, SECRET, IDENTIFIER = 1, 2, 4


def faults_of(record: Record) -> int:
    """The sum of PROTECTED, SECRET and IDENTIFIER, of those that an example holds."""
    protected = any(True for _ in check_contamination(record, builtin_sets()))
    secret = any(True for _ in check_secrets(record))
    identifier = any(True for text in record.texts for _ in identifiers_in(text.content[:MAX_CHARS]))
    return PROTECTED * protected + SECRET * secret + IDENTIFIER * identifier
