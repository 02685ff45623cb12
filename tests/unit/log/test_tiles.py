"""Tiles: paths as tlog-tiles writes them, growth that equals building at once, and an audit that misses nothing."""

import contextlib
import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import InvalidInput, LogInconsistent, NotFound
from curation.log import merkle, tiles
from curation.log.tiles import ENTRIES, Tile


@cache
def entries(size: int) -> tuple[bytes, ...]:
    return tuple(b"entry %d" % index for index in range(size))


@cache
def stored_log(size: int) -> dict[str, bytes]:
    empty: dict[str, bytes] = {}
    return dict(tiles.build_log(0, entries(size), empty.__getitem__))


def current(store: dict[str, bytes], size: int) -> dict[str, bytes]:
    """The files that a log of that size needs, without the partial tiles of earlier sizes."""
    return {path: store[path] for path in tiles.expected_paths(size)}


PATHS = [
    # tlog-tiles, "Merkle Tree": index 1234067 is encoded as x001/x234/067.
    (Tile(0, 1234067), "tile/0/x001/x234/067"),
    (Tile(0, 0), "tile/0/000"),
    (Tile(0, 0, 1), "tile/0/000.p/1"),
    (Tile(3, 999, 255), "tile/3/999.p/255"),
    (Tile(63, 1000), "tile/63/x001/000"),
    (Tile(ENTRIES, 1234067, 9), "tile/entries/x001/x234/067.p/9"),
    (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
    (Tile(1, 123456789), "tile/1/x123/x456/789"),
    (Tile(0, 2**63 - 1), "tile/0/x009/x223/x372/x036/x854/x775/807"),
]


@pytest.mark.parametrize(("tile", "path"), PATHS)
def test_paths_are_written_and_read_as_the_specification_has_them(tile, path):
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_every_path_reads_back(level, index, width):
    tile = Tile(level, index, width)
    assert tiles.parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/99/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/entries",
        "tile/8/0/000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/0/x009/x223/x372/x036/x854/x775/808",
        "tile/0/x001/x009/x223/x372/x036/x854/x775/807",
    ],
)
def test_any_other_path_is_refused(path):
    with pytest.raises(InvalidInput):
        tiles.parse_path(path)


@given(st.text(max_size=40) | st.text("tile/entrisx0129.p", max_size=30))
def test_arbitrary_paths_parse_strictly_or_raise_our_error(path):
    try:
        tile = tiles.parse_path(path)
    except InvalidInput:
        return
    assert tile.path == path


