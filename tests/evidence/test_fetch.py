"""Fetching a page from a real server on loopback, and everything that it refuses."""

from __future__ import annotations

import gzip
import socket
import time
import zlib

import pytest

from curation.evidence.fetch import Fetched, Fetcher, NotFetched
from curation.evidence.politeness import Politeness
from curation.evidence.reach import Reach
from tests.evidence.site import Names, answer, fetcher_for

PAGE = b"<html><p>The council met.</p></html>"


def redirect(to: str, status: str = "302 Found") -> bytes:
    return answer(b"", status, Location=to)


def test_a_page_is_fetched_as_it_was_sent(site):
    site.answers["/minutes"] = answer(PAGE, Set_Cookie="a=b")
    found = fetcher_for(site).fetch(site.url("/minutes"))
    assert isinstance(found, Fetched)
    assert (found.status, found.reason, found.body) == (200, "OK", PAGE)
    assert found.header["content-type"] == "text/html; charset=utf-8"
    assert [path for _, path in site.asked] == ["/robots.txt", "/minutes"]


def test_a_request_says_who_asks_and_nothing_else(site):
    fetcher = fetcher_for(site)
    fetcher.contact = "https://example.org/bot)\r\nX: y"
    site.answers["/"] = answer(PAGE)
    assert isinstance(fetcher.fetch(site.url()), Fetched)
    lines = site.requests[-1].decode().split("\r\n")
    assert lines[0] == "GET / HTTP/1.1"
    names = {line.partition(":")[0] for line in lines[1:] if line}
    assert names == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert "(+https://example.org/botX: y)" in site.requests[-1].decode()


# --- where it goes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "127.0.0.2", "::1"])
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(site, address):
    fetcher = Fetcher(Reach(lambda _host, _port: [address]), politeness=Politeness(0.0))
    assert fetcher.fetch("http://pages.example.org/") == NotFetched("private")
    assert site.asked == []


def test_one_private_address_among_public_ones_is_enough(site):
    names = Names({"pages.example.org": [["127.0.0.1", "10.0.0.1"]]})
    assert fetcher_for(site, names).fetch(site.url()) == NotFetched("private")
    assert site.asked == []


def test_without_being_told_otherwise_this_machine_is_private(site):
    site.answers["/"] = answer(PAGE)
    for url in (site.url(host="127.0.0.1"), site.url(host="localhost"), "http://127.0.0.1/", "http://[::1]/"):
        found = Fetcher(politeness=Politeness(0.0)).fetch(url)
        assert isinstance(found, NotFetched)
        assert found.reason in ("address", "private")
    assert site.asked == []


