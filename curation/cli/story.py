"""Print an example's story as a person wants it told.

Rules that always hold:
- foreign text is made safe for a terminal; nothing of the story is left out.
"""

from __future__ import annotations

from typing import Any

import typer

from curation.cli.printing import shown, wrapped


def print_story(story: dict[str, Any]) -> None:
    """The story for people."""
    typer.echo(f"{story['example']}  {story['kind']}, {story['language']}, topic {story['topic']}")
    if story["simulated"]:
        typer.echo("Simulated people and synthetic content: a demonstration, nobody's opinion.")
    typer.echo(f"Status: {story['status']}. In this release: {story['in_this_release'] or 'no'} ({story['why']}).")
    for revision in story["revisions"]:
        _print_revision(revision)
    for flag in story["flags"]:
        _print_flag(flag)
    if story["retraction"] is not None:
        said = story["retraction"]
        typer.echo(f"\nRetracted by two maintainers, {_when(said)}: «{shown(said['reason'])}»")
    if story["withdrawal"] is not None:
        typer.echo(f"\nWithdrawn by its author ({story['withdrawal']['reason']}), {_when(story['withdrawal'])}.")
    for erasure in story["erasures"]:
        typer.echo(f"\nThe text behind {erasure['commitment'][:16]}… was erased, {_when(erasure)}.")
    for item in story["violations"]:
        typer.echo(f"\nBREAKS A RULE: leaf {item['leaf']}: {shown(item['message'])} (rule {item['rule']})")
    if story["later"]:
        typer.echo("\nThe log goes on after what this release is made of, and says more of this example:")
    for item in story["later"]:
        typer.echo(f"  {item['type']}, event {item['event']}")
    releases = ", ".join(f"{item['version']} ({item['config']})" for item in story["releases"]) or "none so far"
    typer.echo(f"\nReleases: {releases}.")
    typer.echo(
        f"{story['proved_leaves']} leaves of this story were proved to stand in {story['checkpoint']['origin']}."
    )
    typer.echo(f"Nothing of it was left out: {story['complete_by']}.")
    typer.echo("This does not prove:")
    for item in story["does_not_prove"]:
        typer.echo(f"  - {item}")


def _when(item: dict[str, Any]) -> str:
    if item["epoch"] is None:
        return "not yet in a closed epoch"
    first, last = item["not_before"], item["not_after"]
    days = f"by {last}" if not first else f"on {last}" if first == last else f"from {first} to {last}"
    return f"epoch {item['epoch']} ({days}), event {item['event']}"


def _print_revision(revision: dict[str, Any]) -> None:
    signed = "signed by the proposer" if revision["attested"] == "self" else "attested by the server"
    origin = revision["origin"]
    model = f", {origin['model']} {origin.get('version', '')}".rstrip() if origin.get("model") else ""
    typer.echo(f"\nRevision {revision['number']}, {_when(revision)}")
    typer.echo(f"  id {revision['revision']}")
    via = f", via {revision['via']}" if "via" in revision else ""
    typer.echo(f"  proposed by {revision['proposer']} ({signed}){via}")
    typer.echo(
        f"  positions {', '.join(revision['positions'])}; framing {revision['framing']}; "
        f"claims {', '.join(revision['claims'])}"
    )
    typer.echo(shown(f"  origin {origin['kind']}{model}; licence {revision['license']}"))
    for name, items in revision["content"].items():
        for item in items:
            who = item.get("role") or item.get("position") or name
            typer.echo(wrapped(f"[{name}: {who}] {item.get('content') or item.get('not_shown')}", "  | "))
    for source in revision["sources"]:
        _print_source(source, "  ")
    for stage in revision["rounds"]:
        _print_stage(stage)


def _print_source(source: dict[str, Any], indent: str, name: str = "source") -> None:
    if "not_shown" in source:
        typer.echo(f"{indent}{name}: {source['not_shown']}")
        return
    typer.echo(shown(f"{indent}{name}: {source['publisher']} ({source['country']}, {source['date']})"))
    typer.echo(shown(f"{indent}  {source['url']}"))
    if source.get("quote"):
        typer.echo(wrapped(f"«{source['quote']}»", indent + "  "))
    _print_check(source.get("check"), source, indent + "  ")


