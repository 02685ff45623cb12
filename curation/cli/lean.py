"""What a command leaves out when it has its process to itself.

Rules that always hold:
- an audit runs on what an auditor's install has, whatever else is installed beside it: the same code, the same answer.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar

ALONE: ContextVar[bool] = ContextVar("alone", default=False)
"""Whether this process ends with the command: true under the console script, false where the command is called."""
# pyarrow imports both where it finds them, only to ask whether a list is one of theirs: half a second and 75 MB.
_NOT_NEEDED = ("numpy", "pandas")


def as_in_an_auditors_install() -> None:
    """Do without what the core does not depend on; nothing where something has it already."""
    if ALONE.get() and "pyarrow" not in sys.modules and not any(name in sys.modules for name in _NOT_NEEDED):
        sys.modules.update(dict.fromkeys(_NOT_NEEDED))  # type: ignore[arg-type]  # None: importing it fails
