"""`release diff` reads columns of two releases that nobody verified: whatever they hold, it compares or refuses."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.audit.bundle import open_bundle
from curation.audit.parts import rows_rise
from tests.audit.demo import FIRST, call
from tests.audit.tampering import Folder

DRIVES_A_TERMINAL = "\x1b]0;title\x07"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: [row.update(topic="a" + DRIVES_A_TERMINAL) for row in rows], "a\\u001b]0;title\\u0007 "),
        (lambda rows: rows[0].update(example_id="ex_b" + DRIVES_A_TERMINAL), "Added"),
    ],
)
def test_foreign_names_never_reach_the_terminal_as_they_are(change, says, demo, bundle):
    folder = Folder(bundle)
    for config in ("sft", "preference"):
        for path in sorted(bundle.glob(f"data/{config}/*.parquet")):
            folder.change_rows(path.relative_to(bundle).as_posix(), change)
    folder.change_manifest(lambda manifest: manifest["rows"].update({DRIVES_A_TERMINAL: {"train": 1}}))
    for releases in ((demo.bundle(FIRST), bundle), (bundle, demo.bundle())):
        called = call("release", "diff", *releases)
        assert called.code == 0, called.err
        assert not {"\x1b", "\x07"} & set(called.out)
    assert says in call("release", "diff", demo.bundle(FIRST), bundle).out


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (lambda number: pa.array([["a"]] * number), "has another type than string"),
        (lambda number: pa.array(range(number)), "has another type than string"),
        (lambda number: pa.nulls(number, pa.string()), "lacks values"),
    ],
)
@pytest.mark.parametrize("column", ["example_id", "topic"])
def test_a_column_that_is_none_of_its_config_is_named(column, values, message, demo, bundle):
    path = next(bundle.glob("data/sft/train-*.parquet"))
    table = pq.read_table(path, partitioning=None)
    table = table.set_column(table.schema.get_field_index(column), column, values(table.num_rows))
    pq.write_table(table, path)
    called = call("release", "diff", demo.bundle(FIRST), bundle)
    assert called.code == 1
    assert f"data/sft/{path.name}: column {column} {message}" in called.err


def write_bomb(path, schema):
    """A small file whose examples' ids unpack to 300 megabytes."""
    rows, text = 300_000, "A" * 1_000
    ids = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    columns = [ids.cast(pa.string()) if field.name == "example_id" else pa.nulls(rows, field.type) for field in schema]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), path, compression="zstd")


def state_size(folder, size):
    folder.change_manifest(lambda manifest: manifest["log"].update(size=size, rows_at=20_000))


def test_a_file_that_unpacks_to_more_than_it_can_hold_is_not_unpacked(demo, bundle, monkeypatch):
    path = next(bundle.glob("data/sft/train-*.parquet"))
    write_bomb(path, pq.read_schema(path))
    folder = Folder(bundle)
    folder.reseal()
    (path,) = bundle.glob("data/sft/train-*.parquet")
    read = []
    monkeypatch.setattr(pq, "read_table", lambda *given, **_: read.append(given))
    for size, message in ((1_000, "rows; at most"), (10**6, "unpacks to more than")):
        state_size(folder, size)
        called = call("release", "diff", demo.bundle(FIRST), bundle)
        assert (called.code, message in called.err) == (1, True), called.err
        assert not rows_rise(open_bundle(bundle)), "what `verify` looks at first in a large release"
    assert read == [], "a reader without a bound"
