"""The whole loop with a real Label Studio, on this machine: proposed, pushed, annotated, pulled, released.

Rules that always hold:
- every person in it is simulated, every account and release says so;
- its two reviewers annotate through Label Studio's own HTTP API, as its pages do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation.begin import begin_home
from curation.checkout import dataset_in_checkout
from curation.epoch import close_epoch
from curation.errors import InvalidInput
from curation.examples.propose import Propose, propose_example, read_example
from curation.integrations.label_studio.client import Client
from curation.integrations.label_studio.connection import keep_server
from curation.integrations.label_studio.local import ADMINISTRATOR, Local, Visitor, running
from curation.integrations.label_studio.reviewers import LinkReviewer, link_reviewer, linked_reviewers
from curation.integrations.label_studio.sync import Synced, sync_all
from curation.people.accounts import Actor, Joining, join
from curation.people.vault import Vault
from curation.releases.cut import CutRelease, cut_release
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation.topics.define import read_definition
from curation.writing import Platform
from curation_schemas.commons import AnyProposal
from curation_schemas.parsing import SchemaInvalid, load_json

PASSPHRASE_BYTES = 10
_VERDICTS: tuple[list[dict[str, Any]], ...] = (
    [
        {"from_name": "verdict", "to_name": "content", "type": "choices", "value": {"choices": ["accept"]}},
        {"from_name": "score-positions", "to_name": "content", "type": "rating", "value": {"rating": 5}},
    ],
    [{"from_name": "verdict", "to_name": "content", "type": "choices", "value": {"choices": ["accept"]}}],
)
Tell = Callable[[str], None]


@contextmanager
def played(home: Path, dataset: Path | None, port: int, tell: Tell) -> Iterator[tuple[Local, CutRelease, str]]:
    """Play the loop into a new home. Gives the server, the release and the example; the server runs meanwhile.

    Args:
        home: a folder that does not exist or is empty.
        dataset: a definition with two perspectives of one seat each on its first topic, and `example.json`; by default
            the one of the documentation.
        port: where Label Studio listens, on this machine.
        tell: is given one sentence at each step.

    Raises:
        NotFound: no dataset is named, and this is an installed package without its documentation.
        InvalidInput: the dataset or its example cannot be read; the home is not begun then.
        Unavailable: Label Studio cannot be installed or started.
    """
    dataset = dataset or dataset_in_checkout("docs/first-dataset", "the example dataset of the documentation")
    definition, fields = read_definition(dataset), _read_example(dataset / "example.json")
    topic = definition.definition.topics[0]
    if len(topic.required) != 2 or definition.definition.policy.rule_for(topic.sensitivity).seats != 1:
        message = f"topic {topic.id} does not have two required perspectives with one seat each"
        raise InvalidInput(message, where=str(dataset), hint="The demo has two reviewers. See docs/first-dataset.")
    platform, founder = begin_home(home, definition, "sim-founder", simulated=True)
    try:
        reviewers = _people(platform)
        example = _propose(platform, founder, fields)
        tell(f"{example} was proposed; one seat waits for each of two perspectives.")
        with running(home.resolve() / "label-studio", port, platform.token_bytes) as local:
            tell(f"Label Studio runs on {local.url}; {ADMINISTRATOR}, {local.passphrase}")
            _annotate(platform, founder, reviewers, local, tell)
            close_epoch(platform)
            made = cut_release(platform, founder)
            close_epoch(platform)
            tell(f"The round ended and the epoch was closed; release {made.manifest.version} was cut.")
            yield local, made, example
    finally:
        platform.home.close()


def _people(platform: Platform) -> list[Actor]:
    with platform.write() as writing:
        topic = writing.definitions.topics_at(writing.epoch)[0].content
        found = []
        for handle, perspective in zip(("sim-ben", "sim-cho"), topic.required, strict=True):
            languages = list(writing.definitions.terms.languages) if writing.definitions.terms else ["en"]
            joining = Joining(handle=handle, languages=languages, simulated=True)
            actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
            declare_perspective(writing, actor, DeclarePerspective(topic=topic.id, perspective=perspective))
            found.append(actor)
    return found


def _read_example(path: Path) -> AnyProposal:
    try:
        return read_example(load_json(path.read_bytes()), where=str(path))
    except OSError:
        raise InvalidInput("cannot be read", where=str(path), hint="The demo proposes the example in it.") from None
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=str(path)) from None


def _propose(platform: Platform, founder: Actor, fields: AnyProposal) -> str:
    with platform.write() as writing:
        event = propose_example(writing, founder, Propose(example=fields)).event
    return str(getattr(event, "example", ""))


def _annotate(platform: Platform, founder: Actor, reviewers: list[Actor], local: Local, tell: Tell) -> None:
    administrator = Visitor(local.url).sign_in(ADMINISTRATOR, local.passphrase or "")
    with platform.write() as writing:
        server = keep_server(writing, founder, local.url, administrator.token())
    client = Client(server)
    invitation = client.invitation()
    visitors = []
    for actor in reviewers:
        email, passphrase = f"{actor.handle}@example.org", platform.token_bytes(PASSPHRASE_BYTES).hex()
        visitors.append(Visitor(local.url).join(invitation, email, passphrase))
        tell(f"{email} joined Label Studio with the passphrase {passphrase}")
        with platform.write() as writing:
            link_reviewer(writing, actor, LinkReviewer(email=email, consents=True))
    tell(_said("Pushed", sync_all(platform, client, pull=False)))
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        projects = [link.projects["review"] for _, link in linked_reviewers(loaded, vault)]
    for visitor, project, result in zip(visitors, projects, _VERDICTS, strict=True):
        for task in client.tasks(project):
            visitor.ask("POST", f"/api/tasks/{task['id']}/annotations/", {"result": result}).raise_for_status()
    tell("Both annotated their task there.")
    tell(_said("Pulled", sync_all(platform, client, push=False)))
    for visitor in (administrator, *visitors):
        visitor.http.close()
    client.close()


def _said(what: str, came: Synced) -> str:
    return f"{what}: {came.pushed} tasks made, {came.taken} reviews taken, {len(came.refused)} refused."
