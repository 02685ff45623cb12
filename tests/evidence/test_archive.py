"""Pages kept as evidence: what is kept, where, and how it goes again."""

from __future__ import annotations

import hashlib
import io

import pytest

from curation.backup import write_backup
from curation.db import reading, writing
from curation.errors import BackupInvalid, InvalidInput
from curation.evidence.archive import archive_sources, check_sources, cited_sources, in_turns, remove_leftovers
from curation.evidence.carried import place_record
from curation.evidence.fetch import Fetched, NotFetched
from curation.evidence.forget import FOLDER, record_path
from curation.evidence.publish import archive_address, published_checks
from curation.examples.erase import Erase, erase_openings
from curation.examples.intake import examine_revision
from curation.log.leaf import Opening
from curation.releases.project import source_id
from curation.restore import restore_backup
from curation.tables import openings, source_records
from tests.evidence.site import answer, fetcher_for
from tests.support.words import SOURCE, example

HTML = (("content-type", "text/html"),)
PAGE = "<p>On 3 May the “council”\u00a0met – twice.</p>".encode()


def source(url: str, quote: str = "the “council”\u00a0met") -> dict:
    return SOURCE | {"url": url, "quote": quote}


def propose(world, *sources, text="Why do people disagree about it?") -> str:
    turns = [{"role": "user", "content": text}, example()["messages"][1]]
    return world.propose(messages=turns, sources=list(sources))


def opened(world, commitment: str) -> Opening:
    (row,) = [row for row in world.rows(openings) if row.commitment == commitment]
    return Opening(row.unit, row.salt, row.body)


def archive(world, fetcher, **options):
    return list(archive_sources(world.platform, fetcher.fetch, "fetch", **options))


def cited(world):
    with reading(world.platform.home.engine) as connection:
        return cited_sources(connection)


def files(world):
    folder = world.platform.home.path / FOLDER
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


@pytest.fixture
def kept(small_world, site):
    """A world in which one example cites a page that is kept: (world, example, source)."""
    site.answers["/minutes"] = answer(PAGE)
    made = propose(small_world, source(site.url("/minutes")))
    small_world.close()
    archive(small_world, fetcher_for(site))
    return small_world, made, cited(small_world)[0]


def test_a_page_is_kept_with_digests_a_day_and_no_text(kept):
    world, _, found = kept
    (row,) = world.rows(source_records)
    path = record_path(world.platform.home.path, found.commitment)
    content = path.read_bytes()
    assert row.record == hashlib.sha256(content).hexdigest()
    assert row.payload == hashlib.sha256(PAGE).hexdigest()
    assert (row.status, row.via, row.day) == ("archived", "fetch", "2027-01-22")
    assert (row.quote_status, row.ways, row.occurrences) == ("exact", None, 1)
    assert row.extractor.startswith("evenhand-html/1 ")
    assert not any("council" in str(value) or "http" in str(value) for value in row)
    assert b"WARC-Date: 2027-01-22\r\n" in content


def test_a_source_has_the_id_that_it_has_in_releases(kept):
    assert kept[2].source_id == source_id(kept[2].commitment)


def test_only_the_owner_can_read_what_is_kept(kept):
    world, _, found = kept
    path = record_path(world.platform.home.path, found.commitment)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700


def test_an_act_that_waits_for_its_epoch_is_not_asked_about(small_world, site):
    propose(small_world, source(site.url("/minutes")))
    assert archive(small_world, fetcher_for(site)) == []
    assert site.asked == []
    small_world.close()
    assert len(archive(small_world, fetcher_for(site))) == 1


def test_a_page_is_asked_for_once_however_often_it_is_cited(kept, site):
    world = kept[0]
    site.answers["/other"] = answer(PAGE)
    for text in ("What is said for it?", "What is said against it?"):
        propose(world, source(site.url("/other")), text=text)
    world.close()
    assert len(archive(world, fetcher_for(site))) == 2
    assert [path for _, path in site.asked].count("/other") == 1
    assert [path for _, path in site.asked].count("/minutes") == 1
    assert len(files(world)) == 3


