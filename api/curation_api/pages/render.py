"""From a template to an answer.

Rules that always hold:
- everything that is not markup of a template of ours is escaped;
- what would be invisible or turn the direction of a text is shown as its code point, «[U+202E]»;
- a page is not stored, unless it says otherwise itself;
- where a language sets no blank after a sentence, there is none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

import curation
from curation_api.pages.catalogue import LOCALES, NAMES, name_of, translations
from curation_api.pages.findings import say_finding, say_place
from curation_api.pages.left_out import say_left_out
from curation_api.pages.measured import say_hint, say_measure
from curation_api.pages.topic_words import parts_of
from curation_api.pages.visit import FORM_COOKIE, Visit, Voice, context_of, keep_cookie
from curation_api.pages.words import word
from curation_schemas.text import hidden_character
from curation_validators.findings import Finding

TEMPLATES = Path(__file__).parents[1] / "templates"
STATIC = Path(__file__).parents[1] / "static"
_FULL_WIDTH = tuple("。：；，！？、")
_SAID, _GAP = "\0", re.compile("\0\\s*")
"""Behind a sentence that ends in a full-width sign while a page is made, and what goes with it at the end: the sign
brings its own blank. No text that was contributed holds this character (text/hidden-character)."""
_RIGHT_TO_LEFT = ("ar", "he", "fa", "ur", "yi", "ps", "dv")


def visible(text: str) -> str:
    """A text in which nothing is invisible."""
    if hidden_character(text) is None:
        return text
    shown = []
    for character in text:
        hidden = character not in "\u200c\u200d" and hidden_character(character) is not None
        shown.append(f"[U+{ord(character):04X}]" if hidden else character)
    return "".join(shown)


def _finalize(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _typed(value: str) -> Markup:
    """What somebody typed, for the field that they typed it into."""
    return escape(value)


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static(name: str) -> str:
    """The address of a static file. It changes with the content, so a browser may keep it for ever."""
    return f"/static/{name}?v={_version(name)}"


def _decimal(locale: str, value: float) -> str:
    """A figure with two decimals, as a language writes it."""
    return str(format_decimal(value, "0.00", locale=locale)).replace("-", "\N{MINUS SIGN}")


def _percent(locale: str, value: float) -> str:
    """A share as whole percents, as a language writes it."""
    return str(format_percent(value, locale=locale))


def _direction(language: str) -> str:
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


@pass_context
def _label(context: Context, labels: dict[str, str]) -> Markup:
    """A text of the definition in the reader's language, else in its first one, marked as such."""
    wanted = str(context["language"])
    if wanted in labels:
        return escape(visible(labels[wanted]))
    language, text = next(iter(labels.items()))
    return Markup('<span lang="{}" dir="auto">{}</span>').format(language, visible(text))


@pass_context
def _word(context: Context, code: str | None, group: str) -> str:
    """The word for a code of the domain, in the reader's language."""
    return _said(context, word(group, code))


@pass_context
def _said(context: Context, sentence: str) -> str:
    """A sentence that stands in code, in the reader's language."""
    return translations(context["language"]).gettext(sentence) if sentence else ""


@pass_context
def _finding(context: Context, finding: Finding) -> str:
    """What is wrong and what to do, in the reader's language."""
    return say_finding(Voice(context["language"]), finding)


@pass_context
def _measured(context: Context, item: Mapping[str, Any]) -> str:
    """What a measure found, in the reader's language."""
    return say_measure(Voice(context["language"]), item)


@pass_context
def _hint(context: Context, measure: str) -> str:
    """What to do where a measure warns or gates, in the reader's language."""
    return say_hint(Voice(context["language"]), measure)


@pass_context
def _left_out(context: Context, reason: str) -> str:
    """Why a release leaves an example out, in the reader's language."""
    return say_left_out(Voice(context["language"]), reason)


@pass_context
def _place(context: Context, finding: Finding, order: str | None = None) -> str:
    """Where it is, in the words of the form."""
    return say_place(Voice(context["language"]), finding, order)


@pass_context
def _in_language(context: Context, language: str) -> str:
    """This page in another language."""
    request = context["visit"].request
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "ui"]
    return "?" + urlencode([*pairs, ("ui", language)])


def _marked(say: Callable[..., str]) -> Callable[..., str]:
    """The same sentences, with the mark behind those that end in a full-width sign."""

    def said(*sentence: Any) -> str:
        found = say(*sentence)
        return found + _SAID if found.endswith(_FULL_WIDTH) else found

    return said


@cache
def environment(language: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    said = translations(language)
    made.install_gettext_callables(  # type: ignore[attr-defined]  # by the i18n extension
        _marked(said.gettext), _marked(said.ngettext), newstyle=True
    )
    made.filters.update(label=_label, word=_word, typed=_typed, said=_said, direction=_direction, language_name=name_of)
    made.filters.update(parts=lambda topic, base: parts_of(base, topic))
    made.filters.update(finding=_finding, place=_place, measured=_measured, hint=_hint, left_out=_left_out)
    locale = LOCALES[language]
    made.filters.update(decimal=partial(_decimal, locale), percent=partial(_percent, locale))
    made.globals.update(
        static=static,
        in_language=_in_language,
        interface_languages={code: NAMES[code] for code in LOCALES},
        software_version=curation.__version__,
    )
    return made


def html(language: str, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """A page."""
    made = environment(language).get_template(template).render(language=language, **context)
    return HTMLResponse(_GAP.sub("", made), status)


def show(visit: Visit, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page for this visitor; if it has a form, its cookie too."""
    answer = html(visit.language, template, status, **context_of(visit), home=home_of(visit), **context)
    _keep_secret(visit, answer)
    return answer


def _keep_secret(visit: Visit, answer: Response) -> None:
    if visit.fresh_secret and visit.secret is not None:
        keep_cookie(answer, visit.request, FORM_COOKIE, visit.secret, 86_400)


def go(path: str) -> RedirectResponse:
    """Send the browser on, so that loading the next page again does nothing again. `path` is one of ours."""
    assert path.startswith("/")
    assert not path.startswith("//")
    return RedirectResponse(path, 303)


def home_of(visit: Visit) -> dict[str, Any]:
    """What the frame of every page says of the home. It is fixed by the log's first leaf, and read once."""
    state = visit.request.app.state
    if (found := getattr(state, "frame", None)) is None:
        with visit.platform.read() as loaded:
            terms = loaded.definitions.terms
        found = {
            "slug": visit.platform.home.dataset,
            "title": dict(terms.title) if terms else {"en": visit.platform.home.dataset},
            "description": dict(terms.description) if terms else {"en": ""},
            "simulated": terms.simulated if terms else False,
            "languages": list(terms.languages) if terms else [],
            "licenses": list(terms.licenses) if terms else [],
            "origin": visit.platform.home.origin,
        }
        if terms is not None:
            state.frame = found
    made: dict[str, Any] = found
    return made