def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked(site):
    site.answers["/"] = answer(PAGE)
    names = Names({"pages.example.org": [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.2"]]})
    fetcher = fetcher_for(site, names)
    assert isinstance(fetcher.fetch(site.url()), Fetched)
    assert names.asked == ["pages.example.org"] * 2  # robots.txt and the page, each with a look-up of its own
    # The answer is another one by now, and that one is checked as well.
    assert fetcher.fetch(site.url()) == NotFetched("private")
    assert len(site.asked) == 2


def test_a_redirect_to_a_private_host_is_not_followed(site):
    names = Names({"inside.example.org": [["10.0.0.1"]]})
    site.answers["/a"] = redirect(f"http://inside.example.org:{site.port}/secret")
    site.answers["/b"] = redirect("http://localhost/secret")
    site.answers["/c"] = redirect("file:///etc/passwd")
    site.answers["/d"] = redirect("http://0x7f.1/")
    site.answers["/e"] = redirect("http://ann:secret@pages.example.org/")
    site.answers["/f"] = redirect("http://[")
    reasons = [fetcher_for(site, names).fetch(site.url(f"/{name}")) for name in "abcdef"]
    assert reasons == [NotFetched("private"), *[NotFetched("address")] * 5]
    assert {host for host, _ in site.asked} == {"pages.example.org"}


def test_a_redirect_asks_robots_of_its_own_host(site):
    site.answers["/a"] = redirect(site.url("/b", host="other.example.org"), "301 Moved Permanently")
    site.answers["/b"] = answer(PAGE)
    found = fetcher_for(site).fetch(site.url("/a"))
    assert isinstance(found, Fetched)
    assert found.url == site.url("/b", host="other.example.org")
    assert ("other.example.org", "/robots.txt") in site.asked


def test_redirects_end(site):
    site.answers["/a"] = redirect("/a")
    assert fetcher_for(site).fetch(site.url("/a")) == NotFetched("redirects")
    assert len([path for _, path in site.asked if path == "/a"]) == 6


def test_a_redirect_that_leads_nowhere_is_told(site):
    site.answers["/a"] = answer(b"", "302 Found")
    assert fetcher_for(site).fetch(site.url("/a")).reason == "redirects"


def test_an_environment_with_a_proxy_changes_nothing(site, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.answers["/"] = answer(PAGE)
    assert isinstance(fetcher_for(site).fetch(site.url()), Fetched)


# --- whether it may ---------------------------------------------------------------------------------------------------


def test_a_page_that_robots_forbids_is_not_asked_for(site):
    site.answers |= {"/robots.txt": answer(b"User-agent: *\nDisallow: /private"), "/private/x": answer(PAGE)}
    fetcher = fetcher_for(site)
    assert fetcher.fetch(site.url("/private/x")) == NotFetched("robots")
    assert fetcher.fetch(site.url("/open")) == NotFetched("refused", 404)
    assert [path for _, path in site.asked] == ["/robots.txt", "/open"]


def test_robots_that_cannot_be_had_forbids_everything(site):
    site.answers |= {"/robots.txt": answer(b"", "500 Internal Server Error"), "/": answer(PAGE)}
    assert fetcher_for(site).fetch(site.url()) == NotFetched("robots")
    site.answers["/robots.txt"] = redirect("http://localhost/robots.txt")
    assert fetcher_for(site).fetch(site.url()) == NotFetched("robots")


def test_robots_is_read_to_its_limit(site):
    rules = b"User-agent: *\nDisallow: /x\n" + b"#" * 600_000 + b"\nAllow: /x/y\n"
    site.answers |= {"/robots.txt": answer(rules), "/x/y": answer(PAGE), "/z": answer(PAGE)}
    assert fetcher_for(site).fetch(site.url("/x/y")) == NotFetched("robots")
    assert isinstance(fetcher_for(site).fetch(site.url("/z")), Fetched)


def test_a_busy_host_is_asked_nothing_more(site):
    site.answers["/a"] = answer(b"", "429 Too Many Requests", Retry_After="60")
    fetcher = fetcher_for(site)
    assert fetcher.fetch(site.url("/a")) == NotFetched("busy", 429)
    assert fetcher.fetch(site.url("/b")) == NotFetched("busy")
    assert [path for _, path in site.asked] == ["/robots.txt", "/a"]


# --- what it takes ----------------------------------------------------------------------------------------------------


def dripping(first: bytes, every_s: float, drop: bytes):
    def serve(sock: socket.socket) -> None:
        sock.sendall(first)
        while True:
            sock.sendall(drop)
            time.sleep(every_s)

    return serve


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n\r\n", 0.05, b"x"), id="a slow body"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nX: ", 0.05, b"x"), id="a slow header"),
        pytest.param(dripping(b"", 0.05, b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="interim answers without end"),
        pytest.param(lambda _sock: time.sleep(2), id="silence"),
    ],
)
def test_what_is_slow_ends_in_time(site, given):
    site.answers["/"] = given
    before = time.perf_counter()
    assert fetcher_for(site, seconds=0.5).fetch(site.url()) == NotFetched("slow")
    assert time.perf_counter() - before < 2


def test_an_endless_body_ends_at_the_limit(site):
    site.answers["/"] = dripping(b"HTTP/1.1 200 OK\r\n\r\n", 0, b"x" * 65_536)
    assert fetcher_for(site, body_bytes=1_000_000).fetch(site.url()) == NotFetched("large", 200)


def test_a_body_of_just_the_limit_is_kept(site):
    site.answers["/"] = answer(b"x" * 1_000)
    assert isinstance(fetcher_for(site, body_bytes=1_000).fetch(site.url()), Fetched)
    assert fetcher_for(site, body_bytes=999).fetch(site.url()) == NotFetched("large", 200)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500_000 + b"\r\n\r\n", id="a huge header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n", id="many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", id="cut off"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="a bad chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.0\r\n", id="another protocol"),
        pytest.param(b"", id="nothing"),
        pytest.param(answer(b"not packed", Content_Encoding="gzip"), id="not what it is packed as"),
        pytest.param(answer(gzip.compress(PAGE)[:-6], Content_Encoding="gzip"), id="a packed body cut off"),
        pytest.param(answer(PAGE, Content_Encoding="br"), id="packed in an unknown way"),
        pytest.param(answer(PAGE, Content_Encoding="gzip, gzip"), id="packed twice"),
    ],
)
def test_a_malformed_answer_is_told(site, given):
    site.answers["/"] = given
    found = fetcher_for(site).fetch(site.url())
    assert isinstance(found, NotFetched)
    assert found.reason == "broken"


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_a_packed_page_is_unpacked_and_a_bomb_is_not(site, packed):
    coding = "gzip" if packed is gzip.compress else "deflate"
    site.answers["/"] = answer(packed(PAGE), Content_Encoding=coding)
    site.answers["/bomb"] = answer(packed(bytes(100_000_000)), Content_Encoding=coding)
    assert isinstance(fetcher_for(site).fetch(site.url()), Fetched)
    assert fetcher_for(site).fetch(site.url("/bomb")) == NotFetched("large", 200)


def test_a_bomb_in_robots_forbids_and_does_no_harm(site):
    bomb = answer(gzip.compress(bytes(100_000_000)), Content_Encoding="gzip")
    site.answers |= {"/robots.txt": bomb, "/": answer(PAGE)}
    assert fetcher_for(site).fetch(site.url()) == NotFetched("robots")


def test_a_site_that_is_not_there_is_told(site):
    def fails(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    permits = fetcher_for(site).reach.permits
    fetcher = Fetcher(Reach(fails, permits, None), politeness=Politeness(0.0))
    assert fetcher.fetch(site.url()) == NotFetched("unreachable")
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    fetcher = Fetcher(Reach(lambda _h, _p: ["127.0.0.1"], lambda _a, _p: True, None), politeness=Politeness(0.0))
    assert fetcher.fetch(f"http://pages.example.org:{port}/") == NotFetched("unreachable")


def test_a_server_without_a_valid_certificate_is_not_believed(site):
    site.answers["/"] = answer(PAGE)
    assert fetcher_for(site).fetch(site.url().replace("http:", "https:")) == NotFetched("unreachable")
    assert site.asked == []
