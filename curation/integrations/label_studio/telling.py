"""What volunteers are told before they review in Label Studio: what its server knows about them.

Rules that always hold:
- it is said in the reader's language, before anything is linked, on the page and on the command line alike.
"""

from __future__ import annotations

from curation.integrations.label_studio.words import LANGUAGES

_TOLD: tuple[tuple[str, str, str], ...] = (
    (
        "Label Studio is another server. Whoever runs it sees your e-mail address there, when you work, and from where.",
        "Label Studio est un autre serveur. Qui l’administre y voit votre adresse électronique, quand vous travaillez, et d’où.",
        "Label Studio 是另一台服务器。其运营者能看到您在那里的电子邮箱、您何时工作、从何处访问。",
    ),
    (
        "It knows which texts you judged, and how. Together with the published record, that links your pseudonyms on all topics to each other and to your address. Here, nobody can link them.",
        "Il sait quels textes vous avez jugés, et comment. Rapproché du registre publié, cela relie vos pseudonymes sur tous les sujets entre eux et à votre adresse. Ici, personne ne peut les relier.",
        "它知道您评审了哪些文本、如何评审。与公开记录对照，就能把您在所有议题上的假名彼此关联，并与您的邮箱关联。在本平台上，没有人能做到这一点。",
    ),
    (
        "Every account there can read what you write before the round ends, and can change or delete it. A change by somebody else is refused here and reported.",
        "Tout compte y peut lire ce que vous écrivez avant la fin du tour, le modifier ou le supprimer. Une modification faite par autrui est refusée ici, et signalée.",
        "那里的每个账户都能在本轮结束之前读到您写的内容，也能修改或删除。他人的修改在本平台会被拒绝并上报。",
    ),
    (
        "What you delete here stays there until it is deleted there too. If you may be at risk, review on these pages.",
        "Ce que vous supprimez ici y reste tant qu’il n’y est pas supprimé. Si vous risquez quelque chose, relisez sur ces pages.",
        "您在这里删除的内容，在那里被删除之前仍会保留。如果您可能面临风险，请在本平台的页面上评审。",
    ),
)


def told(language: str) -> tuple[str, ...]:
    """The sentences, in a language; in English where there are none in it."""
    place = LANGUAGES.index(language) if language in LANGUAGES else 0
    return tuple(sentences[place] for sentences in _TOLD)
