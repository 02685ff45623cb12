"""Every sentence of the pages, from templates and code, and the catalogues brought up to them.

`python -m tests.support.sentences` adds what is missing to each catalogue, untranslated, and drops what is no longer
said; then translate the empty ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from curation.rulebook.rules import RULES
from curation_api.pages.catalogue import DEFAULT, FOLDER, LOCALES
from curation_api.pages.render import STATIC, TEMPLATES
from curation_validators.hints import HINTS

CODE = FOLDER.parent
HEADER = "# Sentences of the pages. The key is the English sentence.\n"
_OPTIONS = {"extensions": "jinja2.ext.i18n", "lstrip_blocks": "true", "silent": "false"}
_KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "say": None, "gettext": None, "ngettext": (1, 2)}


def sentences() -> Catalog:
    """Every sentence that a page can say; the id of one with a plural is a pair."""
    found = Catalog(charset="utf-8")
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, _, message, comments in babel_extract(file, tuple(_KEYWORDS), (), _OPTIONS):
                _add(found, message, path.relative_to(TEMPLATES.parent), comments)
    for path in sorted(CODE.rglob("*.py")):
        with path.open("rb") as file:
            for _, message, comments, _ in extract("python", file, _KEYWORDS):
                _add(found, message, path.relative_to(TEMPLATES.parent), comments)
    for sentence in RULES.values():
        found.add(sentence.removesuffix(" (server)"), locations=[("curation/rulebook/rules.py", 0)])
    for hint in HINTS.values():
        found.add(hint, locations=[("curation_validators/hints.py", 0)])
    return found


def _add(found: Catalog, message: Any, place: Path, comments: Any) -> None:
    if isinstance(message, tuple):
        told = tuple(part for part in message if isinstance(part, str))[:2]
        message = told[0] if len(told) == 1 else told
    found.add(message, locations=[(place.as_posix(), 0)], auto_comments=comments)


def read_catalogue(language: str) -> Catalog:
    """A language's catalogue as it is kept."""
    path = FOLDER / LOCALES[language] / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=LOCALES[language])


def update() -> None:
    """Bring every catalogue up to the sentences."""
    wanted = sentences()
    for language, name in LOCALES.items():
        if language == DEFAULT:
            continue
        path = FOLDER / name / "messages.po"
        old = read_catalogue(language) if path.exists() else Catalog()
        made = Catalog(locale=name, charset="utf-8", fuzzy=False, header_comment=HEADER)
        for message in wanted:
            if message.id:
                known = old.get(message.id[0] if isinstance(message.id, tuple) else message.id)
                made.add(message.id, known.string if known else None, flags=message.flags)
        with path.open("wb") as file:
            write_po(file, made, width=0, sort_output=True, omit_header=False)
        # The header's dates would change at every run and say nothing.
        lines = path.read_text("utf-8").split("\n")
        kept = [
            line for line in lines if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By'))
        ]
        path.write_text("\n".join(kept), "utf-8")
        missing = [message.id for message in made if message.id and not _translated(message.string)]
        print(f"{language}: {len(missing)} of {len(made)} sentences are missing")
        for item in missing:
            print(f"  {item!r}")


def _translated(string: Any) -> bool:
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


if __name__ == "__main__":
    assert STATIC.is_dir()
    update()
