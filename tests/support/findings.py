"""Golden findings: `tests/golden/<rule>/<case>/` holds an example with one fault and the exact findings.

Write them anew with `python -m tests.support.findings` and read the difference before committing it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from curation.imports.files import Row
from curation.imports.lines import load_line
from curation.validating.sources import Unread
from curation_schemas.parsing import SchemaInvalid
from curation_validators.contamination import protect
from curation_validators.examples import Instruments, check_example, installed_instruments
from curation_validators.linking import link_of
from curation_validators.records import read_record
from tests.support.golden import GOLDEN

ANSWER = (
    "The harbour tunnel would shorten the way to work for many people, and its opponents fear for the old "
    "quarter above it. Both points rest on reports that the city published before the vote."
)
FRENCH = (
    "Le tunnel raccourcirait le trajet de beaucoup de gens, et ses adversaires craignent pour le vieux quartier "
    "qui se trouve au-dessus. Les deux arguments reposent sur des rapports publiés avant le vote."
)
CHINESE = [
    {"role": "user", "content": "支持和反对修建海底隧道的理由分别是什么?请简要说明。"},
    {
        "role": "assistant",
        "content": "隧道可以缩短许多人上下班的路程,反对者则担心上方的老城区。双方都引用了投票前公布的报告。",
    },
]
ME, OTHER = "ex_aaaaaaaaaaaaaaaa", "ex_bbbbbbbbbbbbbbbb"
SOURCE = {
    "url": "https://example.org/report",
    "archive_url": "https://archive.example.org/report",
    "publisher": "City council",
    "owner": "City council",
    "country": "US",
    "language": "en",
    "date": "2020-05-01",
    "quote": "the tunnel shortens the way to work",
}
PAGE = "In 2020 we found that the tunnel shortens the way to work by ten minutes."
ASKED = [{"role": "user", "content": "What speaks for and against the tunnel under the harbour?"}]
SAID = [{"role": "assistant", "content": ANSWER}]
PROTECTED = "Write a persuasive essay arguing that the harbour should be closed to all traffic"


def clean(**changes: Any) -> dict[str, Any]:
    """An example without fault, but for what is changed."""
    row = {
        "example_id": ME,
        "messages": [
            {"role": "user", "content": "What speaks for and against the tunnel under the harbour?"},
            {"role": "assistant", "content": ANSWER},
        ],
        "language": "en",
        "positions": ["keep", "move"],
        "framing": "neutral",
        "group_id": "g_aaaaaaaaaaaaaaaa",
        "mirrors": [],
        "sources": [SOURCE],
        "license": "CC-BY-4.0",
        "origin": {"kind": "human", "model": None, "version": None},
    }
    return row | changes


def saying(answer: str, **changes: Any) -> dict[str, Any]:
    """An example with this answer."""
    return clean(messages=[clean()["messages"][0], {"role": "assistant", "content": answer}], **changes)


def case(row: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    """What a case's input.json holds."""
    return {"example": row, "others": list(others)}