def test_a_log_of_70_000_has_the_tiles_that_the_specification_names():
    paths = tiles.expected_paths(70_000)
    full = [path for path in paths if path.startswith("tile/0/") and ".p" not in path]
    assert len(full) == 273
    assert [path for path in paths if not path.startswith("tile/entries/") and path not in full] == [
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert [path.replace("/0/", "/entries/") for path in paths if path.startswith("tile/0/")] == paths[:274]
    assert tiles.expected_paths(256) == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert tiles.expected_paths(0) == []


def test_growth_writes_only_what_changes():
    def written(old: int, new: int) -> list[str]:
        return [tile.path for tile in tiles.tiles_for_size(old, new)]

    assert written(5, 5) == []
    assert written(0, 1) == ["tile/entries/000.p/1", "tile/0/000.p/1"]
    assert written(255, 256) == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert written(256, 257) == ["tile/entries/001.p/1", "tile/0/001.p/1"]
    assert written(65535, 65536) == ["tile/entries/255", "tile/0/255", "tile/1/000", "tile/2/000.p/1"]
    for old, new in [(3, 2), (-1, 2), (0, 2**63)]:
        with pytest.raises(InvalidInput):
            tiles.tiles_for_size(old, new)


@pytest.mark.parametrize("size", [*range(1, 30), 255, 256, 257, 511, 512, 513, 600, 70_000])
def test_what_is_built_is_what_is_expected(size):
    store = stored_log(size)
    assert sorted(store) == sorted(tiles.expected_paths(size))
    assert next(iter(store)).startswith("tile/entries/")
    assert list(tiles.iter_entries(size, store.__getitem__)) == list(enumerate(entries(size)))


def test_tiles_hold_the_hashes_that_the_specification_defines():
    size, store = 70_000, stored_log(70_000)
    leaves = [merkle.leaf_hash(entry) for entry in entries(size)]
    assert store["tile/0/272"] == b"".join(leaves[272 * 256 : 273 * 256])
    assert store["tile/1/001.p/17"][:32] == merkle.root_hash(leaves[256 * 256 : 257 * 256])
    assert store["tile/2/000.p/1"] == merkle.root_hash(leaves[:65536])


@given(st.lists(st.integers(0, 300), max_size=6))
def test_growing_in_steps_equals_building_at_once(steps):
    size, store = 0, dict[str, bytes]()
    for step in steps:
        grown = dict(tiles.build_log(size, entries(2000)[size : size + step], store.__getitem__))
        assert list(grown) == [tile.path for tile in _in_writing_order(size, size + step)]
        store |= grown
        size += step
    assert current(store, size) == stored_log(size)


def _in_writing_order(old: int, new: int) -> list[Tile]:
    paths = {tile.path: tile for tile in tiles.tiles_for_size(old, new)}
    bundles = [tile for tile in paths.values() if tile.level == ENTRIES]
    full = [tile for tile in paths.values() if tile.level != ENTRIES and tile.width == 256]
    partial = [tile for tile in paths.values() if tile.level != ENTRIES and tile.width != 256]
    # A full tile comes before the one it completes a level above, so that a reader never meets a parent alone.
    full.sort(key=lambda tile: ((tile.index + 1) << 8 * tile.level, tile.level))
    return [*bundles, *full, *partial]


def test_growing_across_two_levels_equals_building_at_once():
    store = dict(stored_log(65_530))
    store |= dict(tiles.build_log(65_530, entries(70_000)[65_530:65_537], store.__getitem__))
    store |= dict(tiles.build_log(65_537, entries(70_000)[65_537:], store.__getitem__))
    assert current(store, 70_000) == stored_log(70_000)


def test_tiles_can_be_built_from_hashes_alone_over_any_reader():
    leaves = [merkle.leaf_hash(entry) for entry in entries(600)]
    built = dict(tiles.build_tiles(300, leaves[300:], merkle.MemoryHashes(leaves[:300])))
    assert built.items() <= stored_log(600).items()
    assert built == {path: value for path, value in stored_log(600).items() if path in built}
    with pytest.raises(InvalidInput, match="31 bytes"):
        list(tiles.build_tiles(0, [leaves[0][:31]], merkle.MemoryHashes()))


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600, 70_000])
def test_proofs_over_tiles_verify(size):
    reader = tiles.TileHashes(size, stored_log(size).__getitem__, cached_tiles=3)
    root = merkle.tree_root(size, reader)
    assert root == merkle.root_hash(map(merkle.leaf_hash, entries(size)))
    chance = random.Random(size)
    for index in {0, size - 1, size // 2, *(chance.randrange(size) for _ in range(20))}:
        proof = merkle.inclusion_proof(index, size, reader)
        merkle.verify_inclusion(merkle.leaf_hash(entries(size)[index]), index, size, proof, root)
    for old in {0, 1, size, *(chance.randrange(size + 1) for _ in range(10))}:
        old_root = merkle.root_hash(map(merkle.leaf_hash, entries(old)))
        merkle.verify_consistency(old, size, old_root, root, merkle.consistency_proof(old, size, reader))


def test_every_subtree_over_tiles_equals_the_one_in_memory():
    size = 600
    in_memory = merkle.MemoryHashes(merkle.leaf_hash(entry) for entry in entries(size))
    over_tiles = tiles.TileHashes(size, stored_log(size).__getitem__)
    for level in range(10):
        for index in range(size >> level):
            assert over_tiles.subtree(level, index) == in_memory.subtree(level, index)
    for level, index in [(0, 600), (9, 1), (10, 0), (-1, 0), (0, -1)]:
        with pytest.raises(InvalidInput):
            over_tiles.subtree(level, index)


def test_the_cache_of_tiles_is_bounded_and_saves_reads():
    store, reads = stored_log(70_000), list[str]()

    def read(path: str) -> bytes:
        reads.append(path)
        return store[path]

    reader = tiles.TileHashes(70_000, read, cached_tiles=2)
    for index in (0, 1, 2, 300, 0, 301):
        reader.subtree(0, index)
    assert reads == ["tile/0/000", "tile/0/001"]
    reader.subtree(0, 600)
    reader.subtree(0, 301)
    reader.subtree(0, 0)
    assert reads == ["tile/0/000", "tile/0/001", "tile/0/002", "tile/0/000"]


def test_a_deleted_partial_tile_is_read_from_the_full_one():
    # tlog-tiles, "Partial Tiles": the log may delete it then, and a client may fetch the full tile instead.
    store = dict(stored_log(600))
    store["tile/1/000.p/1"] = store["tile/1/000.p/2"][:32]  # no full tile replaces this one, so a log keeps it
    reader = tiles.TileHashes(300, store.__getitem__)
    assert merkle.tree_root(300, reader) == merkle.root_hash(map(merkle.leaf_hash, entries(300)))
    assert list(tiles.iter_entries(300, store.__getitem__)) == list(enumerate(entries(300)))
    assert list(tiles.audit_tiles(300, store.__getitem__)) == []


def test_the_newest_tiles_prove_every_earlier_size():
    reader = tiles.TileHashes(600, current(stored_log(600), 600).__getitem__)
    for old in range(601):
        assert merkle.tree_root(old, reader) == merkle.root_hash(map(merkle.leaf_hash, entries(old)))


@pytest.mark.parametrize("error", [FileNotFoundError("x"), KeyError("x"), NotFound("x"), PermissionError("x")])
def test_a_missing_file_is_named(error):
    def read(path: str) -> bytes:
        raise error

    name = type(error).__name__
    with pytest.raises(LogInconsistent) as caught:
        tiles.TileHashes(300, read).subtree(0, 299)
    assert str(caught.value) == f"tile/0/001.p/44: is missing or unreadable ({name})."
    with pytest.raises(LogInconsistent) as caught:
        list(tiles.iter_entries(300, read, 299))
    assert str(caught.value) == f"tile/entries/001.p/44: is missing or unreadable ({name})."


@given(st.integers(0, 600))
def test_entries_stream_from_any_start(start):
    assert list(tiles.iter_entries(600, stored_log(600).__getitem__, start)) == list(enumerate(entries(600)))[start:]


def test_entries_do_not_start_beyond_the_log():
    for start in (-1, 601):
        with pytest.raises(InvalidInput):
            list(tiles.iter_entries(600, stored_log(600).__getitem__, start))


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=256))
def test_bundles_read_back(bundle):
    data = tiles.encode_entries(bundle)
    assert tiles.decode_entries(data, "x") == tiles.decode_entries(data, "x", len(bundle)) == bundle
    for cut in range(1, min(len(data), 30)):
        with pytest.raises(LogInconsistent):
            tiles.decode_entries(data[:-cut], "x", len(bundle))


