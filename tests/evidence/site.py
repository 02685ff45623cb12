"""A small web site on loopback whose every answer is written byte by byte, and a reach that leads there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from curation.evidence.fetch import Fetcher, Limits
from curation.evidence.politeness import Politeness
from curation.evidence.reach import Reach

Answer = bytes | Callable[[socket.socket], None]


def answer(
    body: bytes = b"", status: str = "200 OK", media: str | None = "text/html; charset=utf-8", **headers: str
) -> bytes:
    """A whole HTTP answer. An underscore in a header's name stands for a hyphen."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"Content-Type: {media}"] if media else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


NOT_FOUND = answer(b"no", "404 Not Found")


@dataclass
class Site:
    """What it answers by path, and what it was asked: (host, path)."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "pages.example.org") -> str:
        return f"http://{host}:{self.port}{path}"

    def serve(self, sock: socket.socket) -> None:
        with sock, suppress(OSError):
            sock.settimeout(5)
            request = b""
            while b"\r\n\r\n" not in request:
                part = sock.recv(65_536)
                if not part:
                    return
                request += part
            path = request.split(b" ")[1].decode()
            headers = [line.partition(b": ") for line in request.split(b"\r\n")]
            host = next((value.decode() for name, _, value in headers if name.lower() == b"host"), "")
            self.asked.append((host.partition(":")[0], path))
            self.requests.append(request)
            given = self.answers.get(path, NOT_FOUND)
            if callable(given):
                given(sock)
            else:
                sock.sendall(given)


@contextmanager
def running_site() -> Iterator[Site]:
    """A site that answers 404 to everything until told otherwise."""
    listening = socket.create_server(("127.0.0.1", 0))
    site = Site(listening.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=site.serve, args=(sock,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(2)


@dataclass
class Names:
    """A resolver that knows names by heart; each look-up takes the next answer, the last one for ever."""

    known: dict[str, list[list[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answers = self.known.get(host, [["127.0.0.1"]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def fetcher_for(site: Site, names: Names | None = None, **limits: float) -> Fetcher:
    """A fetcher that reaches this site on 127.0.0.1 and nothing else, and never waits."""
    reach = Reach((names or Names()).resolve, lambda address, port: (address, port) == ("127.0.0.1", site.port), None)
    return Fetcher(reach, Limits(**limits), Politeness(0.0))  # type: ignore[arg-type]  # bytes are whole numbers
