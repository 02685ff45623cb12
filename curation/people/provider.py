"""Sign in through an OpenID Connect provider: the protocol (OpenID Connect Core 1.0 §3.1, RFC 7636).

Rules that always hold:
- the code flow with PKCE (S256), a state and a nonce for each try;
- an ID token counts only with a signature by one of the provider's published keys, of an asymmetric algorithm, and with
  the right issuer, audience, nonce and time;
- of what the provider says of a person, issuer and subject are looked at, to find the account; nothing is kept of the
  tokens, and nothing of either is logged or told in a message;
- the provider is asked over TLS (but on this machine), no redirect is followed, no answer is long, and a slow one is
  given up; few people wait for it at once, so that it cannot hold up the others.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from curation.errors import InvalidInput, Unavailable

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""None that is keyed by a shared secret, and not «none»."""
_SECONDS = 8.0
_MOST_BYTES = 262_144
_LEEWAY = 60
_KEPT_SECONDS = 3_600
_AT_ONCE = BoundedSemaphore(8)
_PATIENCE_S = 2
_MOST_CHARACTERS = 255
"""Of a subject (OpenID Connect Core §2)."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try to sign in: what the answer must fit. It stays in the browser that began it."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """Whom the provider vouches for."""

    issuer: str
    subject: str


@dataclass
class Provider:
    """A provider, as the settings name it."""

    issuer: str
    client_id: str
    redirect: str
    """Where it sends people back to; the provider has to know this address."""
    secret: str | None = field(default=None, repr=False)
    name: str = ""
    """As the pages call it."""
    _known: dict[str, Any] = field(default_factory=dict, repr=False)
    _known_until: float = 0.0

    def __post_init__(self) -> None:
        _check_address(self.issuer)

    def begin(self) -> tuple[str, Try]:
        """The provider's address to send a browser to, and what its answer must fit. Raises Unavailable."""
        made = Try(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
        client = OAuth2Client(
            None, self.client_id, redirect_uri=self.redirect, scope="openid", code_challenge_method="S256"
        )
        with _taking_turns():
            endpoint = self._metadata()["authorization_endpoint"]
        url, _ = client.create_authorization_url(
            endpoint, state=made.state, code_verifier=made.verifier, nonce=made.nonce
        )
        return url, made

    def finish(self, began: Try, answer: Mapping[str, str], now: int) -> Stranger:
        """Whom the provider's answer names.

        Raises:
            InvalidInput: the answer does not fit what was asked, or the provider did not sign anybody in.
            Unavailable: the provider does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), began.state.encode()):
            raise _refused("the answer belongs to another try")
        if answer.get("iss", self.issuer) != self.issuer:  # RFC 9207
            raise _refused("the answer is another provider's")
        if "error" in answer or not answer.get("code"):
            raise _refused("the provider signed nobody in")
        with _taking_turns():
            tokens = self._exchange(answer["code"], began.verifier)
            return self._stranger(tokens, began.nonce, now)

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        body = prepare_token_request(
            "authorization_code", redirect_uri=self.redirect, code=code, code_verifier=verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        method = "client_secret_basic" if self.secret else "none"
        endpoint, headers, body = ClientAuth(self.client_id, self.secret, method).prepare(
            "POST", self._metadata()["token_endpoint"], headers, body
        )
        status, found = _ask("POST", endpoint, headers, body)
        if status != 200:
            raise _refused("the provider does not accept its own answer; it may have been used already")
        return found

    def _stranger(self, tokens: Mapping[str, Any], nonce: str, now: int) -> Stranger:
        given = tokens.get("id_token")
        if not isinstance(given, str):
            raise _refused("the provider sent no ID token")
        try:
            token = self._read(given)
            options: Any = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client_id},
            }
            params = {"nonce": nonce, "client_id": self.client_id, "access_token": tokens.get("access_token")}
            CodeIDToken(token.claims, token.header, options, params).validate(now, _LEEWAY)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError):
            raise _refused("the provider's ID token is not valid") from None
        subject = token.claims["sub"]
        if not 1 <= len(subject) <= _MOST_CHARACTERS:
            raise _refused("the provider's ID token is not valid")
        return Stranger(self.issuer, subject)

    def _read(self, given: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            return jwt.decode(given, self._keys(), registry=registry)
        except InvalidKeyIdError:  # Its keys change now and then.
            self._known.pop("keys", None)
            return jwt.decode(given, self._keys(), registry=registry)

    def _keys(self) -> KeySet:
        if "keys" not in self._known:
            self._known["keys"] = KeySet.import_key_set(self._asked(self._metadata()["jwks_uri"]))  # type: ignore[arg-type]  # checked by it
        keys: KeySet = self._known["keys"]
        return keys

    def _metadata(self) -> Mapping[str, str]:
        """What the provider says of itself (OpenID Connect Discovery 1.0 §4), kept for an hour."""
        if time.monotonic() >= self._known_until:
            found = self._asked(get_well_known_url(self.issuer, external=True))
            if found.get("issuer") != self.issuer:
                raise Unavailable("the provider calls itself by another name", hint="Look at EVENHAND_OIDC_ISSUER.")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _check_address(str(found.get(name, "")))
            self._known = {"metadata": found}
            self._known_until = time.monotonic() + _KEPT_SECONDS
        metadata: Mapping[str, str] = self._known["metadata"]
        return metadata

    def _asked(self, url: str) -> dict[str, Any]:
        status, found = _ask("GET", url, {"Accept": "application/json"}, None)
        if status != 200:
            raise _silent()
        return found


def _ask(method: str, url: str, headers: Mapping[str, str], body: str | None) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of an answer. Raises Unavailable."""
    ends = time.monotonic() + _SECONDS
    content = bytearray()
    try:
        with (
            httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream(method, url, headers=dict(headers), content=body) as answer,
        ):
            for part in answer.iter_bytes():
                content += part
                if len(content) > _MOST_BYTES or time.monotonic() > ends:
                    raise _silent()
        found = json.loads(content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
        raise _silent() from None
    if not isinstance(found, dict):
        raise _silent()
    return answer.status_code, found


def _check_address(url: str) -> None:
    """Raise InvalidInput unless an address of the provider's is asked over TLS, or on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise InvalidInput("a provider's address begins with https://", where="EVENHAND_OIDC_ISSUER")


@contextmanager
def _taking_turns() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise _silent()
    try:
        yield
    finally:
        _AT_ONCE.release()


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, where="provider", hint="Try again.")


def _silent() -> Unavailable:
    return Unavailable("the provider does not answer as it should", hint="Try again, or sign in with a passphrase.")
