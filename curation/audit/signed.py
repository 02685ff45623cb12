"""What joins a bundle after its manifest: proofs that the log names the release, or a yank of it, and a signature.

Rules that always hold:
- a proof carries its leaf and is checked from the bundle alone, by the trust policy;
- what is not there is noted, and never taken for a failure; what is there and does not hold is one.
"""

from __future__ import annotations

from curation.audit.bundle import Bundle
from curation.audit.report import Report
from curation.errors import EvenhandError, WorldError
from curation.log.leaf import decode_leaf
from curation.log.notes import VerifierKey
from curation.log.proofs import decode_tlog_proof, verify_tlog_proof
from curation.log.trust import TrustPolicy
from curation.releases.attest import ATTESTATION, check_attestation
from curation.releases.manifest import sha256_of
from curation_schemas.events import EVENT, AnyEvent, ReleaseCut, ReleaseYanked
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.release import MADE_AFTER, MANIFEST, YANKED_FOLDER

PROOF = MADE_AFTER[0]


def check_logged(bundle: Bundle, trust: TrustPolicy, gated: list[str], report: Report) -> None:
    """`release.tlog-proof`: the log itself names this manifest."""
    if not (bundle.path / PROOF).is_file():
        report.notes.append(f"{PROOF} is not there: nothing yet shows that the log names this manifest")
        return
    event = _proved_event(bundle, PROOF, trust, report)
    if event is None:
        return
    manifest = bundle.manifest
    if not isinstance(event, ReleaseCut) or event.version != manifest.version:
        report.fail(PROOF, "proves another event than this release's cut")
    elif manifest.log.size == manifest.log.rows_at and event.manifest != sha256_of(bundle.path / MANIFEST):
        report.fail(MANIFEST, "is not the manifest that the log names for this release")
    elif event.size != manifest.log.rows_at:
        report.fail(PROOF, f"the log says that this release was cut at size {event.size}, not {manifest.log.rows_at}")
    if isinstance(event, ReleaseCut) and sorted(event.gated) != gated:
        says, is_ = (", ".join(topics) or "none" for topics in (sorted(event.gated), gated))
        report.fail(PROOF, f"the log says that these topics left the release: {says}; its rows give {is_}")


def check_yanked(bundle: Bundle, trust: TrustPolicy, report: Report) -> None:
    """`yanked/<version>.tlog-proof`: two maintainers warn of this release, or of another that the folder names."""
    for path in sorted((bundle.path / YANKED_FOLDER).glob("*.tlog-proof")):
        name = f"{YANKED_FOLDER}/{path.name}"
        event = _proved_event(bundle, name, trust, report)
        if event is None:
            continue
        if not isinstance(event, ReleaseYanked) or event.dataset != bundle.manifest.dataset:
            report.fail(name, "proves another event than a yank of a release of this dataset")
        elif event.version == bundle.manifest.version:
            report.yanked = event.reason
        else:
            report.notes.append(f"release {event.version} was yanked: «{event.reason}»")


def _proved_event(bundle: Bundle, path: str, trust: TrustPolicy, report: Report) -> AnyEvent | None:
    """The event in a proof's leaf, which a trusted log holds; None, and a failure, where that does not hold."""
    try:
        proof = bundle.read(path)
        leaf = decode_tlog_proof(proof, path).extra
        if leaf is None:
            report.fail(path, "carries no leaf")
            return None
        verify_tlog_proof(proof, leaf, trust, path)
        return validate(EVENT, decode_leaf(leaf, path))
    except (EvenhandError, SchemaInvalid) as error:
        report.fail(path, getattr(error, "message", "") or "its leaf is no event")
        return None


def check_signed(bundle: Bundle, key: VerifierKey, report: Report) -> None:
    """`attest/release.dsse.json`: the log's key signed this manifest."""
    if not (bundle.path / ATTESTATION).is_file():
        report.notes.append(f"{ATTESTATION} is not there: this manifest is not signed")
        return
    try:
        check_attestation(bundle.read(ATTESTATION), bundle.manifest, bundle.read(MANIFEST), key)
    except WorldError as error:
        report.fail(ATTESTATION, error.message)
