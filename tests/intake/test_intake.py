"""What somebody proposes is checked at once: what blocks is refused, the rest goes to them and to the reviewers."""

from __future__ import annotations

import io
import json
import socket

import pytest

from curation.backup import write_backup
from curation.errors import BackupInvalid, HomeUnusable, Refused
from curation.examples import intake
from curation.examples.intake import examine, examine_revision
from curation.examples.propose import Revise, read_example, revise_example
from curation.protected import FOLDER, place_protected
from curation.restore import restore_backup
from curation.validating.protecting import write_protected
from curation_validators.findings import RULES
from tests.api.support import PERSPECTIVES, sft
from tests.support.words import topic_proposal, turn

CARD = "The card 4111 1111 1111 1111 was declined, they said."
TOKEN = "Log in with ghp_" + "a1B2c3D4e5" * 3 + "a1B2c3 and look."
CONTACT = "Write to marie.dupont@orange.fr if you want the report that they made."
PROTECTED = "Which of the seven harbours of the northern coast was dredged twice before the winter storms had passed?"


def messages(text):
    return [turn("user", "What do people say about the harbour?"), turn("assistant", text)]


def test_secret_and_identity_numbers_are_refused_and_never_repeated(small_world):
    before = small_world.pending()
    for text, rule in ((CARD, "personal/identifier"), (TOKEN, "secret/credential")):
        with pytest.raises(Refused) as refused:
            small_world.propose(messages=messages(text))
        assert refused.value.rule == "propose/intake"
        assert rule in str(refused.value)
        assert "4111" not in str(refused.value)
        assert "a1B2c3" not in str(refused.value)
    assert small_world.pending() == before


def test_revision_is_checked_like_a_proposal(small_world):
    of = small_world.propose()
    with pytest.raises(Refused, match="personal/identifier"):
        small_world.revise(of, messages=messages(CARD))


def test_control_is_checked_when_it_is_planted(small_world):
    with pytest.raises(Refused, match="personal/identifier"):
        small_world.plant(messages=messages(CARD))


def test_what_is_said_about_a_topic_is_checked_in_every_text(small_world):
    before = small_world.pending()
    changes = {"scope": {"en": f"What shall become of it. {TOKEN}", "fr": "Ce qui en adviendra."}}
    for proposal, where in (
        (topic_proposal("lake", changes), "proposal.scope.en: holds what looks like"),
        (topic_proposal("lake", reason=CARD), "reason: holds what looks like a card number"),
    ):
        with pytest.raises(Refused) as refused:
            small_world.propose_fields(proposal)
        assert refused.value.rule == "propose/intake"
        assert f"the proposal, {where}" in str(refused.value)
        assert "4111" not in str(refused.value)
    assert small_world.pending() == before
    of = small_world.propose_fields(topic_proposal("lake", reason=CONTACT))
    with small_world.platform.read() as loaded:
        revision = loaded.existing(of).latest.leaf
        found = examine_revision(loaded, of, revision, small_world.platform.home.path)
    assert [(item.rule, item.where) for item in found.findings] == [("personal/contact", "the proposal, reason")]
    with small_world.acting("ana") as (made, actor):
        command = Revise(example_id=of, example=read_example(topic_proposal("lake", reason=CARD)))
        with pytest.raises(Refused, match="personal/identifier"):
            revise_example(made, actor, command)


def test_every_blocking_finding_is_named_at_once(small_world):
    with pytest.raises(Refused) as refused:
        small_world.propose(messages=messages(f"{CARD} {TOKEN}"))
    assert "personal/identifier" in str(refused.value)
    assert "secret/credential" in str(refused.value)


def test_home_has_protected_sets_of_its_own(small_world, tmp_path):
    items = tmp_path / "items.txt"
    items.write_text(PROTECTED + "\n")
    folder = small_world.platform.home.path / "protected"
    write_protected(items, "harbours", "https://example.org/", "CC0-1.0", folder)
    intake._instruments.cache_clear()
    with pytest.raises(Refused, match="contamination/protected"):
        small_world.propose(messages=messages(f"I quote: {PROTECTED} So they asked."))
    small_world.propose(kind="prompt", use="evaluation", prompt=[turn("user", PROTECTED)])


