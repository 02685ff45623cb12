"""Every rule that can forbid an act, by id, in one sentence.

Rules that always hold:
- a refusal (`errors.Refused`) names one of these ids; nothing else does;
- the rules that a verifier can replay are checked by the same code when an act is made and when a bundle is verified;
- those marked «server» rest on data that is never published (leases, organisations, languages people read), so a
  bundle can only report them as attested by the server.
"""

from __future__ import annotations

RULES: dict[str, str] = {
    # definitions
    "define/first": "A log begins with its dataset's definition, once.",
    "define/supersedes-latest": "A definition or policy replaces the latest one of its kind, and names it.",
    "define/two-maintainers": "A policy that replaces another is agreed by two different maintainers.",
    "define/adopted": "After the founding, a topic is defined by adopting what was accepted, word for word.",
    # perspectives
    "declare/topic-known": "A perspective is declared on a topic that exists, and is one of its perspectives.",
    "declare/chain": "A new declaration names the person's latest declaration on that topic.",
    # proposals and revisions
    "propose/topic-in-force": "An example belongs to a topic that is in force, or to a draft of a new one.",
    "propose/topic-changes": "A proposal about a topic amends what is in force, and names what it touches.",
    "propose/topic-taken": "A new topic is proposed once at a time. (server)",
    "propose/policy-in-force": "A revision names the policy and the topic definition in force when it is made.",
    "propose/positions-known": "An example's positions and its framing are positions of its topic.",
    "propose/language": "An example is written in one of the dataset's languages.",
    "propose/licence": "An example carries a licence that the dataset admits.",
    "propose/evaluation": "What measures a model is never trained on, nor a near-copy of it. (server)",
    "propose/intake": "No proposal holds a secret, an identity number, a protected test set or a copy. (server)",
    "propose/new-id": "An example's id is new.",
    "propose/links": "Mirrors, translations and the group belong to the same topic and group, and exist.",
    "revise/only-proposer": "Only its proposer revises an example.",
    "revise/of-latest": "A revision replaces the example's latest revision.",
    "revise/same-example": "A revision keeps topic, group, kind, language and use.",
    "revise/limit": "An example has at most the policy's number of revisions.",
    "revise/appeal-open": "An example is not revised while an appeal of it is open. (server)",
    "withdraw/only-proposer": "Only its proposer withdraws an example.",
    "withdraw/once": "A withdrawn example stays withdrawn; nothing more happens to it but erasure.",
    # rounds, seats, reviews
    "review/revision-known": "A review names a revision of that example.",
    "review/round-open": "A review counts only while its round is open.",
    "review/perspective-required": "Seats exist for the topic's required perspectives only.",
    "review/seat-exists": "A seat's number lies within the round's seats.",
    "review/seat-empty": "A seat is filled once.",
    "review/declared": "A reviewer sits for the perspective that they declared before the round.",
    "review/not-own": "Nobody reviews their own example.",
    "review/one-seat": "A person fills one seat in a round, and none that they handed on.",
    "review/appeal-new-people": "An appeal is judged by people who were not in the first round.",
    "review/supersede-own": "A review supersedes only the same person's latest review in the same seat.",
    "review/reasons": "A review that does not accept has reason codes and a rationale.",
    "review/counter-source": "A review that says «inaccurate» names a counter-source.",
    "review/comparison": "A review of a preference pair compares its answers; other reviews do not.",
    "review/annotation": "A review commits to an annotation exactly when it came from Label Studio.",
    "seat/lease": "A review is submitted in a seat that the reviewer holds, before its lease ends. (server)",
    "seat/language": "A seat goes to people who read the example's language. (server)",
    "seat/organisation": "A seat goes to people who share no declared organisation with the proposer. (server)",
    "seat/one-topic": "A person holds seats on one topic at a time. (server)",
    "seat/share": "Where a perspective has 20 people or more, nobody fills over 15 % of its seats on a topic. (server)",
    "seat/handed-on": "Who handed on or let lapse three seats on a topic gets no more there in that epoch. (server)",
    "seat/queue-assigns": "The queue assigns seats; only simulated people choose theirs. (server)",
    "round/end": "A round ends when every seat is filled, when its time is over, or when its revision is replaced.",
    "round/outcome": "A round's outcome is what the acceptance rule says of its votes.",
    "round/votes": "A round's end lists exactly the votes cast and the seats handed on.",
    "appeal/ended": "Only a round whose seats were filled, and that ended with an outcome, can be appealed.",
    "appeal/once": "A round is appealed once.",
    "appeal/adopted": "What was adopted is changed by a new proposal, never by an appeal.",
    "appeal/by-party": "The proposer or a reviewer of the round appeals.",
    # flags
    "flag/revision-known": "A flag names a revision of that example.",
    "flag/seat-holder": "Flags come from people with a seat in the revision; personal data and law, from anyone.",
    "flag/not-own": "Nobody flags their own example; its author can withdraw it.",
    "flag/once": "A ground is flagged once per revision at a time, and never twice by the same person.",
    "flag/limit": "A person has at most three flags on a topic that neither lapsed nor were upheld. (server)",
    "flag/open": "Only a flag that has not lapsed can be upheld.",
    "flag/uninvolved": "Those who uphold a flag neither proposed, reviewed nor raised it, and uphold it once.",
    "flag/lapse": "A flag lapses when its time is over, unless two people of different perspectives upheld it.",
    # planted controls
    "control/planted": "A control is committed to in an earlier epoch than its proposal, and opened so, once.",
    "control/opened": "A control is opened in the epoch in which its round ends, and is not appealed after that.",
    # checks of sources
    "check/cited": "A check is of a source that a revision or review of that example cites.",
    "check/latest": "A check of a source names the one before it.",
    # gates
    "gate/topic-in-force": "A gate is overruled for a topic that is in force, by its definition.",
    "gate/fails": "A gate is overruled only where it fails or could not be measured. (server)",
    # roles and suspensions
    "roles/chain": "A change of roles names the person's latest one, and changes something.",
    "roles/not-own": "Nobody changes their own roles.",
    "roles/held": "Who signs as maintainer or administrator has that role, as far as the log knows.",
    "suspend/chain": "A person is suspended on a topic once at a time, and a suspension ends once.",
    "suspend/acts": "Who is suspended on a topic does nothing there but withdraw, until it ends.",
    # attestation, erasure, epochs, releases
    "auth/signature": "A self-attested leaf carries a valid Ed25519 signature of its contributor.",
    "auth/one-key": "A pseudonym signs with one key, and a key belongs to one pseudonym.",
    "erase/known": "An erasure names commitments of an act of that example.",
    "erase/adopted": "What was adopted stands in the log for ever; it is changed by a new proposal.",
    "epoch/number": "Epochs are numbered from 0 without gaps, and their dates never go back.",
    "epoch/order": "Within an epoch, leaves stand after what they refer to, else in the order of their hashes.",
    "release/prefix": "A release names an earlier epoch's end and its Merkle root.",
    "release/two-maintainers": "An example is retracted, and a release yanked, by two different maintainers.",
    "release/retracted": "A retraction names a revision of that example, once, and never a proposal about a topic.",
    "release/yanked": "A yank names a release of this log, once.",
    "release/measured": "A release is cut when no gate broke, or a maintainer overruled those that did. (server)",
    "release/version": "A release's version follows from what changed since the one before.",
}
