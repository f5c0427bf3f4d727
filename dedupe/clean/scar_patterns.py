"""Words of a cut-out name, of an outlet speaking of itself, and of who was told.

    text  ->  matches of SCARS, SELF_REFERENCES, TOLD_NAME, TOLD_BEFORE

A scar is what stays when the name of a source was cut out: "told that", "in an
interview with .". A self-reference is an outlet speaking of itself: "told this
newspaper".
"""
# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts

from __future__ import annotations

import re

from dedupe.clean.cues import CUT, cue, each

# A plural without a comma may be a passive: "Families told that the water was safe".
_SPEAKER = (
    r"(?:[A-Z][\w’'.-]{1,30}(?:,|(?<!s))|\b(?:he|she|they|who|official|officials|sources|analysts"
    r"|spokes(?:man|woman|person|people)|police|lawyer|resident|witness|expert|mother|father),?"
    r"|\b[a-z]{2,14}(?:er|or|ist|man|woman|ent|ant|ian|ney),)"
)
_ES_VERBS = "dijo|declaró|afirmó|aseguró|explicó|contó|señaló|comentó"
_FR_VERBS = "déclaré|dit|expliqué|confié|affirmé|indiqué"
_DE_VERBS = "sagte|sagten|erklärte"
_PT_VERBS = "disse|afirmou|declarou|contou"

SCARS = (
    # English
    cue(
        "told_nobody",
        "told that|told,|told ,|told .|told in a|told on ",
        rf"{_SPEAKER} (?:has |have |had |also |later |then )?told"
        r"(?: ?,(?=\s)| \."
        r"| that(?! (?:story|to|joke|one|tale|lie|same|paper|agency|station|outlet)\b)"
        r"| in an (?:\w+ )?interview\b| on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)",
    ),
    cue(
        "interview_with_nobody",
        each("interview with", f"{CUT}|on|that|published|aired"),
        r"\b[Ii]n an? (?:\w+ ){0,2}interview with(?: ?[.,;](?=\s)| (?:on (?:Mon|Tues|Wednes|Thurs|"
        r"Fri|Satur|Sun)day|that|published|aired)\b)",
    ),
    cue(
        "according_to_nobody",
        each("according to|according to a|according to an", CUT),
        r"\b[Aa]ccording to(?: an?)? ?[.,;](?=\s)",
    ),
    # Spanish
    cue(
        "told_nobody",
        each(_ES_VERBS, "a") + "|entrevista con",
        rf"\b(?:(?:{_ES_VERBS}) a(?:l diario)? ?(?:que\b|[.,](?=\s))|[Ee]n (?:una )?entrevista con"
        r" ?[.,;](?=\s))",
    ),
    # French
    cue(
        "told_nobody",
        each(_FR_VERBS, "à") + "|entretien à",
        rf"\b(?:a (?:{_FR_VERBS}) à ?(?:que\b|[.,](?=\s))|[Dd]ans un entretien à ?[.,;](?=\s))",
    ),
    # German
    cue(
        "told_nobody",
        "sagte der|sagte dem|sagte gegenüber|gespräch mit|interview mit",
        r"\b(?:sagte (?:der|dem|gegenüber) ?,(?=\s)|[Ii]m (?:Gespräch|Interview) mit(?: der| dem)?"
        r" ?[.,;](?=\s))",
    ),
    # Portuguese
    cue(
        "told_nobody",
        each(f"{_PT_VERBS}|entrevista", "ao|à"),
        rf"\b(?:(?:{_PT_VERBS}) (?:ao|à) ?(?:que\b|[.,](?=\s))"
        r"|[Ee]m entrevista (?:ao|à) ?[.,;](?=\s))",
    ),
    # Chinese
    cue("told_nobody", "告诉|告訴", r"(?:告诉|告訴)[，,。：:]"),
    # Urdu
    cue("told_nobody", "نے کو بتایا", r"نے کو بتایا"),
)

