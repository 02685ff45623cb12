"""Trust policies after C2SP tlog-policy: which logs, which witnesses, and how many of them must have cosigned.

Rules that always hold:
- A policy is bytes: names are opaque octets (kept as text through `surrogateescape`), never normalised or folded.
- A group or quorum names only what stands on earlier lines, and a name is a member once at most, so each witness counts
  in one way only.
- A checkpoint is valid if a log of the policy whose key is named as the origin signed it AND the quorum cosigned it;
  a failing signature of any known key rejects it. Timestamps are verified as signed, and judged by the caller.
- Log keys are of type 0x01, witness keys of type 0x04. A policy without logs parses, and accepts no checkpoint here.
- What does not parse raises `NoteInvalid` naming the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from curation.errors import NoteInvalid
from curation.log.notes import (
    COSIGNATURE_V1,
    ED25519,
    Checkpoint,
    SignedNote,
    VerifierKey,
    parse_checkpoint,
    verify_signatures,
)

NONE: Final = "none"
MAX_POLICY_BYTES: Final = 1_000_000

_SPACE: Final = re.compile(r"[ \t]+")
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")  # tlog-policy, "Character set"
_THRESHOLD: Final = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log whose checkpoints are accepted; its key's name is its origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness, under the name by which groups and the quorum refer to it."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups of which at least `threshold` must have witnessed."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness that cosigned, and the POSIX time in seconds at which it says it did."""

    name: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint that a policy accepted, the log's key that signed it, and every known witness that cosigned."""

    checkpoint: Checkpoint
    log: VerifierKey
    cosigners: tuple[Cosigner, ...]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """A parsed policy. Groups stand in the order of their lines, so each refers to earlier ones only."""

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    def __post_init__(self) -> None:
        """Holds a policy built in code to the same rules: what it renders must parse."""
        if _Parser().parse(self.render(), "trust policy") != (self.logs, self.witnesses, self.groups, self.quorum):
            raise NoteInvalid("holds names or URLs that its text form would change.", where="trust policy")

    @classmethod
    def parse(cls, data: bytes, where: str = "trust policy") -> TrustPolicy:
        """From the bytes of a tlog-policy. Raises NoteInvalid naming the line."""
        return cls(*_Parser().parse(data, where))

    def render(self) -> bytes:
        """The policy's bytes: logs, witnesses, groups, quorum; comments of a parsed text are not kept."""
        lines = [["log", log.key.text(), log.url] for log in self.logs]
        lines += [["witness", witness.name, witness.key.text(), witness.url] for witness in self.witnesses]
        lines += [["group", group.name, _render_threshold(group), *group.members] for group in self.groups]
        lines.append(["quorum", self.quorum])
        text = "".join(" ".join(item for item in line if item is not None) + "\n" for line in lines)
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise NoteInvalid("holds a lone surrogate that stands for no octet.", where="trust policy") from None

    def verify_checkpoint(self, note: bytes, where: str = "checkpoint") -> VerifiedCheckpoint:
        """The checkpoint in a note, if the policy accepts it. Raises NoteInvalid, naming what is missing."""
        parsed = SignedNote.parse(note, where)
        checkpoint = parse_checkpoint(parsed.text, where)
        logs = [log.key for log in self.logs if log.key.name == checkpoint.origin]
        if not logs:
            raise NoteInvalid(f"the policy knows no log with the origin {checkpoint.origin!a}.", where=where)
        names = {witness.key: witness.name for witness in self.witnesses}
        verified = verify_signatures(parsed, [*logs, *names], where)
        signed_by = next((signature.key for signature in verified if signature.key in logs), None)
        if signed_by is None:
            raise NoteInvalid(f"not signed by the log {checkpoint.origin!a}.", where=where)
        cosigners = tuple(
            Cosigner(names[signature.key], signature.timestamp)
            for signature in verified
            if signature.timestamp is not None and signature.key in names
        )
        self._check_quorum({cosigner.name for cosigner in cosigners}, where)
        return VerifiedCheckpoint(checkpoint, signed_by, cosigners)

    def _check_quorum(self, cosigned: set[str], where: str) -> None:
        """In order of lines, so that chains of groups of any length need no recursion."""
        if self.quorum == NONE:
            return
        satisfied = set(cosigned)
        for group in self.groups:
            if len(satisfied.intersection(group.members)) >= group.threshold:
                satisfied.add(group.name)
        if self.quorum in satisfied:
            return
        needed = next(
            (f"{group.threshold} of {', '.join(group.members)}" for group in self.groups if group.name == self.quorum),
            "its cosignature",
        )
        present = ", ".join(sorted(cosigned)) or "nobody"
        message = f"the quorum {self.quorum} ({needed}) is not met: cosigned by {present}."
        raise NoteInvalid(message.encode("utf-8", "backslashreplace").decode(), where=where)


