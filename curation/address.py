"""Where a database is: URLs of SQLite and PostgreSQL.

Rules that always hold:
- a password is never shown, nor anything else of a URL that could hold one;
- `postgresql://…` and `postgres://…` mean the driver psycopg; any other driver is refused.
"""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from curation.errors import InvalidInput

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_EXAMPLE = "For instance: postgresql://evenhand@localhost/evenhand, or sqlite:////srv/evenhand/evenhand.db."


def read_address(url: str) -> URL:
    """Read a database URL. Raises InvalidInput, which does not repeat it."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise InvalidInput("is no database URL", where="EVENHAND_DATABASE_URL", hint=_EXAMPLE) from None
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise InvalidInput("names a database that Evenhand does not use", where="EVENHAND_DATABASE_URL", hint=_EXAMPLE)
    if not address.database or address.database == ":memory:":
        raise InvalidInput("names no database on its server", where="EVENHAND_DATABASE_URL", hint=_EXAMPLE)
    return address.set(drivername=driver)


def is_postgresql(address: URL) -> bool:
    """Whether the database is PostgreSQL."""
    return address.get_backend_name() == "postgresql"


def shown_address(address: URL) -> str:
    """Server and database, without user, password and options."""
    if not is_postgresql(address):
        return str(address.database)
    host = address.host or address.query.get("host") or "localhost"
    port = f":{address.port}" if address.port else ""
    return f"{host if isinstance(host, str) else ', '.join(host)}{port}/{address.database}"
