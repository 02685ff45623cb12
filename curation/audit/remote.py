"""A bundle that lies elsewhere: fetched over HTTPS into a folder, and no more of it than is needed.

Rules that always hold:
- what is fetched is not trusted: the folder is verified like any other, against the manifest and the log;
- no path leads out of the folder, and no file grows beyond what the manifest says of it;
- a token goes to the Hub's own host and is dropped when a redirect leaves it; nothing else is sent;
- a lost connection is tried again a few times; what is still missing then is named, and nothing half is left.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from curation.audit.bundle import MAX_TEXT_BYTES, check_path, open_bundle
from curation.errors import BundleInvalid, InvalidInput, Unavailable
from curation.releases.manifest import MAX_MANIFEST_BYTES
from curation_schemas.release import MADE_AFTER, MANIFEST, YANKED_FOLDER, ReleaseManifest

DEFAULT_ENDPOINT = "https://huggingface.co"
_HUB = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?/?")
_ATTEMPTS, _WAIT, _LONGEST_WAIT = 4, 0.5, 30.0
_TIMEOUT, _WORKERS, _CHUNK = 60, 8, 1 << 20
FOR_TRACE = ("log/", "openings/", "trust/", "validation/report.json")
"""What `trace` reads, by the beginning of its path: no row."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bundle lies: the address of its folder; that of its newest state, where yanks are noted later."""

    name: str
    base: str
    newest: str | None = None
    token: str | None = None
    """For the Hub; never sent anywhere else."""


def place_of(name: str, environment: Any = os.environ) -> Place:
    """The place that a name means: `hf://datasets/<org>/<name>[@revision]`, or a folder under `https://`.

    `HF_ENDPOINT` names another Hub, `HF_TOKEN` a token for a private repository. Raises InvalidInput.
    """
    if name.startswith("hf://"):
        found = _HUB.fullmatch(name)
        if found is None:
            hint = "For instance: hf://datasets/org/name@v1.2.0"
            raise InvalidInput("is no dataset on the Hub", where=name, hint=hint)
        repository, revision = found.groups()
        root = f"{environment.get('HF_ENDPOINT') or DEFAULT_ENDPOINT}".rstrip("/") + f"/datasets/{repository}/resolve/"
        base = f"{root}{quote(revision or 'main', safe='')}/"
        return Place(name, base, f"{root}main/", environment.get("HF_TOKEN") or None)
    said = "is no address that a release can be read from"
    hint = "A release is read from a folder, hf://datasets/org/name@v1.2.0 or https://…; copy it to a folder first."
    try:
        parts = urlsplit(name)
    except ValueError:
        raise InvalidInput(said, where=name, hint=hint) from None
    if "@" in parts.netloc:
        raise InvalidInput("holds a name or a password, which is sent nowhere", where="the address", hint=hint)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidInput(said, where=name, hint=hint)
    return Place(name, name.rstrip("/") + "/")


