"""What is asked of a Label Studio server, through its SDK.

Rules that always hold:
- this is the only module that imports `label_studio_sdk`, which takes a second: it is imported by what needs it;
- annotations come as the server has them, unread: what they say is looked at elsewhere;
- nothing is asked twice on its own (an import that arrived would make its tasks twice), and no redirect is followed;
- it may be used by several threads; one of them at a time changes something there: on SQLite, its default, Label Studio
  answers a second writer with an error after some seconds;
- an error says what the server answered to which request, never a token, an address of mail or a text.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import httpx
from label_studio_sdk.client import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from curation.errors import InvalidInput, Unavailable
from curation.integrations.label_studio.connection import Server

_TIMEOUT_S = 60.0
_PAGE = 500
# What is read of tasks and of their annotations: the server works out much else, at several times the cost.
_OF_TASKS = ("id", "project", "data", "annotations")
_OF_ANNOTATIONS = (
    "result",
    "completed_by",
    "updated_by",
    "created_at",
    "updated_at",
    "draft_created_at",
    "was_cancelled",
    "ground_truth",
    "lead_time",
    "last_action",
    "import_id",
    "bulk_created",
    "task",
    "parent_prediction",
    "parent_annotation",
)
_READ = ",".join((*_OF_TASKS, *_OF_ANNOTATIONS))
Task = dict[str, Any]


class Client:
    """A connected server. Every method raises InvalidInput where the token is not accepted, and Unavailable."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.secret = server.secret
        self._changing = threading.Lock()
        if not re.fullmatch(r"[!-~]+", server.token):
            raise _token_refused(server.url)  # it would be no header
        self._http = httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False)
        try:
            self._sdk = LabelStudio(  # type: ignore[no-untyped-call]  # its constructor has no annotations
                base_url=server.url, api_key=server.token, httpx_client=self._http, timeout=_TIMEOUT_S, max_retries=0
            )
        except ApiError:
            raise _token_refused(server.url) from None

    def close(self) -> None:
        """Give its connections back."""
        self._http.close()

    def _ask(self, method: str, path: str, *, gone: bool = False, **more: Any) -> Any:
        """The JSON of an answer; None for one without a body, and, where `gone` is allowed, for what is not there."""
        with nullcontext() if method == "GET" else self._changing:
            return self._ask_now(method, path, gone=gone, **more)

    def _ask_now(self, method: str, path: str, *, gone: bool, **more: Any) -> Any:
        try:
            # The SDK's typed methods lose what an annotation holds beside their models; its transport does not.
            answer = self._sdk._client_wrapper.httpx_client.request(f"api/{path}", method=method, **more)
        except ApiError as error:
            raise self._failed(method, path, error.status_code) from None
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        if gone and answer.status_code == 404:
            return None
        if not 200 <= answer.status_code < 300:
            raise self._failed(method, path, answer.status_code)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise self._failed(method, path, answer.status_code) from None

    def _failed(self, method: str, path: str, status: int | None) -> Exception:
        if status in (401, 403):
            return _token_refused(self.url)
        return Unavailable(
            f"Label Studio answered {status} to {method} /api/{path.partition('?')[0]}",
            where=self.url,
            hint="Look into its log, then try again: nothing is done twice.",
        )

    def _unreachable(self, error: httpx.HTTPError) -> Unavailable:
        kind = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
        return Unavailable(f"Label Studio {kind}", where=self.url, hint="Is it running? Try again: nothing is lost.")

    # --- the server ---------------------------------------------------------------------------------------------------

    def whoami(self) -> dict[str, Any]:
        """The account that the token belongs to."""
        found = self._ask("GET", "current-user/whoami")
        if not isinstance(found, dict) or "id" not in found:
            message = "what answers there is no Label Studio, or not its API"
            raise Unavailable(message, where=self.url, hint="Is this the address at which its pages are opened?")
        return found

    def version(self) -> str:
        """The server's version."""
        found = self._ask("GET", "version")
        return str((found or {}).get("release", "unknown"))

    def users(self) -> dict[str, int]:
        """E-mail address, in lower case → id, of every account there."""
        return {str(user["email"]).casefold(): int(user["id"]) for user in self._ask("GET", "users/")}

    def invitation(self) -> str:
        """The address at which somebody can open an account there."""
        return f"{self.url}{self._ask('GET', 'invite')['invite_url']}"

    # --- projects -----------------------------------------------------------------------------------------------------

    def find_project(self, mark: str) -> int | None:
        """The project with this mark in its title."""
        found = self._ask("GET", "projects/", params={"title": mark, "page_size": 10})
        return next((int(item["id"]) for item in found["results"] if mark in str(item["title"])), None)

    def has_project(self, project: int) -> bool:
        """Whether a project is still there."""
        return self._ask("GET", f"projects/{project}/", gone=True) is not None

    def make_project(self, **fields: Any) -> int:
        """A new project. Returns its id."""
        return int(self._ask("POST", "projects/", json=fields)["id"])

    def change_project(self, project: int, **fields: Any) -> None:
        """Change a project's fields."""
        self._ask("PATCH", f"projects/{project}/", json=fields)

    def delete_project(self, project: int) -> None:
        """Delete a project with its tasks."""
        self._ask("DELETE", f"projects/{project}/", gone=True)

    # --- webhooks -----------------------------------------------------------------------------------------------------

    def webhooks(self, project: int) -> list[dict[str, Any]]:
        """The webhooks of a project."""
        return list(self._ask("GET", "webhooks/", params={"project": project}))

    def make_webhook(self, **fields: Any) -> None:
        """A new webhook."""
        self._ask("POST", "webhooks/", json=fields)

    def delete_webhook(self, webhook: int) -> None:
        """Delete a webhook."""
        self._ask("DELETE", f"webhooks/{webhook}/", gone=True)

    # --- tasks --------------------------------------------------------------------------------------------------------

    def tasks(self, project: int) -> Iterator[Task]:
        """Every task of a project with its annotations, a page at a time."""
        page, read = 1, 0
        while True:
            asked = {"project": project, "fields": "all", "include": _READ, "page": page, "page_size": _PAGE}
            asked |= {"resolve_uri": "false"}
            found = self._ask("GET", "tasks/", params=asked, gone=True) or {"tasks": [], "total": 0}
            yield from found["tasks"]
            read += len(found["tasks"])
            if not found["tasks"] or read >= found["total"]:
                return
            page += 1

    def make_tasks(self, project: int, data: Sequence[dict[str, Any]]) -> None:
        """New tasks; who wants to know their ids lists them."""
        tasks = [{"data": item} for item in data]
        self._ask("POST", f"projects/{project}/import", params={"commit_to_project": "true"}, json=tasks)

    def change_task(self, task: int, data: dict[str, Any]) -> None:
        """Change what a task shows."""
        self._ask("PATCH", f"tasks/{task}/", json={"data": data}, gone=True)

    def delete_task(self, task: int) -> None:
        """Delete a task with its annotations."""
        self._ask("DELETE", f"tasks/{task}/", gone=True)


def _token_refused(url: str) -> InvalidInput:
    return InvalidInput(
        "Label Studio does not accept this token",
        where=url,
        hint="Make a personal access token there (Account & Settings) and run `evenhand label-studio connect` again.",
    )
