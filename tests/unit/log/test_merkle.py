"""Merkle trees against published vectors, a naive recursion, and every way to get a proof wrong."""

import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import InvalidInput, LogInconsistent
from curation.log import merkle

MAX = 600

# The tree of the Certificate Transparency reference implementation, which RFC 6962's own authors test with.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}

LEAVES = [merkle.leaf_hash(str(index).encode()) for index in range(MAX)]
TREE = merkle.MemoryHashes(LEAVES)


@cache
def naive_root(start: int, end: int) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if end - start == 0:
        return merkle.EMPTY_ROOT
    if end - start == 1:
        return LEAVES[start]
    k = 1
    while k * 2 < end - start:
        k *= 2
    return merkle.node_hash(naive_root(start, start + k), naive_root(start + k, end))


def naive_path(index: int, start: int, end: int) -> list[bytes]:
    """RFC 6962 §2.1.1, word for word."""
    if end - start == 1:
        return []
    k = 1
    while k * 2 < end - start:
        k *= 2
    if index < k:
        return [*naive_path(index, start, start + k), naive_root(start + k, end)]
    return [*naive_path(index - k, start + k, end), naive_root(start, start + k)]


def naive_subproof(old: int, start: int, end: int, complete: bool) -> list[bytes]:
    """RFC 6962 §2.1.2, word for word."""
    if old == end - start:
        return [] if complete else [naive_root(start, end)]
    k = 1
    while k * 2 < end - start:
        k *= 2
    if old <= k:
        return [*naive_subproof(old, start, start + k, complete), naive_root(start + k, end)]
    return [*naive_subproof(old - k, start + k, end, complete=False), naive_root(start, start + k)]


@pytest.mark.parametrize("size", range(9))
def test_roots_match_the_published_vectors(size):
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in INPUTS[:size]]
    assert merkle.root_hash(leaves).hex() == ROOTS[size]
    assert merkle.tree_root(size, merkle.MemoryHashes(leaves)).hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "expected"), INCLUSION.items())
def test_inclusion_proofs_match_the_published_vectors(place, expected):
    index, size = place
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in INPUTS]
    proof = merkle.inclusion_proof(index, size, merkle.MemoryHashes(leaves))
    assert [value.hex() for value in proof] == expected
    merkle.verify_inclusion(leaves[index], index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("sizes", "expected"), CONSISTENCY.items())
def test_consistency_proofs_match_the_published_vectors(sizes, expected):
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in INPUTS]
    old, new = sizes
    proof = merkle.consistency_proof(old, new, merkle.MemoryHashes(leaves))
    assert [value.hex() for value in proof] == expected
    merkle.verify_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), proof)


def test_roots_equal_the_naive_recursion_at_every_size():
    edge = merkle.CompactRange()
    for size in range(MAX + 1):
        expected = naive_root(0, size)
        assert edge.root() == expected
        assert merkle.tree_root(size, TREE) == expected
        assert merkle.CompactRange.of(size, TREE).root() == expected
        if size < MAX:
            edge.append(LEAVES[size])
    assert merkle.root_hash(iter(LEAVES)) == naive_root(0, MAX)


def test_every_inclusion_proof_verifies_at_every_size():
    for size in range(1, MAX + 1):
        root = naive_root(0, size)
        step = 1 if size <= 260 or size in {511, 512, 513, MAX} else 13
        for index in {*range(0, size, step), size - 1}:
            proof = merkle.inclusion_proof(index, size, TREE)
            assert proof == naive_path(index, 0, size)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, root)


def test_every_consistency_proof_verifies_between_sizes():
    for new in range(MAX + 1):
        step = 1 if new <= 260 or new in {511, 512, 513, MAX} else 13
        for old in {*range(0, new + 1, step), new}:
            proof = merkle.consistency_proof(old, new, TREE)
            assert proof == (naive_subproof(old, 0, new, complete=True) if old else [])
            merkle.verify_consistency(old, new, naive_root(0, old), naive_root(0, new), proof)


def flip(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def refuses_inclusion(*arguments):
    with pytest.raises(LogInconsistent):
        merkle.verify_inclusion(*arguments)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 9, 31, 64, 65, 100, 257, 600])
