"""Whatever the bytes of a bundle, `verify` answers with a report and `trace` with a story or an error of ours: never
with a traceback, never after long, never with all of the machine's memory."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.audit.trace import trace_example
from curation.audit.verify import verify_bundle
from curation.cli.story import print_story
from curation.errors import EvenhandError
from tests.audit.demo import call
from tests.audit.forging import Forger, make_template
from tests.audit.tampering import MANIFEST, PROOF, Folder

SECONDS = 20
"""For a bundle that takes a twentieth of a second when it is whole; machines are shared."""
ROUNDS = 12
HUGE = [
    "-1",
    "0",
    "1",
    "2",
    "255",
    "2147483648",
    "9007199254740991",
    "9223372036854775807",
    "1" + "0" * 400,
    "1e400",
    "0.5",
]


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A small whole bundle with one of each kind of row."""
    folder = tmp_path_factory.mktemp("small")
    forger = Forger().found()
    first = forger.accepted()
    forger.accepted("ben", "preference")
    forger.accepted("ben", verdicts="aarr")
    forger.cut()
    forger.close()
    forger.act("example:withdrawn", first, "ana", revision=first.revision, reason="error")
    kept = forger.accepted(verdicts="aaar")
    bundle = forger.bundle(make_template(folder / "template"), folder)
    assert verify_bundle(bundle).verdict == "VERIFIED"
    return bundle, kept.example


def content_of(path: Path) -> dict[str, bytes]:
    found = {}
    for item in sorted(path.rglob("*")):
        if item.is_file() and not item.is_symlink():
            found[item.relative_to(path).as_posix()] = item.read_bytes()
    return found


# --- mutations --------------------------------------------------------------------------------------------------------

Mutation = Callable[[random.Random, Folder], None]
MUTATIONS: list[Mutation] = []


def mutation(made: Mutation) -> Mutation:
    MUTATIONS.append(made)
    return made


def some_file(chance: random.Random, folder: Folder, suffix: str = "") -> str:
    files = [name for name in content_of(folder.path) if name.endswith(suffix)]
    # Few large files, many small ones: half the time, one that is read early.
    early = [name for name in files if name in (MANIFEST, "log/checkpoint", "trust/policy")]
    return chance.choice(early if early and chance.random() < 0.2 else files)


