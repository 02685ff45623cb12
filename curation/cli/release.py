"""`evenhand release`: plan, cut and build again."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from curation.cli.audit import bundle_folder
from curation.cli.opening import acting, home_path, opened_platform, writing_as
from curation.cli.printing import at_work, print_json, print_table, shown, working

app = typer.Typer(no_args_is_help=True, help="Releases: plan, cut, list, build again, compare, retract, yank, publish.")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


@app.command()
def plan(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False
) -> None:
    """Say what goes into a release cut now, what does not, and why."""
    from curation.releases.cut import plan_release

    with opened_platform(context) as platform, working("Deriving the release"):
        planned = plan_release(platform).as_json()
    if as_json:
        print_json(planned)
        return
    before = planned["previous"] or "none"
    typer.echo(f"{planned['version']}, over the first {planned['log_size']} leaves (before it: {before})\n")
    print_table(["config", "rows"], [[name, str(sum(counts.values()))] for name, counts in planned["rows"].items()])
    changes = planned["changes"]
    typer.echo(
        f"\nAdded {len(changes['added'])}, changed {len(changes['changed'])}, removed {len(changes['removed'])}."
    )
    if planned["left_out"]:
        typer.echo("\nLeft out")
        print_table(["example", "why"], [[item["example"], item["reason"]] for item in planned["left_out"]])
    _print_gates(planned["gates"])


def _print_gates(gates: dict[str, Any]) -> None:
    typer.echo("\nGates")
    for topic, reason in gates["left_out"].items():
        typer.echo(f"  {topic} leaves the release: it {reason}")
    measures = [*(item for items in gates["failing"].values() for item in items), *gates["measures"]]
    broken = [item for item in measures if item["breaks"] or item["outcome"] == "error"]
    for item in broken:
        where = " ".join(part for part in (item["topic"], item["subject"], item["config"]) if part)
        typer.echo(f"  {item['breaks'] or 'error'}  {item['measure']}, {where}: {item['message']}")
    for item in gates["overruled"]:
        typer.echo(f"  overruled  {item['gate']}, {item['topic']}: «{item['reason']}» (leaf {item['event']})")
    for topic, names in gates["not_measured"].items():
        typer.echo(f"  not measured on {topic}: {', '.join(names)}")
    counts = Counter(item["outcome"] for item in measures)
    if not gates["left_out"]:
        typer.echo("  No topic fails a gate.")
    typer.echo(
        f"  {counts['pass']} measures pass; {counts['insufficient']} are not measured: `evenhand validate` says why."
    )


@app.command()
def overrule(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="The topic that fails.", show_default=False)],
    gate: Annotated[list[str], typer.Option("--gate", help="A gate that it fails; can be given again.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it stays all the same: public, for ever.")],
    who: Annotated[str | None, typer.Option("--as", help="Handle of the maintainer who overrules.")] = None,
) -> None:
    """Keep a topic in the next release though it fails a gate, and say why.

    It becomes an event of the log once the epoch is closed, and stands with its reason in the release's card and
    report and in what `evenhand verify` prints. It holds for one release.
    """
    from curation.releases.overrule import OverruleGate, overrule_gate

    with opened_platform(context) as platform:
        actor = acting(platform, who)
        recorded = overrule_gate(platform, actor, OverruleGate(topic=topic, gates=tuple(gate), reason=reason))
    typer.echo(f"Recorded as {recorded.leaf}. It holds for the release that is cut next, after `evenhand epoch close`.")


@app.command()
def cut(
    context: typer.Context,
    who: Annotated[str | None, typer.Option("--as", help="Handle of the maintainer who cuts it.")] = None,
) -> None:
    """Cut the next release: write its bundle under HOME/releases/<version>/ and record it."""
    from curation.releases.cut import cut_release

    with opened_platform(context) as platform:
        actor = acting(platform, who)
        with working("Building the bundle"):
            made = cut_release(platform, actor)
    rows = sum(sum(splits.values()) for splits in made.manifest.rows.values())
    typer.echo(f"Cut {made.manifest.version}: {rows} rows in {made.path}")
    typer.echo(f"Check it: evenhand verify {made.path}")
    typer.echo("When the next epoch is closed, release.tlog-proof joins it: the log then names this release.")


@app.command("list")
def list_releases(context: typer.Context) -> None:
    """List the releases of this home."""
    from curation.status import home_status

    with opened_platform(context) as platform:
        found = home_status(platform)["releases"]
    rows = [[item["version"], str(item["size"]), item["yanked"] or "", item["manifest"]] for item in found]
    print_table(["version", "log size", "yanked", "manifest"], rows)


@app.command()
def rebuild(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="The release's version.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="A new folder for it.")] = None,
) -> None:
    """Build a release again from the log, without what was erased since."""
    from curation.releases.cut import rebuild_release

    target = out or home_path(context) / "releases" / version
    with opened_platform(context) as platform, working("Building the bundle"):
        manifest = rebuild_release(platform, version, target)
    typer.echo(f"Built {manifest.version} again in {target}. Check it: evenhand verify {target}")


@app.command()
def diff(
    context: typer.Context,
    before: Annotated[
        str, typer.Argument(metavar="A", help="A version of this home, a release's folder, or its address.")
    ],
    after: Annotated[str, typer.Argument(metavar="B", help="The release to compare with it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Say what B holds that A does not, what it no longer holds, and why."""
    from curation.audit.bundle import open_bundle
    from curation.audit.compare import NEEDED, compare_bundles
    from curation_schemas.release import CONFIGS

    with release_at(context, before, NEEDED) as one, release_at(context, after, NEEDED) as other:
        found = compare_bundles(open_bundle(one), open_bundle(other)).as_json()
    if as_json:
        print_json(found)
        return
    old, new = found["from"], found["to"]
    typer.echo(f"{new['dataset']}: {old['version']} → {new['version']}\n")
    if new["simulated"]:
        typer.echo("Simulated people and synthetic content: a demonstration, nobody's opinion.\n")
    if not found["same_log"]:
        typer.echo("They are of two logs: neither follows from the other.\n")
    elif new["log_size"] < old["log_size"]:
        typer.echo(f"{old['version']} is the later one: what it added is counted as removed here.\n")
    names = [name for name in CONFIGS if name in {*old["rows"], *new["rows"]}]
    print_table(
        ["config", "before", "after"], [[name, *(str(x["rows"].get(name, 0)) for x in (old, new))] for name in names]
    )
    for what in ("added", "revised", "removed"):
        counts = found["by_topic"][what]
        said = ", ".join(f"{shown(topic)} {count}" for topic, count in counts.items())
        typer.echo(f"\n{what.capitalize()} {sum(counts.values())}" + (f": {said}" if said else ""))
    if found["moved"]:
        typer.echo()
        rows = [[shown(item["example"]), item["from"], item["to"]] for item in found["moved"]]
        print_table(["moved", "from", "to"], rows)
    if found["removed"]:
        typer.echo()
        rows = [[shown(item[name]) for name in ("example", "kind", "reason")] for item in found["removed"]]
        print_table(["removed", "what", "why"], rows)


