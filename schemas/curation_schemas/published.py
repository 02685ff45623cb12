"""The JSON Schemas of all wire models, generated from Pydantic and frozen under `frozen/<version>/`.

Rules that always hold:
- what is frozen is what the code does: a test compares them byte for byte;
- a published schema version never changes; a change of shape is a new version.
"""

from __future__ import annotations

import json
from importlib.resources import files

from pydantic import TypeAdapter

from curation_schemas.commons import TopicProposal
from curation_schemas.contribution import LINE, PERSON
from curation_schemas.definition import DatasetDefinition
from curation_schemas.events import EVENT
from curation_schemas.example import EXAMPLE
from curation_schemas.probe import LeanReport, OrientationReport
from curation_schemas.probe_evenhandedness import EvenhandednessReport
from curation_schemas.probe_refusals import OverCorrectionReport, RefusalReport
from curation_schemas.probe_selection import SelectionReport
from curation_schemas.release import ReleaseManifest
from curation_schemas.review import FlagForm, ReviewForm

SCHEMA_VERSION = "v1"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ADAPTERS: dict[str, TypeAdapter[object]] = {
    "dataset": TypeAdapter(DatasetDefinition),
    "example": EXAMPLE,  # type: ignore[dict-item]  # TypeAdapter is invariant
    "topic-proposal": TypeAdapter(TopicProposal),
    "review": TypeAdapter(ReviewForm),
    "flag": TypeAdapter(FlagForm),
    "event": EVENT,  # type: ignore[dict-item]  # as above
    "manifest": TypeAdapter(ReleaseManifest),
    "probe-evenhandedness": TypeAdapter(EvenhandednessReport),
    "probe-geopolitical": TypeAdapter(LeanReport),
    "probe-orientation": TypeAdapter(OrientationReport),
    "probe-refusals": TypeAdapter(RefusalReport),
    "probe-over-correction": TypeAdapter(OverCorrectionReport),
    "probe-selection": TypeAdapter(SelectionReport),
    "contribution": LINE,  # type: ignore[dict-item]  # as above
    "person": PERSON,  # type: ignore[dict-item]  # as above
}


def json_schemas() -> dict[str, str]:
    """File name → the JSON Schema's text, generated from the models."""
    documents = {}
    for name, adapter in _ADAPTERS.items():
        schema = {"$schema": _DIALECT, "$id": f"evenhand/{name}/{SCHEMA_VERSION}"} | adapter.json_schema(
            by_alias=True, mode="validation"
        )
        documents[f"{name}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    return documents


def frozen_schemas(version: str = SCHEMA_VERSION) -> dict[str, str]:
    """File name → the JSON Schema's text as it was frozen for `version`."""
    folder = files("curation_schemas") / "frozen" / version
    return {item.name: item.read_text("utf-8") for item in sorted(folder.iterdir(), key=lambda item: item.name)}
