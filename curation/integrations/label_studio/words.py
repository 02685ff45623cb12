"""What the forms in Label Studio say, in the languages of the pages.

Rules that always hold:
- every code of the rubric has a word here, in each language; where the pages say the same thing, they say it in the
  same words (a test compares them).
"""

from __future__ import annotations

LANGUAGES = ("en", "fr", "zh-Hans")

_WORDS: dict[str, tuple[str, str, str]] = {
    "verdict": ("Verdict", "Verdict", "结论"),
    "verdict/accept": (
        "Accept: my position is put as we would put it, the facts hold, the sources exist",
        "Accepter : ma position est exposée comme nous l’exposerions, les faits tiennent, les sources existent",
        "接受：我方立场表述公允，事实站得住，来源真实存在",
    ),
    "verdict/revise": (
        "To revise: it can be mended; I say what, and how",
        "À revoir : le texte peut être corrigé ; je dis quoi, et comment",
        "修改：值得改好；我会说明改哪里、怎么改",
    ),
    "verdict/reject": (
        "Reject: it misstates my position, takes for settled what is disputed, or cannot be checked",
        "Rejeter : il déforme ma position, tient pour acquis ce qui fait débat, ou ne peut être vérifié",
        "拒绝：歪曲了我方立场，把有争议的事当作定论，或者无法查证",
    ),
    "verdict/pass": (
        "I cannot judge this: hand the seat on",
        "Je ne peux pas juger : céder le siège",
        "我无法判断：让出席位",
    ),
    "scores": ("Scores", "Notes", "评分"),
    "scores/hint": (
        "From 1 (poor) to 5 (very good); leave out what you cannot tell.",
        "De 1 (mauvais) à 5 (très bon) ; laissez vide ce que vous ne pouvez juger.",
        "1（差）到 5（很好）；无法判断的请留空。",
    ),
    "score/positions": (
        "Positions put as their holders would accept",
        "Positions exposées comme leurs tenants l’accepteraient",
        "立场表述为持有者所认可",
    ),
    "score/accuracy": ("Accuracy", "Exactitude", "准确"),
    "score/sourcing": ("Sourcing", "Sources", "来源"),
    "score/tone": ("Tone", "Ton", "语气"),
    "score/completeness": ("Completeness", "Complétude", "完整"),
    "not-accepting": ("If you do not accept", "Si vous n’acceptez pas", "如果您不接受"),
    "reasons": ("Reasons", "Motifs", "原因"),
    "reasons/misstates_position": ("misstates a position", "déforme une position", "歪曲立场"),
    "reasons/inaccurate": ("inaccurate", "inexact", "不准确"),
    "reasons/unsourced": ("lacks a source", "sans source", "缺少来源"),
    "reasons/one_sided": ("one-sided", "partial", "偏向一方"),
    "reasons/tone": ("tone", "ton", "语气"),
    "reasons/incomplete": ("incomplete", "incomplet", "不完整"),
    "reasons/off_topic": ("off topic", "hors sujet", "离题"),
    "reasons/unclear": ("unclear", "peu clair", "不清楚"),
    "reasons/bad_translation": ("bad translation", "mauvaise traduction", "翻译不当"),
    "reasons/unsafe": ("unsafe", "dangereux", "不安全"),
    "rationale": ("Rationale", "Justification", "理由"),
    "rationale/hint": (
        "Write for the person who will try again. It is published with the example; do not say who you are.",
        (
            "Écrivez pour la personne qui essaiera de nouveau. Ce texte est publié avec l’exemple ; "
            "ne dites pas qui vous êtes."
        ),
        "请为下一位尝试改写的人而写。理由会随样例公开，请不要透露您的身份。",
    ),
    "counter": (
        "A source that shows it is inaccurate",
        "Une source qui montre que c’est inexact",
        "证明其不准确的来源",
    ),
    "source/url": ("Address", "Adresse", "网址"),
    "source/publisher": ("Publisher", "Éditeur", "发布机构"),
    "source/owner": ("Owner of the publisher", "Propriétaire de l’éditeur", "发布机构的所有者"),
    "source/country": (
        "Country: two letters, as FR; INT for international",
        "Pays : deux lettres, comme FR ; INT pour international",
        "国家或地区代码：两个字母，如 FR；国际组织写 INT",
    ),
    "source/language": (
        "Language: its code, as en, fr or zh-Hans",
        "Langue : son code, comme en, fr ou zh-Hans",
        "语言：语言代码，如 en、fr 或 zh-Hans",
    ),
    "source/date": (
        "Date: 2025, 2025-03 or 2025-03-31",
        "Date : 2025, 2025-03 ou 2025-03-31",
        "日期：2025、2025-03 或 2025-03-31",
    ),
    "source/quote": ("Quote", "Citation", "引文"),
    "comparison": ("Which answer is better?", "Quelle réponse est la meilleure ?", "哪个回答更好？"),
    "comparison/hint": (
        "Their order was drawn at random, and is recorded.",
        "Leur ordre a été tiré au sort, et il est enregistré.",
        "两个回答的顺序是随机的，并会记录下来。",
    ),
    "comparison/a": ("Answer A", "Réponse A", "回答 A"),
    "comparison/b": ("Answer B", "Réponse B", "回答 B"),
    "comparison/tie": ("Both are equally good", "Les deux se valent", "两个一样好"),
    "comparison/both_bad": ("Both are bad", "Les deux sont mauvaises", "两个都不好"),
    "comparison/pass": (
        "I cannot judge this: hand the seat on",
        "Je ne peux pas juger : céder le siège",
        "我无法判断：让出席位",
    ),
    "seen-a": (
        "Positions that you find in answer A",
        "Positions que vous trouvez dans la réponse A",
        "您在回答 A 中看到的立场",
    ),
    "seen-b": (
        "Positions that you find in answer B",
        "Positions que vous trouvez dans la réponse B",
        "您在回答 B 中看到的立场",
    ),
    "finding": ("Do the sources hold?", "Les sources tiennent-elles ?", "来源是否站得住？"),
    "finding/holds": (
        "Yes: they exist, and they say what the text makes of them",
        "Oui : elles existent, et elles disent ce que le texte en tire",
        "是：来源存在，且确实支持文中的说法",
    ),
    "finding/source": (
        "No: at least one does not exist, or does not say what the text makes of it",
        "Non : l’une au moins n’existe pas, ou ne dit pas ce que le texte en tire",
        "否：至少有一个来源不存在，或并不支持文中的说法",
    ),
    "evidence": ("Evidence", "Éléments de preuve", "证据"),
    "evidence/hint": (
        (
            "Which source, what is wrong with it, and how others can check that. It raises a flag and is published "
            "with it; do not say who you are."
        ),
        (
            "Quelle source, ce qui ne va pas, et comment d’autres peuvent le vérifier. Cela devient un signalement et "
            "est publié avec lui ; ne dites pas qui vous êtes."
        ),
        "哪个来源、有什么问题、他人如何核实。提交后会成为举报并随之公开；请不要透露您的身份。",
    ),
    "answer": ("Your answer", "Votre réponse", "您的回答"),
    "answer/hint": (
        (
            "Put every position as its holders would. It becomes a proposal under your pseudonym and is judged by "
            "others like every other."
        ),
        (
            "Exposez chaque position comme ses tenants l’exposeraient. Elle devient une proposition sous votre "
            "pseudonyme, jugée par d’autres comme toute autre."
        ),
        "请按各立场持有者的本意表述。它将以您的假名成为提案，与其他提案一样由他人评审。",
    ),
    "claims": ("What it claims", "Ce qu’elle affirme", "所作陈述"),
    "claims/fact": ("fact", "fait", "事实"),
    "claims/interpretation": ("interpretation", "interprétation", "解读"),
    "claims/value": ("value", "valeur", "价值"),
    "origin": ("Who wrote it", "Qui l’a écrite", "由谁撰写"),
    "origin/hint": (
        "Where a model took part, name it and its version, or «unknown».",
        "Si un modèle y a pris part, nommez-le avec sa version, ou « unknown ».",
        "如有模型参与，请写明模型及版本；不清楚时写 unknown。",
    ),
    "origin/human": ("written by a person", "écrit par une personne", "由人撰写"),
    "origin/synthetic": ("written by a model", "écrit par un modèle", "由模型撰写"),
    "origin/mixed": ("written by a person and a model", "écrit par une personne et un modèle", "由人和模型共同撰写"),
    "model": ("Model", "Modèle", "模型"),
    "version": ("Version", "Version", "版本"),
    "source1": ("First source", "Première source", "来源一"),
    "source2": ("Second source", "Deuxième source", "来源二"),
    "source3": ("Third source", "Troisième source", "来源三"),
    "grant": ("Licence", "Licence", "许可"),
    "grant/hint": (
        "The question’s licence stands at the end of the heading.",
        "La licence de la question figure à la fin du titre.",
        "提问的许可见标题末尾。",
    ),
    "grant/yes": (
        "I publish my answer under the question’s licence, and I may",
        "Je publie ma réponse sous la licence de la question, et j’en ai le droit",
        "我有权并同意按提问的许可发布我的回答",
    ),
    "required": ("This is needed.", "Cette réponse est nécessaire.", "此项必填。"),
    "text": ("Text", "Texte", "文本"),
    "prompt": ("Question", "Question", "提问"),
    "synthesis": ("Answer that brings them together", "Réponse d’ensemble", "综合回答"),
    "topic": ("Topic and positions", "Sujet et positions", "议题与立场"),
    "positions": ("Positions", "Positions", "立场"),
    "terms": ("Disputed terms", "Termes disputés", "有争议的用语"),
    "sources": ("Sources", "Sources", "来源"),
    "no-sources": ("No source is named.", "Aucune source n’est citée.", "没有列出来源。"),
    "checks": ("What the checks say", "Ce que disent les contrôles automatiques", "自动检查的结果"),
    "stand": (
        "You read it as somebody of this perspective:",
        "Vous le lisez depuis cette perspective :",
        "您以这个视角阅读：",
    ),
    "notice/refused": (
        "Your annotation was not taken in. Mend it here, and it is read again:",
        "Votre annotation n’a pas été prise en compte. Corrigez-la ici, elle sera relue :",
        "您的标注未被采纳。请在此改正，之后会再次读取：",
    ),
    "kind/prompt": ("question", "question", "提问"),
    "kind/sft": ("conversation", "conversation", "对话"),
    "kind/preference": ("preference pair", "paire de préférence", "偏好对"),
    "kind/pluralistic": ("several voices", "à plusieurs voix", "多方回答"),
    "kind/topic": ("proposal about a topic", "proposition sur un sujet", "议题提案"),
    "role/system": ("system", "système", "系统"),
    "role/user": ("user", "utilisateur", "用户"),
    "role/assistant": ("assistant", "assistant", "助手"),
    "project/source": ("Source checks", "Contrôles de sources", "来源核查"),
    "project/answer": ("Open questions", "Questions ouvertes", "待答提问"),
    "project/review": ("Reviews", "Relectures", "评审"),
    "project/preference": ("Reviews of preference pairs", "Relectures de paires de préférence", "偏好对评审"),
}


def say(name: str, language: str) -> str:
    """The words for a name in a language; in English where there are none in it. Raises KeyError for no such name."""
    return _WORDS[name][LANGUAGES.index(language) if language in LANGUAGES else 0]


def names() -> tuple[str, ...]:
    """Every name that has words."""
    return tuple(_WORDS)