@pytest.mark.parametrize(
    ("quote", "status", "ways"),
    [
        ("the “council”\u00a0met", "exact", None),
        ('the "council" met - twice', "fuzzy", "quotation marks, dashes"),
        ("On 3 May the “council” met", "exact", None),
        ("On 3 May  the “council” met", "fuzzy", "white space"),
        ("On 3 Mai the “council” met", "fuzzy", "1 of 26 characters changed"),
        ("the council never met anybody", "missing", None),
        ("", "none", None),
    ],
)
def test_each_quote_gets_its_status(small_world, site, quote, status, ways):
    site.answers["/minutes"] = answer(PAGE)
    propose(small_world, source(site.url("/minutes"), quote))
    small_world.close()
    archive(small_world, fetcher_for(site))
    (row,) = small_world.rows(source_records)
    assert (row.quote_status, row.ways) == (status, ways)


def test_a_page_of_which_no_text_is_read_is_kept_and_says_so(small_world, site):
    site.answers["/report"] = answer(b"%PDF-1.7 ...", media="application/pdf")
    propose(small_world, source(site.url("/report")))
    small_world.close()
    archive(small_world, fetcher_for(site))
    (row,) = small_world.rows(source_records)
    assert (row.status, row.quote_status, row.extractor) == ("archived", "not_extracted", None)


def test_what_could_not_be_had_is_tried_again_and_never_replaces_what_is_kept(small_world, site):
    propose(small_world, source(site.url("/minutes")))
    small_world.close()
    assert [item for _, item in archive(small_world, fetcher_for(site))] == [NotFetched("refused", 404)]
    assert [item.kept.status for item in cited(small_world)] == ["refused"]
    site.answers["/minutes"] = answer(PAGE)
    archive(small_world, fetcher_for(site))
    site.answers.clear()
    assert archive(small_world, fetcher_for(site)) == []
    assert [item for _, item in archive(small_world, fetcher_for(site), again=True)] == [NotFetched("refused", 404)]
    assert [item.archived for item in cited(small_world)] == [True]
    assert [item.damage for item in check_sources(small_world.platform)] == [""]


# --- what the log says ------------------------------------------------------------------------------------------------


def test_a_check_stands_in_the_log_with_a_commitment_and_no_address(kept):
    world, of, found = kept
    check = world.history(of).latest_check(found.commitment)
    assert check is not None
    assert (check.event.status, check.event.act) == ("exact", world.history(of).latest.leaf)
    leaf = world.pending()[check.leaf]
    (row,) = world.rows(source_records)
    for word in (b"http", b"minutes", b"council", row.record.encode(), row.payload.encode()):
        assert word not in leaf
    opening = opened(world, check.event.page)
    assert opening.value() == {"record": row.record, "payload": row.payload}
    assert opening.commitment() == check.event.page
    assert of == check.event.example
    assert world.replay().violations == []


def test_a_check_is_said_again_only_when_something_changed(kept, site):
    world, of, found = kept
    archive(world, fetcher_for(site))
    assert len(list(check_sources(world.platform))) == 1
    assert len(world.history(of).checks[found.commitment]) == 1
    site.answers["/minutes"] = answer(b"<p>Nothing of the kind.</p>")
    archive(world, fetcher_for(site), again=True)
    first, second = world.history(of).checks[found.commitment]
    assert (second.event.status, second.event.supersedes) == ("missing", first.leaf)
    world.close()
    assert world.replay().violations == []


def test_a_page_that_cannot_be_had_is_said_once_to_be_not_archived(small_world, site):
    of = propose(small_world, source(site.url("/minutes")))
    small_world.close()
    for _ in range(2):
        archive(small_world, fetcher_for(site))
    (checks,) = small_world.history(of).checks.values()
    assert [(check.event.status, check.event.page) for check in checks] == [("not_archived", None)]
    site.answers["/minutes"] = answer(PAGE)
    archive(small_world, fetcher_for(site))
    site.answers.clear()
    archive(small_world, fetcher_for(site), again=True)
    (checks,) = small_world.history(of).checks.values()
    assert [check.event.status for check in checks] == ["not_archived", "exact"]