def release_at(context: typer.Context, name: str, needed: tuple[str, ...]) -> AbstractContextManager[Path]:
    """The folder that a version of this home or a folder names, or one with what is needed of an address."""
    return bundle_folder(str(release_folder(context, name)) if "://" not in name else name, needed)


def release_folder(context: typer.Context, name: str) -> Path:
    """The folder of a release of this home, or the one that is named. Raises NotFound."""
    from curation.errors import NotFound

    here = home_path(context) / "releases" / name
    found = here if _VERSION.fullmatch(name) and here.is_dir() else Path(name)
    if not found.is_dir():
        raise NotFound(
            f"{name} is no release of {home_path(context)} and no folder", hint="See `evenhand release list`."
        )
    return found


@app.command()
def retract(
    context: typer.Context,
    example: Annotated[str, typer.Argument(help="The example's id.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why: public, for ever.")],
    who: Annotated[str | None, typer.Option("--as", help="Handle of the maintainer who drafts it.")] = None,
) -> None:
    """Draft the retraction of an example: it leaves every later release once a second maintainer agrees."""
    from curation.releases.retract import RetractExample, draft_retraction

    with writing_as(context, who) as (writing, actor):
        made = draft_retraction(writing, actor, RetractExample(example=example, reason=reason))
    _say_draft(made)


