"""Whatever is changed in a bundle, `verify` fails and names it: with the manifest as it was, with a manifest made to
fit, and with the proof that the log names the manifest thrown away."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from curation.audit.verify import verify_bundle
from curation.log.notes import Checkpoint, SigningKey, sign_checkpoint
from curation.log.tiles import decode_entries
from tests.audit.demo import FIRST, Demo, call
from tests.audit.tampering import FILES_ONLY, MANIFEST, PROOF, RESEALED, STRENGTHS, WITHOUT_PROOF, Folder, sha256

JSON_KEYS = {"verdict", "rows", "failures", "checkpoint", "attested"}
NO_ROW = ("data", "no row can be derived, because the log is not authentic")
SFT = r"data/sft/train-[0-9a-f]{8}\.parquet example ex_[a-z2-7]{16}"
REVIEWS = r"data/reviews/train-[0-9a-f]{8}\.parquet review at event \d+"
SOURCES = r"data/sources/train-[0-9a-f]{8}\.parquet source src_[0-9a-f]{24}"
EDITED = "the opening of [0-9a-f]{16}… does not fit its commitment: it was edited"

Found = tuple[str, str]
"""Patterns for where a failure is, and what it says."""


@dataclass(frozen=True)
class Tampering:
    """What is done; what `verify` finds at any strength, while the manifest is as it was, and once it fits."""

    name: str
    do: Callable[[Folder, Demo], Any]
    found: tuple[Found, ...] = ()
    files: tuple[Found, ...] = ()
    resealed: tuple[Found, ...] = ()
    check_proof: bool = True
    """Whether the proof that the log names the manifest can be looked at: the log must be authentic for that."""


CASES: list[Tampering] = []
CHANGED = r"its SHA-256 is not the manifest's: the file was changed|has \d+ bytes; the manifest says \d+"


def tampering(
    name: str,
    *found: Found,
    files: tuple[Found, ...] = (),
    resealed: tuple[Found, ...] = (),
    check_proof: bool = True,
) -> Callable[[Callable[[Folder, Demo], Any]], Callable[[Folder, Demo], Any]]:
    def note(do: Callable[[Folder, Demo], Any]) -> Callable[[Folder, Demo], Any]:
        CASES.append(Tampering(name, do, found, files, resealed, check_proof and NO_ROW not in found))
        return do

    return note


def changed(pattern: str) -> tuple[Found, ...]:
    return ((pattern, CHANGED),)


# --- rows -------------------------------------------------------------------------------------------------------------


@tampering(
    "one character of a row's text",
    (SFT, r"field messages says «.*»; the log gives «.*»"),
    files=changed(r"data/sft/train-.*\.parquet"),
)
def one_character(folder: Folder, demo: Demo) -> None:
    def change(rows):
        message = rows[0]["messages"][-1]
        message["content"] = message["content"][:-2] + "!" + message["content"][-1:]

    folder.change_rows("data/sft/train-*.parquet", change)


@tampering(
    "a rejecting review dropped from the reviews",
    (REVIEWS, "is missing from the file; the log gives this row"),
    (MANIFEST, r"rows says .*'reviews': \{'train': \d+\}.*; the log gives .*'reviews': \{'train': \d+\}.*"),
    files=changed(r"data/reviews/train-.*\.parquet"),
)
def review_dropped(folder: Folder, demo: Demo) -> None:
    def change(rows):
        del rows[next(place for place, row in enumerate(rows) if row["verdict"] == "reject")]

    folder.change_rows("data/reviews/train-*.parquet", change)
    folder.change_manifest(
        lambda manifest: manifest["rows"]["reviews"].update(train=len(folder.rows("data/reviews/*")))
    )


@tampering("two reviewers swapped in a row", (SFT, r"field reviewers says «.*»; the log gives «.*»"))
def reviewers_swapped(folder: Folder, demo: Demo) -> None:
    def change(rows):
        people = rows[0]["reviewers"]
        people[0], people[-1] = people[-1], people[0]

    folder.change_rows("data/sft/train-*.parquet", change)


@tampering("two reviewers swapped among the reviews", (REVIEWS, r"field reviewer says «p_.*»; the log gives «p_.*»"))
def reviews_swapped(folder: Folder, demo: Demo) -> None:
    def change(rows):
        first = rows[0]
        other = next(row for row in rows if row["verdict"] != first["verdict"] and row["reviewer"] != first["reviewer"])
        first["reviewer"], other["reviewer"] = other["reviewer"], first["reviewer"]

    folder.change_rows("data/reviews/train-*.parquet", change)


@tampering("a rejection made an acceptance", (REVIEWS, "field verdict says «accept»; the log gives «reject»"))
def verdict_changed(folder: Folder, demo: Demo) -> None:
    def change(rows):
        next(row for row in rows if row["verdict"] == "reject")["verdict"] = "accept"

    folder.change_rows("data/reviews/train-*.parquet", change)


@tampering("an acceptance count raised", (SFT, r"field acceptance says «.*»; the log gives «.*»"))
def acceptance_changed(folder: Folder, demo: Demo) -> None:
    def change(rows):
        next(item for row in rows for item in row["acceptance"] if item["accepts"] < item["seats"])["accepts"] += 1

    folder.change_rows("data/sft/train-*.parquet", change)


@tampering("a source's URL changed", (SOURCES, r"field url says «.+\?x»; the log gives «.+»"))
def source_changed(folder: Folder, demo: Demo) -> None:
    folder.change_rows("data/sources/*.parquet", lambda rows: rows[0].update(url=rows[0]["url"] + "?x"))


@tampering("a row said twice", (SFT, "the file repeats a row|is in the file and not in the log"))
def row_repeated(folder: Folder, demo: Demo) -> None:
    folder.change_rows("data/sft/train-*.parquet", lambda rows: rows.append(rows[0]))


@tampering("rows in another order", (SFT, "the rows are in another order than the log gives"))
def rows_reordered(folder: Folder, demo: Demo) -> None:
    folder.change_rows("data/sft/train-*.parquet", lambda rows: rows.reverse())


@tampering("a row made up", (SFT, "is in the file and not in the log"))
def row_added(folder: Folder, demo: Demo) -> None:
    folder.change_rows(
        "data/sft/train-*.parquet", lambda rows: rows.append({**rows[0], "example_id": "ex_aaaaaaaaaaaaaaaa"})
    )


@tampering("a column renamed", (r"data/sft/train-.*\.parquet", "has other columns than its config"))
def column_renamed(folder: Folder, demo: Demo) -> None:
    import pyarrow.parquet as pq

    name = folder.find("data/sft/train-*.parquet")
    table = pq.read_table(folder.path / name, partitioning=None)
    renamed = ["text" if column == "messages" else column for column in table.column_names]
    pq.write_table(table.rename_columns(renamed), folder.path / name)


@tampering("a column nulled", (SFT, r"field messages says «None»; the log gives «.*»"))
def column_nulled(folder: Folder, demo: Demo) -> None:
    folder.change_rows("data/sft/train-*.parquet", lambda rows: [row.update(messages=None) for row in rows])


@tampering(
    "the tombstone removed",
    (MANIFEST, "rows says .*; the log gives .*'tombstones'.*"),
    files=((r"data/tombstones/train-.*\.parquet", "is listed in the manifest and missing"),),
    resealed=(("data/tombstones", "has no file for split train; the log gives 1 rows"),),
)
def tombstone_removed(folder: Folder, demo: Demo) -> None:
    (folder.path / folder.find("data/tombstones/*.parquet")).unlink()
    folder.change_manifest(lambda manifest: manifest["rows"].pop("tombstones"))


@tampering(
    "two splits swapped",
    (r"data/prompts/test-.*\.parquet example ex_.*", "is in the file and not in the log"),
    (r"data/prompts/validation-.*\.parquet example ex_.*", "is missing from the file; the log gives this row"),
)
def splits_swapped(folder: Folder, demo: Demo) -> None:
    names = [folder.path / folder.find(f"data/prompts/{split}-*.parquet") for split in ("test", "validation")]
    contents = [name.read_bytes() for name in names]
    for name, content in zip(names, reversed(contents), strict=True):
        name.write_bytes(content)


@tampering(
    "a row moved from validation to train",
    (SFT, "is in the file and not in the log"),
    (r"data/sft/validation-.*\.parquet example ex_.*", "is missing from the file; the log gives this row"),
)
def row_moved(folder: Folder, demo: Demo) -> None:
    moved = folder.rows("data/sft/validation-*.parquet")
    folder.change_rows("data/sft/validation-*.parquet", lambda rows: rows.pop())
    folder.change_rows("data/sft/train-*.parquet", lambda rows: rows.append(moved[-1]))


@tampering(
    "an empty split made up",
    (r"data/tombstones/test-.*\.parquet", "is not listed in the manifest|holds no rows; an empty split has no file"),
)
def split_made_up(folder: Folder, demo: Demo) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(folder.path / folder.find("data/tombstones/train-*.parquet"), partitioning=None)
    pq.write_table(table.slice(0, 0), folder.path / "data/tombstones/test-00000000.parquet")


# --- openings ---------------------------------------------------------------------------------------------------------


def first_source(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in rows if b'"publisher"' in row["body"])


@tampering("an opening's body edited", (SOURCES, EDITED), files=changed(r"openings/openings-.*\.parquet"))
def body_edited(folder: Folder, demo: Demo) -> None:
    def change(rows):
        row = first_source(rows)
        row["body"] = row["body"].replace(b"http", b"ftp:", 1)

    folder.change_rows("openings/*.parquet", change)


@tampering("an opening's salt edited", (SOURCES, EDITED), files=changed(r"openings/openings-.*\.parquet"))
def salt_edited(folder: Folder, demo: Demo) -> None:
    def change(rows):
        row = first_source(rows)
        row["salt"] = bytes([row["salt"][0] ^ 1]) + row["salt"][1:]

    folder.change_rows("openings/*.parquet", change)


@tampering(
    "an opening dropped",
    (SOURCES, "the opening of [0-9a-f]{16}… is missing and no event erased it"),
    files=changed(r"openings/openings-.*\.parquet"),
)
def opening_dropped(folder: Folder, demo: Demo) -> None:
    folder.change_rows("openings/*.parquet", lambda rows: rows.remove(first_source(rows)))


@tampering(
    "every opening dropped",
    (SOURCES, "the opening of [0-9a-f]{16}… is missing and no event erased it"),
    (SFT, "the opening of [0-9a-f]{16}… is missing and no event erased it"),
)
def openings_dropped(folder: Folder, demo: Demo) -> None:
    (folder.path / folder.find("openings/*.parquet")).unlink()


@tampering(
    "an opening moved to another act", ("openings", r"places the opening of [0-9a-f]{16}… at \d+; its act is \d+")
)
def opening_moved(folder: Folder, demo: Demo) -> None:
    folder.change_rows("openings/*.parquet", lambda rows: first_source(rows).update(index=0))


@tampering("an opening said twice", (r"openings/openings-.*\.parquet row \d+", "is empty or repeats a commitment"))
def opening_repeated(folder: Folder, demo: Demo) -> None:
    folder.change_rows("openings/*.parquet", lambda rows: rows.insert(1, rows[0]))


@tampering(
    "the opening of a rejected example slipped in",
    ("openings", "holds the opening of [0-9a-f]{16}…, which no row of this bundle needs"),
)
def opening_slipped_in(folder: Folder, demo: Demo) -> None:
    database = sqlite3.connect(demo.home / "evenhand.db")
    row = database.execute(
        "SELECT l.idx, o.commitment, o.salt, o.body FROM openings o JOIN log_leaves l ON l.hash = o.act "
        "JOIN examples e ON e.id = l.example WHERE e.status = 'rejected' AND o.unit = 'message' LIMIT 1"
    ).fetchone()
    database.close()
    extra = dict(zip(("index", "commitment", "salt", "body"), row, strict=True))

    def change(rows):
        rows.append(extra)
        rows.sort(key=lambda item: (item["index"], item["commitment"]))

    folder.change_rows("openings/*.parquet", change)


# --- the log ----------------------------------------------------------------------------------------------------------


CUT = r"(the bundle is cut off inside entry \d+|\d+ entries where 256 belong)\."
"""Half a bundle may end where an entry does."""


@tampering("an entry bundle cut in half", ("log/tile/entries/000", CUT), NO_ROW)
def entries_cut(folder: Folder, demo: Demo) -> None:
    content = folder.read("log/tile/entries/000")
    folder.write("log/tile/entries/000", content[: len(content) // 2 + 1])


@tampering(
    "a bit of a hash tile flipped",
    ("log/tile/0/000", "hash 3 is wrong: leaf 3 hashes to [0-9a-f]{64}, the tile says [0-9a-f]{64}."),
    files=changed("log/tile/0/000"),
)
def tile_bit(folder: Folder, demo: Demo) -> None:
    folder.flip("log/tile/0/000", 3 * 32 + 5)


@tampering(
    "a bit of an upper tile flipped",
    (r"log/tile/1/000\.p/2", "hash 1 is wrong: the subtree of leaves 256 to 511 hashes to .*"),
)
def upper_tile_bit(folder: Folder, demo: Demo) -> None:
    folder.flip("log/tile/1/000.p/2", 40)


@tampering(
    "a bit of an entry flipped",
    ("log/tile/0/000", r"hash 0 is wrong: leaf 0 hashes to .*"),
    ("log", "its leaves hash to [0-9a-f]{64}; the checkpoint says [0-9a-f]{64}"),
    NO_ROW,
    files=changed("log/tile/entries/000"),
)
def entry_bit(folder: Folder, demo: Demo) -> None:
    first = len(decode_entries(folder.read("log/tile/entries/000"), "entries")[0])
    folder.flip("log/tile/entries/000", 2 + first // 2)


@tampering("a tile removed", ("log/tile/0/001", r"is missing.*"))
def tile_removed(folder: Folder, demo: Demo) -> None:
    (folder.path / "log/tile/0/001").unlink()


@tampering(
    "a tile that no log of this size has",
    (r"log/tile/0/002\.p/7", "is no file of a bundle|is no tile of a log of size \\d+|is not listed in the manifest"),
)
def tile_added(folder: Folder, demo: Demo) -> None:
    folder.write("log/tile/0/002.p/7", bytes(7 * 32))


@tampering(
    "a checkpoint of another log",
    ("log/checkpoint", "the policy knows no log with the origin 'elsewhere.example/log'."),
    NO_ROW,
)
def other_origin(folder: Folder, demo: Demo) -> None:
    log = folder.manifest()["log"]
    made = Checkpoint("elsewhere.example/log", log["size"], bytes.fromhex(log["root"]))
    folder.write("log/checkpoint", sign_checkpoint(made, SigningKey.generate("elsewhere.example/log")))


@tampering(
    "a checkpoint of another log, which the bundle's policy trusts",
    ("log/checkpoint", "is of the log elsewhere.example/log; the manifest names evenhand.invalid/.*"),
    NO_ROW,
)
def other_origin_trusted(folder: Folder, demo: Demo) -> None:
    key = SigningKey.generate("elsewhere.example/log")
    before = folder.manifest()["log"]
    folder.plant_log(folder.leaves(), key)
    folder.change_manifest(lambda manifest: manifest.update(log=before))


@tampering(
    "a checkpoint that claims a larger log",
    ("log/checkpoint", r"signature of .* does not verify under key [0-9a-f]{8}\.|does not verify under key .*"),
    NO_ROW,
)
def larger_unsigned(folder: Folder, demo: Demo) -> None:
    size = folder.manifest()["log"]["size"]
    folder.replace("log/checkpoint", f"\n{size}\n", f"\n{size + 100}\n")
    folder.change_manifest(lambda manifest: manifest["log"].update(size=size + 100))


@tampering(
    "a checkpoint that claims a larger log, signed by the attacker",
    (r"log/checkpoint|log/tile/entries/\S+", r"says \d+ leaves, which is more than .*|is missing.*"),
    NO_ROW,
)
def larger_signed(folder: Folder, demo: Demo) -> None:
    log = folder.manifest()["log"]
    leaves = folder.leaves()
    key = SigningKey.generate(log["origin"])
    folder.plant_log(leaves, key)
    made = Checkpoint(log["origin"], 1_000_000, bytes.fromhex(log["root"]))
    folder.write("log/checkpoint", sign_checkpoint(made, key))
    folder.change_manifest(lambda manifest: manifest["log"].update(size=1_000_000, root=log["root"], rows_at=1_000_000))


@tampering(
    "the log truncated to an earlier epoch",
    (MANIFEST, f"version says 2.0.0; the log gives {FIRST}"),
    (SFT, "is in the file and not in the log"),
)
def log_truncated(folder: Folder, demo: Demo) -> None:
    """The earlier checkpoint is public and truly signed."""
    earlier = Folder(demo.bundle(FIRST))
    shutil.rmtree(folder.path / "log")
    shutil.copytree(earlier.path / "log", folder.path / "log")
    folder.change_manifest(lambda manifest: manifest.update(log=earlier.manifest()["log"]))


@tampering(
    "the manifest names another root",
    ("log/checkpoint", r"is of size \d+; the manifest names \d+, or another root"),
    NO_ROW,
)
def other_root(folder: Folder, demo: Demo) -> None:
    folder.change_manifest(lambda manifest: manifest["log"].update(root="0" * 64))


@tampering(
    "the rows said to be those of a shorter prefix",
    (".*", r"no epoch ends at log size \d+"),
    check_proof=False,
)
def other_prefix(folder: Folder, demo: Demo) -> None:
    folder.change_manifest(lambda manifest: manifest["log"].update(rows_at=manifest["log"]["rows_at"] - 2))


@tampering("the trust policy cut off", ("trust/policy", "the last line does not end in a newline."), NO_ROW)
def policy_cut(folder: Folder, demo: Demo) -> None:
    folder.write("trust/policy", folder.read("trust/policy")[:-1])


# --- texts ------------------------------------------------------------------------------------------------------------


@tampering(
    "N lowered in a policy",
    (r"dataset/policies/0000\.json", 'line \\d+ says «"seats": 1»; the log gives «"seats": [34]»'),
    files=changed(r"dataset/policies/0000\.json"),
)
def seats_lowered(folder: Folder, demo: Demo) -> None:
    folder.write(
        "dataset/policies/0000.json", re.sub(rb'"seats": \d+', b'"seats": 1', folder.read("dataset/policies/0000.json"))
    )


@tampering(
    "N lowered in the definition",
    (r"dataset/dataset\.yaml", r"line \d+ says «seats: 1»; the log gives «seats: [34]»|.*seats.*"),
    files=changed(r"dataset/dataset\.yaml"),
)
def definition_lowered(folder: Folder, demo: Demo) -> None:
    folder.write("dataset/dataset.yaml", re.sub(rb"seats: \d+", b"seats: 1", folder.read("dataset/dataset.yaml")))


def say_another_writer_wrote_it(folder: Folder) -> None:
    folder.change_manifest(lambda manifest: manifest["writers"].update(evenhand="99.0.0"))


@tampering("N lowered in the definition, said to be written by another version", (r"dataset/dataset\.yaml", ".*"))
def definition_lowered_by_another(folder: Folder, demo: Demo) -> None:
    definition_lowered(folder, demo)
    say_another_writer_wrote_it(folder)


@tampering(
    "the card sends `sft` to the contested rows, said to be written by another version",
    (r"README\.md", ".*"),
)
def card_misdirects(folder: Folder, demo: Demo) -> None:
    sft, contested = folder.find("data/sft/train-*.parquet"), folder.find("data/contested/train-*.parquet")
    folder.replace("README.md", f"path: {sft}", f"path: {contested}")
    say_another_writer_wrote_it(folder)


@tampering(
    "a sentence of the card changed",
    (r"README\.md", r"line \d+ says «.*perfectly unbiased.*»; the log gives «.*"),
    files=changed(r"README\.md"),
)
def card_changed(folder: Folder, demo: Demo) -> None:
    folder.replace("README.md", "It does not mean «unbiased».", "It means perfectly unbiased.")


@tampering("the card lengthened", (r"README\.md", "is longer or shorter than what the log gives"))
def card_lengthened(folder: Folder, demo: Demo) -> None:
    folder.write("README.md", folder.read("README.md") + b"\nSponsored.\n")


@tampering(
    "a guideline changed", (r"dataset/guidelines/en\.md", "is not the document that the dataset's definition names")
)
def guideline_changed(folder: Folder, demo: Demo) -> None:
    folder.write("dataset/guidelines/en.md", folder.read("dataset/guidelines/en.md") + b"\nAccept everything.\n")


@tampering("a removal taken out of the difference", (r"diff\.json", r".*"))
def difference_changed(folder: Folder, demo: Demo) -> None:
    folder.replace("diff.json", '"removed": {', '"removed": {}, "_": {')


@tampering("the citation changed", (r"CITATION\.cff", r"line \d+ says «.*»; the log gives «.*»"))
def citation_changed(folder: Folder, demo: Demo) -> None:
    folder.replace("CITATION.cff", "simulated contributors", "famous people")


# --- manifest, files, proof -------------------------------------------------------------------------------------------


@tampering(
    "the manifest's version changed", (MANIFEST, r"version says 9\.9\.9; the log gives 2\.0\.0"), check_proof=False
)
def version_changed(folder: Folder, demo: Demo) -> None:
    folder.change_manifest(lambda manifest: manifest.update(version="9.9.9"))


@tampering("the data said to be real", (MANIFEST, "simulated says False; the log gives True"))
def simulation_denied(folder: Folder, demo: Demo) -> None:
    folder.change_manifest(lambda manifest: manifest.update(simulated=False))


@tampering("another policy named", (MANIFEST, "policy says 0{64}; the log gives [0-9a-f]{64}"))
def policy_renamed(folder: Folder, demo: Demo) -> None:
    folder.change_manifest(lambda manifest: manifest.update(policy="0" * 64))


@tampering("the release before denied", (MANIFEST, "previous says None; the log gives 1.0.0"))
def previous_denied(folder: Folder, demo: Demo) -> None:
    folder.change_manifest(lambda manifest: manifest.update(previous=None))


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize(
    "name",
    ["evil.py", "data/sft/notes.txt", "data/sft/train-00000000.arrow", "log/tile/README", "openings/x.txt", "log/x"],
)
def test_a_file_that_no_bundle_has_fails_verification(name, strength, bundle):
    folder = Folder(bundle)
    folder.write(name, b"import os\n")
    folder.strike(strength)
    failures = verify_bundle(bundle).as_json()["failures"]
    assert [item for item in failures if item["where"] == name], failures
    if strength == FILES_ONLY:
        assert {"where": name, "message": "is not listed in the manifest"} in failures


@tampering(
    "a second file for a split",
    (r"data/sft/train-.*\.parquet", "is no file of any config and split, or the second.*|.*"),
)
def second_file(folder: Folder, demo: Demo) -> None:
    name = folder.find("data/sft/train-*.parquet")
    folder.write("data/sft/train-00000000.parquet", folder.read(name) + b"")
    folder.change_rows("data/sft/train-00000000.parquet", lambda rows: rows.pop())


@tampering(
    "a data file removed",
    files=((r"data/preference/train-.*\.parquet", "is listed in the manifest and missing"),),
    resealed=(("data/preference", r"has no file for split train; the log gives \d+ rows"),),
)
def data_removed(folder: Folder, demo: Demo) -> None:
    (folder.path / folder.find("data/preference/*.parquet")).unlink()


@tampering(
    "a guideline removed",
    ("dataset/guidelines/fr.md", "is missing|is listed in the manifest and missing"),
    files=(("dataset/guidelines/fr.md", "is listed in the manifest and missing"),),
)
def guideline_removed(folder: Folder, demo: Demo) -> None:
    (folder.path / "dataset/guidelines/fr.md").unlink()


@tampering("a file that is a link", (r"README\.md", "is no plain file|is listed in the manifest and missing"))
def link(folder: Folder, demo: Demo) -> None:
    outside = folder.path.with_name("outside.md")
    (folder.path / "README.md").rename(outside)
    (folder.path / "README.md").symlink_to(outside)


@tampering("a link beside the cosignatures", ("cosignatures/witness", "is no plain file|is not listed in the manifest"))
def link_added(folder: Folder, demo: Demo) -> None:
    (folder.path / "cosignatures").mkdir()
    (folder.path / "cosignatures" / "witness").symlink_to(folder.path / "log" / "checkpoint")


@tampering("a folder that is a link", ("data", "is no plain file|is not listed in the manifest"))
def folder_link(folder: Folder, demo: Demo) -> None:
    outside = folder.path.with_name("outside")
    (folder.path / "data").rename(outside)
    (folder.path / "data").symlink_to(outside)


def test_a_proof_of_another_release_fails_verification(bundle, demo):
    shutil.copyfile(demo.bundle(FIRST) / PROOF, bundle / PROOF)
    (failure,) = verify_bundle(bundle).failures
    assert (failure.where, failure.message) == (PROOF, "proves another event than this release's cut")


def test_a_proof_cut_short_fails_verification(bundle):
    content = (bundle / PROOF).read_bytes()
    (bundle / PROOF).write_bytes(content[: len(content) // 2])
    assert [failure.where for failure in verify_bundle(bundle).failures] == [PROOF]


def test_a_proof_that_another_key_signed_fails_verification(bundle):
    folder = Folder(bundle)
    lines = folder.read(PROOF).split(b"\n\n", 1)
    checkpoint = lines[1].decode().split("\n")
    key = SigningKey.generate(checkpoint[0])
    folder.write(PROOF, lines[0] + b"\n\n" + key.sign_note("\n".join(checkpoint[:3]) + "\n").encode())
    (failure,) = verify_bundle(bundle).failures
    assert failure.where == PROOF
    assert "no signature by a known key" in failure.message


def test_without_its_proof_a_bundle_verifies_and_says_what_is_not_shown(bundle):
    (bundle / PROOF).unlink()
    report = verify_bundle(bundle)
    assert report.verdict == "VERIFIED"
    assert f"{PROOF} is not there: nothing yet shows that the log names this manifest" in report.notes


SOME = CASES[::5]
"""For a manifest made to fit whose proof was left, some cases do: what differs does not hang on the case."""


@pytest.mark.parametrize(
    ("case", "strength"),
    [
        pytest.param(case, strength, id=f"{case.name}, {strength}")
        for case in CASES
        for strength in STRENGTHS
        if strength != RESEALED or case in SOME
    ],
)
def test_tampering_fails_verification_and_is_named(case, strength, bundle, demo):
    folder = Folder(bundle)
    case.do(folder, demo)
    folder.strike(strength)

    called = call("verify", bundle, "--json")

    report = called.json()
    assert called.code == 1, called.out
    assert called.err == ""
    assert report.keys() >= JSON_KEYS
    assert report["rows"].keys() == {"VERIFIED", "ERASED", "FAILED"}
    assert report["verdict"] == "FAILED"
    expected = case.found + (case.files if strength == FILES_ONLY else case.resealed)
    if strength == RESEALED and case.check_proof:
        expected += ((MANIFEST, "is not the manifest that the log names for this release"),)
    for where, message in expected:
        named = [
            item
            for item in report["failures"]
            if re.fullmatch(where, item["where"]) and re.fullmatch(message, item["message"], re.DOTALL)
        ]
        assert named, f"{where}: {message} is not among {report['failures'][:20]}"


def test_the_untouched_bundle_verifies_in_every_row(bundle, demo):
    called = call("verify", bundle, "--json")
    report = called.json()
    assert (called.code, report["verdict"], report["failures"], report["erased"]) == (0, "VERIFIED", [], [])
    manifest = Folder(bundle).manifest()
    assert report["rows"] == {
        "VERIFIED": sum(sum(splits.values()) for splits in manifest["rows"].values()),
        "ERASED": 0,
        "FAILED": 0,
    }
    assert report["files"] == len(manifest["files"])
    assert report["checkpoint"] == {name: manifest["log"][name] for name in ("origin", "size", "root")}


def test_resealing_an_untouched_bundle_changes_nothing(bundle, demo):
    """The attacker's tool itself is right: what the tests above find is the tampering."""
    Folder(bundle).reseal()
    assert (bundle / MANIFEST).read_bytes() == (demo.bundle() / MANIFEST).read_bytes()
    assert verify_bundle(bundle).verdict == "VERIFIED"


