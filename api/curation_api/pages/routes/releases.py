"""Releases: the list, one release with its files, and the feeds."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from sqlalchemy import select
from starlette.responses import FileResponse, Response, StreamingResponse

from curation.releases.jobs import MOST_LISTED
from curation.tables import log_epochs, log_leaves
from curation.writing import LoadedExamples
from curation.yanked import yanked_releases
from curation_api.bundles import bundle_here, find_release, release_rows
from curation_api.comparing import compare_releases, files_of, tar_of
from curation_api.exporting import views_of
from curation_api.pages.beginnings import beginnings_in
from curation_api.pages.feeds import Entry, atom
from curation_api.pages.render import show
from curation_api.pages.visit import TheVisit
from curation_schemas.events import EVENT, ExampleRetracted, ExampleWithdrawn
from curation_schemas.text import SemVer

router = APIRouter()
AVersion = Annotated[SemVer, Path()]
_FEED_LENGTH = 50


@router.get("/releases")
def releases(visit: TheVisit) -> Response:
    """Every release, the newest first."""
    with visit.platform.read() as loaded:
        rows = release_rows(loaded)
        dates = _dates(loaded, [row.leaf for row in rows])
        yanked = yanked_releases(loaded.connection)
    return show(visit, "releases.html", releases=rows, dates=dates, yanked=yanked)


@router.get("/releases/{version}")
def release(version: AVersion, visit: TheVisit) -> Response:
    """One release: counts, files, how to verify it."""
    with visit.platform.read() as loaded:
        row = find_release(loaded, version)
        dates = _dates(loaded, [row.leaf])
        yank = yanked_releases(loaded.connection).get(version)
    bundle = bundle_here(visit.platform, version)
    return show(
        visit,
        "release.html",
        release=row,
        date=dates.get(row.leaf),
        manifest=bundle.manifest,
        made_after=bundle.made_after,
        yank=yank,
        address=str(visit.request.base_url).rstrip("/"),
    )


@router.get("/releases/{version}/files/{path:path}")
def file(version: AVersion, path: str, visit: TheVisit) -> Response:
    """One file of a release."""
    found, _ = bundle_here(visit.platform, version).file(path)
    return FileResponse(
        found,
        media_type="application/octet-stream",
        headers={"Content-Disposition": "attachment", "Cache-Control": "public, max-age=86400"},
    )


@router.get("/releases/{version}/bundle.tar")
def bundle(version: AVersion, visit: TheVisit) -> Response:
    """Every file of a release, as one."""
    here = bundle_here(visit.platform, version)
    name = f"{visit.platform.home.dataset}-{version}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.tar"', "Cache-Control": "public, max-age=86400"}
    return StreamingResponse(tar_of(here, name, files_of(here)), media_type="application/x-tar", headers=headers)


@router.get("/releases/{version}/diff")
def diff(
    version: AVersion, visit: TheVisit, since: Annotated[SemVer | Literal[""], Query(alias="from")] = ""
) -> Response:
    """What a release added, changed and removed since another; since the one before it, where none is named."""
    before, found = compare_releases(visit.platform, version, since or None)
    with visit.platform.read() as loaded:
        others = [row.version for row in release_rows(loaded) if row.version != version]
        parts = (found.added, found.changed, found.removed) if found else ()
        views = views_of(loaded, [item for part in parts for item in part[:MOST_LISTED]])
    return show(
        visit,
        "release-diff.html",
        version=version,
        before=before,
        others=others,
        diff=found,
        most=MOST_LISTED,
        beginnings=beginnings_in(views.values()),
        languages={view.id: view.language for view in views.values()},
    )


def _dates(loaded: LoadedExamples, leaves: list[str]) -> dict[str, str]:
    """Leaf → the day on which its epoch was closed, for those that are sealed."""
    query = select(log_leaves.c.hash, log_epochs.c.date).join(log_epochs, log_epochs.c.epoch == log_leaves.c.epoch)
    return {row.hash: row.date for row in loaded.connection.execute(query.where(log_leaves.c.hash.in_(leaves)))}


@router.get("/releases.atom")
def releases_feed(visit: TheVisit) -> Response:
    """New releases, as an Atom feed."""
    say = visit.say
    with visit.platform.read() as loaded:
        rows = release_rows(loaded)[:_FEED_LENGTH]
        dates = _dates(loaded, [row.leaf for row in rows])
        yanked = yanked_releases(loaded.connection)
    entries = [
        Entry(
            row.leaf,
            say("Release %(version)s") % {"version": row.version},
            f"/releases/{row.version}",
            dates[row.leaf],
            say("Two maintainers warn of this release: %(reason)s") % {"reason": yanked[row.version].reason}
            if row.version in yanked
            else say("A function of the first %(size)s leaves of the log.") % {"size": row.size},
        )
        for row in rows
        if row.leaf in dates
    ]
    return atom(visit, say("Releases"), "/releases.atom", "/releases", entries)


@router.get("/withdrawals.atom")
def withdrawals_feed(visit: TheVisit) -> Response:
    """Withdrawn and retracted examples, as an Atom feed: whoever trains on a release learns what to drop."""
    say = visit.say
    query = (
        select(log_leaves.c.hash, log_leaves.c.leaf, log_epochs.c.date)
        .join(log_epochs, log_epochs.c.epoch == log_leaves.c.epoch)
        .where(log_leaves.c.type.in_(["example:withdrawn", "example:retracted"]))
        .order_by(log_leaves.c.idx.desc())
        .limit(_FEED_LENGTH)
    )
    with visit.platform.read() as loaded:
        rows = loaded.connection.execute(query).all()
    entries = []
    for row in rows:
        event = EVENT.validate_json(row.leaf)
        assert isinstance(event, (ExampleWithdrawn, ExampleRetracted))
        if isinstance(event, ExampleRetracted):
            title, reason = say("Example %(example)s was retracted") % {"example": event.example}, event.reason
        else:
            title = say("Example %(example)s was withdrawn") % {"example": event.example}
            reason = say.word("withdrawal", event.reason)
        entries.append(Entry(row.hash, title, f"/examples/{event.example}", row.date, reason))
    return atom(visit, say("Withdrawals"), "/withdrawals.atom", "/examples?status=withdrawn", entries)
