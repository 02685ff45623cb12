"""A folder as a place to publish to: on this machine, or anywhere that fsspec knows (`s3://…`, `gs://…`, `sftp://…`).

Rules that always hold:
- a version is a folder of its own; its manifest is written last, so a version without one is unfinished;
- a file is written under another name and moved, where the file system can; what is there already with the right bytes
  is left alone;
- a password in the address is in no message.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import fsspec

from curation.audit.bundle import check_path
from curation.errors import BundleInvalid, InvalidInput, Unavailable
from curation.integrations.publish import Release, Tell
from curation.releases.manifest import sha256_of
from curation_schemas.release import MANIFEST

_PART = ".part"
_PASSWORD = re.compile(r"(?<=//)([^/@:]*):[^/@]*@")


class FolderDestination:
    """A folder that holds one folder for each version."""

    def __init__(self, name: str) -> None:
        """Raises InvalidInput when no file system goes by that name, Unavailable when it does not answer."""
        self.name = _PASSWORD.sub(r"\1:…@", name.rstrip("/"))
        if name.startswith(("http://", "https://")):
            hint = "Publish to a folder and serve that, or to s3://…, gs://…, sftp://…"
            raise InvalidInput("can be read, and not written to", where=self.name, hint=hint)
        try:
            self._system, self._root = fsspec.core.url_to_fs(name)
        except (ValueError, ImportError, TypeError) as error:
            hint = "A folder, hf://datasets/<org>/<name>, or an address whose fsspec package is installed."
            raise InvalidInput(str(error)[:200], where=self.name, hint=hint) from None
        except OSError as error:
            raise Unavailable(f"{self.name} does not answer: {error.strerror or error}", hint="Run it again.") from None

    def held(self, version: str) -> bytes | None:
        """The version's manifest."""
        return self._read(f"{version}/{MANIFEST}")

    def plan(self, release: Release) -> list[str]:
        """The steps, as far as they are not done."""
        if self.held(release.version) is not None:
            steps = [self._mend(name, release) for name in release.files]
            return [step for step in steps if step] or ["nothing to bring: it is there already"]
        return [f"write {len(release.files)} files, {release.size} bytes, to {self.name}/{release.version}"]

    def _mend(self, name: str, release: Release) -> str:
        """What is to do about one file of a version that has its manifest, as far as its size tells."""
        target = f"{release.version}/{name}"
        if not self._exists(target):
            return f"add {name}"
        size = (release.path / name).stat().st_size
        return "" if self._system.size(self._place(target)) == size else f"write {name} again: it was changed there"

    def bring(self, release: Release, tell: Tell) -> None:
        """Write every file that is not there yet, the manifest last."""
        tell(f"Writing to {self.name}/{release.version} what is not there yet.")
        try:
            for name in release.files:
                self._write(release.path / name, f"{release.version}/{name}", release)
        except OSError as error:
            hint = "Mend it, and run it again: what is there is kept, and the rest is written."
            raise Unavailable(f"{self.name} cannot be written: {error.strerror or error}", hint=hint) from None

    def _write(self, source: Path, target: str, release: Release) -> None:
        place = self._place(target)
        if self._exists(target) and self._read(target) == source.read_bytes():
            return
        self._system.makedirs(place.rsplit("/", 1)[0], exist_ok=True)
        self._system.put_file(str(source), place + _PART)
        self._system.mv(place + _PART, place)

    def fetch(self, version: str, folder: Path) -> None:
        """Read every file back."""
        root = self._place(version)
        try:
            for found in self._system.find(root):
                name = str(found)[len(root) :].lstrip("/")
                if not name.endswith(_PART):
                    (folder / check_path(name)).parent.mkdir(parents=True, exist_ok=True)
                    self._system.get_file(found, str(folder / name))
        except OSError as error:
            hint = "It is there; run it again to verify it, with room in the folder for temporary files (TMPDIR)."
            raise Unavailable(f"{self.name} cannot be fetched back: {error.strerror or error}", hint=hint) from None
        if not (folder / MANIFEST).is_file() or not sha256_of(folder / MANIFEST):
            raise BundleInvalid("came back without its manifest", where=f"{self.name}/{version}")

    def _place(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"

    def _exists(self, path: str) -> bool:
        return bool(self._system.exists(self._place(path)))

    def _read(self, path: str) -> bytes | None:
        try:
            content: Any = self._system.cat_file(self._place(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unavailable(f"{self.name} cannot be read: {error.strerror or error}") from None
        return bytes(content)