def test_a_changed_inclusion_proof_never_verifies(size):
    chance = random.Random(size)
    for index in {0, size - 1, size // 2, chance.randrange(size)}:
        leaf, root = LEAVES[index], naive_root(0, size)
        proof = merkle.inclusion_proof(index, size, TREE)
        for at in range(len(proof)):
            for bit in chance.sample(range(256), 8):
                refuses_inclusion(leaf, index, size, [*proof[:at], flip(proof[at], bit), *proof[at + 1 :]], root)
            refuses_inclusion(leaf, index, size, [*proof[:at], *proof[at + 1 :]], root)
            refuses_inclusion(leaf, index, size, [*proof[:at], proof[at], *proof[at:]], root)
            refuses_inclusion(leaf, index, size, [*proof[:at], proof[at][:-1], *proof[at + 1 :]], root)
        for bit in range(256):
            refuses_inclusion(flip(leaf, bit), index, size, proof, root)
            refuses_inclusion(leaf, index, size, proof, flip(root, bit))
        refuses_inclusion(leaf, index, size, [*proof, root], root)
        refuses_inclusion(leaf, index, size, [leaf, *proof], root)
        for other in {*range(min(size, 70)), size, size + 1, -1} - {index}:
            refuses_inclusion(leaf, other, size, proof, root)
        refuses_inclusion(leaf, index, 0, proof, root)


@pytest.mark.parametrize(
    ("old", "new"), [(1, 2), (1, 8), (2, 5), (6, 8), (7, 8), (4, 8), (63, 64), (256, 600), (333, 599)]
)
def test_a_changed_consistency_proof_never_verifies(old, new):
    chance = random.Random(old)
    old_root, new_root = naive_root(0, old), naive_root(0, new)
    proof = merkle.consistency_proof(old, new, TREE)

    def refuses(*arguments):
        with pytest.raises(LogInconsistent):
            merkle.verify_consistency(*arguments)

    for at in range(len(proof)):
        for bit in chance.sample(range(256), 8):
            refuses(old, new, old_root, new_root, [*proof[:at], flip(proof[at], bit), *proof[at + 1 :]])
        refuses(old, new, old_root, new_root, [*proof[:at], *proof[at + 1 :]])
        refuses(old, new, old_root, new_root, [*proof[:at], b"", *proof[at + 1 :]])
    for bit in range(256):
        refuses(old, new, flip(old_root, bit), new_root, proof)
        refuses(old, new, old_root, flip(new_root, bit), proof)
    refuses(old, new, old_root, new_root, [*proof, new_root])
    refuses(old, new, old_root, new_root, [])
    for other in {*range(min(new, 40))} - {old}:
        refuses(other, new, old_root, new_root, proof)
    refuses(new, old, new_root, old_root, proof)
    refuses(-1, new, old_root, new_root, proof)


def test_sizes_zero_and_equal_sizes_rest_on_the_roots_alone():
    empty, one = merkle.EMPTY_ROOT, naive_root(0, 1)
    merkle.verify_consistency(0, 0, empty, empty, [])
    merkle.verify_consistency(0, 1, empty, one, [])
    merkle.verify_consistency(5, 5, naive_root(0, 5), naive_root(0, 5), [])
    for arguments in [
        (0, 1, one, one, []),
        (0, 0, empty, one, []),
        (0, 0, one, empty, []),
        (0, 1, empty, one, [one]),
        (5, 5, naive_root(0, 5), naive_root(0, 6), []),
        (5, 5, naive_root(0, 5), naive_root(0, 5), [one]),
    ]:
        with pytest.raises(LogInconsistent):
            merkle.verify_consistency(*arguments)


def test_builders_refuse_what_no_tree_has():
    for call in [
        lambda: merkle.inclusion_proof(5, 5, TREE),
        lambda: merkle.inclusion_proof(-1, 5, TREE),
        lambda: merkle.consistency_proof(6, 5, TREE),
        lambda: merkle.consistency_proof(-1, 5, TREE),
        lambda: merkle.inclusion_proof(0, MAX + 1, TREE),
        lambda: TREE.subtree(1, MAX // 2),
        lambda: TREE.subtree(-1, 0),
        lambda: TREE.subtree(60, 0),
    ]:
        with pytest.raises(InvalidInput):
            call()


@given(st.lists(st.integers(0, 5), max_size=40))
def test_subtrees_can_be_appended_whole(levels):
    whole, single = merkle.CompactRange(), merkle.CompactRange()
    for level in levels:
        count = 1 << level
        if whole.size % count:
            with pytest.raises(InvalidInput):
                whole.append_subtree(level, LEAVES[0])
            continue
        if whole.size + count > MAX:
            break
        whole.append_subtree(level, TREE.subtree(level, whole.size >> level))
        for leaf in LEAVES[single.size : whole.size]:
            single.append(leaf)
    assert whole.root() == single.root() == naive_root(0, whole.size)


@given(
    st.binary(max_size=33),
    st.integers(-2, 2**64),
    st.integers(-2, 2**64),
    st.lists(st.binary(max_size=33), max_size=70),
)
def test_arbitrary_proofs_raise_nothing_but_our_error(value, index, size, proof):
    with pytest.raises(LogInconsistent):
        merkle.verify_inclusion(value, index, size, proof, b"\x01" * 32)
    with pytest.raises(LogInconsistent):
        merkle.verify_consistency(index, size, value, b"\x01" * 32, proof)


def test_leaves_and_nodes_are_hashed_apart():
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
