"""What an attacker does to a bundle, at three strengths: files only; the manifest made to fit; its proof gone too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.log.merkle import leaf_hash, root_hash
from curation.log.notes import Checkpoint, SigningKey, sign_checkpoint
from curation.log.tiles import build_log, expected_paths, iter_entries
from curation.log.trust import TrustedLog, TrustPolicy

MANIFEST, PROOF, SIGNED = "manifest.json", "release.tlog-proof", "attest/release.dsse.json"
FILES_ONLY, RESEALED, WITHOUT_PROOF = "files only", "manifest made to fit", "manifest made to fit, proof gone"
STRENGTHS = (FILES_ONLY, RESEALED, WITHOUT_PROOF)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Folder:
    """A copy of a bundle in an attacker's hands."""

    path: Path

    # --- reading --------------------------------------------------------------------------------------------------

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def manifest(self) -> dict[str, Any]:
        return dict(json.loads(self.read(MANIFEST)))

    def find(self, pattern: str) -> str:
        """The one file that a pattern matches."""
        (found,) = self.path.glob(pattern)
        return found.relative_to(self.path).as_posix()

    def rows(self, pattern: str) -> list[dict[str, Any]]:
        return list(pq.read_table(self.path / self.find(pattern), partitioning=None).to_pylist())

    def leaves(self) -> list[bytes]:
        size = self.manifest()["log"]["size"]
        return [leaf for _, leaf in iter_entries(size, lambda name: self.read(f"log/{name}"))]

    # --- changing -------------------------------------------------------------------------------------------------

    def write(self, name: str, content: bytes) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_bytes(content)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace the first occurrence of a text, which must be there."""
        content = self.read(name).decode()
        assert old in content, f"{name} lacks {old!r}"
        self.write(name, content.replace(old, new, 1).encode())

    def flip(self, name: str, at: int, bit: int = 1) -> None:
        content = bytearray(self.read(name))
        content[at] ^= bit
        self.write(name, bytes(content))

    def change_rows(self, pattern: str, change: Callable[[list[dict[str, Any]]], Any]) -> None:
        """Let a function change a Parquet file's rows in place, and write them with the same schema."""
        name = self.find(pattern)
        schema = pq.read_schema(self.path / name)
        rows = self.rows(pattern)
        change(rows)
        table = pa.Table.from_pylist(rows, schema=schema)
        pq.write_table(table, self.path / name, compression="zstd", version="2.6")

    def change_manifest(self, change: Callable[[dict[str, Any]], Any]) -> None:
        manifest = self.manifest()
        change(manifest)
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        self.write(MANIFEST, text.encode())

    def reseal(self) -> None:
        """Make names, README and manifest fit the files as they are now."""
        before = self.manifest()["files"]
        self._rename_tables()
        self._describe_tables()
        files: dict[str, Any] = {}
        counts: dict[str, dict[str, int]] = {}
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if not path.is_file() or name in (PROOF, MANIFEST, SIGNED):
                continue
            content = path.read_bytes()
            files[name] = {"sha256": sha256(content), "bytes": len(content)}
            if name.endswith(".parquet"):
                files[name]["rows"] = _number_of_rows(path, before.get(name, {}).get("rows", 0))
                if name.startswith("data/") and name.count("/") == 2:
                    _, config, file = name.split("/")
                    counts.setdefault(config, {})[file.rsplit("-", 1)[0]] = files[name]["rows"]
        self.change_manifest(lambda manifest: manifest.update(files=files, rows=counts))

    def _rename_tables(self) -> None:
        for path in sorted(self.path.rglob("*.parquet")):
            if path.is_symlink() or not path.is_file():
                continue
            stem = path.name.rsplit("-", 1)[0]
            name = f"{stem}-{sha256(path.read_bytes())[:8]}.parquet"
            if name != path.name:
                folder = path.parent.relative_to(self.path).as_posix()
                for text in ("README.md", "croissant.json"):
                    content = self.read(text).decode()
                    self.write(text, content.replace(f"{folder}/{path.name}", f"{folder}/{name}").encode())
                path.rename(path.with_name(name))

    def _describe_tables(self) -> None:
        """Make Croissant's digests fit, too."""
        if not (self.path / "croissant.json").is_file():
            return
        try:
            described = json.loads(self.read("croissant.json"))
            for item in described["distribution"]:
                content = self.read(item["contentUrl"])
                item |= {"sha256": sha256(content), "contentSize": f"{len(content)} B"}
        except (ValueError, KeyError, OSError):
            return  # whoever changed it wanted it so
        self.write("croissant.json", (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode())

    def strike(self, strength: str) -> None:
        """Cover up, as far as this attacker goes."""
        if strength != FILES_ONLY:
            self.reseal()
        if strength == WITHOUT_PROOF:
            (self.path / PROOF).unlink(missing_ok=True)
            (self.path / SIGNED).unlink(missing_ok=True)

    # --- the log --------------------------------------------------------------------------------------------------

    def plant_log(self, leaves: list[bytes], key: SigningKey, *, policy: TrustPolicy | None = None) -> None:
        """Put another log in place of the bundle's, signed with this key, and a policy that trusts it."""
        for path in sorted((self.path / "log").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        written = dict(build_log(0, leaves, self.read))
        for name in expected_paths(len(leaves)):
            self.write(f"log/{name}", written[name])
        checkpoint = Checkpoint(key.name, len(leaves), root_of(leaves))
        self.write("log/checkpoint", sign_checkpoint(checkpoint, key))
        self.write("trust/policy", (policy or TrustPolicy(logs=(TrustedLog(key.verifier()),))).render())
        self.change_manifest(
            lambda manifest: manifest["log"].update(
                origin=key.name, size=len(leaves), root=checkpoint.root.hex(), rows_at=len(leaves)
            )
        )

    def trusted_log(self) -> TrustedLog:
        return TrustPolicy.parse(self.read("trust/policy")).logs[0]


def _number_of_rows(path: Path, otherwise: int) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):
        return otherwise


def root_of(leaves: list[bytes]) -> bytes:
    return root_hash(map(leaf_hash, leaves))
