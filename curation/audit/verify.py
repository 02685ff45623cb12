"""Verify a bundle offline, from its files alone.

Rules that always hold:
- every row is derived again from log and openings, every seat, outcome, policy and release replayed, every file checked
  against the manifest; what the bundle says of itself is never taken for granted;
- whatever the bytes, the answer is a report, never a traceback;
- VERIFIED means that the record is intact, not that the text is true.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.audit.beside import Beside
from curation.audit.bundle import Bundle, BundleOpenings, check_path, open_bundle
from curation.audit.found import UNFORESEEN, Found, check_openings, leaf_only
from curation.audit.parts import LEAVES_AT_ONCE, look_in_parts, parts_for, rows_rise
from curation.audit.report import Report
from curation.audit.rows import compare_rows
from curation.audit.signed import check_logged, check_signed, check_yanked
from curation.collection import paused_collection
from curation.errors import BundleInvalid, EvenhandError, WorldError
from curation.log.merkle import CompactRange, leaf_hash, tree_root
from curation.log.notes import Checkpoint
from curation.log.tiles import TileHashes, audit_tiles, expected_paths
from curation.log.trust import TrustPolicy, VerifiedCheckpoint
from curation.releases.build_info import writer_versions
from curation.releases.derive import Asked, Papers, derive, look_around
from curation.releases.diff import next_version
from curation.releases.facts import CardFacts
from curation.releases.gates import LEAF_ONLY, count_rows_of, judge_gates
from curation.releases.manifest import bundle_files, is_left_by_tools, is_made_after, sha256_of
from curation.releases.report import REPORT
from curation.releases.strictest import not_admitted_by_strictest
from curation.rulebook.parts import Parts
from curation.rulebook.placement import Published
from curation.rulebook.replay import Replay
from curation_schemas.parsing import SchemaInvalid, load_json, load_yaml
from curation_schemas.release import MANIFEST
from curation_validators.counting import Counts
from curation_validators.measures import MEASURES

_PARQUET = re.compile(r"(data/[a-z]+/[a-z]+|openings/openings)-[0-9a-f]{8}\.parquet")


def verify_bundle(
    path: Path, pin: Path | None = None, processes: int = 0, leaves_at_once: int = LEAVES_AT_ONCE
) -> Report:
    """Verify the bundle in a folder.

    Args:
        path: the bundle's folder.
        pin: a checkpoint of the same log that was obtained elsewhere.
        processes: how many may be forked for a large bundle (see `usable_processes`); this process must have no thread
            of its own then. With 0 the whole is looked at at once, which takes memory in proportion to it.
        leaves_at_once: about how many of the log's leaves each of them looks at at a time.
    """
    report = Report(str(path))
    try:
        bundle = open_bundle(path)
    except WorldError as error:
        report.fail(error.where or str(path), error.message)
        return report
    report.dataset, report.version = bundle.manifest.dataset, bundle.manifest.version
    report.simulated = bundle.manifest.simulated
    report.manifest = bundle.manifest_sha256
    parts = parts_for(bundle.manifest.log.rows_at, processes, leaves_at_once)
    try:
        with paused_collection():
            _verify(bundle, pin, report, parts, processes)
    except EvenhandError as error:
        report.fail(error.where or str(path), error.message)
    except UNFORESEEN as error:
        # A last line of defence: bytes that no check foresaw must still end in a report.
        report.fail(str(path), f"cannot be read as a bundle ({type(error).__name__})")
    return report


def _verify(bundle: Bundle, pin: Path | None, report: Report, parts: Parts | None, processes: int) -> None:
    files = Beside(lambda: _look_at_files(bundle, parts is not None), processes if parts is not None else 0)
    trust = _read_trust(bundle, report)
    verified = _check_checkpoint(bundle, trust, report) if trust is not None else None
    authentic = verified is not None and _check_log(bundle, verified.checkpoint, report, parts)
    rise = files.result().add_to(report)
    if verified is not None and pin is not None and authentic and trust is not None:
        _check_pin(bundle, pin, trust, verified, report)
    if not authentic:
        report.rows["FAILED"] = max(1, sum(sum(splits.values()) for splits in bundle.manifest.rows.values()))
        report.fail("data", "no row can be derived, because the log is not authentic")
        return
    log = bundle.manifest.log
    common = parts.common if parts is not None else None
    asked = look_around(bundle.leaves, log.rows_at, log.size, log.origin, _stated_gates(bundle), common)
    found = look_in_parts(bundle, asked, parts, processes, report) if parts is not None and rise else None
    if found is None:
        found = _look_at_whole(bundle, asked, report)
    else:
        _check_manifest(bundle, found.papers, report)
        _check_cuts(bundle, found.state, found.snapshots, report)
    report.attested = dict(found.state.attested)
    texts = _check_texts(bundle, found.papers, report)
    _check_listed(bundle, texts, report)
    if trust is not None and verified is not None:
        check_logged(bundle, trust, sorted(found.papers.facts.gates.gated), report)
        check_yanked(bundle, trust, report)
        check_signed(bundle, verified.log, report)
    _check_gates(bundle, found, report)
    for version, (index, event) in found.state.yanked.items():
        report.notes.append(f"release {version} was yanked (leaf {index}): «{event.reason}»")
    for example, message in found.strictest:
        report.notes.append(f"example {example}: {message}")


def _look_at_whole(bundle: Bundle, asked: Asked, report: Report) -> Found:
    """Derive the release and compare its rows, and say of each thing that does not hold what it is."""
    openings = BundleOpenings.of_bundle(bundle)
    for problem in openings.problems:
        report.fail(problem.where, problem.message)
    derived = derive(bundle.leaves, asked, openings.body)
    state = derived.state
    for violation in state.violations:
        report.fail(f"leaf {violation.index}", f"{violation.message} (rule {violation.rule})")
    _check_manifest(bundle, derived, report)
    _check_cuts(bundle, state, state.snapshots, report)
    compare_rows(bundle, derived.made, report)
    check_openings(derived.made, openings, report)
    left = count_rows_of(leaf_only(state, asked)) if asked.stated else None
    return Found(state, derived, state.snapshots, list(not_admitted_by_strictest(state, derived.made)), left)


@dataclass(frozen=True)
class _Files:
    """What a look at the files alone gives."""

    report: Report
    rise: bool
    """See `rows_rise`; asked only where rows are looked at in parts."""

    def add_to(self, report: Report) -> bool:
        """Put what was found before everything else. Returns `rise`."""
        report.failures[:0] = self.report.failures
        report.notes[:0] = self.report.notes
        report.files = self.report.files
        return self.rise


def _look_at_files(bundle: Bundle, in_parts: bool) -> _Files:
    report = Report("")
    _check_files(bundle, report)
    return _Files(report, in_parts and not report.failures and rows_rise(bundle))


def _check_files(bundle: Bundle, report: Report) -> None:
    listed = bundle.manifest.files
    for path, entry in sorted(listed.items()):
        target = bundle.path / check_path(path)
        if target.is_symlink() or not target.is_file():
            report.fail(path, "is listed in the manifest and missing")
            continue
        report.files += 1
        size = target.stat().st_size
        if size != entry.bytes:
            report.fail(path, f"has {size} bytes; the manifest says {entry.bytes}")
        elif sha256_of(target) != entry.sha256:
            report.fail(path, "its SHA-256 is not the manifest's: the file was changed")
    left = False
    for path, target in bundle_files(bundle.path):
        if target.is_symlink() or not target.is_file():
            report.fail(path, "is no plain file")
        elif is_left_by_tools(path):
            left = True
        elif path not in listed and not is_made_after(path):
            report.fail(path, "is not listed in the manifest")
    if left:
        report.notes.append("files that git or the Hub's client left beside the release were not looked at")


def _read_trust(bundle: Bundle, report: Report) -> TrustPolicy | None:
    try:
        return TrustPolicy.parse(bundle.read("trust/policy"), "trust/policy")
    except WorldError as error:
        report.fail("trust/policy", error.message)
        return None


def _check_checkpoint(bundle: Bundle, trust: TrustPolicy, report: Report) -> VerifiedCheckpoint | None:
    try:
        verified = bundle.checked_checkpoint(trust)
    except WorldError as error:
        report.fail("log/checkpoint", error.message)
        return None
    checkpoint = verified.checkpoint
    report.log_key = verified.log.text()
    report.checkpoint = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
    return verified


def _check_log(bundle: Bundle, checkpoint: Checkpoint, report: Report, parts: Parts | None) -> bool:
    """Recompute every tile and the root from the entries. Returns whether the entries are the log's.

    On the way every leaf of the prefix is sorted into its part.
    """

    def sort_in(first: int, entries: list[bytes]) -> None:
        inside = entries[: max(0, bundle.manifest.log.rows_at - first)]
        parts.take_bundle(inside)  # type: ignore[union-attr]  # called for parts only

    audit = audit_tiles(checkpoint.size, bundle.read_log, sort_in if parts is not None else None)
    for problem in audit:
        report.fail(f"log/{problem.path}", problem.message)
    if audit.root is not None and audit.root != checkpoint.root:
        report.fail("log", f"its leaves hash to {audit.root.hex()}; the checkpoint says {checkpoint.root.hex()}")
    return audit.root == checkpoint.root


def _check_pin(bundle: Bundle, pin: Path, trust: TrustPolicy, verified: VerifiedCheckpoint, report: Report) -> None:
    """The pinned checkpoint must be signed by the same key, and this log must extend it."""
    checkpoint = verified.checkpoint
    try:
        pinned_by = trust.verify_checkpoint(pin.read_bytes(), "pin")
    except OSError:
        report.fail("pin", f"{pin} cannot be read")
        return
    except WorldError as error:
        report.fail("pin", f"is no checkpoint of this log: {error.message}")
        return
    pinned = pinned_by.checkpoint
    if pinned_by.log != verified.log:
        report.fail("pin", f"is signed by the key {pinned_by.log.text()}, this bundle's log by {verified.log.text()}")
        return
    if pinned.size > checkpoint.size:
        report.fail(
            "pin", f"is of size {pinned.size}, larger than this bundle's log ({checkpoint.size}): get a newer one"
        )
        return
    edge = CompactRange()
    for leaf in bundle.leaves(0, pinned.size):
        edge.append(leaf_hash(leaf))
    if edge.root() != pinned.root:
        report.fail(
            "pin", f"this log's first {pinned.size} leaves are not those of the pinned checkpoint: a split view"
        )
    else:
        report.notes.append(f"the log extends the pinned checkpoint of size {pinned.size}")


def _check_manifest(bundle: Bundle, papers: Papers, report: Report) -> None:
    manifest, facts = bundle.manifest, papers.facts
    stated: dict[str, tuple[Any, Any]] = {
        "dataset": (manifest.dataset, facts.terms.slug),
        "version": (manifest.version, papers.version),
        "previous": (manifest.previous, papers.previous),
        "simulated": (manifest.simulated, facts.terms.simulated),
        "policy": (manifest.policy, papers.policy),
        "rows": (manifest.rows, facts.rows),
    }
    for name, (says, is_) in stated.items():
        if says != is_:
            report.fail(MANIFEST, f"{name} says {says}; the log gives {is_}")


def _check_cuts(bundle: Bundle, state: Replay, snapshots: Mapping[int, Published], report: Report) -> None:
    """Every earlier release names a root that this log had, and the version that follows from its content."""
    hashes = TileHashes(bundle.manifest.log.size, bundle.read_log)
    previous: str | None = None
    before: Published = {}
    for cut in state.cuts:
        event, after = cut.event, snapshots.get(cut.event.size, {})
        if event.size <= bundle.manifest.log.size and tree_root(event.size, hashes).hex() != event.root:
            report.fail(f"leaf {cut.index}", f"release {event.version} names another root (rule release/prefix)")
        if event.version != (expected := next_version(previous, before, after)):
            report.fail(f"leaf {cut.index}", f"release {event.version} should be {expected} (rule release/version)")
        previous, before = event.version, after


def _check_texts(bundle: Bundle, papers: Papers, report: Report) -> set[str]:
    """Compare the texts, and return their paths.

    What programs read (JSON, YAML, the card's list of data files) is compared as data always; the prose around it,
    byte for byte, when this version wrote it.
    """
    documents = {}
    for path, digest in papers.facts.terms.documents.items():
        content = _read_or_fail(bundle, f"dataset/{path}", report)
        if content is None:
            continue
        documents[path] = content
        if hashlib.sha256(content).hexdigest() != digest:
            report.fail(f"dataset/{path}", "is not the document that the dataset's definition names")
    files: dict[tuple[str, str], str] = {}
    for path in bundle.parquet_files("data/"):
        parts = path.split("/")
        if len(parts) == 3:
            files[parts[1], parts[2].rsplit("-", 1)[0]] = path
    same_writer = bundle.manifest.writers.get("evenhand") == writer_versions()["evenhand"]
    expected = papers.texts(files, bundle.manifest.files, documents)
    for path, content in expected.items():
        found = _read_or_fail(bundle, path, report)
        if found is not None and found != content and (same_writer or _as_data(path, found) != _as_data(path, content)):
            report.fail(path, _first_difference(found, content))
    if not same_writer:
        report.notes.append("the prose of README.md and other texts is by another version and was not compared")
    return set(expected) | _check_provenance(bundle, papers, same_writer, report)


def _check_provenance(bundle: Bundle, papers: Papers, same_writer: bool, report: Report) -> set[str]:
    """Compare the documents under `prov/` by their digests, and return their paths. Another writer's are compared as
    data."""
    paths = set()
    for path, pieces in papers.provenance():
        paths.add(path)
        entry, digest, kept = bundle.manifest.files.get(path), hashlib.sha256(), []
        for piece in pieces:
            digest.update(piece)
            if not same_writer:
                kept.append(piece)
        if entry is None:
            report.fail(path, "is missing")
        elif entry.sha256 != digest.hexdigest():
            found = None if same_writer else _read_or_fail(bundle, path, report)
            if found is None or _as_data(path, found) != _as_data(path, b"".join(kept)):
                report.fail(path, "is not what the log gives")
    return paths


def _read_or_fail(bundle: Bundle, path: str, report: Report) -> bytes | None:
    try:
        return bundle.read(path)
    except BundleInvalid as error:
        report.fail(path, error.message)
        return None


def _as_data(path: str, content: bytes) -> Any:
    """What programs read of a text file; None for one that only people read."""
    text = content.decode("utf-8", "replace")
    try:
        if path.endswith(".json"):
            return load_json(text)
        if path == "README.md":
            return load_yaml(text.split("---\n")[1])
        if path.endswith((".yaml", ".cff")):
            return load_yaml(text)
    except (SchemaInvalid, IndexError):
        return "unreadable"
    return None


def _check_listed(bundle: Bundle, texts: set[str], report: Report) -> None:
    """Every listed file is one that a bundle has, under the name and with the row count that it says."""
    log = {f"log/{path}" for path in ["checkpoint", *expected_paths(bundle.manifest.log.size)]}
    known = texts | log | {"trust/policy"}
    for path, entry in sorted(bundle.manifest.files.items()):
        if not _PARQUET.fullmatch(path):
            if path not in known:
                report.fail(path, "is no file of a bundle")
            continue
        if not path.endswith(f"-{entry.sha256[:8]}.parquet"):
            report.fail(path, f"should carry the start of its SHA-256, {entry.sha256[:8]}, in its name")
        try:
            rows = bundle.row_count(path)
        except BundleInvalid:
            continue  # said already by whoever read it
        if entry.rows != rows:
            report.fail(path, f"has {rows} rows; the manifest says {entry.rows}")


def _first_difference(found: bytes, expected: bytes) -> str:
    pairs = zip(found.splitlines(), expected.splitlines(), strict=False)
    for number, (have, want) in enumerate(pairs, 1):
        if have != want:
            shown = [line.decode("utf-8", "replace").strip()[:80] for line in (have, want)]
            return f"line {number} says «{shown[0]}»; the log gives «{shown[1]}»"
    return "is longer or shorter than what the log gives"


def _stated_gates(bundle: Bundle) -> dict[str, list[dict[str, Any]]]:
    """What the bundle's report says of the topics that left it; nothing where it is not in its form."""
    try:
        left = load_json(bundle.read(REPORT), 10_000).get("left_out", {})
    except (BundleInvalid, SchemaInvalid, AttributeError):
        return {}
    well_formed = isinstance(left, dict) and all(
        isinstance(items, list) and all(isinstance(item, dict) for item in items) for items in left.values()
    )
    return dict(left) if well_formed else {}


def _check_gates(bundle: Bundle, found: Found, report: Report) -> None:
    """No topic is in the release that fails a gate, and what left it did fail one, as far as the log can show."""
    gates, log = found.papers.facts.gates, bundle.manifest.log
    whole = log.size == log.rows_at  # An erasure since the cut changes what is measured, and no gate.
    for topic, failing in gates.failing().items() if whole else ():
        names = ", ".join(dict.fromkeys(item.measure for item in failing))
        report.fail("data", f"topic {topic} fails {names} and is in the release all the same")
    if others := gates.other_limits():
        report.notes.append(f"thresholds of this dataset that differ from the defaults: {', '.join(others)}")
    for topic, said in gates.say_targets().items():
        report.notes.append(f"written target of topic {topic}: {said}. «{gates.targets[topic].reason}»")
    for item in gates.overruled:
        report.notes.append(
            f"{item.gate} of topic {item.topic} was overruled by {item.maintainer} (leaf {item.event}): «{item.reason}»"
        )
    for topic, reason in gates.reasons().items():
        report.notes.append(f"topic {topic} left this release: it {reason}")
    if found.left is not None:
        _check_left(found.left, found.papers.facts, report)
    report.notes += [
        f"gates not measured on topic {topic}: {', '.join(names)}" for topic, names in gates.not_measured().items()
    ]
    broken = dict.fromkeys(item.measure for item in gates.ended("error"))
    report.notes += [f"{measure}: the measure broke" for measure in broken]
    taken = {item.measure for item in gates.measured if item.outcome in ("pass", "fail")}
    missing = [measure for measure in MEASURES if measure not in taken]
    if missing:
        report.notes.append(f"not measured anywhere in this release: {', '.join(missing)}")


def _check_left(counts: Counts, facts: CardFacts, report: Report) -> None:
    """Take the measures that need no text on the topics that left, and compare them with what the report says."""
    gates = facts.gates
    kept = {(item.topic, item.gate) for item in gates.overruled}
    known = judge_gates(counts, facts.definitions, facts.epoch, None, {}).measured
    for topic, stated in gates.gated.items():
        found = [item.as_json() for item in known if item.topic == topic and item.measure in LEAF_ONLY]
        if [item for item in stated if item.get("measure") in LEAF_ONLY] != found:
            report.fail(REPORT, f"says other things of topic {topic}, which left the release, than the log gives")
        elif not any(item["breaks"] == "gate" and (topic, item["measure"]) not in kept for item in found):
            report.notes.append(f"why topic {topic} left rests on texts that are not in this bundle: not checked")
