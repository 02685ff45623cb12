"""The text of a page, for people to find a quote in.

Rules that always hold (pure, but for PDFs, which a process of its own takes apart: pdf.py):
- the work grows with the size of the page and no faster, whatever the page holds. Python's own parser takes half a
  minute for 160 KB of unfinished comments, and a parser in C can bring the process down; so tags are taken apart here;
- what is extracted depends on the bytes, the headers, and the version that `Extracted.extractor` names; nothing else;
- scripts, styles, templates and comments are no text; what a style sheet hides is;
- what is not extracted is told with its reason, never taken for an empty page.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from curation.evidence.pdf import pdf_extractor, pdf_text

MAX_DECODED = 20_000_000
"""Bytes that a page may unpack to."""
_UNICODE = unicodedata.unidata_version
HTML, PLAIN = f"evenhand-html/1 unicode/{_UNICODE}", f"evenhand-plain/1 unicode/{_UNICODE}"
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_PDF_TYPES = ("application/pdf", "application/x-pdf")
_PLAIN_TYPES = ("text/plain", "text/markdown", "text/x-markdown")
_NO_TEXT = frozenset(("script", "style", "noscript", "iframe", "noembed", "noframes"))
_RAW = {
    name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in (*_NO_TEXT, "title", "textarea", "xmp")
}
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "dd", "details"),
        *("dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "legend", "li", "link", "main"),
        *("menu", "meta", "nav", "ol", "optgroup", "option", "p", "pre", "section", "select", "summary", "table"),
        *("tbody", "tfoot", "thead", "title", "tr", "ul", "xmp"),
    )
)
_CELLS = frozenset(("td", "th", "textarea"))
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_BEGINS = _LETTERS | frozenset("!?/")
_NAME = re.compile(r"[A-Za-z][^\t\n\f\r />]*")
_COMMENT_END = re.compile(r"--!?>")
_TAG_STOP = re.compile(r"[>=]")
_SPACE = re.compile(r"[\t\n\f\r ]*")
_SPACES = re.compile(r"[\t\n\f\r ]+")
_META = re.compile(rb"<meta[^>]{0,500}?charset\s{0,20}=\s{0,20}[\"']?\s{0,20}([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# https://encoding.spec.whatwg.org: these labels mean the larger set. Python's own names also hold codecs of other kinds
# (zip, rot13, unicode-escape), so a label counts only if it is listed here.
_CODECS = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16-le",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "macintosh": "mac_roman",
    "tis-620": "cp874",
    **{f"iso-8859-{number}": f"iso8859_{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    **{f"windows-{number}": f"cp{number}" for number in (874, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
}


@dataclass(frozen=True, slots=True)
class Extracted:
    """A page's text, in Unicode's form NFC, one line for each block. `lossy`: some bytes were no characters.

    `unread` counts pages of a PDF that gave no text: scanned ones, and empty ones.
    """

    text: str
    extractor: str
    charset: str
    lossy: bool
    unread: int = 0


@dataclass(frozen=True, slots=True)
class NotExtracted:
    """Why there is no text: `media` (of a kind that is not read), `packed` (how it is packed), `large`,
    or of a PDF `damaged`, `locked` (it wants a password) or `scanned` (it has no text).
    """

    reason: str
    media: str


def media_type(headers: Mapping[str, str]) -> str:
    """The media type of a page, in lower case, without parameters. Header names are in lower case."""
    found = headers.get("content-type", "").partition(";")[0].strip().lower()
    return found if re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}", found) else ""


def unpack(body: bytes, headers: Mapping[str, str], most: int = MAX_DECODED) -> bytes | NotExtracted:
    """The body without its Content-Encoding; never more than `most` bytes are unpacked."""
    packed = headers.get("content-encoding", "").strip().lower()
    if packed in ("", "identity"):
        return body if len(body) <= most else NotExtracted("large", media_type(headers))
    if packed not in ("gzip", "x-gzip", "deflate"):
        return NotExtracted("packed", media_type(headers))
    # RFC 9110 §8.4.1.2: deflate is zlib's format; some servers send it bare.
    for bits in (31,) if packed != "deflate" else (15, -15):
        unpacking = zlib.decompressobj(bits)
        try:
            made = unpacking.decompress(body, most + 1)
        except zlib.error:
            continue
        if len(made) > most:
            return NotExtracted("large", media_type(headers))
        if unpacking.eof:
            return made
    return NotExtracted("packed", media_type(headers))


def extract(body: bytes, headers: Mapping[str, str]) -> Extracted | NotExtracted:
    """The text of a page.

    Args:
        body: as it was transferred, without transfer coding.
        headers: of the answer, names in lower case.
    """
    unpacked = unpack(body, headers)
    if isinstance(unpacked, NotExtracted):
        return unpacked
    media = media_type(headers) or _sniffed(unpacked)
    if media in _HTML_TYPES:
        text, charset, lossy = _decoded(unpacked, headers, markup=True)
        return Extracted(_tidy(html_text(text, xhtml=media != "text/html")), HTML, charset, lossy)
    if media in _PLAIN_TYPES:
        text, charset, lossy = _decoded(unpacked, headers, markup=False)
        return Extracted(_tidy(text), PLAIN, charset, lossy)
    if media in _PDF_TYPES:
        return _extract_pdf(unpacked, media)
    return NotExtracted("media", media)


def _extract_pdf(body: bytes, media: str) -> Extracted | NotExtracted:
    found = pdf_text(body)
    if isinstance(found, str):
        return NotExtracted(found, media)
    text = _tidy(found.text)
    if not text:
        return NotExtracted("scanned", media)
    return Extracted(text, f"{pdf_extractor()} unicode/{_UNICODE}", "pdf", False, found.unread)


def _sniffed(body: bytes) -> str:
    head = body[:1_000].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "text/html"
    return "application/pdf" if head.startswith(b"%pdf-") else ""


def _decoded(body: bytes, headers: Mapping[str, str], *, markup: bool) -> tuple[str, str, bool]:
    """(text, charset, lossy). In this order: byte order mark, header, <meta>, UTF-8 if it is, windows-1252."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _decode(body[len(mark) :], name)
    told = _CHARSET.search(headers.get("content-type", ""))
    labels = [told.group(1).lower()] if told else []
    if markup and (meta := _META.search(body[:1_024])):
        label = meta.group(1).decode("ascii").lower()
        # https://html.spec.whatwg.org/#prescan: a <meta> that can be read is not in UTF-16.
        labels.append("utf-8" if label.startswith("utf-16") else label)
    for name in [_CODECS[label] for label in labels if label in _CODECS]:
        if (made := _decode(body, name))[2] is False:
            return made
    made = _decode(body, "utf-8")
    if made[2] is False:
        return made
    return _decode(body, next((_CODECS[label] for label in labels if label in _CODECS), "cp1252"))


