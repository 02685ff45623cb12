"""Golden messages: `tests/golden/<rule>/<case>/` holds what was sent and the exact text that came back.

Write the messages anew with `python -m tests.support.golden` and read the difference before committing it.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from curation_schemas.contribution import LINE, PERSON
from curation_schemas.definition import DatasetDefinition
from curation_schemas.events import EVENT
from curation_schemas.example import EXAMPLE, Source
from curation_schemas.parsing import SchemaInvalid, load_json, validate
from curation_schemas.review import FlagForm, ReviewForm

GOLDEN = Path(__file__).parents[1] / "golden"
INPUTS = GOLDEN / "input"
MODELS: dict[str, Any] = {
    "contribution": LINE,
    "dataset": DatasetDefinition,
    "event": EVENT,
    "example": EXAMPLE,
    "flag": FlagForm,
    "person": PERSON,
    "review": ReviewForm,
    "source": Source,
}
# What is drawn at random is named by what it is, in the order of first occurrence.
_DRAWN = re.compile(
    r"(?P<hash>\b[0-9a-f]{64}\b)|(?P<prefix>\b[0-9a-f]{12}(?=…))|(?P<nonce>\b[0-9a-f]{32}\b)"
    r"|\b(?P<example>ex_[a-z2-7]{16})\b|\b(?P<group>g_[a-z2-7]{16})\b|\b(?P<pseudonym>p_[a-z2-7]{26})\b"
    r"|\b(?P<draft>d_[a-z2-7]{16})\b|(?P<base64>[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=)"
)


class Names:
    """Stand-ins for identifiers, the same one for the same identifier."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def settle(self, text: str) -> str:
        """The text with every drawn identifier replaced: «hash-1», «example-2»."""

        def name(match: re.Match[str]) -> str:
            kind = str(match.lastgroup)
            drawn = match.group()
            if kind == "prefix":
                kind, known = "hash", [found for full, found in self._names.items() if full.startswith(drawn)]
                if known:
                    return known[0]
            if drawn not in self._names:
                self._count[kind] = self._count.get(kind, 0) + 1
                self._names[drawn] = f"{kind}-{self._count[kind]}"
            return self._names[drawn]

        return _DRAWN.sub(name, text)

    def settled_json(self, value: object) -> str:
        """Plain data as JSON with drawn identifiers replaced."""
        return self.settle(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)) + "\n"


def input_cases() -> list[Path]:
    """The folders of all input errors."""
    return sorted(path.parent for path in INPUTS.glob("*/*/input.json"))


def message_for(case: Path) -> str:
    """What the platform answers to an input. Raises AssertionError when it takes it."""
    name = case.relative_to(GOLDEN)
    try:
        validate(MODELS[case.parent.name], load_json((case / "input.json").read_bytes()))
    except SchemaInvalid as error:
        message = f"{error}\n"
    else:
        raise AssertionError(f"{name} was taken in")
    if not is_utf8(message):
        raise AssertionError(f"the message for {name} holds a lone surrogate: no terminal can show it") from None
    return message


def is_utf8(text: str) -> bool:
    """Whether a text can leave the process at all."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _update() -> None:
    for case in input_cases():
        try:
            (case / "message.txt").write_text(message_for(case), "utf-8")
        except AssertionError as error:
            print(f"not written: {error}")
    # Late, because these need a home and the whole platform.
    from tests.support.refusals import CASES, provoke

    with tempfile.TemporaryDirectory() as folder:
        for number, (rule, case_name) in enumerate(CASES):
            try:
                input_json, message = provoke(rule, case_name, Path(folder), str(number))
            except AssertionError as error:
                print(f"not written: {rule}/{case_name}: {error}")
                continue
            target = GOLDEN / rule / case_name
            target.mkdir(parents=True, exist_ok=True)
            (target / "input.json").write_text(input_json, "utf-8")
            (target / "message.txt").write_text(message, "utf-8")


if __name__ == "__main__":
    _update()
