"""A Label Studio on this machine, in a virtual environment of its own.

Rules that always hold:
- it is never imported: its dependencies are many, and other than ours;
- it listens on this machine only; nobody signs up without an invitation, and it reports to nobody;
- its administrator's passphrase is random and shown once; it is given to the process by its environment, never on a
  command line, where everybody on the machine could read it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from curation.cache import cache_folder
from curation.errors import InvalidInput, Unavailable
from curation.identifiers import TokenBytes

VERSION = "1.23.2"
ADMINISTRATOR = "administrator@label-studio.invalid"
_READY, _EMPTY = ".ready", "empty"
_DATABASE = "label_studio.sqlite3"
_START_S = 180


def environment_folder() -> Path:
    """The virtual environment of this version."""
    return cache_folder() / f"label-studio-{VERSION}"


def is_installed() -> bool:
    """Whether the environment is there, whole."""
    return (environment_folder() / _READY).is_file()


def install() -> Path:
    """Install Label Studio from the package index, once; some minutes. Returns its program. Raises Unavailable."""
    folder = environment_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed():
            shutil.rmtree(folder, ignore_errors=True)
            _install_into(folder)
    return folder / "bin" / "label-studio"


def _install_into(folder: Path) -> None:
    venv.create(folder, with_pip=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", *options, f"label-studio=={VERSION}"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(
            f"label-studio {VERSION} could not be installed: {last[-1] if last else 'pip failed'}",
            hint="Is the package index reachable?",
        )
    _make_empty_database(folder)
    (folder / _READY).touch()


def _make_empty_database(folder: Path) -> None:
    """A database with Label Studio's tables and nobody in it: making them takes it most of its first start."""
    made = folder / _EMPTY
    made.mkdir()
    command = [str(folder / "bin" / "label-studio"), "init", "--quiet"]
    subprocess.run(command, env=environment_of(made, None), cwd=made, capture_output=True, check=False)
    (made / ".env").unlink(missing_ok=True)  # the key by which it signs sessions: every server makes its own


@dataclass(frozen=True, slots=True)
class Local:
    """A server that runs. `passphrase` is its administrator's, where its data is new."""

    url: str
    process: subprocess.Popen[bytes]
    passphrase: str | None = field(default=None, repr=False)


def environment_of(data: Path, passphrase: str | None) -> dict[str, str]:
    """The environment variables that the server is given: nothing of ours but what it needs."""
    kept = {name: value for name in ("PATH", "LANG", "TZ", "TMPDIR") if (value := os.environ.get(name)) is not None}
    chosen = {
        "HOME": str(data),
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LOG_LEVEL": "WARNING",
    }
    if passphrase is not None:
        chosen |= {"LABEL_STUDIO_USERNAME": ADMINISTRATOR, "LABEL_STUDIO_PASSWORD": passphrase}
    return {**kept, **chosen}


@contextmanager
def running(
    data: Path, port: int, token_bytes: TokenBytes, settings: Mapping[str, str] | None = None
) -> Iterator[Local]:
    """Run a server until the block ends. Installs it first where it has to. Raises Unavailable.

    Args:
        data: the folder of its database and files; made where there is none.
        port: where it listens, on this machine only.
        token_bytes: where the passphrase comes from.
        settings: more environment variables for the server.
    """
    program = install()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = not (data / _DATABASE).is_file()
    if fresh and (empty := environment_folder() / _EMPTY / _DATABASE).is_file():
        shutil.copyfile(empty, data / _DATABASE)
    passphrase = token_bytes(15).hex() if fresh else None
    command = [str(program), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    if fresh:
        command.append("--init")
    environment = {**environment_of(data, passphrase), **(settings or {})}
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, cwd=data, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    local = Local(f"http://127.0.0.1:{port}", process, passphrase)
    try:
        _wait(local, data)
        yield local
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(local: Local, data: Path) -> None:
    ends = time.monotonic() + _START_S
    while time.monotonic() < ends:
        if local.process.poll() is not None:
            break
        try:
            if httpx.get(f"{local.url}/health", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise Unavailable(f"Label Studio did not start on {local.url}", hint=f"Look into {data / 'server.log'}.")


_FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    """Somebody at Label Studio's own pages, signed in as a browser would be."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=60, follow_redirects=True, trust_env=False)

    def sign_in(self, email: str, passphrase: str) -> Visitor:
        """Sign in. Raises InvalidInput."""
        return self._send("/user/login/", email, passphrase)

    def join(self, invitation: str, email: str, passphrase: str) -> Visitor:
        """Open an account by an invitation. Raises InvalidInput."""
        return self._send(invitation.removeprefix(self.url), email, passphrase, allow_newsletters="false")

    def _send(self, path: str, email: str, passphrase: str, **more: str) -> Visitor:
        found = _FORM_TOKEN.search(self.http.get(path).text)
        form = {"csrfmiddlewaretoken": found[1] if found else "", "email": email, "password": passphrase, **more}
        self.http.post(path, data=form, headers={"Referer": self.url})
        if self.http.get("/api/current-user/whoami").status_code != 200:
            raise InvalidInput("Label Studio does not let this account in", where=self.url)
        return self

    def ask(self, method: str, path: str, json: object = None) -> httpx.Response:
        """Ask its HTTP API as this account."""
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken") or "", "Referer": self.url}
        return self.http.request(method, path, json=json, headers=headers)

    def token(self) -> str:
        """A new personal access token of this account."""
        return str(self.ask("POST", "/api/token/", {}).json()["token"])