def faults() -> dict[tuple[str, str], dict[str, Any]]:
    """(rule, case) → an example in which that rule, and only that one, has something to say."""
    other = saying("Something else that is said about it, in quite other words than those.", example_id=OTHER)
    without_archive = {name: value for name, value in SOURCE.items() if name != "archive_url"}
    bare = {name: value for name, value in SOURCE.items() if name not in ("owner", "date")}
    return {
        ("shape/content", "no-conversation"): case(clean(messages=None)),
        ("shape/content", "turn-without-content"): case(clean(messages=[{"role": "user"}, *clean()["messages"]])),
        ("shape/content", "messages-are-a-number"): case(clean(messages=7)),
        ("shape/content", "messages-are-text"): case(clean(messages=ANSWER)),
        ("shape/content", "role-of-nobody"): case(
            clean(messages=[clean()["messages"][0], {"role": "banana", "content": ANSWER}])
        ),
        ("shape/content", "chosen-is-null"): case(clean(messages=None, prompt=ASKED, chosen=None, rejected=SAID)),
        ("shape/content", "both-answers-are-null"): case(
            clean(messages=None, prompt=ASKED, chosen=None, rejected=None)
        ),
        ("shape/content", "rejected-is-no-column"): case(
            {name: value for name, value in clean(prompt=ASKED, chosen=SAID).items() if name != "messages"}
        ),
        ("shape/unreadable", "no-json"): {"lines": ['{"messages": [', '{"messages": []}']},
        ("shape/id-taken", "two-texts"): case(clean(), other | {"example_id": ME}),
        ("text/empty", "answer-of-spaces"): case(saying("  \n ")),
        ("text/hidden-character", "right-to-left-override"): case(saying(f"{ANSWER} \u202edesrever")),
        ("text/hidden-character", "tag-characters"): case(saying(f"{ANSWER}\U000e0041\U000e0042")),
        ("text/normal-form", "decomposed-accent"): case(saying(f"{ANSWER} Cafe\u0301.")),
        ("text/too-long", "over-the-limit"): case(saying("word " * 4_001 + ".")),
        ("text/mixed-script", "cyrillic-letter-in-a-latin-word"): case(saying(f"{ANSWER} See p\u0430ypal.")),
        ("language/unknown", "no-language-tag"): case(clean(language="English")),
        ("language/unknown", "chinese-without-script"): case(clean(messages=CHINESE, language="zh")),
        ("language/unknown", "no-such-language"): case(clean(language="xx")),
        ("language/unknown", "no-such-country"): case(clean(language="en-ZZ")),
        ("language/unknown", "chinese-of-a-country"): case(clean(messages=CHINESE, language="zh-TW")),
        ("language/unknown", "a-number"): case(clean(language=7)),
        ("language/differs", "french-declared-english"): case(saying(FRENCH)),
        ("duplicate/exact", "same-but-for-case"): case(saying(ANSWER.upper()), clean(example_id=OTHER)),
        ("duplicate/near", "one-word-changed"): case(
            saying(f"{ANSWER} {ANSWER.replace('many', 'some')}"), saying(f"{ANSWER} {ANSWER}", example_id=OTHER)
        ),
        ("duplicate/near", "signs-changed"): case(saying(ANSWER.replace(",", ";")), saying(ANSWER, example_id=OTHER)),
        ("personal/identifier", "card-number"): case(saying(f"{ANSWER} It was paid with 4012 8888 8888 1881.")),
        ("personal/identifier", "chinese-identity-number"): case(saying(f"{ANSWER} It is 11010519491231002X.")),
        ("personal/identifier", "french-social-security-number"): case(saying(f"{ANSWER} It is 255081416802538.")),
        ("personal/contact", "email-address"): case(saying(f"{ANSWER} Write to jane.doe@gmail.com today.")),
        ("personal/contact", "telephone-number"): case(saying(f"{ANSWER} Call +33 1 42 68 53 00 today.")),
        ("secret/credential", "access-key"): case(saying(f"{ANSWER} AKIA{'IOSFODNN7EXAMPLE'}")),
        ("contamination/protected", "item-in-a-prompt"): case(
            clean(messages=[{"role": "user", "content": f"{PROTECTED}."}, {"role": "assistant", "content": ANSWER}])
        ),
        ("source/incomplete", "no-owner-no-date"): case(clean(sources=[bare])),
        ("source/incomplete", "impossible-date-and-address"): case(
            clean(sources=[SOURCE | {"url": "ftp:/x", "date": "2020-13"}])
        ),
        ("source/unarchived", "no-archived-copy"): case(clean(sources=[without_archive])),
        ("source/quote-fuzzy", "two-letters-differ"): case(
            clean(sources=[SOURCE | {"quote": "the tunnel shortened the way to work"}])
        ),
        ("source/quote-missing", "not-on-the-page"): case(
            clean(sources=[SOURCE | {"quote": "the tunnel ruins every house above it"}])
        ),
        ("licence/missing", "no-licence"): case(clean(license=None)),
        ("licence/missing", "no-identifier"): case(clean(license="free to use!")),
        ("origin/unnamed", "synthetic-without-model"): case(clean(origin={"kind": "synthetic", "model": "x"})),
        ("mirror/unknown", "does-not-exist"): case(clean(mirrors=["ex_cccccccccccccccc"]), other),
        ("mirror/one-sided", "does-not-answer"): case(clean(mirrors=[OTHER]), other),
    }


@cache
def _measuring() -> Instruments:
    return installed_instruments(["en", "fr", "zh-Hans"])


def instruments(others: list[dict[str, Any]]) -> Instruments:
    """Every instrument, knowing these other examples; detectors are made once."""
    made, shared = Instruments(), _measuring()
    made.detector, made.personal = shared.detector, shared.personal
    made.near = type(shared.near)() if shared.near is not None else None
    made.protected = (protect("harbour-evaluation", [PROTECTED], "This test", "CC0-1.0"),)
    made.archived = {SOURCE["url"]: PAGE}
    records = [read_record(row, f"row {number}") for number, row in enumerate(others, 2)]
    made.links = {str(record.id): link_of(record) for record in records}
    for record in records:
        made.add(record, made.marks_of(record))
    return made


def findings_for(given: dict[str, Any]) -> list[Any]:
    """The findings on a case's example, or on lines of a file."""
    if "lines" in given:
        unread = Unread()
        for number, line in enumerate(given["lines"], 1):
            try:
                load_line(line.encode())
            except SchemaInvalid as error:
                unread = unread.and_also(Row("set.jsonl", number, None, str(error), 0))
        return list(unread.findings)
    record = read_record(given["example"], "row 1")
    return [item for done in check_example(record, instruments(given["others"])) for item in done.findings]


def message_for(given: dict[str, Any]) -> str:
    """The findings as people read them."""
    return "".join(f"{finding}\n" for finding in findings_for(given))


def case_folder(rule: str, name: str) -> Path:
    """Where a case is kept."""
    return GOLDEN / rule / name


def _update() -> None:
    for (rule, name), given in faults().items():
        folder = case_folder(rule, name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "input.json").write_text(json.dumps(given, indent=1, sort_keys=True) + "\n", "utf-8")
        (folder / "message.txt").write_text(message_for(given), "utf-8")


if __name__ == "__main__":
    _update()