def _decode(body: bytes, name: str) -> tuple[str, str, bool]:
    try:
        return body.decode(name), name, False
    except UnicodeDecodeError:
        return body.decode(name, "replace"), name, True


def _tidy(text: str) -> str:
    """One line for each line that holds something, white space within it as one space."""
    text = unicodedata.normalize("NFC", text.replace("\x00", "\ufffd"))
    text = re.sub(r"[\t\f\v ]+", " ", text)
    return re.sub(r" ?(?:[\r\n] ?)+", "\n", text).strip("\n ")


# --- markup -----------------------------------------------------------------------------------------------------------


def html_text(page: str, *, xhtml: bool = False) -> str:
    """The text of a page in HTML, blocks on lines of their own.

    Source: https://html.spec.whatwg.org/multipage/parsing.html#tokenization, without building a tree. What is not
    finished at the end (a tag, a comment, a script) is no text, as there.
    """
    made: list[str] = []
    place, hidden = 0, 0
    while True:
        start = page.find("<", place)
        if start < 0 or start + 1 >= len(page):
            break
        if start > place and not hidden:
            made.append(_text(page[place:start]))
        following = page[start + 1]
        if following not in _BEGINS:
            if not hidden:
                made.append("<")
            place = start + 1
            continue
        if following in "!?" or (following == "/" and page[start + 2 : start + 3] not in _LETTERS):
            place = _after_declaration(page, start)
        else:
            name = _NAME.match(page, start + (2 if following == "/" else 1))
            assert name is not None
            tag = name.group().lower()
            place = _after_tag(page, name.end())
            if place >= 0:
                closed = following == "/" or (xhtml and page[place - 2] == "/")
                hidden = max(0, hidden + _hides(tag, following, closed=closed))
                place = _element(page, place, tag, made, hidden=bool(hidden), closed=closed)
        if place < 0:
            return "".join(made)
    if not hidden:
        made.append(_text(page[place:]))
    return "".join(made)


def _text(part: str) -> str:
    """Text between tags: white space as a browser shows it, references replaced."""
    if "&" in part:
        part = html.unescape(part)
    return _SPACES.sub(" ", part)


def _hides(tag: str, following: str, *, closed: bool) -> int:
    if tag != "template":
        return 0
    return -1 if following == "/" else 0 if closed else 1


def _element(page: str, place: int, tag: str, made: list[str], *, hidden: bool, closed: bool) -> int:
    """What a tag does to the text; where to go on, -1 at the end of the page."""
    if not hidden and tag in _BLOCKS:
        made.append("\n")
    elif not hidden and tag in _CELLS:
        made.append(" ")
    if closed or tag not in _RAW:
        return place
    end = _RAW[tag].search(page, place)
    if tag not in _NO_TEXT and not hidden:
        content = page[place : end.start() if end else len(page)]
        made.append(_text(content) + "\n")
    return end.start() if end else -1


def _after_declaration(page: str, start: int) -> int:
    """Behind a comment, a doctype or what is taken for one; -1 when it never ends."""
    if page.startswith("<!--", start):
        found = _COMMENT_END.search(page, start + 2)
        # `<!-->` and `<!--->` are whole comments.
        return found.end() if found else -1
    end = page.find(">", start)
    return end + 1 if end >= 0 else -1


def _after_tag(page: str, place: int) -> int:
    """Behind the `>` that ends a tag; one within a quoted value does not. -1 when it never ends."""
    while stop := _TAG_STOP.search(page, place):
        place = stop.end()
        if stop.group() == ">":
            return place
        spaces = _SPACE.match(page, place)
        place = spaces.end() if spaces else place
        if page[place : place + 1] in ('"', "'"):
            end = page.find(page[place], place + 1)
            if end < 0:
                return -1
            place = end + 1
    return -1
