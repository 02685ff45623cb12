"""`evenhand topics`: topics in force, proposals about them, empty seats, and the policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curation.cli.opening import acting, opened_platform, writing_as
from curation.cli.printing import print_json, print_table, shown, wrapped

app = typer.Typer(no_args_is_help=True, help="Topics, their positions and perspectives, and the policy.")
As = Annotated[str | None, typer.Option("--as", help="Handle of the maintainer who acts.")]


@app.command("list")
def list_topics(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False
) -> None:
    """List the topics in force and the seats that wait for reviewers."""
    from curation.reviews.seats import waiting_for

    with opened_platform(context) as platform, platform.read() as loaded:
        topics = [item.content for item in loaded.definitions.topics_at(loaded.epoch)]
        waiting = {topic.id: waiting_for(loaded.connection, topic.id) for topic in topics}
    if as_json:
        print_json([{**topic.model_dump(mode="json"), "empty_seats": waiting[topic.id]} for topic in topics])
        return
    rows = [
        [
            topic.id,
            topic.sensitivity,
            ", ".join(topic.required),
            ", ".join(f"{name} {count}" for name, count in sorted(waiting[topic.id].items())) or "none",
        ]
        for topic in topics
    ]
    print_table(["topic", "sensitivity", "required perspectives", "empty seats"], rows)


@app.command()
def show(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="The topic's id.", show_default=False)],
    language: Annotated[str, typer.Option("--language", help="Language of the labels.")] = "en",
) -> None:
    """Show a topic: what the disagreement is about, each position as its holders put it, the disputed words."""
    with opened_platform(context) as platform, platform.read() as loaded:
        found = loaded.topic_in_force(topic).content

    def text(labels: dict[str, str]) -> str:
        return labels.get(language) or next(iter(labels.values()))

    typer.echo(f"{text(found.label)}  ({found.id}, {found.sensitivity} sensitivity)\n")
    typer.echo(wrapped(text(found.scope)))
    for position in found.positions:
        typer.echo(f"\n{text(position.label)}  ({position.id}, held by {position.held_by})")
        typer.echo(wrapped(text(position.statement), "  "))
    typer.echo("\nDisputed words")
    typer.echo(wrapped(text(found.disputed_terms), "  "))


@app.command()
def propose(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The proposal, as YAML or JSON.", show_default=False)],
    who: Annotated[str | None, typer.Option("--as", help="Handle of the person who proposes.")] = None,
) -> None:
    """Propose a topic, or an amendment of one. It is judged in rounds; accepted, it binds two epochs later."""
    from curation.examples.intake import examine_revision
    from curation.examples.propose import Propose, propose_example, read_proposal

    proposal = read_proposal(file)
    with opened_platform(context) as platform:
        actor = acting(platform, who)
        with platform.write() as writing:
            recorded = propose_example(writing, actor, Propose(example=proposal))
            history = writing.existing(getattr(recorded.event, "example", ""))
        with platform.read() as loaded:
            intake = examine_revision(loaded, history.example, recorded.leaf, platform.home.path)
    typer.echo(f"Proposed as {history.example}, revision {recorded.leaf}.")
    for finding in intake.findings:
        typer.echo(shown(str(finding)))
    typer.echo(f"It is judged by: {', '.join(history.latest.round.required)}.")
    if changes := getattr(recorded.event, "outline").changes:  # noqa: B009  # a TopicProposed
        typer.echo(f"It changes: {', '.join(changes)}.")


@app.command()
def drafts(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False
) -> None:
    """List the proposals about topics: how each stands, what it changes, whom it waits for."""
    from curation.topics.proposals import list_proposals

    with opened_platform(context) as platform, platform.read() as loaded:
        found = list_proposals(loaded)
    if as_json:
        print_json([item.plain() for item in found])
        return
    rows = [
        [
            item.example,
            item.topic,
            item.status,
            ", ".join(item.changes) or "a new topic",
            ", ".join(f"{name} {count}" for name, count in item.empty_seats.items()) or "none",
            ", ".join(item.lacks) or "none",
        ]
        for item in found
    ]
    print_table(["proposal", "topic", "status", "changes", "empty seats", "lacks"], rows)


@app.command()
def policy(context: typer.Context) -> None:
    """Print every policy, the epochs from which each binds, and which one is in force."""
    with opened_platform(context) as platform, platform.read() as loaded:
        definitions, current = loaded.definitions, loaded.definitions.policy_at(loaded.epoch)
    print_json(
        [
            {
                "leaf": item.leaf,
                "binds_from_epoch": item.binds_from,
                "in_force": item.leaf == current.leaf,
                "policy": item.content.model_dump(mode="json", exclude_none=True),
            }
            for item in definitions.policies
        ]
    )


@app.command("draft-policy")
def draft(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The new policy, as YAML or JSON.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is published.")],
    who: As = None,
) -> None:
    """Draft a policy. A second maintainer agrees to it with `agree-policy`; it binds two epochs after its leaf."""
    from curation.topics.define import draft_policy, read_draft

    command = read_draft(file, reason)
    with writing_as(context, who) as (writing, actor):
        made = draft_policy(writing, actor, command)
    typer.echo(f"Drafted {made}. Another maintainer agrees with: evenhand topics agree-policy {made} --as HANDLE")


@app.command("agree-policy")
def agree(
    context: typer.Context,
    draft: Annotated[str, typer.Argument(help="The draft's id.", show_default=False)],
    who: As = None,
) -> None:
    """Agree to a drafted policy, as the second maintainer."""
    from curation.rulebook.definitions import EPOCHS_UNTIL_BINDING
    from curation.topics.define import agree_policy

    with writing_as(context, who) as (writing, actor):
        recorded = agree_policy(writing, actor, draft)
        binds_from = writing.epoch + EPOCHS_UNTIL_BINDING
    typer.echo(f"Recorded as {recorded.leaf}. It binds from epoch {binds_from}.")
