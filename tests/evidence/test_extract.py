"""The text of a page."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.evidence.extract import Extracted, NotExtracted, extract, html_text, unpack

HTML = {"content-type": "text/html"}


def text_of(page: str) -> str:
    found = extract(page.encode(), HTML)
    assert isinstance(found, Extracted)
    return found.text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>one<p>two", "one\ntwo"),
        ("<p>a <b>b</b>c &amp; d&eacute;</p>", "a bc & dé"),
        ("<title>T &lt;b&gt;</title><body>x", "T <b>\nx"),
        ("<script>if (a < b) document.write('<p>no')</script>yes", "yes"),
        ("<SCRIPT>no</SCRIPT >yes", "yes"),
        ("<style>p {}</style><template>no<template>no</template>no</template>yes", "yes"),
        ("<!-- no -->a<!-->b<!--->c<!-- no --!>d", "abcd"),
        ("<!doctype html>a<?php no ?>b<![CDATA[no]]>c</>d", "abcd"),
        ("a<a title='>' href=\">\" x=>b</a>", "ab"),
        ("1 < 2 <3 and a<", "1 < 2 <3 and a<"),
        ("<td>a</td><td>b</td>", "a b"),
        ("a<br>b<hr/>c", "a\nb\nc"),
        ("  a \n\n b\t c ", "a b c"),
        ("<textarea><p>a</textarea>b", "<p>a\nb"),
        ("a<script>never closed", "a"),
        ("a<!-- never closed", "a"),
        ("a<b title='never closed", "a"),
        ("&#0;&#xD800;&#x110000;&nosuch;", "\ufffd\ufffd\ufffd&nosuch;"),
        ("e\u0301", "é"),
        ("", ""),
    ],
)
def test_text_is_what_a_reader_sees(page, text):
    assert text_of(page) == text


def test_in_xhtml_an_empty_element_is_closed():
    assert html_text("<script/>a<title/>b<template/>c", xhtml=True).split() == ["a", "bc"]


@pytest.mark.parametrize(
    ("body", "media", "text", "charset"),
    [
        ("é".encode(), "text/html", "é", "utf-8"),
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1", "é", "cp1252"),
        ("“é”".encode("cp1252"), "text/html", "“é”", "cp1252"),
        ("é".encode(), "text/html; charset=iso-2022-jp", "é", "utf-8"),
        ("\ufeffé".encode(), "text/html; charset=big5", "é", "utf-8"),
        ("\ufeffé".encode("utf-16-le"), "text/plain", "é", "utf-16-le"),
        ('<meta charset="gb2312">议会'.encode("gb18030"), "text/html", "议会", "gb18030"),
        ("<meta charset=utf-16>é".encode(), "text/html", "é", "utf-8"),
        (b"caf\xe9", "text/plain; charset=unicode_escape", "café", "cp1252"),
        ("é".encode(), 'text/html; charset="utf-8"', "é", "utf-8"),
        ("é".encode(), "text/html; charset=zip", "é", "utf-8"),
    ],
)
def test_a_charset_is_found_and_a_wrong_one_is_mended(body, media, text, charset):
    found = extract(body, {"content-type": media})
    assert isinstance(found, Extracted)
    assert (found.text, found.charset, found.lossy) == (text, charset, False)


def test_bytes_that_are_no_characters_are_told():
    found = extract(b"\x81\xff\xfe", {"content-type": "text/plain; charset=utf-8"})
    assert isinstance(found, Extracted)
    assert found.lossy


@pytest.mark.parametrize("media", ["application/pdf", "image/png", "application/octet-stream", "", "nonsense"])
def test_other_kinds_are_not_extracted(media):
    assert isinstance(extract(b"%PDF-1.7", {"content-type": media} if media else {}), NotExtracted)


def test_a_page_without_a_type_is_one_if_it_begins_like_one():
    assert isinstance(extract(b" <!DOCTYPE html><p>a", {}), Extracted)


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress, lambda body: zlib.compress(body)[2:-4]])
def test_unpacking_stops_at_the_limit(packed):
    coding = {"content-encoding": "gzip" if packed is gzip.compress else "deflate"}
    assert unpack(packed(b"x" * 1_000), coding, 1_000) == b"x" * 1_000
    assert unpack(packed(b"x" * 1_001), coding, 1_000) == NotExtracted("large", "")
    assert unpack(b"x" * 1_001, {}, 1_000) == NotExtracted("large", "")


HOSTILE = ["<!--", "<a", "<", "&", "</", "<![CDATA[", "<?", "<a b='", "<a b=", "</a ", "<script>", "<title>", "<div>"]
HOSTILE += ["<template>", "<p>x", "&#", " \n", "<!--a--!", "<meta charset", "<script></s"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_twice_the_page_takes_twice_the_time_and_no_more(piece):
    before = time.perf_counter()
    extract((piece * (600_000 // len(piece))).encode(), HTML)
    assert time.perf_counter() - before < 6  # a parser whose time grows with the square takes minutes


@given(st.text(alphabet="<>/!-='\" abtitlescrp&#;\n", max_size=80) | st.text(max_size=40))
def test_any_page_has_some_text(page):
    found = extract(page.encode("utf-8", "replace"), HTML)
    assert isinstance(found, Extracted)
    assert extract(page.encode("utf-8", "replace"), HTML) == found


@given(st.binary(max_size=200), st.sampled_from(["text/html", "text/plain", "text/html; charset=utf-16be"]))
def test_any_bytes_have_some_text(body, media):
    assert isinstance(extract(body, {"content-type": media}), Extracted)