class _KeepToken(HTTPRedirectHandler):
    """Follows redirects to HTTP addresses only, and without the token where they lead to another host."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            made.remove_header("Authorization")
        return made


_OPENER = build_opener(_KeepToken)


@contextmanager
def fetched(name: str, needed: tuple[str, ...] = ("",)) -> Iterator[Path]:
    """A temporary folder with the bundle that an address names.

    Args:
        name: see `place_of`.
        needed: fetch only the manifest, and what begins with one of these; everything where nothing is said.

    Raises:
        InvalidInput: the address is none.
        BundleInvalid: there is no release, a file is missing, or one is larger than its manifest says.
        Unavailable: the other side does not answer, or refuses.
    """
    place = place_of(name)
    with TemporaryDirectory(prefix="evenhand-") as temporary:
        folder = Path(temporary) / "bundle"
        folder.mkdir()
        fetch_bundle(place, folder, needed)
        yield folder


def fetch_bundle(place: Place, folder: Path, needed: tuple[str, ...] = ("",)) -> ReleaseManifest:
    """Fetch a bundle into an empty folder. Raises as `fetched`."""
    if not _fetch(place, place.base, MANIFEST, folder, MAX_MANIFEST_BYTES):
        hint = "Is this a release's address, with its version?"
        raise BundleInvalid(f"is missing at {place.name}", where=MANIFEST, hint=hint)
    manifest = open_bundle(folder).manifest
    listed = {check_path(path): entry.bytes for path, entry in manifest.files.items() if path.startswith(needed)}
    _fetch_all(place, folder, listed.items())
    yanked = f"{YANKED_FOLDER}/{manifest.version}.tlog-proof"
    for path in (*(path for path in MADE_AFTER if "." in path), yanked):
        _fetch(place, place.base, path, folder, MAX_TEXT_BYTES)
    if place.newest is not None and not (folder / yanked).exists():
        # A tag never moves, so a yank that came later stands beside the newest release only.
        _fetch(place, place.newest, yanked, folder, MAX_TEXT_BYTES)
    return manifest


def fetch_file(place: Place, path: str) -> bytes | None:
    """One small file of a place; None when it is not there. Raises BundleInvalid, Unavailable."""
    with TemporaryDirectory(prefix="evenhand-") as temporary:
        there = _fetch(place, place.base, path, Path(temporary), MAX_TEXT_BYTES)
        return (Path(temporary) / path).read_bytes() if there else None


def _fetch_all(place: Place, folder: Path, listed: Iterable[tuple[str, int]]) -> None:
    with ThreadPoolExecutor(_WORKERS) as pool:
        jobs = [(path, pool.submit(_fetch, place, place.base, path, folder, size)) for path, size in listed]
        try:
            for path, job in jobs:
                if not job.result():
                    raise BundleInvalid(f"is listed in the manifest and missing at {place.name}", where=path)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _fetch(place: Place, base: str, path: str, folder: Path, most: int) -> bool:
    """Fetch one file of at most so many bytes. Returns False when it is not there."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    wait = _WAIT
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _download(place, base + quote(path), target, most, path)
            return True
        except HTTPError as error:
            with error:
                if error.code in (404, 410):
                    return False
                if error.code in (401, 403):
                    hint = "Is the name right? If it is private, set HF_TOKEN to a token that may read it."
                    raise Unavailable(f"{place.name} may not be read (HTTP {error.code})", hint=hint) from None
                if attempt == _ATTEMPTS or error.code not in (408, 425, 429, 500, 502, 503, 504):
                    raise Unavailable(f"{place.name} answers HTTP {error.code} for {path}") from None
                wait = max(wait, _asked_to_wait(error))
        except (URLError, HTTPException, OSError, ValueError) as error:
            # A redirect, a length or a piece that is none is a ValueError of the standard library.
            if _is_ours(error):
                said = f"{path} cannot be written here: {getattr(error, 'strerror', '')}"
                raise Unavailable(said, hint="Make room, or name another place by TMPDIR; nothing was kept.") from None
            if attempt == _ATTEMPTS:
                hint = "Try again; nothing was kept."
                raise Unavailable(f"{place.name} does not answer for {path}", hint=hint) from None
        time.sleep(wait)
        wait *= 2
    return False


def _download(place: Place, address: str, target: Path, most: int, path: str) -> None:
    # The scheme was checked: `place_of` admits http and https only, and redirects lead nowhere else.
    request = Request(address, headers={"User-Agent": "evenhand", "Accept-Encoding": "identity"})  # noqa: S310
    if place.token is not None:
        request.add_unredirected_header("Authorization", f"Bearer {place.token}")
    with _OPENER.open(request, timeout=_TIMEOUT) as answer, target.open("wb") as file:
        held = 0
        while chunk := answer.read(_CHUNK):
            held += len(chunk)
            if held > most:
                raise BundleInvalid(f"is larger than the {most} bytes that it can have", where=path)
            file.write(chunk)
        stated = _number(answer.headers.get("Content-Length"))
        if held < stated:
            raise HTTPException(f"{held} of {stated} bytes came")


def _asked_to_wait(error: HTTPError) -> float:
    return min(float(_number(error.headers.get("Retry-After") if error.headers else None)), _LONGEST_WAIT)


def _number(text: str | None) -> int:
    """The number in a header; 0 where there is none."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else 0


_OURS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES})


def _is_ours(error: BaseException) -> bool:
    """Whether the failure is of this machine's disk and not of the connection."""
    return isinstance(error, OSError) and error.errno in _OURS