def test_what_an_older_version_kept_is_said_by_the_next_run(small_world, site, monkeypatch):
    site.answers["/minutes"] = answer(PAGE)
    of = propose(small_world, source(site.url("/minutes")))
    small_world.close()
    with monkeypatch.context() as older:
        older.setattr("curation.evidence.archive.publish_check", lambda *_: None)
        archive(small_world, fetcher_for(site))
    assert small_world.history(of).checks == {}
    assert archive(small_world, fetcher_for(site)) == []
    (checks,) = small_world.history(of).checks.values()
    assert [check.event.status for check in checks] == ["exact"]
    with small_world.platform.read() as loaded:
        assert published_checks(loaded.connection) == {checks[0].event.source}


def test_where_a_public_copy_is_stands_behind_the_commitment_and_stays_with_the_copy(small_world):
    of = propose(small_world, source("https://pages.example.org/minutes"))
    small_world.close()
    pages = {"https://pages.example.org/minutes": Fetched("https://pages.example.org/minutes", 200, "OK", HTML, PAGE)}
    list(archive_sources(small_world.platform, pages, "warc", archive_url="https://archive.example.org/2027/"))
    with writing(small_world.platform.home.engine) as connection:
        connection.execute(source_records.update().values(quote_status="missing"))
    list(check_sources(small_world.platform))
    (checks,) = small_world.history(of).checks.values()
    address = "https://archive.example.org/2027/https://pages.example.org/minutes"
    assert opened(small_world, checks[-1].event.page).value()["archive_url"] == address
    with pytest.raises(InvalidInput, match="no web address"):
        archive_address("not an address ", "https://pages.example.org/minutes")


def test_the_reviewers_of_a_text_are_told_that_a_quote_is_missing(small_world, site):
    site.answers["/minutes"] = answer(b"<p>Nothing of the kind.</p>")
    of = propose(small_world, source(site.url("/minutes")))
    small_world.close()

    def told() -> list[str]:
        with small_world.platform.read() as loaded:
            revision = small_world.history(of).latest.leaf
            home = small_world.platform.home.path
            return [item.rule for item in examine_revision(loaded, of, revision, home).findings]

    assert "source/quote-missing" not in told()
    archive(small_world, fetcher_for(site))
    assert "source/quote-missing" in told()


# --- going ------------------------------------------------------------------------------------------------------------


def test_erasing_a_source_removes_its_record_and_its_row(kept):
    world, of, found = kept
    act = world.history(of).latest.leaf
    world.erase(act, "ana", commitments=[found.commitment])
    assert world.rows(source_records) == []
    assert files(world) == []
    assert cited(world) == []


def test_erasing_a_source_destroys_the_digests_of_every_copy_and_the_log_says_so(kept, site):
    world, of, found = kept
    archive(world, fetcher_for(site), again=True)
    checks = world.history(of).checks[found.commitment]
    world.close()
    world.erase(world.history(of).latest.leaf, "ana", commitments=[found.commitment])
    assert len(checks) == 2
    assert {check.event.page for check in checks} < set(world.history(of).erased)
    assert not {check.event.page for check in checks} & {row.commitment for row in world.rows(openings)}
    world.close()
    assert world.replay().violations == []


def test_erasing_another_text_leaves_the_record(kept):
    world, of, _ = kept
    event = world.history(of).latest.event
    world.erase(world.history(of).latest.leaf, "ana", commitments=[event.content["messages"][0]])
    assert len(world.rows(source_records)) == len(files(world)) == 1


def test_withdrawing_removes_the_record_but_not_that_of_another_example(kept, site):
    world, of, found = kept
    propose(world, source(site.url("/minutes")), text="What is said for it?")
    world.close()
    archive(world, fetcher_for(site))
    assert len(files(world)) == 2
    world.withdraw(of)
    (row,) = world.rows(source_records)
    assert row.commitment != found.commitment
    assert [path.stem for path in files(world)] == [row.commitment]


