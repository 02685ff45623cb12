"""What may be asked, and what may be connected to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import InvalidInput
from curation.evidence.addresses import is_public, read_page_address

NOT_PUBLIC = {
    "this host": "0.0.0.0",
    "this network": "0.1.2.3",
    "private, large": "10.1.2.3",
    "shared by carriers": "100.64.0.1",
    "loopback": "127.0.0.1",
    "loopback, further": "127.255.255.254",
    "link-local, where clouds keep credentials": "169.254.169.254",
    "private, middle": "172.16.0.1",
    "private, middle, last": "172.31.255.255",
    "protocol assignments": "192.0.0.170",
    "documentation": "192.0.2.1",
    "AS112": "192.31.196.1",
    "6to4 relays": "192.88.99.1",
    "private, small": "192.168.1.1",
    "benchmarks": "198.19.255.255",
    "documentation, second": "198.51.100.7",
    "documentation, third": "203.0.113.9",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified, IPv6": "::",
    "loopback, IPv6": "::1",
    "IPv4-mapped loopback": "::ffff:127.0.0.1",
    "IPv4-mapped private": "::ffff:10.0.0.1",
    "IPv4-mapped public": "::ffff:93.184.216.34",
    "IPv4-compatible": "::7f00:1",
    "IPv4-translated": "64:ff9b::a00:1",
    "IPv4-translated, local": "64:ff9b:1::a00:1",
    "discard": "100::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "ORCHID": "2001:20::1",
    "documentation, IPv6": "2001:db8::1",
    "documentation, IPv6, second": "3fff::1",
    "6to4 of a private address": "2002:a00:1::",
    "unique local": "fd00::1",
    "link-local, IPv6": "fe80::1",
    "link-local with a zone": "fe80::1%eth0",
    "public with a zone": "2a00:1450:4007:80e::200e%eth0",
    "site-local": "fec0::1",
    "multicast, IPv6": "ff02::1",
    "segment routing": "5f00::1",
    "no address": "localhost",
    "empty": "",
}


@pytest.mark.parametrize("address", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111"])
def test_a_public_address_is_permitted(address):
    assert is_public(address)


@given(st.ip_addresses())
def test_what_is_permitted_is_global_to_python_too(address):
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not (isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.sixtofour))


REFUSED = {
    "another scheme": ("ftp://example.org/x", "it is not http or https"),
    "a file": ("file:///etc/passwd", "it is not http or https"),
    "gopher": ("gopher://example.org:70/_x", "it is not http or https"),
    "no scheme": ("//example.org/x", "it is not http or https"),
    "a password": ("http://ann:secret@example.org/", "it holds a user or a password"),
    "an empty user": ("http://@example.org/", "it holds a user or a password"),
    "another port": ("http://example.org:22/", "it names a port other than 80 and 443"),
    "port zero": ("http://example.org:0/", "it names a port other than 80 and 443"),
    "no port": ("http://example.org:99999/", "it is malformed"),
    "decimal": ("http://2130706433/", "its host is a number, or an address not written in full"),
    "octal": ("http://0177.0.0.1/", "its host is a number, or an address not written in full"),
    "hexadecimal": ("http://0x7f.0.0.1/", "its host is a number, or an address not written in full"),
    "hexadecimal, whole": ("http://0x7f000001/", "its host is a number, or an address not written in full"),
    "shortened": ("http://127.1/", "its host is a number, or an address not written in full"),
    "zeros in front": ("http://127.0.0.01/", "its host is a number, or an address not written in full"),
    "fullwidth digits": ("http://１２７.０.０.１/", "its host is no name"),
    "circled digits": ("http://①②⑦.⓪.⓪.①/", "its host is no name"),
    "a zone": ("http://[fe80::1%25eth0]/", "it is malformed"),
    "a bad IPv6 address": ("http://[::1::]/", "it is malformed"),
    "this machine": ("http://localhost/", "its host is a name of a local network"),
    "this machine, deeper": ("http://a.localhost/", "its host is a name of a local network"),
    "one word": ("http://intranet/", "its host is a name of a local network"),
    "a cloud's metadata": ("http://metadata.google.internal/", "its host is a name of a local network"),
    "multicast DNS": ("http://printer.local/", "its host is a name of a local network"),
    "onion": ("http://abc.onion/", "its host is a name of a local network"),
    "no host": ("http:///x", "its host is no name"),
    "two dots": ("http://example..org/", "its host is no name"),
    "a line break": ("http://example.org/\r\nHost: evil", "it is too long, or has characters that no address has"),
    "a space": ("http://example.org /", "it is too long, or has characters that no address has"),
    "a backslash": ("http://example.org\\@127.0.0.1/", "it is too long, or has characters that no address has"),
    "too long": ("http://example.org/" + "a" * 2_000, "it is too long, or has characters that no address has"),
}


@pytest.mark.parametrize(("url", "message"), REFUSED.values(), ids=REFUSED)
def test_an_address_that_is_not_fetched_says_why(url, message):
    with pytest.raises(InvalidInput) as caught:
        read_page_address(url)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a b".replace(" ", "%20") + "#part", "https://example.org/a%20b"),
        ("https://bücher.example.org/ü?q=é", "https://xn--bcher-kva.example.org/%C3%BC?q=%C3%A9"),
        ("http://example.org./x", "http://example.org/x"),
        ("http://[2606:4700:4700::1111]/", "http://[2606:4700:4700::1111]/"),
        ("http://93.184.216.34/x", "http://93.184.216.34/x"),
    ],
)
def test_an_address_has_one_form(url, same):
    assert read_page_address(url).url == same
    assert read_page_address(same).url == same


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text):
    for url in (text, f"http://{text}", f"http://example.org/{text}"):
        try:
            address = read_page_address(url)
        except InvalidInput:
            continue
        assert address.url.isascii()
        assert read_page_address(address.url) == address
