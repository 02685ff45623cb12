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
    "severity": {"block": N_("forbids the proposal"), "warn": N_("to think about")},
}


def word(group: str, code: str | None) -> str:
    """The sentence for a code, in English; the code itself where there is none."""
    return WORDS[group].get(code or "", code or "")
