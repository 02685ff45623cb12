"""An OpenID Connect provider of one's own: real keys, real signed tokens, over HTTP; and every way to get it wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "a-client", "a-secret"


@dataclass
class StandIn:
    """The provider. `subject` is who signs in next; `claims`, `headers` and `signer` spoil the ID token."""

    subject: str = "subject-1"
    now: int = 0
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    signer: Any = None
    metadata: dict[str, Any] = field(default_factory=dict)
    slow: float = 0.0
    address: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: list[dict[str, str]] = field(default_factory=list)
    """What the token endpoint was sent."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))

    def turn_keys(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})

    def reset(self) -> None:
        """Behave well."""
        self.subject, self.signer, self.slow = "subject-1", None, 0.0
        self.claims, self.header, self.metadata = {}, {}, {}

    # --- what it serves ---------------------------------------------------------------------------------------------

    def app(self) -> Starlette:
        routes = [
            Route("/.well-known/openid-configuration", self._describe),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
        ]
        return Starlette(routes=routes)

    def _describe(self, _request: Request) -> Response:
        time.sleep(self.slow)
        at = {name: f"{self.address}/{path}" for name, path in _ENDPOINTS.items()}
        return JSONResponse({"issuer": self.address, **at, **self.metadata})

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"], asked["scope"]) == (CLIENT, "code", "openid")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        sent = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.seen.append(sent)
        asked = self.codes.pop(sent.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        proof = _base64(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or request.headers.get("authorization") != f"Basic {basic}"
            or proof != asked["code_challenge"]
            or sent["redirect_uri"] != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])})

    def _id_token(self, nonce: str) -> str:
        claims = {
            "iss": self.address,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": self.now + 300,
            "iat": self.now,
            "nonce": nonce,
            "name": "A Name That Nobody Keeps",
            "email": "kept-nowhere@example.org",
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid} | self.header
        if header["alg"] in ("none", "HS256"):
            return self._forged(header, claims)
        return jwt.encode(header, claims, self.signer or self.key, algorithms=[header["alg"]])

    def _forged(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Without a signature, or as if the public key were a shared secret."""
        parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
        secret = self.key.as_pem(private=False)
        signature = hmac.digest(secret, ".".join(parts).encode(), "sha256") if header["alg"] == "HS256" else b""
        return ".".join([*parts, _base64(signature)])

    def _keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))


_ENDPOINTS = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class Served:
    """A stand-in that answers on this machine, until it is stopped."""

    def __init__(self, stand_in: StandIn) -> None:
        self._server = uvicorn.Server(uvicorn.Config(stand_in.app(), port=0, log_level="error"))
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        end = time.monotonic() + 30
        while not self._server.started and time.monotonic() < end:
            time.sleep(0.02)
        assert self._server.started
        port = self._server.servers[0].sockets[0].getsockname()[1]
        stand_in.address = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """Be gone."""
        self._server.should_exit = True
        self._thread.join(30)
