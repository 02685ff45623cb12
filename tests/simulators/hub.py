"""A simulator that speaks the HTTP of the Hugging Face Hub, as far as publishing and reading a dataset go.

It keeps commits, tags and large files in memory. Any step can be made to fail: with a status, or with a connection that
breaks before the request is taken in or after it was, before the answer is sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

WRITE, READ = "hf_may_write", "hf_may_read"
IDENTITY = "what.a.ci.says"
"""The identity token of a CI that may publish; it is exchanged for one that may write."""
LARGE = (".parquet",)
BEFORE, AFTER = "before", "after"

Files = dict[str, bytes]


def blob_id(content: bytes) -> str:
    """Git's id of a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repository:
    """Commits, the newest last: (id, message, files)."""

    commits: list[tuple[str, str, Files]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, message: str, files: Files) -> str:
        made = hashlib.sha1(f"{len(self.commits)} {message} {sorted(files)}".encode()).hexdigest()
        self.commits.append((made, message, files))
        return made

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    def files(self, revision: str) -> tuple[str, Files] | None:
        wanted = self.head if revision == "main" else self.tags.get(revision, revision)
        return next(((made, files) for made, _, files in self.commits if made == wanted), None)


@dataclass
class Hub:
    """The simulator's state, its address, and what it was asked."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    faults: list[tuple[str, str | int]] = field(default_factory=list)
    """Step → how it fails, once each."""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Step, path, token."""
    private: bool = False
    address: str = ""
    store: str = ""
    """Where large files lie: the same server under another host name, as the Hub's is another one."""

    def fail(self, step: str, how: str | int) -> None:
        """Make the next request of a step fail."""
        self.faults.append((step, how))

    def steps(self) -> list[str]:
        """What was asked, in order."""
        return [step for step, _, _ in self.asked]


_ROUTES: list[tuple[str, str, re.Pattern[str]]] = [
    ("exchange", "POST", re.compile(r"/oauth/token")),
    ("create", "POST", re.compile(r"/api/repos/create")),
    ("yaml", "POST", re.compile(r"/api/validate-yaml")),
    ("refs", "GET", re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)/refs")),
    ("tree", "GET", re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)/tree/(?P<rev>[^/]+)/?(?P<path>.*)")),
    ("info", "GET", re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)(?:/revision/(?P<rev>[^/]+))?")),
    ("paths", "POST", re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)/paths-info/(?P<rev>[^/]+)")),
    ("preupload", "POST", re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)/preupload/(?P<rev>[^/]+)")),
    ("commit", "POST", re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)/commit/(?P<rev>[^/]+)")),
    ("tag", "POST", re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)/tag/(?P<rev>[^/]+)")),
    ("batch", "POST", re.compile(r"/datasets/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch")),
    ("upload", "PUT", re.compile(r"/store/(?P<oid>[0-9a-f]{64})")),
    ("verify", "POST", re.compile(r"/api/lfs/verify")),
    ("store", "GET", re.compile(r"/store/(?P<oid>[0-9a-f]{64})")),
    ("resolve", "GET", re.compile(r"/datasets/(?P<repo>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<path>.+)")),
]
_WRITES = {"create", "preupload", "commit", "tag", "batch"}