@app.command()
def yank(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="The release's version.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why: public, for ever.")],
    who: Annotated[str | None, typer.Option("--as", help="Handle of the maintainer who drafts it.")] = None,
) -> None:
    """Draft a warning of a release: it stays as it is, and once a second maintainer agrees everybody is told."""
    from curation.releases.retract import YankRelease, draft_yank

    with writing_as(context, who) as (writing, actor):
        made = draft_yank(writing, actor, YankRelease(version=version, reason=reason))
    _say_draft(made)


def _say_draft(draft: str) -> None:
    typer.echo(f"Drafted {draft}. Another maintainer agrees with: evenhand release agree {draft} --as HANDLE")


@app.command()
def agree(
    context: typer.Context,
    draft: Annotated[str, typer.Argument(help="The draft's id.", show_default=False)],
    who: Annotated[str | None, typer.Option("--as", help="Handle of the maintainer who agrees.")] = None,
) -> None:
    """Agree to a drafted retraction or yank, as the second maintainer."""
    from curation.releases.retract import agree_act

    with writing_as(context, who) as (writing, actor):
        recorded = agree_act(writing, actor, draft)
    typer.echo(f"Recorded as {recorded.leaf}. It stands in the log when the epoch is closed.")
    if recorded.event.type == "release:yanked":
        typer.echo("The release's folder then gets the proof by which `evenhand verify` warns of it; publish it again.")
    else:
        typer.echo("The next release lacks the example and says why in `tombstones`.")


@app.command()
def publish(
    context: typer.Context,
    release: Annotated[str, typer.Argument(help="A version of this home, or a release's folder.")],
    to: Annotated[str, typer.Option("--to", help="hf://datasets/ORG/NAME, a folder, or an address that fsspec knows.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")] = False,
    as_demo: Annotated[
        bool, typer.Option("--as-demo", help="Its people are simulated, and the name it goes to says «demo».")
    ] = False,
) -> None:
    """Publish a release: verify it, bring it there, fetch it back, and verify what came.

    On the Hub that is one commit and one tag. Interrupted anywhere, run it again. A token comes from HF_TOKEN, from
    `hf auth login`, or from a CI's identity (HF_OIDC_RESOURCE).
    """
    from curation.integrations.folders import FolderDestination
    from curation.integrations.publish import Destination, publish_release, read_release

    with at_work("Verifying the release"):
        read = read_release(release_folder(context, release))
    destination: Destination
    if to.startswith("hf://"):
        from curation.integrations.hub import HubDestination

        destination = HubDestination(to)
    else:
        destination = FolderDestination(to)
    done = publish_release(read, destination, as_demo=as_demo, really=yes, tell=typer.echo)
    if done.published:
        typer.echo(f"Published {done.version} to {done.destination}; what came back verifies.")
        return
    typer.echo(f"{done.version} verifies. Publishing it to {done.destination} would:")
    for step in done.steps:
        typer.echo(f"  {step}")
    typer.echo("Nothing was changed. Do it with --yes.")


@app.command()
def pluralistic(
    context: typer.Context,
    release: Annotated[
        str,
        typer.Argument(
            help="A version of this home, a release's folder, or its address: hf://datasets/ORG/NAME@v1.2.0, https://…",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The JSON Lines file to write.", show_default=False)],
    voice: Annotated[
        str, typer.Option("--voice", help="positions: one conversation for each; synthesis: the integrating answer.")
    ] = "synthesis",
    split: Annotated[str, typer.Option("--split", help="train, validation or test.")] = "train",
) -> None:
    """Write the config `pluralistic` as conversations that trainers take: in each position's voice, or integrating.

    The rows are compared with the manifest, which is not verified by this: run `evenhand verify` first.
    """
    from curation.audit.bundle import open_bundle
    from curation.audit.conversations import NEEDED, write_conversations

    with release_at(context, release, NEEDED) as folder:
        bundle = open_bundle(folder)
        written = write_conversations(bundle, out, voice, split)
    simulated = " Simulated people and synthetic content: nobody's opinion." if bundle.manifest.simulated else ""
    what = "one conversation" if written == 1 else f"{written} conversations"
    typer.echo(f"Wrote {what} to {out}.{simulated}")
