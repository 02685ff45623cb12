"""A certificate is verified for the name that was asked for, though the connection goes to an address."""

from __future__ import annotations

import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from curation.evidence.fetch import Fetched, Fetcher, NotFetched
from curation.evidence.politeness import Politeness
from curation.evidence.reach import Reach
from tests.evidence.site import Names, answer

DAY = datetime.timedelta(days=1)


@pytest.fixture
def trust(site, tmp_path, monkeypatch):
    """The site speaks TLS with a certificate for pages.example.org; the context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pages.example.org")])
    begun = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + 36_500 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pages.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "site.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    plain = site.serve

    def serve(sock):
        sock.settimeout(5)
        try:
            plain(serving.wrap_socket(sock, server_side=True))
        except OSError:
            sock.close()

    monkeypatch.setattr(site, "serve", serve)
    return ssl.create_default_context(cafile=file)


def fetcher(site, tls, names=None) -> Fetcher:
    def permits(address, port):
        return (address, port) == ("127.0.0.1", site.port)

    return Fetcher(Reach((names or Names()).resolve, permits, None, tls), politeness=Politeness(0.0))


def test_a_page_is_fetched_over_tls_from_the_address_that_was_checked(site, trust):
    site.answers["/"] = answer(b"<p>The council met.")
    found = fetcher(site, trust).fetch(site.url().replace("http:", "https:"))
    assert isinstance(found, Fetched)
    assert found.body == b"<p>The council met."


def test_a_certificate_for_another_name_is_not_believed(site, trust):
    site.answers["/"] = answer(b"<p>The council met.")
    url = site.url(host="other.example.org").replace("http:", "https:")
    assert fetcher(site, trust).fetch(url) == NotFetched("unreachable")


def test_a_certificate_that_nobody_vouches_for_is_not_believed(site, trust):
    site.answers["/"] = answer(b"<p>The council met.")
    assert fetcher(site, None).fetch(site.url().replace("http:", "https:")) == NotFetched("unreachable")
    assert site.asked == []
