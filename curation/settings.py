"""Settings from the environment (`EVENHAND_…`).

Rules that always hold:
- every setting has a default with which one person can begin; none is needed to verify or trace.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from curation.errors import InvalidInput
from curation_schemas.parsing import problems_of


def read_settings() -> Settings:
    """Read the settings. Raises InvalidInput naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        path, message = problems_of(error)[0]
        raise InvalidInput(message, where=f"EVENHAND_{path.upper()}") from None


class Settings(BaseSettings):
    """What can be set from outside."""

    model_config = SettingsConfigDict(env_prefix="EVENHAND_")

    home: Path = Path(".evenhand")
    """The folder that holds keys, log and releases, and the database unless `database_url` names one."""
    database_url: SecretStr | None = None
    """The home's database, where it is not SQLite in the folder: `postgresql://user:password@host/name`."""
    epoch_days: int = Field(default=7, ge=1, le=60)
    """How long an epoch lasts before `evenhand epoch close` finds it due, in days."""
    account_limit: int = Field(default=600, ge=0)
    """How many requests a minute an account may send to one process of `evenhand serve`; 0: as many as it likes."""
    address_limit: int = Field(default=300, ge=0)
    """The same for an address without an account. A web server in front of it, on the same machine, is not counted."""

    public_url: str | None = None
    """The address under which people reach the server, `https://…`. Only signing in through a provider needs it."""
    oidc_client_id: str | None = None
    """The server's client id at an OpenID Connect provider; with it, people can sign in through that provider."""
    oidc_client_secret: SecretStr | None = None
    """The secret that goes with it, where the provider gave one."""
    oidc_issuer: str = "https://huggingface.co"
    """The provider. It must know the address `/sign-in/provider/back` of this server."""
    oidc_name: str = "Hugging Face"
    """What the pages call the provider."""

    webhooks_private: bool = False
    """Whether webhooks may go to private addresses too, by http and to any port: for receivers of one's own."""

    label_studio_http: bool = False
    """Whether Label Studio may be reached by plain http on another machine than this one."""

    @property
    def database(self) -> str | None:
        """`database_url` in the clear."""
        return self.database_url.get_secret_value() if self.database_url else None
