"""`datasheets/<language>.md`: what the release holds in one language, written in that language.

Rules that always hold (pure):
- the figures are the rows'; the words are those of one language each, English where there is no translation;
- a language without examples has its datasheet too, which says so.
"""

from __future__ import annotations

from curation.releases.facts import EXAMPLE_CONFIGS, CardFacts
from curation.releases.markdown import as_written, table

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "{title} {version}: datasheet for English",
        "other": "{title} {version}: datasheet for {language}",
        "simulated": "**Simulated data.** Every person is made up, and the texts were written for demonstration. They are nobody's opinion.",
        "holds": "This release holds {total} examples in this language.",
        "one": "This release holds one example in this language.",
        "none": "This release holds no example in this language.",
        "topic": "topic",
        "empty": "Topics without an example in this language: {topics}.",
        "covered": "Every topic has at least one example in this language.",
        "how": "How they came to be",
        "judged": "Each text was proposed under a pseudonym and judged by reviewers of every required perspective of its topic. Only people who say that they read this language get a seat.",
        "accepted": "*Accepted* means that enough seated reviewers of each required perspective accepted this exact text. It does not mean that the text is true or unbiased.",
        "apart": "`contested` has the examples on which the perspectives did not agree, and those whose round ended with empty seats. They are not training data.",
        "limits": "What was not measured",
        "unmeasured": "Lengths and wording are never compared across languages. Checks find patterns of personal data, and no names. How the examples change a model in this language was not measured.",
        "more": "The card (`README.md`) says what was measured; `validation/index.html` shows it by topic.",
    },
    "fr": {
        "title": "{title} {version} : fiche descriptive pour le français",
        "simulated": "**Données simulées.** Toutes les personnes sont inventées, et les textes ont été écrits pour une démonstration. Ils n'expriment l'opinion de personne.",
        "holds": "Cette version contient {total} exemples dans cette langue.",
        "one": "Cette version contient un exemple dans cette langue.",
        "none": "Cette version ne contient aucun exemple dans cette langue.",
        "topic": "sujet",
        "empty": "Sujets sans exemple dans cette langue : {topics}.",
        "covered": "Chaque sujet a au moins un exemple dans cette langue.",
        "how": "Comment ils ont été faits",
        "judged": "Chaque texte a été proposé sous pseudonyme et jugé par des relecteurs de chaque perspective requise du sujet. Seules les personnes qui déclarent lire cette langue obtiennent un siège.",
        "accepted": "*Accepté* veut dire qu'un nombre suffisant de relecteurs siégeant pour chaque perspective requise ont accepté exactement ce texte. Cela ne veut pas dire que le texte est vrai ou sans parti pris.",
        "apart": "`contested` contient les exemples sur lesquels les perspectives ne se sont pas accordées, et ceux dont le tour s'est achevé avec des sièges vacants. Ce ne sont pas des données d'entraînement.",
        "limits": "Ce qui n'a pas été mesuré",
        "unmeasured": "Longueurs et formulations ne sont jamais comparées d'une langue à l'autre. Les contrôles repèrent les données personnelles qui ont une forme fixe, et aucun nom. L'effet des exemples sur un modèle dans cette langue n'a pas été mesuré.",
        "more": "La fiche du jeu de données (`README.md`) dit ce qui a été mesuré ; `validation/index.html` le montre par sujet.",
    },
    "zh": {
        "title": "{title} {version}：中文数据说明",
        "simulated": "**模拟数据。** 所有人物均为虚构，文本为演示而写，不代表任何人的观点。",
        "holds": "本版本含有该语言的样例 {total} 条。",
        "one": "本版本含有该语言的样例 1 条。",
        "none": "本版本没有该语言的样例。",
        "topic": "议题",
        "empty": "没有该语言样例的议题：{topics}。",
        "covered": "每个议题都至少有一条该语言的样例。",
        "how": "样例的来历",
        "judged": "每条文本都以假名提出，并由该议题每个必需视角的评审人评判。只有声明能读该语言的人才会得到评审席位。",
        "accepted": "“已接受”的意思是：每个必需视角都有足够多的在席评审人接受了这一文本原文。它不表示文本真实或没有偏向。",
        "apart": "`contested` 中是各视角未能达成一致的样例，以及一轮评审结束时仍有空席的样例。它们不是训练数据。",
        "limits": "未测量的内容",
        "unmeasured": "长度和措辞从不跨语言比较。检查能发现有固定格式的个人数据，但发现不了人名。这些样例对模型在该语言下的表现有何影响，没有测量。",
        "more": "数据卡（`README.md`）说明了测量过的内容；`validation/index.html` 按议题列出。",
    },
}  # fmt: skip
_SEPARATORS = {"fr": " ; ", "zh": "；"}


def datasheet_path(language: str) -> str:
    """Where a language's datasheet stands in the bundle."""
    return f"datasheets/{language}.md"


def render_datasheets(facts: CardFacts) -> dict[str, bytes]:
    """Each language's datasheet by path."""
    return {datasheet_path(language): _render(facts, language) for language in facts.terms.languages}


def _render(facts: CardFacts, language: str) -> bytes:
    # The Chinese words are in simplified script; other scripts and languages get the English ones.
    spoken = "zh" if language == "zh-Hans" else language
    words = _WORDS.get(spoken, _WORDS["en"])
    known = spoken in _WORDS
    counted = {
        (topic, config): number
        for (config, topic, written), number in facts.figures.examples.items()
        if written == language
    }
    topics = facts.topics()
    held = [topic for topic in topics if any((topic.id, config) in counted for config in EXAMPLE_CONFIGS)]
    configs = [config for config in EXAMPLE_CONFIGS if any((topic.id, config) in counted for topic in topics)]
    rows = [
        [_label(topic.label, language), *(str(counted.get((topic.id, config), "–")) for config in configs)]
        for topic in held
    ]
    empty = [_label(topic.label, language) for topic in topics if topic not in held]
    title = facts.terms.title.get(language) or facts.title
    heading = words["title"] if known else words["other"]
    total = sum(counted.values())
    parts = [
        "# " + heading.format(title=title, version=facts.version, language=language),
        *([words["simulated"]] if facts.terms.simulated else []),
        _held(words, total),
        *([table([words["topic"], *(f"`{config}`" for config in configs)], rows)] if rows else []),
        words["empty"].format(topics=_SEPARATORS.get(spoken, "; ").join(empty)) if empty else words["covered"],
        f"## {words['how']}",
        words["judged"],
        words["accepted"],
        words["apart"],
        f"## {words['limits']}",
        words["unmeasured"],
        words["more"],
    ]
    return ("\n\n".join(parts) + "\n").encode()


def _held(words: dict[str, str], total: int) -> str:
    """How many examples there are."""
    return words["holds"].format(total=total) if total > 1 else words["one" if total else "none"]


def _label(labels: dict[str, str], language: str) -> str:
    return as_written(labels.get(language) or labels.get("en") or next(iter(labels.values())))