def test_what_is_erased_while_it_is_fetched_is_not_kept(small_world, site):
    of = propose(small_world, source(site.url("/minutes")))
    small_world.close()
    act = small_world.history(of).latest.leaf

    def fetch(_url: str) -> Fetched:
        small_world.erase(act, "ana")
        return Fetched("http://pages.example.org/minutes", 200, "OK", (("content-type", "text/html"),), PAGE)

    assert list(archive_sources(small_world.platform, fetch, "fetch")) == []
    assert small_world.rows(source_records) == []
    assert files(small_world) == []


def test_an_erasure_that_fails_leaves_record_and_row(kept):
    world, of, found = kept
    command = Erase(act=world.history(of).latest.leaf, ground="author_request", commitments=[found.commitment])

    def fails_late() -> None:
        with world.acting("ana") as (made, actor):
            erase_openings(made, actor, command)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_late()
    assert len(world.rows(source_records)) == len(files(world)) == 1


def test_a_file_that_a_crash_left_is_removed(kept):
    world, _, found = kept
    lost = record_path(world.platform.home.path, "f" * 64)
    lost.parent.mkdir(exist_ok=True)
    lost.write_bytes(b"x")
    half = record_path(world.platform.home.path, found.commitment).with_suffix(".new")
    half.write_bytes(b"x")
    assert remove_leftovers(world.platform) == 2
    assert [path.stem for path in files(world)] == [found.commitment]


# --- checking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        (lambda path: path.unlink(), "its record is gone"),
        (lambda path: path.write_bytes(b""), "its record is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "its record is damaged"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"twice", b"never")), "its record was changed"),
    ],
    ids=["gone", "emptied", "cut off", "changed"],
)
def test_checking_finds_a_record_that_is_not_what_was_kept(kept, change, damage):
    world, _, found = kept
    change(record_path(world.platform.home.path, found.commitment))
    assert [item.damage for item in check_sources(world.platform)] == [damage]


def test_checking_looks_for_quotes_again_with_the_extractor_of_now(kept):
    world, _, found = kept
    with writing(world.platform.home.engine) as connection:
        connection.execute(source_records.update().values(extractor="evenhand-html/0", quote_status="missing"))
    (item,) = check_sources(world.platform)
    assert item.damage == ""
    assert item.source.kept is not None
    assert item.source.kept.quote_status == "exact"
    assert world.rows(source_records)[0].extractor == found.kept.extractor


def test_a_backup_brings_kept_pages_back_for_their_owner_only(kept, tmp_path):
    world, _, found = kept
    made = write_backup(world.platform, tmp_path / "backup.tar", with_keys=True)
    assert made.pages_left_out == 0
    restore_backup(made.path, tmp_path / "restored")
    path = record_path(tmp_path / "restored", found.commitment)
    assert path.read_bytes() == record_path(world.platform.home.path, found.commitment).read_bytes()
    modes = [item.stat().st_mode & 0o777 for item in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x")])
def test_a_backup_leaves_out_pages_that_are_not_what_was_kept(kept, tmp_path, change):
    world, _, found = kept
    change(record_path(world.platform.home.path, found.commitment))
    made = write_backup(world.platform, tmp_path / "backup.tar")
    assert made.pages_left_out == 1
    assert made.manifest.members["tables/source_records.jsonl"].rows == 1
    assert not any(FOLDER in name for name in made.manifest.members)


@pytest.mark.parametrize("name", ["evidence/../../x.warc", "evidence/ab/" + "c" * 64 + ".warc", "evidence/x"])
def test_a_backup_places_nothing_under_another_name(tmp_path, name):
    with pytest.raises(BackupInvalid, match="is no path of a kept page"):
        place_record(tmp_path, name, io.BytesIO(b"x"))
    assert list(tmp_path.iterdir()) == []


def test_hosts_take_turns():
    urls = [f"http://{host}/{number}" for host in "ab" for number in (1, 2)]
    assert in_turns([*urls, urls[0]]) == ["http://a/1", "http://b/1", "http://a/2", "http://b/2"]