_STANDS = {
    "none": "an archived copy is kept",
    "exact": "the quote stands in the archived page",
    "fuzzy": "the quote stands in the archived page only nearly",
    "missing": "the quote is MISSING in the archived page",
    "not_extracted": "an archived copy is kept; no text is extracted from it",
    "not_archived": "the page could not be archived",
}


def _print_check(check: dict[str, Any] | None, source: dict[str, Any], indent: str) -> None:
    page = (check or {}).get("page") or {}
    if address := source.get("archive_url") or page.get("archive_url"):
        typer.echo(shown(f"{indent}archived: {address}"))
    if check is None:
        return
    how = f" ({check['extractor']}, {check['anchorer']})" if check["extractor"] else ""
    typer.echo(f"{indent}the server says: {_STANDS[check['status']]}{how}, {_when(check)}")
    if "payload" in page:
        typer.echo(f"{indent}  SHA-256 of the page {page['payload']}")


def _print_stage(stage: dict[str, Any]) -> None:
    rule = stage["rule"]
    seats = "1 seat" if rule["seats"] == 1 else f"{rule['seats']} seats"
    typer.echo(f"  {stage['stage'].capitalize()}: {seats} for each of {', '.join(rule['required'])};")
    typer.echo(f"    satisfied by at least {rule['min_accepts']} and {rule['min_share_percent']} % of them accepting")
    appeal = stage["appeal"]
    if appeal is not None:
        typer.echo(f"    appealed by {appeal['by']}, {_when(appeal)}")
        text = appeal["rationale"]
        typer.echo(wrapped(f"«{text}»" if isinstance(text, str) else (text or {}).get("not_shown", ""), "      "))
    for review in stage["reviews"]:
        _print_review(review)
    for item in stage["passed"]:
        typer.echo(f"    {item['reviewer']} could not judge and handed the seat on")
    if stage["ended"] is None:
        typer.echo("    still open: its reviews are sealed until it ends")
        return
    tally = "; ".join(f"{item['perspective']} {item['accepts']} of {item['seats']}" for item in stage["tally"])
    typer.echo(f"    → {stage['outcome'] or 'no outcome'} ({stage['ended']['how']}), accepting: {tally}")
    typer.echo(f"      {_when(stage['ended'])}")


def _print_review(review: dict[str, Any]) -> None:
    scores = ", ".join(f"{name} {score}" for name, score in review["scores"].items())
    reasons = f" because {', '.join(review['reasons'])}" if review["reasons"] else ""
    counted = "" if review["counted"] else "  [superseded or without outcome: does not count]"
    compared = f" ({review['comparison']})" if review["comparison"] else ""
    typer.echo(f"    {review['perspective']} seat {review['seat']}: {review['verdict']}{compared}{reasons}{counted}")
    typer.echo(f"      {review['reviewer']}, via {review['via']}{'; ' + scores if scores else ''}")
    rationale = review["rationale"]
    if isinstance(rationale, dict):
        typer.echo(f"      rationale: {rationale['not_shown']}")
    elif rationale:
        typer.echo(wrapped(f"«{rationale}»", "      "))
    if review["counter_source"]:
        _print_source(review["counter_source"], "      ", "counter-source")


def _print_flag(flag: dict[str, Any]) -> None:
    upheld = ", ".join(f"{item['by']} ({item['perspective']})" for item in flag["upheld_by"])
    end = "lapsed" if flag["lapsed"] else f"upheld by {upheld}" if upheld else "open"
    by = f"{flag['by']}, via {flag['via']}" if "via" in flag else flag["by"]
    typer.echo(f"\nFlag ({flag['ground']}) on revision {flag['revision'][:12]}… by {by}, {_when(flag)}: {end}")
    evidence = flag["evidence"]
    text = evidence if isinstance(evidence, str) else (evidence or {}).get("not_shown", "")
    typer.echo(wrapped(text, "  "))