def test_backup_brings_the_homes_own_protected_sets_back(small_world, tmp_path):
    items = tmp_path / "items.txt"
    items.write_text(PROTECTED + "\n")
    home = small_world.platform.home.path
    _, written = write_protected(items, "harbours", "https://example.org/", "CC0-1.0", home / FOLDER)
    (home / FOLDER / "notes.txt").write_text("not a set")
    made = write_backup(small_world.platform, tmp_path / "backup.tar", with_keys=True)
    restore_backup(made.path, tmp_path / "restored")
    restored = tmp_path / "restored" / FOLDER
    assert [path.name for path in restored.iterdir()] == ["harbours.ngrams"]
    assert (restored / "harbours.ngrams").read_bytes() == written.read_bytes()


@pytest.mark.parametrize(
    "name", ["protected/../x.ngrams", "protected/a/x.ngrams", "protected/x", "protected//x.ngrams"]
)
def test_backup_places_no_protected_set_under_another_name(tmp_path, name):
    with pytest.raises(BackupInvalid, match="is no path of a protected set"):
        place_protected(tmp_path, name, io.BytesIO(b"x"))
    assert list(tmp_path.iterdir()) == []


def test_protected_set_that_cannot_be_read_is_said_and_nothing_is_taken_in(small_world):
    folder = small_world.platform.home.path / "protected"
    folder.mkdir()
    (folder / "broken.ngrams").write_bytes(b"no set at all\n")
    intake._instruments.cache_clear()
    with pytest.raises(HomeUnusable, match="protected set of this home cannot be read"):
        small_world.propose()


def test_what_only_warns_is_taken_in_and_told(small_world):
    of = small_world.propose(messages=messages(CONTACT))
    with small_world.platform.read() as loaded:
        revision = loaded.existing(of).latest.leaf
        found = examine_revision(loaded, of, revision, small_world.platform.home.path)
    assert "personal/contact" in {finding.rule for finding in found.findings}
    assert found.blocking == ()
    assert found.not_measured == ()


def test_proposer_and_reviewers_are_told_the_same(api):
    text = sft(f"They said: {CONTACT}", language="fr")
    made = api.act("proposer", "/v1/examples", text)
    rules = {item["rule"] for item in made["findings"]}
    assert {"personal/contact", "language/differs"} <= rules
    assert {RULES[rule].severity for rule in rules} == {"warn"}
    reader = f"{PERSPECTIVES[0]}-1"
    seat = api.sit(reader)
    assert seat["findings"] == made["findings"]
    assert "marie.dupont" not in json.dumps(seat)


def test_blocked_proposal_is_a_problem_that_names_field_and_rule(api):
    response = api.call("POST", "/v1/examples", "proposer", json=sft(CARD))
    assert response.status_code == 409
    problem = response.json()
    assert problem["rule"]["id"] == "propose/intake"
    assert "messages.1" in problem["detail"]
    assert "4111" not in response.text


def test_checks_open_no_connection(monkeypatch, small_world):
    def refuse(*_given, **_named):
        raise AssertionError("a check opened a connection")

    monkeypatch.setattr(socket, "socket", refuse)
    intake._instruments.cache_clear()
    made = examine({"messages": messages(CONTACT), "language": "en"}, ("en", "fr"), small_world.platform.home.path)
    assert made.findings


def test_broken_check_is_named_and_passes_nothing_silently(monkeypatch, small_world):
    def broken(*_given):
        raise ZeroDivisionError

    monkeypatch.setattr("curation_validators.examples.check_secrets", broken)
    made = examine({"messages": messages("They said so."), "language": "en"}, ("en",), small_world.platform.home.path)
    assert "secrets" in made.not_measured