def test_rewriting_untouched_rows_changes_nothing(bundle, demo):
    folder = Folder(bundle)
    for path in sorted(Path(bundle).rglob("*.parquet")):
        folder.change_rows(path.relative_to(bundle).as_posix(), lambda rows: None)
    folder.strike(WITHOUT_PROOF)
    report = verify_bundle(bundle)
    assert report.verdict == "VERIFIED", report.failures


def test_row_counts_of_files_are_checked(bundle):
    folder = Folder(bundle)
    name = folder.find("data/sft/train-*.parquet")
    folder.change_manifest(lambda manifest: manifest["files"][name].update(rows=99))
    (bundle / PROOF).unlink()
    failures = [(failure.where, failure.message) for failure in verify_bundle(bundle).failures]
    assert [message for where, message in failures if where in (name, MANIFEST) and "99" in message], failures


def test_a_data_files_name_carries_its_digest(bundle):
    folder = Folder(bundle)
    name = folder.find("data/sft/train-*.parquet")
    (bundle / name).rename(bundle / "data/sft/train-00000000.parquet")
    folder.replace("README.md", name, "data/sft/train-00000000.parquet")
    files = folder.manifest()["files"]
    files["data/sft/train-00000000.parquet"] = files.pop(name)
    readme = folder.read("README.md")
    files["README.md"] = {"sha256": sha256(readme), "bytes": len(readme)}
    folder.change_manifest(lambda manifest: manifest.update(files=files))
    (bundle / PROOF).unlink()
    failures = verify_bundle(bundle).failures
    assert [failure for failure in failures if failure.where == "data/sft/train-00000000.parquet"], failures
