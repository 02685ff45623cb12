"""Publish a release: verify it, bring it somewhere, fetch it back and verify it again.

Rules that always hold:
- nothing is published that does not verify here, and nothing is called published that does not verify there;
- without being told otherwise only a plan is made;
- a release whose people are simulated goes out as a demonstration only: `--as-demo`, to a place with «demo» in its
  name;
- each step first looks whether it was done; so a run that was interrupted anywhere is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from curation.audit.beside import usable_processes
from curation.audit.bundle import open_bundle
from curation.audit.verify import verify_bundle
from curation.errors import BundleInvalid, Conflict, InvalidInput
from curation.releases.manifest import bundle_files, is_left_by_tools, sha256_of
from curation_schemas.release import MANIFEST, ReleaseManifest

Tell = Callable[[str], None]


class Destination(Protocol):
    """Somewhere that can hold a release."""

    name: str

    def held(self, version: str) -> bytes | None:
        """The manifest of this version there, once the version is complete; None before."""

    def plan(self, release: Release) -> list[str]:
        """What bringing it would do, step by step."""

    def bring(self, release: Release, tell: Tell) -> None:
        """Bring it: afterwards `held` has its manifest."""

    def fetch(self, version: str, folder: Path) -> None:
        """Fetch it back into an empty folder."""


@dataclass(frozen=True, slots=True)
class Release:
    """A verified bundle, with every file that belongs to it."""

    path: Path
    manifest: ReleaseManifest
    files: tuple[str, ...]
    """Relative paths; the manifest stands last, so that whoever sees it sees all."""

    @property
    def version(self) -> str:
        """Its version."""
        return self.manifest.version

    @property
    def size(self) -> int:
        """Its files' bytes together."""
        return sum((self.path / name).stat().st_size for name in self.files)


@dataclass(frozen=True, slots=True)
class Publication:
    """What was done, or would be."""

    destination: str
    version: str
    steps: list[str] = field(default_factory=list)
    published: bool = False


def read_release(path: Path) -> Release:
    """A bundle that verifies. Raises BundleInvalid."""
    if said := _fault_of(path):
        raise BundleInvalid(f"does not verify ({said})", where=str(path), hint="Run `evenhand verify` on it.")
    found = (name for name, _ in bundle_files(path))
    files = sorted(name for name in found if name != MANIFEST and not is_left_by_tools(name))
    return Release(path, open_bundle(path).manifest, (*files, MANIFEST))


def _fault_of(path: Path) -> str:
    """The first thing that does not verify; nothing where all does."""
    report = verify_bundle(path, processes=usable_processes())
    if report.verdict == "VERIFIED":
        return ""
    first = report.failures[0] if report.failures else None
    return f"{first.where}: {first.message}" if first else "rows failed"


def check_honest(release: Release, place: str, *, as_demo: bool) -> None:
    """Raise InvalidInput where simulated data could be taken for real, or real data for a demonstration."""
    if not release.manifest.simulated:
        if as_demo:
            raise InvalidInput("this release is not simulated", where="--as-demo", hint="Publish it without.")
        return
    if not as_demo:
        raise InvalidInput(
            "every person in this release is simulated, so it is no dataset of what people accepted",
            where=place,
            hint="Publish it as a demonstration: --as-demo, to a name with «demo» in it.",
        )
    if "demo" not in place.rstrip("/").rsplit("/", 1)[-1].lower():
        raise InvalidInput(
            "the name does not say that this is a demonstration",
            where=place,
            hint="Choose a name with «demo» in it.",
        )


def publish_release(
    release: Release, destination: Destination, *, as_demo: bool, really: bool, tell: Tell
) -> Publication:
    """Publish a release, or say what publishing it would do.

    Args:
        release: what `read_release` gave.
        destination: where to.
        as_demo: whether its people are meant to be simulated.
        really: without it, nothing is changed anywhere.
        tell: is given one sentence at each step.

    Raises:
        InvalidInput: simulated data would pass for real, or the reverse.
        Conflict: this version is there already with other content.
        BundleInvalid: what came back does not verify.
        Unavailable: the other side does not answer.
    """
    check_honest(release, destination.name, as_demo=as_demo)
    held = destination.held(release.version)
    if held is not None and held != (release.path / MANIFEST).read_bytes():
        raise Conflict(
            f"{destination.name} has a release {release.version} already, and it is another one",
            hint="Versions never change; cut a new release.",
        )
    steps = destination.plan(release)
    if not really:
        return Publication(destination.name, release.version, steps)
    destination.bring(release, tell)
    tell("Fetching it back, to verify what others will get.")
    _check_there(release, destination)
    return Publication(destination.name, release.version, steps, published=True)


def _check_there(release: Release, destination: Destination) -> None:
    with TemporaryDirectory(prefix="evenhand-") as temporary:
        folder = Path(temporary) / "bundle"
        folder.mkdir()
        destination.fetch(release.version, folder)
        if (folder / MANIFEST).read_bytes() != (release.path / MANIFEST).read_bytes():
            raise BundleInvalid("is not the manifest that was brought there", where=f"{destination.name}/{MANIFEST}")
        for path, entry in release.manifest.files.items():
            if not (folder / path).is_file() or sha256_of(folder / path) != entry.sha256:
                raise BundleInvalid("came back changed, or not at all", where=f"{destination.name}/{path}")
        if said := _fault_of(folder):
            hint = f"See what else is in {release.version} there, mend or remove it, and run it again."
            raise BundleInvalid(f"does not verify as it came back ({said})", where=destination.name, hint=hint)