@mutation
def flip_bits(chance, folder):
    name = some_file(chance, folder)
    content = bytearray(folder.read(name))
    for _ in range(chance.choice([1, 1, 3, 30])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    folder.write(name, bytes(content))


@mutation
def cut_short(chance, folder):
    name = some_file(chance, folder)
    content = folder.read(name)
    folder.write(name, content[: chance.randrange(len(content))])


@mutation
def cut_out(chance, folder):
    name = some_file(chance, folder)
    content = folder.read(name)
    start = chance.randrange(len(content))
    folder.write(name, content[:start] + content[start + chance.randrange(1, 200) :])


@mutation
def insert_bytes(chance, folder):
    name = some_file(chance, folder)
    content = folder.read(name)
    start = chance.randrange(len(content))
    folder.write(name, content[:start] + chance.randbytes(chance.choice([1, 4, 300])) + content[start:])


@mutation
def empty_file(chance, folder):
    folder.write(some_file(chance, folder), b"")


@mutation
def random_bytes(chance, folder):
    folder.write(some_file(chance, folder), chance.randbytes(chance.choice([1, 100, 70_000])))


@mutation
def delete_file(chance, folder):
    (folder.path / some_file(chance, folder)).unlink()


@mutation
def delete_folder(chance, folder):
    shutil.rmtree(folder.path / chance.choice(["data", "log", "openings", "dataset", "trust", "log/tile/entries"]))


@mutation
def duplicate_file(chance, folder):
    folder.write(some_file(chance, folder) + chance.choice([".bak", "~", ".parquet", "\u202e"]), b"twice")


@mutation
def swap_files(chance, folder):
    one, other = some_file(chance, folder), some_file(chance, folder)
    contents = folder.read(one), folder.read(other)
    folder.write(one, contents[1])
    folder.write(other, contents[0])


@mutation
def rename_file(chance, folder):
    name = some_file(chance, folder)
    (folder.path / name).rename(folder.path / f"{name}x")


@mutation
def no_plain_file(chance, folder):
    name = folder.path / some_file(chance, folder)
    name.unlink()
    kind = chance.randrange(3)
    if kind == 0:
        name.mkdir()
    elif kind == 1:
        name.symlink_to(name)
    else:
        name.symlink_to("/dev/null")


@mutation
def odd_name(chance, folder):
    name = os.fsencode(folder.path) + chance.choice([b"/\xff\xfe", b"/data/a\nb", b"/data/[x]*", b"/" + b"n" * 200])
    with open(name, "wb") as file:  # noqa: PTH123  # a name that is no text
        file.write(b"odd")


@mutation
def number_in_manifest(chance, folder):
    text = folder.read(MANIFEST).decode()
    found = chance.choice(list(re.finditer(r"(?<=: )\d+(?=[,\n])", text)))
    folder.write(MANIFEST, (text[: found.start()] + chance.choice(HUGE) + text[found.end() :]).encode())


@mutation
def number_in_checkpoint(chance, folder):
    lines = folder.read("log/checkpoint").split(b"\n")
    lines[1] = chance.choice(HUGE).encode()
    folder.write("log/checkpoint", b"\n".join(lines))


@mutation
def sizes_that_agree(chance, folder):
    """Manifest and checkpoint tell the same lie; the signature does not."""
    size = chance.choice([0, 1, 12, 10**6, 2**53 - 1])
    lines = folder.read("log/checkpoint").split(b"\n")
    lines[1] = str(size).encode()
    folder.write("log/checkpoint", b"\n".join(lines))
    folder.change_manifest(lambda manifest: manifest["log"].update(size=size, rows_at=chance.choice([size, 5])))


@mutation
def value_in_manifest(chance, folder):
    odd: list[Any] = [None, [], {}, "", "\u0000", True, -1, 2**63, 1.5, "../../x", {"a": {}}, "x" * 100_000]

    def change(manifest):
        target = chance.choice([manifest, manifest["log"], manifest["rows"], manifest["writers"], manifest["files"]])
        target[chance.choice([*target, "more"])] = chance.choice(odd)

    folder.change_manifest(change)


@mutation
def path_in_manifest(chance, folder):
    entry = {"sha256": "0" * 64, "bytes": 3}
    odd = [
        "../outside",
        "/dev/zero",
        "",
        ".",
        "data/../../x",
        "a\\b",
        "C:/x",
        "\x00",
        "data/sft/",
        "x" * 5_000,
        "a/" * 2_000,
    ]
    folder.change_manifest(lambda manifest: manifest["files"].update({chance.choice(odd): entry}))


@mutation
def parquet_path_in_manifest(chance, folder):
    entry = {"sha256": "0" * 64, "bytes": 3}
    odd = ["data/x.parquet", "data/sft/a/b.parquet", "data//.parquet", "openings/x.parquet", "data/sft/train.parquet"]
    folder.change_manifest(lambda manifest: manifest["files"].update({chance.choice(odd): entry}))


@mutation
def deep_json(chance, folder):
    name = some_file(chance, folder, ".json")
    depth = chance.choice([50, 1_000, 200_000])
    folder.write(name, chance.choice([b"[" * depth, b'{"a":' * depth, b"[" * depth + b"]" * depth]))


@mutation
def odd_json(chance, folder):
    odd = [b"null", b"[]", b'"x"', b"{}", b'{"a":1,"a":2}', b"NaN", b'"\\ud800"', b"\xef\xbb\xbf{}", b"1" * 5_000]
    folder.write(some_file(chance, folder, ".json"), chance.choice(odd))


@mutation
def odd_parquet(chance, folder):
    """Another schema, no rows, nulls everywhere, a column too few or too many."""
    name = some_file(chance, folder, ".parquet")
    table = pq.read_table(folder.path / name, partitioning=None)
    kind = chance.randrange(6)
    if kind == 0:
        table = table.slice(0, 0)
    elif kind == 1:
        table = pa.Table.from_arrays([pa.nulls(len(table), field.type) for field in table.schema], schema=table.schema)
    elif kind == 2:
        table = table.drop_columns(chance.choice(table.column_names))
    elif kind == 3:
        table = table.append_column("text", pa.array(["x"] * len(table)))
    elif kind == 4:
        table = pa.table({name: pa.array([1.5] * len(table)) for name in table.column_names})
    else:
        table = pa.concat_tables([table] * chance.choice([2, 50]))
    pq.write_table(table, folder.path / name, compression=chance.choice(["zstd", "none", "snappy"]))


@mutation
def broken_text_in_parquet(chance, folder):
    name = some_file(chance, folder, ".parquet")
    table = pq.read_table(folder.path / name, partitioning=None)
    place = chance.choice([at for at, field in enumerate(table.schema) if pa.types.is_string(field.type)])
    values = [b"\xff\xfe" if chance.random() < 0.3 else b"ok" for _ in range(len(table))]
    _, offsets, data = pa.array(values, pa.binary()).buffers()
    broken = pa.Array.from_buffers(pa.string(), len(values), [None, offsets, data])
    pq.write_table(table.set_column(place, table.schema.field(place), broken), folder.path / name)


@mutation
def odd_values_in_openings(chance, folder):
    def change(rows):
        row = chance.choice(rows)
        name = chance.choice(["index", "commitment", "salt", "body"])
        odd: dict[str, list[Any]] = {
            "index": [None, -1, 2**62],
            "commitment": [None, "", "\U0010ffff", "0" * 64],
            "salt": [None, bytes(32)],
            "body": [None, b"", b"[" * 50_000, b"\xff"],
        }
        row[name] = chance.choice(odd[name])

    folder.change_rows("openings/*.parquet", change)


@mutation
def lines_of_text(chance, folder):
    """Lines dropped, doubled and shuffled in a note, a policy or a proof."""
    name = chance.choice(["log/checkpoint", "trust/policy", "README.md", "dataset/dataset.yaml", "CITATION.cff"])
    lines = folder.read(name).split(b"\n")
    chance.shuffle(lines)
    folder.write(name, b"\n".join(lines[: chance.randrange(len(lines))] * chance.choice([1, 2, 500])))


# --- what must come of it ---------------------------------------------------------------------------------------------


def look_over(bundle: Path, example: str) -> str:
    """Verify and trace, in time. Returns the verdict."""
    start = time.monotonic()
    report = verify_bundle(bundle)
    assert report.verdict in ("VERIFIED", "FAILED")
    assert (report.verdict == "FAILED") == bool(report.failures or report.rows["FAILED"])
    json.dumps(report.as_json()).encode()
    try:
        print_story(trace_example(bundle, example).story)
    except EvenhandError as error:
        told = str(error)
        told.encode()
    else:
        told = "a story"
    assert told
    assert time.monotonic() - start < SECONDS
    return report.verdict


@pytest.mark.parametrize("change", MUTATIONS, ids=lambda change: change.__name__)
def test_no_mutation_brings_verify_or_trace_down(change, small, tmp_path, capsys):
    bundle, example = small
    before = content_of(bundle)
    for number in range(ROUNDS):
        chance = random.Random(f"{change.__name__} {number}")
        folder = Folder(Path(shutil.copytree(bundle, tmp_path / str(number))))
        change(chance, folder)
        resealed = number % 3 == 2
        if resealed:
            try:
                folder.reseal()
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                resealed = False  # Too broken even for the attacker.
        if number % 6 == 0:
            called = call("verify", folder.path, "--json")
            assert called.code in (0, 1), called.err
            assert (called.code == 0) == (called.json()["verdict"] == "VERIFIED")
            assert call("trace", example, "--bundle", folder.path).code in (0, 1, 2)
        verdict = look_over(folder.path, example)
        if not resealed and content_of(folder.path) != before:
            assert verdict == "FAILED", (change.__name__, number)
        shutil.rmtree(folder.path)


def test_there_are_three_hundred_mutations_and_more():
    assert len(MUTATIONS) * ROUNDS >= 300


@pytest.fixture(scope="module")
def scratch(small, tmp_path_factory):
    """A copy in which one file at a time is replaced, and put back."""
    bundle, example = small
    return Folder(Path(shutil.copytree(bundle, tmp_path_factory.mktemp("scratch") / "bundle"))), example


def replaced(scratch, name: str, content: bytes) -> None:
    folder, example = scratch
    path = folder.path / name
    before = path.read_bytes() if path.exists() else None
    folder.write(name, content)
    try:
        verdict = look_over(folder.path, example)
        assert verdict == "FAILED" or content == before
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
ONE_BUNDLE = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@ONE_BUNDLE
@given(name=st.sampled_from(["log/checkpoint", "trust/policy", PROOF, MANIFEST]), content=st.binary(max_size=400))
def test_any_bytes_in_place_of_a_note_a_policy_a_proof_or_the_manifest_are_a_failure(name, content, scratch):
    replaced(scratch, name, content)


@ONE_BUNDLE
@given(value=JSON)
def test_any_json_in_place_of_the_manifest_is_a_failure(value, scratch):
    replaced(scratch, MANIFEST, json.dumps(value).encode())


@ONE_BUNDLE
@given(data=st.data(), value=JSON)
def test_any_json_anywhere_in_the_manifest_is_a_failure(data, value, scratch):
    manifest = scratch[0].manifest()
    target: Any = manifest
    while isinstance(target, dict) and target:
        key = data.draw(st.sampled_from(sorted(target)))
        if not isinstance(target[key], dict) or data.draw(st.booleans()):
            target[key] = value
            break
        target = target[key]
    replaced(scratch, MANIFEST, json.dumps(manifest).encode())


@ONE_BUNDLE
@given(content=st.binary(max_size=600), name=st.sampled_from(["openings", "data/sft", "data/reviews"]))
def test_any_bytes_in_place_of_a_table_are_a_failure(content, name, scratch):
    replaced(scratch, scratch[0].find(f"{name}/*.parquet"), content)


@ONE_BUNDLE
@given(example=st.text(max_size=40))
def test_an_id_of_no_example_is_not_found(example, small):
    with pytest.raises(EvenhandError):
        trace_example(small[0], example)


# --- bombs ------------------------------------------------------------------------------------------------------------

LIMITED = """
import json, resource, sys
from pathlib import Path
from curation.audit.verify import verify_bundle
from curation.audit.trace import trace_example
from curation.errors import EvenhandError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = verify_bundle(Path(sys.argv[1]))
try:
    trace_example(Path(sys.argv[1]), sys.argv[2])
except EvenhandError:
    pass
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
failures = [item.where for item in report.failures]
print(json.dumps({"verdict": report.verdict, "failures": failures, "kilobytes": after - before}))
"""


def nulls(schema: pa.Schema, rows: int) -> pa.Table:
    return pa.Table.from_arrays([pa.nulls(rows, field.type) for field in schema], schema=schema)


def many_nulls(folder: Folder, pattern: str) -> None:
    name = folder.find(pattern)
    pq.write_table(nulls(pq.read_schema(folder.path / name), 2_000_000), folder.path / name, compression="zstd")


def long_texts(folder: Folder, pattern: str) -> None:
    """One long text, repeated: a dictionary holds it once, reading it unpacks it each time."""
    name = folder.find(pattern)
    schema = pq.read_schema(folder.path / name)
    rows = 100
    long = "x" * 4_000_000
    arrays = []
    for field in schema:
        if pa.types.is_string(field.type):
            arrays.append(pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([long])))
        else:
            arrays.append(pa.nulls(rows, field.type))
    table = pa.Table.from_arrays(arrays, names=schema.names)
    pq.write_table(table, folder.path / name, compression="zstd", store_schema=False, dictionary_pagesize_limit=10**8)


