"""The Hugging Face Hub as a place to publish to. The only module that imports its SDK.

Rules that always hold:
- one commit for each release, on top of the commit that was looked at (`parent_commit`), and one tag for each version;
  a tag is never moved, history is never squashed, and what is no release of this dataset is never replaced;
- a commit whose answer was lost is found again by the manifest that it carries, and not made twice;
- the token is the SDK's own: HF_TOKEN, a login, or a CI's identity (Trusted Publishers); it is in no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    OIDCError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from curation.audit.remote import Place, fetch_bundle, fetch_file, place_of
from curation.errors import BundleInvalid, Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from curation.integrations.publish import Release, Tell
from curation.releases.manifest import parse_manifest
from curation_schemas.release import MANIFEST, YANKED_FOLDER

_EXCHANGE = "/oauth/token"
"""Where the Hub gives a token for a CI's identity."""
_ADDRESS = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)/?")
_KEPT = frozenset({".gitattributes"})
"""What the Hub made itself, and needs."""
Answer = TypeVar("Answer")


class HubDestination:
    """A dataset repository on the Hub."""

    def __init__(self, name: str, api: HfApi | None = None) -> None:
        """Raises InvalidInput when the name is none."""
        found = _ADDRESS.fullmatch(name)
        if found is None:
            raise InvalidInput("is no dataset on the Hub", where=name, hint="For instance: hf://datasets/org/name")
        self.name = name.rstrip("/")
        self.repository = found.group(1)
        self._api = api or HfApi(library_name="evenhand")

    # --- looking --------------------------------------------------------------------------------------------------

    def held(self, version: str) -> bytes | None:
        """The manifest under the version's tag; empty where the tag holds none, and so something else."""
        tag = self._tags().get(_tag(version))
        return None if tag is None else self._manifest(tag) or b""

    def plan(self, release: Release) -> list[str]:
        """The steps, as far as they are not done."""
        tags = self._tags()
        if _tag(release.version) in tags:
            return self._plan_yank(release) or [f"nothing to bring: the tag {_tag(release.version)} holds it already"]
        head = self._head()
        if head is None:
            return [f"create the repository {self.repository}", *self._plan_commit(release, [])]
        manifest = self._manifest(head)
        if manifest == (release.path / MANIFEST).read_bytes():
            return [f"tag {head[:12]} as {_tag(release.version)}"]
        self._check_ours(release, head, manifest)
        return self._plan_commit(release, self._stale(release, head))

    def _plan_commit(self, release: Release, stale: list[str]) -> list[str]:
        removed = f", and remove {len(stale)} of the release before" if stale else ""
        return [
            f"commit {len(release.files)} files, {release.size} bytes{removed}",
            f"tag the commit as {_tag(release.version)}",
        ]

    def _plan_yank(self, release: Release) -> list[str]:
        path = _yank_path(release.version)
        head = self._head()
        if path not in release.files or head is None or self._file(path, head) is not None:
            return []
        return [f"commit {path} beside the newest release, so that whoever verifies {release.version} is warned"]

    # --- bringing -------------------------------------------------------------------------------------------------

    def bring(self, release: Release, tell: Tell) -> None:
        """Create the repository where there is none, commit, and tag."""
        if _tag(release.version) in self._tags():
            self._bring_yank(release, tell)
            return
        if self._head() is None:
            tell(f"Creating {self.repository}.")
            self._ask(lambda: self._api.create_repo(self.repository, repo_type="dataset", exist_ok=True))
        head = self._head()
        if head is None:
            raise Unavailable(f"{self.name} was created and is not there yet", hint="Run it again.")
        manifest = self._manifest(head)
        if manifest != (release.path / MANIFEST).read_bytes():
            self._check_ours(release, head, manifest)
            self._check_newer(release)
            tell(f"Committing {len(release.files)} files.")
            operations: list[Any] = [CommitOperationDelete(path) for path in self._stale(release, head)]
            operations += [CommitOperationAdd(path, release.path / path) for path in release.files]
            said = f"Release {release.version}" + (
                " (simulated: a demonstration)" if release.manifest.simulated else ""
            )
            head = self._commit(operations, said, head)
        tell(f"Tagging {head[:12]} as {_tag(release.version)}.")
        self._ask(
            lambda: self._api.create_tag(
                self.repository, tag=_tag(release.version), revision=head, repo_type="dataset", exist_ok=True
            )
        )
        made = self._tags().get(_tag(release.version))
        if made is None:
            raise Unavailable(f"{self.name} did not keep the tag {_tag(release.version)}", hint="Run it again.")
        if made != head:
            raise Conflict(f"{self.name} has a tag {_tag(release.version)} already, of another commit")

    def _bring_yank(self, release: Release, tell: Tell) -> None:
        if not self._plan_yank(release):
            return
        path, head = _yank_path(release.version), self._head()
        tell(f"Committing {path}.")
        if head is not None:
            self._commit([CommitOperationAdd(path, release.path / path)], f"Release {release.version} is yanked", head)

    def _commit(self, operations: list[Any], said: str, parent: str) -> str:
        made = self._ask(
            lambda: self._api.create_commit(
                self.repository, operations, commit_message=said, repo_type="dataset", parent_commit=parent
            )
        )
        return str(made.oid)

    def _check_ours(self, release: Release, head: str, manifest: bytes | None) -> None:
        """What the main branch holds is a release of this dataset, or as good as nothing: it would be removed."""
        if manifest is None:
            held = set(self._files(head)) - _KEPT - {"README.md"}
            there = f"{len(held)} files and no {MANIFEST}" if held else None
        else:
            try:
                dataset = parse_manifest(manifest).dataset
                there = None if dataset == release.manifest.dataset else f"a release of the dataset {dataset}"
            except BundleInvalid:
                there = f"a {MANIFEST} that is none of a release"
        if there is not None:
            hint = "Publish to a repository of its own, which need not exist yet."
            raise Conflict(f"{self.name} holds {there}, which would be removed", hint=hint)

    def _check_newer(self, release: Release) -> None:
        """An older release never replaces a newer one on the main branch."""
        tags = [tag[1:] for tag in self._tags() if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
        newer = [tag for tag in tags if _order(tag) > _order(release.version)]
        if newer:
            latest = max(newer, key=_order)
            message = f"{self.name} has release {latest} already, which is newer than {release.version}"
            raise Conflict(message, hint="Releases are published in the order in which they were cut.")

    def _stale(self, release: Release, head: str) -> list[str]:
        """The files that the release before brought and this one does not hold; proofs of yanks stay."""
        stale = set(self._files(head)) - {*release.files, *_KEPT}
        return sorted(path for path in stale if not path.startswith(f"{YANKED_FOLDER}/"))

    def fetch(self, version: str, folder: Path) -> None:
        """Fetch the tag as anybody would."""
        fetch_bundle(self._place(_tag(version)), folder)

    # --- asking ---------------------------------------------------------------------------------------------------

    def _tags(self) -> dict[str, str]:
        try:
            found = self._ask(lambda: self._api.list_repo_refs(self.repository, repo_type="dataset"))
        except NotFound:
            return {}
        return {item.name: item.target_commit for item in found.tags}

    def _head(self) -> str | None:
        try:
            found = self._ask(lambda: self._api.list_repo_refs(self.repository, repo_type="dataset"))
        except NotFound:
            return None
        return next((item.target_commit for item in found.branches if item.name == "main"), None)

    def _files(self, revision: str) -> list[str]:
        return self._ask(lambda: self._api.list_repo_files(self.repository, repo_type="dataset", revision=revision))

    def _manifest(self, revision: str) -> bytes | None:
        return self._file(MANIFEST, revision)

    def _file(self, path: str, revision: str) -> bytes | None:
        return fetch_file(self._place(revision), path)

    def _place(self, revision: str) -> Place:
        return place_of(f"{self.name}@{revision}", {"HF_ENDPOINT": self._api.endpoint, "HF_TOKEN": self._token()})

    def _token(self) -> str | None:
        return self._api.token if isinstance(self._api.token, str) else self._ask(get_token)

    def _ask(self, call: Callable[[], Answer]) -> Answer:
        """Call the Hub, and turn what goes wrong into an error with the next step."""
        try:
            return call()
        except RepositoryNotFoundError as error:
            if _status(error) == 401:
                raise _no_right(self.name, 401) from None
            raise NotFound(f"there is no {self.name}, or the token may not see it") from None
        except RevisionNotFoundError:
            raise NotFound(f"{self.name} has no such revision") from None
        except HFValidationError as error:
            raise InvalidInput(str(error).split("\n")[0][:200], where=self.name) from None
        except OIDCError:
            raise _no_identity() from None
        except HfHubHTTPError as error:
            if _status(error) in (400, 401, 403) and error.response.url.path.endswith(_EXCHANGE):
                raise _no_identity() from None
            raise self._refusal(_status(error)) from None
        except (httpx2.HTTPError, OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError):
            # The SDK takes an answer apart as it is: one that is in no form of the Hub's breaks it anywhere.
            hint = "Run it again: what was done is found again, and the rest is done."
            raise Unavailable(f"publishing to {self.name} broke off", hint=hint) from None

    def _refusal(self, status: int) -> Exception:
        if status in (401, 403):
            return _no_right(self.name, status)
        if status == 412:
            return Conflict(f"somebody else committed to {self.name} meanwhile", hint="Look at it, and run it again.")
        if status == 409:
            return Conflict(f"{self.name} says that this exists already", hint="Look at its tags.")
        if status == 429:
            return Unavailable(f"{self.name} takes no more requests now (HTTP 429)", hint="Wait, and run it again.")
        return Unavailable(f"{self.name} answers HTTP {status}", hint="Run it again later.")


def _no_right(name: str, status: int) -> NotAllowed:
    hint = "Set HF_TOKEN to a token with the right to write there, or run `hf auth login`."
    return NotAllowed(f"the token does not allow this on {name} (HTTP {status})", hint=hint)


def _no_identity() -> NotAllowed:
    hint = "See «Trusted Publishers» in the Hub's documentation, or set HF_TOKEN."
    return NotAllowed("the CI's identity could not be exchanged for a token", hint=hint)


def _status(error: HfHubHTTPError) -> int:
    return int(getattr(error.response, "status_code", 0))


def _tag(version: str) -> str:
    return f"v{version}"


def _yank_path(version: str) -> str:
    return f"{YANKED_FOLDER}/{version}.tlog-proof"


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
