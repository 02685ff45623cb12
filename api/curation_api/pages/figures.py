"""What several pages ask the home: topics, coverage, releases."""

from __future__ import annotations

from typing import Any

from curation.writing import LoadedExamples
from curation_api.bundles import release_rows
from curation_api.coverage import Coverage, KeptCoverage
from curation_api.pages.visit import Visit
from curation_schemas.definition import Topic


def coverage_of(visit: Visit, loaded: LoadedExamples) -> Coverage:
    """Accepted examples by topic, position and language, as of the last closed epoch."""
    kept: KeptCoverage = visit.request.app.state.coverage
    return kept.at(loaded)


def topics_in_force(loaded: LoadedExamples) -> list[Topic]:
    """The topics in force, in the order of their ids."""
    found = (item.content for item in loaded.definitions.topics_at(loaded.epoch))
    return sorted(found, key=lambda topic: topic.id)


def newest_release(loaded: LoadedExamples) -> Any:
    """The newest release, or None."""
    return next(iter(release_rows(loaded)), None)
