"""The words that people read for the codes of the domain.

Rules that always hold:
- every code that a page can show has a word here; the word is a sentence of the catalogues;
- designations are neutral and the same for every side.
"""

from __future__ import annotations

from curation_api.pages.catalogue import N_

WORDS: dict[str, dict[str, str]] = {
    "status": {
        "needs_reviews": N_("needs reviews"),
        "accepted": N_("accepted"),
        "contested": N_("contested"),
        "rejected": N_("rejected"),
        "unresolved": N_("unresolved"),
        "withdrawn": N_("withdrawn"),
    },
    "kind": {
        "prompt": N_("question"),
        "sft": N_("conversation"),
        "preference": N_("preference pair"),
        "pluralistic": N_("several voices"),
        "topic": N_("proposal about a topic"),
    },
    "verdict": {"accept": N_("accept"), "revise": N_("revise"), "reject": N_("reject")},
    "reason": {
        "misstates_position": N_("misstates a position"),
        "inaccurate": N_("inaccurate"),
        "unsourced": N_("lacks a source"),
        "one_sided": N_("one-sided"),
        "tone": N_("tone"),
        "incomplete": N_("incomplete"),
        "off_topic": N_("off topic"),
        "unclear": N_("unclear"),
        "bad_translation": N_("bad translation"),
        "unsafe": N_("unsafe"),
    },
    "criterion": {
        "positions": N_("Positions put as their holders would accept"),
        "accuracy": N_("Accuracy"),
        "sourcing": N_("Sourcing"),
        "tone": N_("Tone"),
        "completeness": N_("Completeness"),
    },
    "comparison": {
        "chosen": N_("prefers the answer proposed as better"),
        "rejected": N_("prefers the other answer"),
        "tie": N_("finds both equally good"),
        "both_bad": N_("finds both bad"),
    },
    "ground": {
        "source": N_("a source does not say it"),
        "personal_data": N_("personal data"),
        "licence": N_("licence"),
        "law": N_("law"),
        "duplicate": N_("duplicate"),
    },
    "flag": {"raised": N_("raised"), "upheld": N_("upheld"), "lapsed": N_("lapsed")},
    "withdrawal": {
        "author_choice": N_("the author’s choice"),
        "error": N_("an error"),
        "licence": N_("licence"),
        "safety": N_("safety"),
    },
    "how": {
        "full": N_("every seat was filled"),
        "time": N_("the time was over"),
        "revised": N_("a new revision replaced this one"),
        "withdrawn": N_("the example was withdrawn"),
    },
    "role": {"system": N_("system"), "user": N_("user"), "assistant": N_("assistant")},
    "claim": {"fact": N_("fact"), "interpretation": N_("interpretation"), "value": N_("value")},
    "origin": {
        "human": N_("written by a person"),
        "synthetic": N_("written by a model"),
        "mixed": N_("written by a person and a model"),
    },
    "use": {"training": N_("for training"), "evaluation": N_("for evaluation")},
    "via": {
        "web": N_("these pages"),
        "api": N_("the API"),
        "cli": N_("the command line"),
        "import": N_("an import"),
        "label-studio": "Label Studio",
    },
    "auth": {"self": N_("signed by its author"), "server": N_("attested by the server")},
    "account_role": {
        "contributor": N_("contributor"),
        "maintainer": N_("maintainer"),
        "auditor": N_("auditor"),
        "administrator": N_("administrator"),
    },
    "sensitivity": {"standard": N_("standard"), "high": N_("high")},
    "withheld": {
        "round_open": N_("Its text is shown when its round has ended."),
        "flagged": N_("A flag holds its text back."),
        "withdrawn": N_("It was withdrawn; its text is no longer shown."),
    },
    "order": {
        "chosen_first": N_("the answer proposed as better was shown first"),
        "rejected_first": N_("the other answer was shown first"),
    },
    "opening": {
        "message": N_("message"),
        "topic": N_("topic"),
        "source": N_("source"),
        "origin": N_("origin"),
        "rationale": N_("rationale"),
        "evidence": N_("evidence"),
    },
    "event": {
        "dataset:defined": N_("The dataset was defined"),
        "topic:defined": N_("A topic was defined"),
        "topic:proposed": N_("A topic was proposed"),
        "topic:revised": N_("A proposal about a topic was revised"),
        "policy:changed": N_("The policy was changed"),
        "perspective:declared": N_("A perspective was declared"),
        "example:proposed": N_("An example was proposed"),
        "example:revised": N_("An example was revised"),
        "example:withdrawn": N_("An example was withdrawn"),
        "review:submitted": N_("A review was submitted"),
        "seat:passed": N_("A seat was handed on"),
        "round:closed": N_("A round ended"),
        "round:appealed": N_("An outcome was appealed"),
        "flag:raised": N_("A flag was raised"),
        "flag:upheld": N_("A flag was upheld"),
        "flag:lapsed": N_("A flag lapsed"),
        "opening:erased": N_("A text was erased"),
        "control:planted": N_("Controls were committed to"),
        "control:opened": N_("A control was opened"),
        "gate:overruled": N_("A gate was overruled"),
        "source:checked": N_("A source was checked"),
        "epoch:closed": N_("An epoch was closed"),
        "release:cut": N_("A release was cut"),
    },
    "rule": {
        "seats": N_("seats for each perspective"),
        "min_accepts": N_("accepts that are needed"),
        "min_share_percent": N_("share of the seats that must accept, in percent"),
        "round_days": N_("days until a round ends"),
        "lease_hours": N_("hours for which a seat is held"),
        "max_revisions": N_("judged revisions of an example"),
        "flag_days": N_("days until a flag lapses"),
    },
    "threshold": {
        "positions": N_("positions that a topic covers at least (gate)"),
        "languages": N_("languages that a topic covers at least (gate)"),
        "empty_cells_percent": N_("empty cells of position and language, in percent (warning above)"),
        "position_share_percent": N_("a position’s share, in percent of an even one (gate below)"),
        "evenness_percent": N_("evenness of positions, in percent (warning below)"),
        "drift_warn_percent": N_("drift to the target, in hundredths of a bit (warning above)"),
        "drift_gate_percent": N_("drift to the target, in hundredths of a bit (gate above)"),
        "concentration_warn": N_("concentration of sources, in points of HHI (warning above)"),
        "concentration_gate": N_("concentration of sources, in points of HHI (gate above)"),
        "citations": N_("citations that it takes to measure concentration"),
        "attribution_percent": N_("positions with an attributed, dated source, in percent (gate below)"),
        "length_ratio_percent": N_("length of one side’s answers against their mirrors, in percent (gate above)"),
        "refusal_points_percent": N_("difference of refusals between sides, in percent points (gate above)"),
        "completeness_percent": N_("groups whose mirrors are complete, in percent (gate below)"),
        "reviewer_share_percent": N_("one reviewer’s share of a perspective’s seats, in percent (gate above)"),
        "reviewer_people": N_("reviewers that it takes to measure that share"),
        "proposer_share_percent": N_("one proposer’s share of a topic, in percent (warning above)"),
        "stance_points_percent": N_("difference of scores between sides, in hundredths of a point (warning above)"),
        "swap_percent": N_("pairs that stay in their class after a swap, in percent (warning below)"),
        "loaded_terms": N_("difference of loaded terms per 1,000 tokens (warning above)"),
        "preference_low_percent": N_("pairs that choose a position’s answer, in percent (warning below)"),
        "preference_high_percent": N_("pairs that choose a position’s answer, in percent (warning above)"),
    },
    "severity": {"block": N_("forbids the proposal"), "warn": N_("to think about")},
}


def word(group: str, code: str | None) -> str:
    """The sentence for a code, in English; the code itself where there is none."""
    return WORDS[group].get(code or "", code or "")
