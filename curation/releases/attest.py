"""`attest/release.dsse.json`: an in-toto Statement about the manifest, signed with the key that signs the log.

Rules that always hold (pure):
- the statement says what the manifest says and nothing else; whoever has the manifest can make it, and only the key's
  holder can sign it;
- it is RFC 8785 JSON without numbers: sizes and counts are strings, so that no reader rounds them.
"""

from __future__ import annotations

import hashlib
from typing import Any

from curation.errors import NoteInvalid
from curation.log.envelope import IN_TOTO, open_envelope, sign_envelope
from curation.log.leaf import canonical_json
from curation.log.notes import SigningKey, VerifierKey
from curation_schemas.release import MANIFEST, ReleaseManifest

ATTESTATION = "attest/release.dsse.json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://evenhand.org/attestation/release/v1"


def release_statement(manifest: ReleaseManifest, content: bytes) -> dict[str, Any]:
    """The in-toto Statement v1 about a manifest, given its bytes too."""
    log = manifest.log
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": MANIFEST, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "dataset": manifest.dataset,
            "version": manifest.version,
            "previous": manifest.previous,
            "simulated": manifest.simulated,
            "log": {"origin": log.origin, "size": str(log.size), "root": log.root, "rowsAt": str(log.rows_at)},
            "policy": manifest.policy,
            "writers": dict(manifest.writers),
            "rows": {
                config: {split: str(rows) for split, rows in splits.items()} for config, splits in manifest.rows.items()
            },
            "files": str(len(manifest.files)),
            "bytes": str(sum(entry.bytes for entry in manifest.files.values())),
        },
    }


def sign_release(manifest: ReleaseManifest, content: bytes, key: SigningKey) -> bytes:
    """The envelope over a manifest's statement."""
    return sign_envelope(IN_TOTO, canonical_json(release_statement(manifest, content)), key)


def check_attestation(envelope: bytes, manifest: ReleaseManifest, content: bytes, key: VerifierKey) -> None:
    """Raise NoteInvalid unless the key signed exactly what this manifest says."""
    payload = open_envelope(envelope, IN_TOTO, key, ATTESTATION)
    if payload != canonical_json(release_statement(manifest, content)):
        raise NoteInvalid("is signed, and says other things than this manifest", where=ATTESTATION)
