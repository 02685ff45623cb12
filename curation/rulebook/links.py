"""How examples hang together: groups, mirrors and translations.

Rules that always hold (pure; used alike by commands and verification):
- a group belongs to one topic;
- a mirror stands in the same group, in the same language, with another framing;
- a translation stands in the same group, in another language, with the same kind and framing.
"""

from __future__ import annotations

from collections.abc import Callable

from curation.errors import Refused
from curation_schemas.events import RevisionBrought


def check_links(
    event: RevisionBrought,
    example_of: Callable[[str], RevisionBrought | None],
    topic_of_group: Callable[[str], str | None],
) -> None:
    """Raise Refused when a link leads nowhere or elsewhere.

    Args:
        event: the proposal or revision.
        example_of: an example's id → its first revision's event.
        topic_of_group: a group's id → the topic of the examples in it, None for a new group.
    """
    topic = topic_of_group(event.group)
    if topic is not None and topic != event.topic:
        raise Refused("propose/links", f"group {event.group} belongs to topic {topic}", where="group")
    for link in [*event.mirrors, event.translation_of]:
        if link == event.example:
            raise Refused("propose/links", "an example cannot mirror or translate itself", where="mirrors")
    for mirror in event.mirrors:
        other = example_of(mirror)
        if other is None:
            raise Refused("propose/links", f"there is no example {mirror}", where="mirrors")
        if (other.group, other.language) != (event.group, event.language) or other.framing == event.framing:
            raise Refused(
                "propose/links",
                f"example {mirror} is no mirror: it needs the same group and language and another framing",
                where="mirrors",
            )
    if event.translation_of is not None:
        other = example_of(event.translation_of)
        if other is None:
            raise Refused("propose/links", f"there is no example {event.translation_of}", where="translation_of")
        if (other.group, other.kind, other.framing) != (event.group, event.kind, event.framing) or (
            other.language == event.language
        ):
            raise Refused(
                "propose/links",
                f"example {event.translation_of} is no original of this: a translation has the same group, kind and "
                "framing, and another language",
                where="translation_of",
            )
