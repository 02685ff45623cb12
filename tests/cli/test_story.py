"""A source's last check, as `trace` prints it."""

from __future__ import annotations

import pytest

from curation.cli.story import _print_source, _when

SOURCE = {
    "publisher": "The council",
    "country": "FR",
    "date": "2024",
    "url": "https://example.org/",
    "quote": "It met.",
}
WHEN = {"event": 7, "epoch": 1, "not_before": None, "not_after": "2026-01-09"}
LOOKED = {"extractor": "evenhand-html/1 unicode/15.0.0", "anchorer": "evenhand-anchor/2"}
NOT_LOOKED = {"extractor": None, "anchorer": None, "page": None}


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({"status": "missing", "page": {"payload": "ab" * 32}} | LOOKED, "the quote is MISSING in the archived page"),
        ({"status": "not_archived"} | NOT_LOOKED, "the server says: the page could not be archived, epoch 1"),
    ],
)
def test_a_check_is_told_with_its_source(capsys, check, told):
    _print_source(SOURCE | {"check": check | WHEN}, "")
    printed = capsys.readouterr().out
    assert told in printed
    assert ("SHA-256 of the page abab" in printed) == (check["page"] is not None)


@pytest.mark.parametrize(
    ("not_before", "days"),
    [(None, "by 2026-01-09"), ("2026-01-02", "from 2026-01-02 to 2026-01-09"), ("2026-01-09", "on 2026-01-09")],
)
def test_an_epoch_is_told_with_its_first_and_its_last_day(not_before, days):
    assert _when(WHEN | {"not_before": not_before}) == f"epoch 1 ({days}), event 7"


def test_a_public_copy_is_told_and_made_safe_for_a_terminal(capsys):
    page = {"payload": "ab" * 32, "archive_url": "https://archive.example.org/\x1b[31m"}
    _print_source(SOURCE | {"check": {"status": "exact", "page": page} | LOOKED | WHEN}, "")
    printed = capsys.readouterr().out
    assert "archived: https://archive.example.org/" in printed
    assert "\x1b" not in printed
