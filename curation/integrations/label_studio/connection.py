"""The one Label Studio that a home works with: its address, its token, and the secret of its webhooks.

Rules that always hold:
- token and secret are sealed under the vault key, and stand in no log, error or answer;
- the address is a maintainer's setting: https anywhere, also in a private network; http on this machine only, unless
  EVENHAND_LABEL_STUDIO_HTTP says otherwise. It is one origin with a path at most, and no redirect is followed.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select

from curation.errors import InvalidInput, NotFound
from curation.people.accounts import Actor
from curation.people.vault import Vault
from curation.tables import label_studio_server
from curation.writing import LoadedExamples, Writing

SECRET_HEADER = "X-Evenhand-Secret"  # noqa: S105  # its name, no secret
HOOK_PATH = "/v1/integrations/label-studio/webhook"
_ONE = "server"
_TOKEN, _SECRET = "label-studio token", "label-studio secret"  # the names under which they are sealed


@dataclass(frozen=True, slots=True)
class Server:
    """Where Label Studio is, and what opens it."""

    url: str
    token: str = field(repr=False)
    secret: str = field(repr=False)


def read_server_url(url: str, *, http: bool = False) -> str:
    """The address of a Label Studio, without a slash at its end. Raises InvalidInput."""
    hint = "For instance: https://label-studio.example.org"
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018  # looks whether it is one
    except ValueError:
        raise InvalidInput("this is no address", where="url", hint=hint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("an address begins with https://", where="url", hint=hint)
    if parts.username is not None or parts.query or parts.fragment:
        raise InvalidInput("an address has no user, no query and no fragment", where="url", hint=hint)
    if parts.scheme == "http" and not (http or _is_this_machine(parts.hostname)):
        raise InvalidInput(
            "over http the token could be read on its way: http is for this machine only",
            where="url",
            hint="Use https; or, in a network that you trust, set EVENHAND_LABEL_STUDIO_HTTP=true.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def keep_server(writing: Writing, actor: Actor, url: str, token: str) -> Server:
    """Connect to a Label Studio, instead of the one before. Raises NotAllowed."""
    writing.admit(actor, "maintainer")
    secret = base64.urlsafe_b64encode(writing.token_bytes(24)).decode()
    writing.connection.execute(delete(label_studio_server))
    row = {
        "name": _ONE,
        "url": url,
        "token": writing.vault.lock_for_home(_TOKEN, token.encode()),
        "secret": writing.vault.lock_for_home(_SECRET, secret.encode()),
    }
    writing.connection.execute(insert(label_studio_server), row)
    return Server(url, token, secret)


def server_url(loaded: LoadedExamples) -> str | None:
    """Where the connected Label Studio is, or None."""
    url: str | None = loaded.connection.execute(select(label_studio_server.c.url)).scalar()
    return url


def connected_server(loaded: LoadedExamples, vault: Vault) -> Server:
    """The Label Studio that this home is connected to. Raises NotFound."""
    row = loaded.connection.execute(select(label_studio_server)).first()
    if row is None:
        hint = "Run `evenhand label-studio connect URL` first."
        raise NotFound("this home is connected to no Label Studio", hint=hint)
    token, secret = vault.open_for_home(_TOKEN, row.token), vault.open_for_home(_SECRET, row.secret)
    return Server(row.url, token.decode(), secret.decode())


def is_from_server(loaded: LoadedExamples, vault: Vault, secret: str) -> bool:
    """Whether this is the secret that the connected server's webhooks carry."""
    sealed = loaded.connection.execute(select(label_studio_server.c.secret)).scalar()
    if sealed is None:
        return False
    return hmac.compare_digest(vault.open_for_home(_SECRET, sealed), secret.encode())
