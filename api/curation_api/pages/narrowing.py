"""What a list of examples is narrowed to, as a form sends it: what was not chosen is empty."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from curation_api.views import Status
from curation_schemas.example import Kind
from curation_schemas.text import ExampleId, Slug, WrittenLanguage

Nothing = Literal[""]


class Narrowing(BaseModel):
    """The parameters of the list's address."""

    model_config = ConfigDict(extra="ignore")

    topic: Slug | Nothing = ""
    kind: Kind | Nothing = ""
    language: WrittenLanguage | Nothing = ""
    status: Status | Nothing = ""
    after: ExampleId | Nothing = ""

    def query(self, **changes: str) -> str:
        """The address of the list with other parameters."""
        pairs = {**self.model_dump(), **changes}
        return "?" + urlencode({name: value for name, value in pairs.items() if value})
