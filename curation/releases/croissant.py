"""`croissant.json`: the release as Croissant 1.1 with its RAI extension, and PROV's words on the fields.

Rules that always hold (pure):
- every file that holds rows is named with its SHA-256, every column of every config described, and read from its file;
- `proposer`, `reviewers` and `sources` say by `equivalentProperty` that they are PROV attribution and derivation, so
  that attribution stands in each record; `prov/` has the same as PROV-JSON;
- each figure comes from the rows; what was not measured is not claimed;
- it is written here and not by mlcroissant, which writes some RAI terms wrongly; the tests read it with mlcroissant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from curation.releases.columns import SCHEMAS
from curation.releases.facts import CardFacts, DataFiles
from curation.releases.prov import FOLDER
from curation_schemas.release import CONFIGS, SPLITS, FileEntry

CROISSANT = "croissant.json"
CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PARQUET_TYPE = "application/x-parquet"
_PROV = {
    "proposer": ["prov:wasAttributedTo"],
    "reviewer": ["prov:wasAttributedTo"],
    "reviewers": ["prov:wasAttributedTo"],
    "sources": ["prov:wasDerivedFrom"],
    "translation_of": ["prov:wasDerivedFrom"],
    "archive_url": ["prov:atLocation"],
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "prov": "http://www.w3.org/ns/prov#",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""Croissant's own context (the specification, appendix «JSON-LD context»), and PROV."""


def render_croissant(facts: CardFacts, files: DataFiles, entries: Mapping[str, FileEntry]) -> bytes:
    """The file's bytes; `entries` has the digest of each data file."""
    terms = facts.terms
    listed = [(config, split) for config in CONFIGS for split in SPLITS if (config, split) in files]
    content: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": terms.slug,
        "description": facts.summary(),
        "version": facts.version,
        "datePublished": facts.date,
        "inLanguage": list(terms.languages),
        "license": [f"https://spdx.org/licenses/{item}.html" for item in terms.licenses],
        "creator": {"@type": "sc:Organization", "name": facts.contributors},
        "citeAs": facts.citation(),
        "keywords": ["evenhand", *(["simulated"] if terms.simulated else [])],
        "url": f"https://{facts.origin}",
        **_responsible(facts),
        **_provenance(facts),
        "distribution": [_file(files[place], entries[files[place]]) for place in listed],
        "recordSet": [_record_set(config, split, files[config, split]) for config, split in listed],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _provenance(facts: CardFacts) -> dict[str, Any]:
    found: dict[str, Any] = {
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": f"the first {facts.size} leaves of the log {facts.origin}, replayed",
        },
        "prov:has_provenance": f"{FOLDER}/",
    }
    if facts.previous is not None:
        found["prov:wasRevisionOf"] = f"{facts.terms.slug} {facts.previous}"
    return found


def _responsible(facts: CardFacts) -> dict[str, Any]:
    """Croissant RAI 1.0: what is known of how the data came to be, and what is not."""
    simulated = facts.terms.simulated
    people = "simulated people" if simulated else "volunteers"
    seats = "; ".join(facts.seat_rules())
    return {
        "rai:dataCollection": (
            f"Conversations, prompts and preference pairs on contested topics, proposed by {people} under pseudonyms."
        ),
        "rai:dataCollectionType": ["Synthetic" if simulated else "Crowdsourcing", "Manual Human Curation"],
        "rai:dataCollectionTimeFrame": list(facts.time_frame()),
        "rai:dataCollectionMissingData": (
            f"{sum(facts.left_out.values())} examples of the log are not in this release; the card lists why."
        ),
        "rai:dataPreprocessingProtocol": [
            "Checks at intake: hygiene, language, copies, personal data, secrets, protected test sets, licence, origin."
        ],
        "rai:dataAnnotationProtocol": [f"Every revision is judged in seats of each required perspective. {seats}."],
        "rai:dataAnnotationPlatform": ["Evenhand"],
        "rai:dataAnnotationAnalysis": [
            "Agreement and balance are in validation/report.json, which also says what was not measured."
        ],
        "rai:annotationsPerItem": facts.reviews_per_example(),
        "rai:annotatorDemographics": [
            "Reviewers declare a perspective on each topic and nothing else; who they are is in no file."
        ],
        "rai:dataUseCases": (
            ["Trying tools; never training, and never evidence of what anybody thinks"]
            if simulated
            else ["Supervised fine-tuning and preference training on contested topics", "Auditing"]
        ),
        "rai:dataBiases": [
            "Balance counts labels, scores and words: it cannot see a slant that all required perspectives let through."
        ],
        "rai:dataLimitations": [
            (
                "«Accepted» means that seated reviewers of each required perspective accepted the text; it does "
                "not mean "
                "unbiased or true."
            ),
            *(["Every person is made up: it shows how the record works and is nobody's opinion."] if simulated else []),
        ],
        "rai:dataSocialImpact": "Views on these topics can endanger people; contributors appear under pseudonyms only.",
        "rai:personalSensitiveInformation": [
            (
                "Political opinions, under pseudonyms that differ from topic to topic. Patterns of personal data are "
                "looked "
                "for at intake; names are not found by them."
            )
        ],
        "rai:dataReleaseMaintenancePlan": (
            "Examples can be withdrawn, retracted and erased; `tombstones` names each, and a later release lacks it."
        ),
    }


def _file(path: str, entry: FileEntry) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{entry.bytes} B",
        "encodingFormat": PARQUET_TYPE,
        "sha256": entry.sha256,
    }


def _record_set(config: str, split: str, path: str) -> dict[str, Any]:
    name = f"{config}/{split}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"The rows of {config} in the split {split}.",
        **({"dataType": "prov:Entity"} if config not in ("reviews", "tombstones") else {}),
        "field": [_field(f"{name}/{item.name}", item.name, item.type, path) for item in SCHEMAS[config]],
    }


def _field(identifier: str, column: str, kind: pa.DataType, path: str) -> dict[str, Any]:
    array = pa.types.is_list(kind)
    inner = kind.value_type if array else kind
    found: dict[str, Any] = {"@type": "cr:Field", "@id": identifier, "name": column}
    if column in _PROV:
        found["equivalentProperty"] = _PROV[column]
    if array:
        found |= {"isArray": True, "arrayShape": "-1"}
    if pa.types.is_struct(inner):
        found["subField"] = [_sub_field(identifier, column, item, path) for item in inner]
        return found
    return found | {"dataType": _data_type(inner), "source": _source(path, column)}


def _sub_field(identifier: str, column: str, item: pa.Field, path: str) -> dict[str, Any]:
    array = pa.types.is_list(item.type)
    inner = item.type.value_type if array else item.type
    return {
        "@type": "cr:Field",
        "@id": f"{identifier}/{item.name}",
        "name": item.name,
        **({"isArray": True, "arrayShape": "-1"} if array else {}),
        "dataType": _data_type(inner),
        "source": _source(path, column) | {"transform": {"jsonPath": item.name}},
    }


def _source(path: str, column: str) -> dict[str, Any]:
    return {"fileObject": {"@id": path}, "extract": {"column": column}}


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    return "sc:Integer" if pa.types.is_integer(kind) else "sc:Text"