SELF_REFERENCES = (
    # English
    cue(
        "this_newspaper",
        "this newspaper|this reporter|this station|this paper|this publication|told this website",
        r"\btold this website\b"
        r"|\b(?:told|to|by|with) this (?:newspaper|reporter|station|paper|publication)\b",
    ),
    cue(
        "this_newspaper",
        "our reporter|our correspondent|our newsroom",
        r"\b[Oo]ur (?:reporters?|correspondents?|newsroom)\b",
    ),
    # Spanish
    cue(
        "this_newspaper",
        "este diario|este periódico|este medio|esta redacción|nuestro corresponsal",
        r"\b(?:a|con|por) (?:este (?:diario|periódico|medio)|esta redacción)\b"
        r"|\b[Nn]uestro corresponsal\b",
    ),
    # French
    cue(
        "this_newspaper",
        "notre journal|notre correspondant|notre rédaction|notre reporter",
        r"\b[Nn]otre (?:journal|correspondante?|rédaction|reporter)\b",
    ),
    # German
    cue(
        "this_newspaper",
        each("dieser|unserer", "zeitung|redaktion"),
        r"\b(?:dieser|unserer) (?:Zeitung|Redaktion)\b",
    ),
    # Portuguese
    cue(
        "this_newspaper",
        "este jornal|esta reportagem|à reportagem|nosso correspondente",
        r"\b(?:a|ao) (?:este jornal|esta reportagem)\b|\bà reportagem\b"
        r"|\b[Nn]osso correspondente\b",
    ),
    # Chinese
    cue(
        "this_newspaper",
        "本报记者|本报讯|本台记者|本刊记者",
        r"本(?:报记者|报讯|台记者|刊记者)",
    ),
    # Urdu
    cue(
        "this_newspaper",
        "ہمارے نمائند|اپنے نامہ نگار|اپنے سٹاف رپورٹر",
        r"(?:ہمارے نمائند|اپنے نامہ نگار|اپنے سٹاف رپورٹر)",
    ),
)

_LANGUAGES_TOLD = (
    # English
    r"\b(?:told|tells) (?:the )?(?=[A-Z])"
    # Spanish
    rf"|\b(?:{_ES_VERBS}) (?:en entrevista )?a(?:l diario| la agencia| la cadena)? (?=[A-Z])"
    # French
    rf"|\ba (?:{_FR_VERBS}) (?:à l['’]|à la |à |au )(?:agence |quotidien )?(?=[A-Z])"
    # German
    rf"|\b(?:{_DE_VERBS}) (?:gegenüber )?(?:der|dem)"
    r"(?: Nachrichtenagentur| Zeitung| Sender)? (?=[A-Za-z])"
    # Portuguese
    rf"|\b(?:{_PT_VERBS}) (?:ao |à )(?:jornal |agência )?(?=[A-Z])"
    # Chinese
    r"|(?:告诉|告訴|告知)《?(?=[\u4e00-\u9fffA-Z])"
)
TOLD_NAME = re.compile(_LANGUAGES_TOLD)
"""Before the name of whoever was told; the name follows."""

TOLD_BEFORE = re.compile(r"نے (?P<name>[\u0600-\u06ff ]{2,40}?) (?:کو بتایا|سے گفتگو)")
"""Around the name of whoever was told, where the verb follows it: Urdu."""

TOLD_WORDS = (
    *(f"{verb} {to}" for verb in _ES_VERBS.split("|") for to in ("a ", "al ", "en entrevista a")),
    *(f"a {verb} {to} " for verb in _FR_VERBS.split("|") for to in ("à", "au")),
    *(f"{verb} {to} " for verb in _DE_VERBS.split("|") for to in ("der", "dem", "gegenüber")),
    *(f"{verb} {to} " for verb in _PT_VERBS.split("|") for to in ("ao", "à")),
    "告诉", "告訴", "告知", "کو بتایا", "سے گفتگو",
)  # fmt: skip
"""Words of which one stands where `TOLD_NAME` or `TOLD_BEFORE` matches, English apart."""