_Parts = tuple[tuple[TrustedLog, ...], tuple[Witness, ...], tuple[Group, ...], str]


class _Parser:
    """Reads a policy line by line."""

    def __init__(self) -> None:
        self._logs: list[TrustedLog] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()
        self._keys: set[tuple[str, bytes]] = set()
        self._where = ""

    def parse(self, data: bytes, where: str) -> _Parts:
        if len(data) > MAX_POLICY_BYTES:
            raise NoteInvalid(f"{len(data)} bytes; the limit is {MAX_POLICY_BYTES}.", where=where)
        # tlog-policy, "Structure": each line is terminated by a newline. A cut-off last line could weaken the quorum.
        if not data.endswith(b"\n"):
            raise NoteInvalid("the last line does not end in a newline.", where=where)
        for number, line in enumerate(data[:-1].split(b"\n"), 1):
            self._where = f"{where}, line {number}"
            if _FORBIDDEN.search(line):
                raise self._flaw("has a control character other than tab.")
            text = line.decode("utf-8", "surrogateescape").strip(" \t")
            if text and not text.startswith("#"):
                self._take(_SPACE.split(text))
        if self._quorum is None:
            raise NoteInvalid("has no quorum line.", where=where)
        return tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum

    def _take(self, items: list[str]) -> None:
        keyword, *rest = items
        forms: dict[str, tuple[int, int | None, Callable[..., None]]] = {
            "log": (1, 2, self._take_log),
            "witness": (2, 3, self._take_witness),
            "group": (3, None, self._take_group),
            "quorum": (1, 1, self._take_quorum),
        }
        if keyword not in forms:
            raise self._flaw(f"unknown keyword {keyword!a}.")
        least, most, take = forms[keyword]
        if len(rest) < least or (most is not None and len(rest) > most):
            raise self._flaw(f"a {keyword} line does not have {len(rest)} items.")
        take(*rest)

    def _take_log(self, vkey: str, url: str | None = None) -> None:
        key = self._key(vkey, ED25519, "log")
        self._logs.append(TrustedLog(key, url))

    def _take_witness(self, name: str, vkey: str, url: str | None = None) -> None:
        self._define(name)
        key = self._key(vkey, COSIGNATURE_V1, "witness")
        self._witnesses.append(Witness(name, key, url))

    def _take_group(self, name: str, threshold: str, *members: str) -> None:
        for member in members:
            if member not in self._names:
                raise self._flaw(f"member {member!a} is not defined on an earlier line.")
            if member in self._members:
                raise self._flaw(f"{member!a} is a member already; a name is one once at most.")
            self._members.add(member)
        self._define(name)
        words = {"any": "1", "all": str(len(members))}
        number = words.get(threshold, threshold)
        if not _THRESHOLD.fullmatch(number) or int(number) > len(members):
            raise self._flaw(f"the threshold {threshold!a} is not any, all, or a number from 1 to {len(members)}.")
        self._groups.append(Group(name, int(number), members))

    def _take_quorum(self, name: str) -> None:
        if self._quorum is not None:
            raise self._flaw("a second quorum line.")
        if name != NONE and name not in self._names:
            raise self._flaw(f"{name!a} is not defined on an earlier line.")
        self._quorum = name

    def _define(self, name: str) -> None:
        if name == NONE or name in self._names:
            raise self._flaw(f"the name {name!a} is taken.")
        self._names.add(name)

    def _key(self, vkey: str, kind: int, role: str) -> VerifierKey:
        key = VerifierKey.parse(vkey, self._where)
        if key.type != kind:
            raise self._flaw(f"a {role}'s key is of type 0x{kind:02x}, not 0x{key.type:02x}.")
        # tlog-policy, "Public key representation": two keys are duplicates even if their names and IDs differ.
        if (role, key.public_key) in self._keys:
            raise self._flaw(f"another {role} line has the same public key.")
        self._keys.add((role, key.public_key))
        return key

    def _flaw(self, message: str) -> NoteInvalid:
        return NoteInvalid(message, where=self._where)


def _render_threshold(group: Group) -> str:
    if group.threshold == len(group.members):
        return "all"
    return "any" if group.threshold == 1 else str(group.threshold)