def long_nested_texts(folder: Folder, pattern: str) -> None:
    """The same in the messages of a conversation, which cannot be read as a dictionary."""
    name = folder.find(pattern)
    schema = pq.read_schema(folder.path / name)
    rows = 100
    message = {"role": "user", "content": "x" * 4_000_000}
    arrays = [
        pa.array([[message]] * rows, field.type) if field.name == "messages" else pa.nulls(rows, field.type)
        for field in schema
    ]
    table = pa.Table.from_arrays(arrays, names=schema.names)
    pq.write_table(table, folder.path / name, compression="zstd", dictionary_pagesize_limit=10**8)


def apart(bundle: Path, example: str) -> Any:
    """Verify and trace in a program of its own, which may hang or want too much."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))

    result = subprocess.run(
        [sys.executable, "-c", LIMITED, bundle, example],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=limit,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    "pattern",
    [
        MANIFEST,
        "log/checkpoint",
        "log/tile/entries/*/*",
        "trust/policy",
        "README.md",
        "data/sft/*",
        "openings/*",
        PROOF,
    ],
)
def test_a_pipe_in_place_of_a_file_is_named_and_never_waited_for(pattern, small, tmp_path):
    bundle, example = small
    folder = Folder(Path(shutil.copytree(bundle, tmp_path / "bundle")))
    name = PROOF if pattern == PROOF else folder.find(pattern)
    (folder.path / name).unlink(missing_ok=True)
    os.mkfifo(folder.path / name)
    found = apart(folder.path, example)
    assert found["verdict"] == "FAILED"
    assert [where for where in found["failures"] if where == name], found["failures"]


@pytest.mark.parametrize(
    ("bomb", "pattern"),
    [
        (many_nulls, "data/sft/train-*.parquet"),
        (many_nulls, "openings/*.parquet"),
        (long_texts, "data/sources/*.parquet"),
        (long_nested_texts, "data/sft/train-*.parquet"),
    ],
)
@pytest.mark.parametrize("resealed", [False, True])
def test_a_small_file_that_unpacks_to_gigabytes_is_refused(bomb, pattern, resealed, small, tmp_path):
    bundle, example = small
    folder = Folder(Path(shutil.copytree(bundle, tmp_path / "bundle")))
    bomb(folder, pattern)
    assert (folder.path / folder.find(pattern)).stat().st_size < 2_000_000
    if resealed:
        folder.reseal()

    found = apart(folder.path, example)

    assert found["verdict"] == "FAILED"
    assert any(re.fullmatch(pattern.replace("*", ".*"), where) for where in found["failures"]), found["failures"]
    assert found["kilobytes"] < 500_000


def test_a_log_of_many_small_entry_files_costs_no_more_than_its_bytes(small, tmp_path):
    """Files that no tile of this size has are named, not read."""
    bundle, example = small
    folder = Folder(Path(shutil.copytree(bundle, tmp_path / "bundle")))
    for number in range(300):
        folder.write(f"log/tile/entries/x001/{number:03d}", b"\x00\x01a" * 256)
    assert look_over(folder.path, example) == "FAILED"
