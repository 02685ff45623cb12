"""Every error that this package raises on purpose, as one tree.

    EvenhandError
    ├── CallerError                 the caller can mend it
    │   ├── InvalidInput            a field, file or row is malformed
    │   ├── NotFound                no such example, topic, release, account …
    │   ├── Refused                 a rule forbids the act; `.rule` names it
    │   ├── NotAllowed              the actor lacks the role
    │   └── Conflict                exists already, or changed in between
    └── WorldError                  the caller did nothing wrong
        ├── LogInconsistent         a leaf, tile, proof or checkpoint does not fit
        ├── NoteInvalid             a signed note, key or trust policy does not parse or verify
        ├── BundleInvalid           a release's files are damaged
        ├── BackupInvalid           a backup is damaged, was edited or is of another home
        └── HomeUnusable            database, keys or folders are missing or of another version
            └── Unavailable         the database does not answer or is busy; later it may

Rules: a message has the facts and where (field, file, row); `hint` has the next step; neither ever holds personal
data. A verifier never leaks a foreign exception. Exit codes: 2 for a CallerError of the command line, else 1.
"""

from __future__ import annotations


class EvenhandError(Exception):
    """What happened (`message`), where (`where`), and what to do (`hint`)."""

    code = "error"

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        if not self.hint:
            return text
        return f"{text} {self.hint}" if text.endswith((".", "?", "!")) else f"{text}. {self.hint}"


class CallerError(EvenhandError):
    """The caller can mend it."""

    code = "caller-error"


class InvalidInput(CallerError):
    """A field, file or row is malformed."""

    code = "invalid-input"


class NotFound(CallerError):
    """What was named does not exist."""

    code = "not-found"


class Refused(CallerError):
    """A rule forbids the act. `rule` is the rule's id, as docs/rules.md lists it."""

    code = "refused"

    def __init__(self, rule: str, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.rule = rule

    def __str__(self) -> str:
        return f"{super().__str__()} (rule {self.rule})"


class NotAllowed(CallerError):
    """The actor lacks the role that the act needs."""

    code = "not-allowed"


class Conflict(CallerError):
    """It exists already, or changed in between."""

    code = "conflict"


class WorldError(EvenhandError):
    """The caller did nothing wrong."""

    code = "world-error"


class LogInconsistent(WorldError):
    """A leaf, tile, proof or checkpoint does not fit the others."""

    code = "log-inconsistent"


class NoteInvalid(WorldError):
    """A signed note, key or trust policy does not parse or verify."""

    code = "note-invalid"


class BundleInvalid(WorldError):
    """A release's files are damaged or are not what they claim."""

    code = "bundle-invalid"


class BackupInvalid(WorldError):
    """A backup is damaged, was edited, or does not go with the keys or the log that it is restored to."""

    code = "backup-invalid"


class HomeUnusable(WorldError):
    """The home's database, keys or folders are missing, or of another version."""

    code = "home-unusable"


class Unavailable(HomeUnusable):
    """The home's database does not answer, went away or is too busy. The same call may succeed later.

    `uncertain`: it went away at the moment of keeping a change, which may have been kept.
    """

    code = "unavailable"

    def __init__(self, message: str, *, where: str = "", hint: str = "", uncertain: bool = False) -> None:
        super().__init__(message, where=where, hint=hint)
        self.uncertain = uncertain