class _Lost(Exception):
    pass


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self._handle("GET")

    def do_HEAD(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def _handle(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        self.body = self._read_chunks() if chunked else self.rfile.read(length) if length else b""
        self.losing = False
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        for step, wanted, pattern in _ROUTES:
            found = pattern.fullmatch(parts.path)
            if found is not None and wanted == method:
                groups = {name: unquote(value) if value else value for name, value in found.groupdict().items()}
                self._answer(step, groups)
                return
        self._send(404, {"error": "no such page"})

    def _read_chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _answer(self, step: str, groups: dict[str, Any]) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.hub.asked.append((step, self.path, token))
        how = next((fault for fault in self.hub.faults if fault[0] == step), None)
        if how is not None:
            self.hub.faults.remove(how)
            if isinstance(how[1], int):
                self._send(how[1], {"error": "as the test asked for"})
                return
            if how[1] == BEFORE:
                self._lose()
                return
        if step in _WRITES and token != WRITE:
            self._send(403 if token else 401, {"error": "no right"})
            return
        if self.hub.private and step == "resolve" and token not in (WRITE, READ):
            self._send(401, {"error": "private"})
            return
        self.losing = how is not None
        try:
            getattr(self, f"_{step}")(**groups)
        except _Lost:
            self._lose()

    def _lose(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        if getattr(self, "losing", False):
            raise _Lost
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Type" not in (headers or {}):
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _repository(self, repo: str) -> Repository | None:
        found = self.hub.repositories.get(repo)
        if found is None:
            self._send(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        return found

    def _files_at(self, repo: str, revision: str) -> tuple[str, Files] | None:
        found = self._repository(repo)
        if found is None:
            return None
        at = found.files(revision)
        if at is None:
            self._send(404, {"error": "Revision not found"}, {"X-Error-Code": "RevisionNotFound"})
        return at

    # --- steps ----------------------------------------------------------------------------------------------------

    def _exchange(self) -> None:
        asked = json.loads(self.body)
        if asked["subject_token"] == IDENTITY and asked["resource"]:
            self._send(200, {"access_token": WRITE, "token_type": "bearer", "expires_in": 3600})
        else:
            self._send(401, {"error": "invalid_grant"})

    def _create(self) -> None:
        asked = json.loads(self.body)
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.hub.repositories:
            self._send(409, {"error": "You already created this dataset repo"})
            return
        self.hub.repositories[name] = Repository()
        self.hub.repositories[name].commit("initial commit", {".gitattributes": b"*.parquet filter=lfs\n"})
        self._send(200, {"url": f"{self.hub.address}/datasets/{name}"})

    def _yaml(self) -> None:
        self._send(200, {"errors": [], "warnings": []})

    def _refs(self, repo: str) -> None:
        found = self._repository(repo)
        if found is not None:
            tags = [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": at} for n, at in found.tags.items()]
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": found.head}
            self._send(200, {"branches": [main], "converts": [], "tags": tags})

    def _entry(self, path: str, content: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob_id(content)}
        if path.endswith(LARGE):
            digest = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
        return entry

    def _tree(self, repo: str, rev: str, path: str = "") -> None:
        at = self._files_at(repo, rev)
        if at is not None:
            under = f"{path}/" if path else ""
            self._send(200, [self._entry(name, held) for name, held in at[1].items() if name.startswith(under)])

    def _info(self, repo: str, rev: str | None = None) -> None:
        at = self._files_at(repo, rev or "main")
        if at is not None:
            siblings = [{"rfilename": name} for name in at[1]]
            self._send(200, {"id": repo, "sha": at[0], "private": False, "siblings": siblings, "tags": []})

    def _paths(self, repo: str, rev: str) -> None:
        at = self._files_at(repo, rev)
        if at is None:
            return
        try:
            asked = json.loads(self.body)["paths"]
        except ValueError:
            asked = parse_qs(self.body.decode())["paths"]
        wanted = [asked] if isinstance(asked, str) else asked
        found = [self._entry(name, at[1][name]) for name in wanted if name in at[1]]
        folders = [name for name in wanted if any(held.startswith(f"{name}/") for held in at[1])]
        self._send(200, found + [{"type": "directory", "path": name, "oid": "0" * 40} for name in folders])

    def _preupload(self, repo: str, rev: str) -> None:
        at = self._files_at(repo, rev)
        if at is None:
            return
        files = []
        for item in json.loads(self.body)["files"]:
            mode = "lfs" if item["path"].endswith(LARGE) else "regular"
            held = at[1].get(item["path"])
            oid = None if held is None or mode == "lfs" else blob_id(held)
            files.append({"path": item["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self._send(200, {"files": files})

    def _batch(self, repo: str) -> None:
        objects = []
        for item in json.loads(self.body)["objects"]:
            found: dict[str, Any] = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.hub.large:
                found["actions"] = {
                    "upload": {"href": f"{self.hub.store}/store/{item['oid']}"},
                    "verify": {"href": f"{self.hub.address}/api/lfs/verify"},
                }
            objects.append(found)
        self._send(200, {"transfer": "basic", "objects": objects}, {"Content-Type": "application/vnd.git-lfs+json"})

    def _upload(self, oid: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == oid
        self.hub.large[oid] = self.body
        self._send(200, b"")

    def _verify(self) -> None:
        asked = json.loads(self.body)
        self._send(200 if asked["oid"] in self.hub.large else 404, {})

    def _commit(self, repo: str, rev: str) -> None:
        found = self._repository(repo)
        if found is None:
            return
        lines = [json.loads(line) for line in self.body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit", found.head) != found.head:
            self._send(412, {"error": "A commit has happened since. Please refresh and try again."})
            return
        files = dict(found.commits[-1][2])
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        made = found.commit(header["summary"], files)
        self._send(200, {"commitUrl": f"{self.hub.address}/{repo}/commit/{made}", "commitOid": made})

    def _tag(self, repo: str, rev: str) -> None:
        found = self._repository(repo)
        if found is None:
            return
        tag = json.loads(self.body)["tag"]
        if tag in found.tags:
            self._send(409, {"error": "Tag reference exists already"})
            return
        found.tags[tag] = rev
        self._send(200, {})

    def _resolve(self, repo: str, rev: str, path: str) -> None:
        at = self._files_at(repo, rev)
        if at is None:
            return
        content = at[1].get(path)
        if content is None:
            self._send(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": at[0]})
            return
        digest = hashlib.sha256(content).hexdigest()
        headers = {"X-Repo-Commit": at[0], "ETag": f'"{blob_id(content)}"'}
        if path.endswith(LARGE):
            self.hub.large[digest] = content
            linked = {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{digest}"'}
            self._send(302, b"", headers | linked | {"Location": f"{self.hub.store}/store/{digest}"})
            return
        self._send_content(content, headers)

    def _store(self, oid: str) -> None:
        self._send_content(self.hub.large[oid], {"ETag": f'"{oid}"'})

    def _send_content(self, content: bytes, headers: dict[str, str]) -> None:
        headers |= {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if asked is None:
            self._send(200, content, headers)
            return
        start, end = int(asked.group(1)), int(asked.group(2) or len(content) - 1)
        part = content[start : end + 1]
        span = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
        self._send(206, part, headers | {"Content-Range": span})


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A simulator on a port of its own."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    port = server.server_address[1]
    hub.address, hub.store = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