def test_bundles_are_big_endian_and_hold_the_longest_entry():
    assert tiles.encode_entries([b"ab", b"", b"c" * 258]) == b"\0\2ab\0\0\1\2" + b"c" * 258
    longest = [b"x" * 65535, b"y"]
    assert tiles.decode_entries(tiles.encode_entries(longest), "x") == longest
    for bad in ([], [b"x" * 65536], [b""] * 257):
        with pytest.raises(InvalidInput):
            tiles.encode_entries(bad)


@pytest.mark.parametrize(
    ("data", "width", "message"),
    [
        (b"", None, "0 entries where 1 to 256 belong."),
        (b"\0", None, "the bundle is cut off inside entry 0."),
        (b"\0\1a\0", None, "the bundle is cut off inside entry 1."),
        (b"\0\1a\0\2b", 2, "the bundle is cut off inside entry 1."),
        (b"\0\1a", 2, "1 entries where 2 belong."),
        (b"\0\1a\0\1b", 1, "2 entries where 1 belong."),
        (bytes(2 * 257), None, "257 entries where 1 to 256 belong."),
        (bytes(3 * 10**6), 256, "257 entries where 256 belong."),
    ],
)
def test_a_damaged_bundle_is_named(data, width, message):
    with pytest.raises(LogInconsistent) as caught:
        tiles.decode_entries(data, "log/tile/entries/007", width)
    assert str(caught.value) == f"log/tile/entries/007: {message}"


def test_a_tile_of_another_length_is_named():
    assert tiles.tile_hashes(bytes(64), "x") == [bytes(32)] * 2
    for data, width in [(b"", None), (bytes(33), None), (bytes(32), 2), (bytes(257 * 32), None)]:
        with pytest.raises(LogInconsistent, match=r"^tile/0/000: "):
            tiles.tile_hashes(data, "tile/0/000", width)


@given(st.binary(max_size=300), st.none() | st.integers(1, 256))
def test_arbitrary_files_raise_nothing_but_our_errors(data, width):
    for decode in (tiles.decode_entries, tiles.tile_hashes):
        with contextlib.suppress(LogInconsistent):
            assert 1 <= len(decode(data, "x", width)) <= 256


