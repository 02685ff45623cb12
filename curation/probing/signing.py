"""`report.dsse.json`: an in-toto Statement about a report and its items, in the same DSSE envelope as a release's.

Rules that always hold:
- the subjects are the files by digest; whoever changes one afterwards is found;
- a signature says who vouches for the files, not that the model answered so.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from curation.errors import InvalidInput, NoteInvalid
from curation.log.envelope import IN_TOTO, open_envelope, sign_envelope
from curation.log.leaf import canonical_json
from curation.log.notes import SigningKey, VerifierKey
from curation.probing.files import ITEMS, REPORT
from curation.releases.attest import STATEMENT_TYPE

ENVELOPE = "report.dsse.json"
PREDICATE_TYPE = "https://evenhand.org/attestation/probe/v1"


def sign_report(folder: Path, key: SigningKey) -> Path:
    """Write the envelope beside the report. Raises InvalidInput where the folder holds none."""
    path = folder / ENVELOPE
    path.write_bytes(sign_envelope(IN_TOTO, canonical_json(_statement(folder)), key))
    return path


def check_report(folder: Path, key: VerifierKey) -> None:
    """Raise NoteInvalid unless the key signed exactly these files."""
    try:
        envelope = (folder / ENVELOPE).read_bytes()
    except FileNotFoundError:
        raise NoteInvalid("is not signed: there is no envelope", where=str(folder / ENVELOPE)) from None
    if open_envelope(envelope, IN_TOTO, key, ENVELOPE) != canonical_json(_statement(folder)):
        raise NoteInvalid("is signed, and for other files than these", where=str(folder / ENVELOPE))


def _statement(folder: Path) -> dict[str, Any]:
    try:
        digests = {name: sha256((folder / name).read_bytes()).hexdigest() for name in (REPORT, ITEMS)}
    except FileNotFoundError:
        raise InvalidInput(f"holds no {REPORT} and {ITEMS}", where=str(folder)) from None
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in digests.items()],
        "predicateType": PREDICATE_TYPE,
        "predicate": {},
    }
