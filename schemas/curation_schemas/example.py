"""Examples of the four kinds, their sources and their origin, as contributors send them.

Rules that always hold:
- the content fields of a kind are those that trainers expect (TRL decides by column names);
- an `sft` example ends with the assistant; a prompt ends with the user;
- a pluralistic example answers each of its positions once, in that position's own voice.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, model_validator

from curation_schemas.base import Wire
from curation_schemas.text import (
    CountryCode,
    ExampleId,
    GroupId,
    Hash,
    LanguageTag,
    MessageText,
    PartialDate,
    Quote,
    ShortText,
    Slug,
    SpdxId,
    Url,
    WrittenLanguage,
)

Kind = Literal["prompt", "sft", "preference", "pluralistic", "topic"]
"""`topic` is a proposal about a topic (commons.py): it is judged like an example and is a row of no config."""
ClaimType = Literal["fact", "interpretation", "value"]
OriginKind = Literal["human", "synthetic", "mixed"]
Use = Literal["training", "evaluation"]
QuoteStatus = Literal["none", "exact", "fuzzy", "missing", "not_extracted", "not_archived"]
"""How a source's quote stands in the page that it cites: `none` is a source without one."""


class Message(Wire):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: MessageText


class Answer(Wire):
    """One position's answer, in its own voice."""

    position: Slug
    content: MessageText


class Synthesis(Wire):
    """The answer that integrates the positions."""

    content: MessageText


class KeptPage(Wire):
    """The copy of a cited page that is kept: SHA-256 of its WARC record and of the page's body as it was transferred.

    `archive_url` is where the same copy can be read by everybody, where whoever brought it said so.
    """

    record: Hash
    payload: Hash
    archive_url: Url | None = None


class Source(Wire):
    """A public document that a claim rests on. An empty `quote` means that none was checked."""

    url: Url
    archive_url: Url | None = None
    publisher: ShortText
    owner: ShortText
    country: CountryCode
    language: LanguageTag
    date: PartialDate
    quote: Quote = ""
    license: SpdxId | None = None


class Origin(Wire):
    """Who or what wrote the text. A model is named with its version."""

    kind: OriginKind
    model: ShortText | None = None
    version: ShortText | None = None

    @model_validator(mode="after")
    def _model_is_named(self) -> Origin:
        if self.kind == "human" and (self.model or self.version):
            raise ValueError("a human text names no model; say «mixed» if a model took part")
        if self.kind != "human" and not (self.model and self.version):
            raise ValueError(f"a {self.kind} text names its model and version («unknown» if it is not known)")
        return self


def _check_turns(messages: list[Message], last: str, field: str) -> None:
    if messages[-1].role != last:
        raise ValueError(f"{field} must end with the {last}, not with {messages[-1].role}")
    if any(message.role == "system" for message in messages[1:]):
        raise ValueError(f"{field}: a system message can only come first")


Messages = Annotated[list[Message], Field(min_length=1, max_length=40)]


class ExampleFields(Wire):
    """What every kind of example has."""

    topic: Slug
    language: WrittenLanguage
    group: GroupId | None = None
    """None opens a new group."""
    positions: list[Slug] = Field(min_length=1, max_length=12)
    framing: Slug
    """`neutral`, or the position whose wording the prompt presupposes."""
    claims: list[ClaimType] = Field(min_length=1, max_length=3)
    license: SpdxId
    origin: Origin
    mirrors: list[ExampleId] = Field(default_factory=list, max_length=20)
    translation_of: ExampleId | None = None
    sources: list[Source] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _no_repeats(self) -> ExampleFields:
        for name in ("positions", "claims", "mirrors"):
            items = getattr(self, name)
            if len(set(items)) != len(items):
                raise ValueError(f"{name} repeats an entry")
        if "fact" in self.claims and not self.sources:
            raise ValueError("sources: a factual claim needs at least one source")
        return self


class PromptExample(ExampleFields):
    """A prompt without an answer, for training rollouts or for evaluation."""

    kind: Literal["prompt"]
    use: Use
    prompt: Messages

    @model_validator(mode="after")
    def _turns(self) -> PromptExample:
        _check_turns(self.prompt, "user", "prompt")
        return self


class SftExample(ExampleFields):
    """A conversation to imitate, ending with the assistant."""

    kind: Literal["sft"]
    messages: Annotated[list[Message], Field(min_length=2, max_length=40)]

    @model_validator(mode="after")
    def _turns(self) -> SftExample:
        _check_turns(self.messages, "assistant", "messages")
        return self


class PreferenceExample(ExampleFields):
    """A prompt, the answer to prefer and the answer to avoid."""

    kind: Literal["preference"]
    prompt: Messages
    chosen: Messages
    rejected: Messages

    @model_validator(mode="after")
    def _turns(self) -> PreferenceExample:
        _check_turns(self.prompt, "user", "prompt")
        _check_turns(self.chosen, "assistant", "chosen")
        _check_turns(self.rejected, "assistant", "rejected")
        if self.chosen == self.rejected:
            raise ValueError("chosen and rejected are the same text")
        return self


class PluralisticExample(ExampleFields):
    """One prompt, each position in its own voice, and one answer that integrates them."""

    kind: Literal["pluralistic"]
    prompt: Messages
    answers: list[Answer] = Field(min_length=2, max_length=12)
    synthesis: MessageText

    @model_validator(mode="after")
    def _turns(self) -> PluralisticExample:
        _check_turns(self.prompt, "user", "prompt")
        answered = [answer.position for answer in self.answers]
        if sorted(answered) != sorted(self.positions):
            raise ValueError("answers must hold each of the example's positions exactly once")
        return self


Written = PromptExample | SftExample | PreferenceExample | PluralisticExample
"""An example of any kind."""
Example = Annotated[Written, Field(discriminator="kind")]
EXAMPLE: TypeAdapter[Written] = TypeAdapter(Example)

CONTENT_FIELDS: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt",),
    "sft": ("messages",),
    "preference": ("prompt", "chosen", "rejected"),
    "pluralistic": ("prompt", "answers", "synthesis"),
    "topic": ("proposal", "reason"),
}
"""The erasable content fields of each kind, in the order in which a leaf commits to them."""