@pytest.mark.parametrize("size", [0, 1, 2, 20, 255, 256, 257, 513, 600, 70_000])
def test_an_intact_log_has_no_problems_and_its_root(size):
    seen = list[bytes]()
    starts = list[int]()

    def on_bundle(first: int, bundle: list[bytes]) -> None:
        starts.append(first)
        seen.extend(bundle)

    audit = tiles.audit_tiles(size, stored_log(size).__getitem__, on_bundle)
    assert audit.root is None
    assert list(audit) == []
    assert audit.root == merkle.root_hash(map(merkle.leaf_hash, entries(size)))
    assert tuple(seen) == entries(size)
    assert starts == list(range(0, size, 256))
    assert list(audit) == []


@pytest.mark.parametrize(("size", "step"), [(1, 1), (3, 1), (20, 1), (257, 11), (513, 41)])
def test_the_audit_finds_every_flipped_byte(size, step):
    store, root = stored_log(size), merkle.root_hash(map(merkle.leaf_hash, entries(size)))
    for path, data in store.items():
        for at in range(0, len(data), step):
            changed = bytearray(data)
            changed[at] ^= 1 << at % 8
            audit = tiles.audit_tiles(size, {**store, path: bytes(changed)}.__getitem__)
            problems = list(audit)
            if path.startswith("tile/entries/"):
                assert problems
                assert audit.root != root
                # The bundle itself where it no longer parses, else the hash beside it that no longer fits.
                assert problems[0].path in {path, path.replace("entries", "0")}
            else:
                assert [(problem.path, problem.index) for problem in problems] == [(path, at // 32)]
                assert audit.root == root


@pytest.mark.parametrize("path", ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "tile/0/100", "tile/0/273.p/112"])
def test_the_audit_finds_flipped_bytes_at_every_level(path):
    data = bytearray(stored_log(70_000)[path])
    data[-1] ^= 0x80
    audit = tiles.audit_tiles(70_000, {**stored_log(70_000), path: bytes(data)}.__getitem__)
    assert [(problem.path, problem.index) for problem in audit] == [(path, len(data) // 32 - 1)]


def test_a_problem_tells_which_leaves_it_is_about():
    store = dict(stored_log(70_000))
    wrong = bytearray(store["tile/1/001.p/17"])
    wrong[32] ^= 1
    store["tile/1/001.p/17"] = bytes(wrong)
    (problem,) = tiles.audit_tiles(70_000, store.__getitem__)
    found = merkle.root_hash(map(merkle.leaf_hash, entries(70_000)[257 * 256 : 258 * 256])).hex()
    assert str(problem) == (
        f"tile/1/001.p/17: hash 1 is wrong: the subtree of leaves 65792 to 66047 hashes to {found}, "
        f"the tile says {wrong[32:64].hex()}."
    )


@pytest.mark.parametrize("path", stored_log(600))
@pytest.mark.parametrize("kept", [0, 1, 33, -1])
def test_the_audit_reports_missing_and_cut_files_and_goes_on(path, kept):
    whole = stored_log(600)
    store = dict(whole)
    if kept == 0:
        del store[path]
    else:
        store[path] = whole[path][:kept]
    audit = tiles.audit_tiles(600, store.__getitem__)
    problems = list(audit)
    assert [problem.path for problem in problems] == [path]
    assert problems[0].index is None
    assert (audit.root is None) == path.startswith("tile/entries/")


def test_where_a_bundle_and_its_tile_are_both_gone_the_rest_is_still_audited():
    store = dict(stored_log(70_000))
    wrong = bytearray(store["tile/0/200"])
    wrong[5] ^= 1
    store["tile/0/200"] = bytes(wrong)
    for path in ("tile/entries/007", "tile/0/007"):
        del store[path]
    audit = tiles.audit_tiles(70_000, store.__getitem__)
    found = [(problem.path, problem.index) for problem in audit]
    assert found == [("tile/entries/007", None), ("tile/0/007", None), ("tile/0/200", 0)]
    assert audit.root is None


def test_a_longer_tile_is_a_problem_too():
    store = dict(stored_log(20))
    store["tile/0/000.p/20"] += bytes(32)
    assert [problem.path for problem in tiles.audit_tiles(20, store.__getitem__)] == ["tile/0/000.p/20"]


@given(st.integers(1, 600), st.data())
def test_a_log_of_garbage_raises_nothing(size, data):
    def read(path: str) -> bytes:
        return data.draw(st.binary(max_size=80))

    assert list(tiles.audit_tiles(size, read))
    with contextlib.suppress(LogInconsistent):
        assert len(list(tiles.iter_entries(size, read))) == size
    with contextlib.suppress(LogInconsistent):
        assert len(tiles.TileHashes(size, read).subtree(0, 0)) == 32
