"""Search by words, for pages and the API.

Rules that always hold:
- words are looked for in the texts that everybody can read (curation.search), and nothing of a text that is held back
  is told;
- every word that was asked for stands in what is found, in any order; a word of three letters or more is found by its
  beginning.
"""

from __future__ import annotations

from curation.search.index import find_examples
from curation.search.words import Term, has_terms
from curation.writing import LoadedExamples
from curation_api.exporting import views_of
from curation_api.views import ExampleView
from curation_schemas.definition import Topic

MAX_WORDS = 200
"""Characters of what is asked for."""
MOST = 25
"""Examples that are found at most."""
_CANDIDATES = 200
_AT_ONCE = 50


def topics_with(loaded: LoadedExamples, terms: list[Term]) -> list[Topic]:
    """The topics in force whose texts have the words, by id; none where nothing was asked for."""
    if not terms:
        return []
    topics = (item.content for item in loaded.definitions.topics_at(loaded.epoch))
    found = (
        topic for topic in topics if has_terms([text for _, labels in topic.texts() for text in labels.values()], terms)
    )
    return sorted(found, key=lambda topic: topic.id)


def examples_with(loaded: LoadedExamples, terms: list[Term]) -> list[ExampleView]:
    """The first examples whose public text has the words, by id; none where nothing was asked for."""
    if not terms:
        return []
    candidates = sorted(find_examples(loaded.connection, terms, _CANDIDATES))
    found: list[ExampleView] = []
    for start in range(0, len(candidates), _AT_ONCE):
        views = views_of(loaded, candidates[start : start + _AT_ONCE])
        found += [views[one] for one in sorted(views) if has_terms(_texts(views[one]), terms)]
        if len(found) >= MOST:
            break
    return found[:MOST]


def _texts(view: ExampleView) -> list[str]:
    """Every text of an example that is shown to everybody."""
    found = []
    for revision in view.revisions:
        if revision.text is not None:
            content = revision.text.content
            for field in (content.prompt, content.messages, content.chosen, content.rejected, content.answers):
                found += [item.content for item in field or () if item is not None]
            found += [content.synthesis or ""]
    return found
