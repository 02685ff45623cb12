"""The parts of the documentation that are made from the code.

They stand in the pages between `<!-- generated: name -->` and `<!-- end of generated -->`. A test compares them.
Write them anew with `python -m tests.docs.generated --update`, and read the difference before committing it.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, get_args

import typer

import curation.errors
import curation_api.errors
from curation import settings
from curation.cli import app
from curation.errors import CallerError, EvenhandError, Refused, WorldError
from curation.log.leaf import canonical_json, commitment, encode_leaf
from curation.log.merkle import leaf_hash, node_hash
from curation.log.notes import SigningKey
from curation.releases.columns import OPENINGS, SCHEMAS
from curation.rulebook.rules import RULES
from curation.writing import Receipt
from curation_schemas.base import Wire
from curation_schemas.definition import AcceptanceRule, Policy, Thresholds
from curation_schemas.events import Act, AnyEvent, Event, SeatAct
from curation_validators import acceptance
from curation_validators.acceptance import AcceptancePolicy
from curation_validators.findings import RULES as FINDINGS
from curation_validators.gaming import ODD_RULES
from curation_validators.hints import BOUNDS_FROM, HINTS
from curation_validators.measures import MEASURES
from tests.docs.pages import ROOT

BEGIN, END = "<!-- generated: {name} -->", "<!-- end of generated -->"
POLICIES = {
    f"{seats} seats, {accepts} accepts, 60 %": AcceptancePolicy(seats, accepts, 0.60)
    for seats, accepts in ((3, 2), (4, 3))
}
CHANCES = ((0.9, 0.9), (0.9, 0.3), (0.95, 0.05))


def _table(headings: list[str], rows: list[list[str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [headings, ["---"] * len(headings), *escaped]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _first_sentence(thing: Any) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# --- rules, errors, settings, commands --------------------------------------------------------------------------------


def rules() -> str:
    """Every rule with its sentence, by the noun that it begins with."""
    nouns = list(dict.fromkeys(rule.split("/")[0] for rule in RULES))
    parts = []
    for noun in nouns:
        rows = [[f"`{rule}`", sentence] for rule, sentence in RULES.items() if rule.split("/")[0] == noun]
        parts.append(f"### {noun}\n\n" + _table(["rule", "sentence"], rows))
    return "\n\n".join(parts)


def errors() -> str:
    """The error tree: code, exit code, HTTP status."""
    rows = []
    for found in vars(curation.errors).values():
        if inspect.isclass(found) and issubclass(found, EvenhandError):
            made = found("rule", "message") if found is Refused else found("message")
            exit_code = "2" if isinstance(made, CallerError) else "1"
            if found not in (EvenhandError, CallerError, WorldError):
                status = str(curation_api.errors.status_of(made))
                rows.append([f"`{found.code}`", f"`{found.__name__}`", exit_code, status, _first_sentence(found)])
    return _table(["code", "error", "exit code", "HTTP status", "means"], rows)


def http_errors() -> str:
    """The errors of a request itself."""
    own = curation_api.errors.RequestError.__subclasses__()
    rows = [[f"`{found.code}`", str(found.status), _first_sentence(found)] for found in own]
    internal = curation_api.errors.internal_problem()
    rows.append([f"`{internal.type.rsplit('/', 1)[1]}`", str(internal.status), f"{internal.title}."])
    return _table(["code", "HTTP status", "means"], rows)


def settings_table() -> str:
    """Every setting, with the docstring under it in settings.py."""
    fields = settings.Settings.model_fields
    prefix = str(settings.Settings.model_config["env_prefix"])
    rows = []
    for name, text in _attribute_docs(inspect.getsource(settings), "Settings").items():
        field = fields[name]
        limits = ", ".join(str(item) for item in field.metadata)
        default = "none" if field.default is None else f"`{field.default}`"
        rows.append([f"`{prefix}{name.upper()}`", default, _limits(limits), text])
    assert len(rows) == len(fields), "a setting has no docstring"
    return _table(["variable", "default", "limits", "means"], rows)


def _limits(text: str) -> str:
    return re.sub(r"\b(\w+)\((\w+)=(-?\d+)\)", lambda found: {"ge": "≥ ", "le": "≤ "}[found[2]] + found[3], text)


def _attribute_docs(source: str, name: str) -> dict[str, str]:
    """Attribute → the string right under it, of a class in a module's source."""
    (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for node, after in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
            found[node.target.id] = " ".join(str(ast.literal_eval(after.value)).split())
    return found


def policy_fields() -> str:
    """What a policy in dataset.yaml says, with its limits."""
    rows = [
        [f"`standard.{name}`, `high.{name}`", *_range(AcceptanceRule, name)] for name in AcceptanceRule.model_fields
    ]
    plain = [name for name in Policy.model_fields if name not in ("standard", "high", "thresholds", "targets")]
    rows += [[f"`{name}`", *_range(Policy, name)] for name in plain]
    return _table(["field", "from", "to"], rows)


def threshold_fields() -> str:
    """What a policy's thresholds say, with their limits and what holds where one is left out."""
    said = _attribute_docs(inspect.getsource(inspect.getmodule(Thresholds) or Thresholds), "Thresholds")
    rows = [
        [f"`{name}`", *_range(Thresholds, name), str(field.default), said[name]]
        for name, field in Thresholds.model_fields.items()
    ]
    return _table(["field", "from", "to", "else", "what it says"], rows)


def _range(model: type[Wire], name: str) -> list[str]:
    limits = {type(item).__name__: item for item in model.model_fields[name].metadata}
    return [str(limits["Ge"].ge), str(limits["Le"].le)]


def commands() -> str:
    """Every command with its arguments and the first sentence of its help."""
    rows = [[f"`{' '.join(path)}`", text] for path, text in _walk(typer.main.get_command(app), ["evenhand"])]
    return _table(["command", "what it does"], rows)


def _walk(command: Any, path: list[str]) -> Iterator[tuple[list[str], str]]:
    if hasattr(command, "commands"):
        for name, below in command.commands.items():
            yield from _walk(below, [*path, name])
        return
    usage = [_usage(item) for item in command.params if item.name != "help"]
    yield [*path, *usage], " ".join((command.help or "").split("\n\n")[0].split())


def _usage(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    option = (
        str(parameter.opts[0]) if parameter.is_flag else f"{parameter.opts[0]} {parameter.opts[0].strip('-').upper()}"
    )
    return option if parameter.required else f"[{option}]"


# --- the log ----------------------------------------------------------------------------------------------------------


def events() -> str:
    """Every event: its own fields, which of them are references, and what it says."""
    rows = []
    for event in get_args(AnyEvent):
        common = set(SeatAct.model_fields if issubclass(event, SeatAct) else {}) | set(Act.model_fields)
        common = (common if issubclass(event, Act) else set(Event.model_fields)) - {"type"}
        own = [name for name in event.model_fields if name not in common and name != "type"]
        base = "seat" if issubclass(event, SeatAct) else "act" if issubclass(event, Act) else "–"
        fields = ", ".join(f"`{name}`" + ("" if event.model_fields[name].is_required() else "?") for name in own)
        references = ", ".join(f"`{name}`" for name in event.references) or "–"
        rows.append([f"`{event.model_fields['type'].default}`", base, fields, references, _first_sentence(event)])
    return _table(["event", "shares", "its own fields (? = may be absent)", "refers to", "says"], rows)


def shared_fields() -> str:
    """The fields that events share."""
    act = [name for name in Act.model_fields if name not in Event.model_fields]
    seat = [name for name in SeatAct.model_fields if name not in Act.model_fields]
    rows = [
        ["every event", _names(["type", *Event.model_fields])],
        ["an act", _names(act)],
        ["a seat", _names(seat)],
    ]
    return _table(["shared by", "fields"], rows)


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def receipt() -> str:
    """A receipt as a contributor gets it, under a key that everybody knows."""
    key = SigningKey("example.org/first-dataset", bytes(range(32)))
    home: Any = SimpleNamespace(origin=key.name, log_key=key)
    return f"```text\n{Receipt(sha256(b'an example').hexdigest(), 0).note(home)}```"


def worked_example() -> str:
    """A commitment, two leaves and their root, computed twice: here with hashlib alone, and by the platform."""
    salt, nonce = bytes(range(32)), bytes(range(16)).hex()
    body = b'{"content":"Hello","role":"user"}'
    committed = sha256(b"evenhand.org/v1/message" + b"\x00" + salt + body).hexdigest()
    assert canonical_json({"role": "user", "content": "Hello"}) == body
    assert committed == commitment("message", salt, body)
    leaves = []
    for epoch, date in enumerate(["2026-01-07", "2026-01-14"]):
        text = f'{{"dataset":"example","date":"{date}","epoch":{epoch},"nonce":"{nonce}","type":"epoch:closed","v":1}}'
        fields = {"v": 1, "type": "epoch:closed", "dataset": "example", "nonce": nonce, "epoch": epoch, "date": date}
        assert encode_leaf(fields) == text.encode()
        leaves.append(text)
    hashes = [sha256(b"\x00" + text.encode()).digest() for text in leaves]
    assert hashes == [leaf_hash(text.encode()) for text in leaves]
    root = sha256(b"\x01" + hashes[0] + hashes[1]).digest()
    assert root == node_hash(*hashes)
    return "\n".join(
        [
            "```text",
            f"salt        {salt.hex()}",
            f"body        {body.decode()}",
            f"commitment  {committed}",
            "",
            f"leaf 0      {leaves[0]}",
            f"its hash    {hashes[0].hex()}",
            f"leaf 1      {leaves[1]}",
            f"its hash    {hashes[1].hex()}",
            f"root        {root.hex()}",
            "```",
        ]
    )


# --- acceptance -------------------------------------------------------------------------------------------------------


def operating_characteristic() -> str:
    """The chance of acceptance with two required perspectives."""
    rows = []
    for name, policy in POLICIES.items():
        for pair in CHANCES:
            chances = [acceptance.operating_characteristic(policy, q) for q in ([pair[0]], [pair[1]], pair)]
            rows.append([name, *(f"{100 * q:.0f} %" for q in pair), *(f"{100 * chance:.2f} %" for chance in chances)])
    headings = ["policy", "one seat of A accepts", "one seat of B accepts", "A satisfied", "B satisfied", "accepted"]
    return _table(headings, rows)


def infiltration() -> str:
    """How many seats of a perspective a group may hold before a rule breaks."""
    rows = [[name, f"{100 * acceptance.infiltration_limit(policy):.1f} %"] for name, policy in POLICIES.items()]
    return _table(["policy", "the group's share of the seats"], rows)


def findings() -> str:
    """Every rule of the checks on one example."""
    rows = [[f"`{name}`", rule.severity, str(rule.version), rule.sentence] for name, rule in FINDINGS.items()]
    return _table(["rule", "severity", "version", "sentence"], rows)


def measures() -> str:
    """Every measure of a release."""
    rows = [
        [f"`{name}`", item.level, str(item.version), item.sentence, _bounds(name), HINTS[name]]
        for name, item in MEASURES.items()
    ]
    return _table(["measure", "level", "version", "sentence", "bounds from", "what to do"], rows)


def _bounds(measure: str) -> str:
    return BOUNDS_FROM.get(measure, "–" if MEASURES[measure].level == "report" else "ours")


def odd() -> str:
    """Every reason to look at a reviewer."""
    rows = [[f"`{name}`", "warn", str(rule.version), rule.sentence, rule.hint] for name, rule in ODD_RULES.items()]
    return _table(["rule", "severity", "version", "sentence", "what to do"], rows)


# --- the bundle -------------------------------------------------------------------------------------------------------


def columns() -> str:
    """The columns of every config."""
    examples = [config for config in SCHEMAS if config not in ("reviews", "sources", "tombstones")]
    shared = [name for name in SCHEMAS["sft"].names if all(name in SCHEMAS[config].names for config in examples)]
    parts = ["### Every config of examples\n\n" + _columns(SCHEMAS["sft"], set(SCHEMAS["sft"].names) - set(shared))]
    for config, schema in SCHEMAS.items():
        skipped = set(shared) if config in examples else set()
        more = ", and the columns of every config of examples" if config in examples else ""
        parts.append(f"### `{config}`{more}\n\n" + _columns(schema, skipped))
    parts.append("### `openings/`\n\n" + _columns(OPENINGS, set()))
    return "\n\n".join(parts)


def _columns(schema: Any, skipped: set[str]) -> str:
    rows = [[f"`{field.name}`", f"`{_type(field.type)}`"] for field in schema if field.name not in skipped]
    return _table(["column", "type"], rows)


def _type(arrow: Any) -> str:
    return re.sub(r"list<\w+: ", "list<", str(arrow))


BLOCKS: dict[str, dict[str, Callable[[], str]]] = {
    "docs/rules.md": {"rules": rules},
    "docs/errors.md": {"errors": errors, "http": http_errors},
    "docs/settings.md": {"settings": settings_table, "policy": policy_fields, "thresholds": threshold_fields},
    "docs/commands.md": {"commands": commands},
    "docs/log.md": {"shared": shared_fields, "events": events, "receipt": receipt},
    "docs/verify.md": {"example": worked_example},
    "docs/acceptance.md": {"characteristic": operating_characteristic, "infiltration": infiltration},
    "docs/bundle.md": {"columns": columns},
    "docs/validation.md": {"findings": findings, "measures": measures, "odd": odd},
}
"""Page → name of a generated part → what makes it."""


def renewed(page: str) -> str:
    """The page's text with every generated part made anew. Raises ValueError where a part has no place."""
    text = (ROOT / page).read_text("utf-8")
    for name, make in BLOCKS[page].items():
        begin = BEGIN.format(name=name)
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(END)
        if not found or not ended:
            raise ValueError(f"{page} has no place for «{name}»")
        text = f"{before}{begin}\n\n{make()}\n\n{END}{after}"
    return text


def main() -> int:
    """Say which pages differ from the code, or, with --update, write them."""
    stale = [page for page in BLOCKS if renewed(page) != (ROOT / page).read_text("utf-8")]
    for page in stale:
        if "--update" in sys.argv[1:]:
            (ROOT / page).write_text(renewed(page), "utf-8")
        print(f"{'written' if '--update' in sys.argv[1:] else 'differs'}: {page}")
    return 0 if "--update" in sys.argv[1:] else int(bool(stale))


if __name__ == "__main__":
    raise SystemExit(main())
