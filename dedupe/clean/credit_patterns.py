"""Words that announce a credit, a scar or a self-reference, by language.

    text  ->  matches of CREDITS (a name follows), SCARS, SELF_REFERENCES

A credit names who wrote the story first. A scar is what stays when such a name
was cut out: "told that", "in an interview with .". A self-reference is an
outlet speaking of itself: "told this newspaper".

Every pattern is linear: literal lead-ins, bounded repeats, no nested
quantifiers. `needles` are lower-case literals of which one must be in the text
before the pattern is tried.
"""
# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts

from __future__ import annotations

import functools
import re
from typing import NamedTuple


class Cue(NamedTuple):
    """One pattern.

    Attributes:
        rule: its name in the clues table.
        needles: lower-case literals; a text with none of them cannot match.
        expression: for a credit, the match ends where the name begins.
        at_line_start: the match must begin its line.
        name_known: only a name of names.json or a domain counts, because the
            words alone also announce data, photos and recipes.
        whole_line: nothing but the name may follow.
    """

    rule: str
    needles: tuple[str, ...]
    expression: str
    at_line_start: bool = False
    name_known: bool = False
    whole_line: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled where a needle is first met: most never are."""
        return _compiled(self.expression)


_compiled = functools.cache(re.compile)


_PIECE_EN = (
    r"(?:article|story|post|report|column|interview|piece|essay|commentary|analysis|content)"
)
_PIECE_ES = r"(?:art[ií]culo|nota|texto|reportaje|informaci[oó]n|noticia|entrevista|contenido)"
_PIECE_FR = r"(?:article|texte|reportage|entretien|contenu|tribune)"
_PIECE_DE = r"(?:Artikel|Beitrag|Text|Bericht|Kommentar|Interview)"
_PIECE_PT = r"(?:artigo|texto|reportagem|mat[ée]ria|not[íi]cia|entrevista|conte[úu]do)"


_FROM = "from|by|with|here|under|of"
_CUT = ".|,|;"


def _each(firsts: str, seconds: str) -> str:
    """Return the needles "first second" of every first and second; cuts may touch the word."""
    return "|".join(
        f"{first}{gap}{second}"
        for first in firsts.split("|")
        for second in seconds.split("|")
        for gap in ((" ", "") if second in _CUT else (" ",))
    )


def _cue(rule: str, needles: str, pattern: str, **limits: bool) -> Cue:
    return Cue(rule, tuple(needles.split("|")), pattern, **limits)


CREDITS = (
    # English
    _cue(
        "from_line",
        "\nfrom ",
        r"(?:[Ff]rom|FROM) (?=the|[A-Z])",
        at_line_start=True,
        name_known=True,
        whole_line=True,
    ),
    _cue(
        "appeared_on",
        _each("appeared|published|ran|aired|posted", "on|in|at|by|with|here|originally|first"),
        rf"(?:[Tt]h(?:is|e)|[Aa]n?(?: version of this)?) {_PIECE_EN}(?: was| has been| is)?"
        r"(?: originally| first| initially| previously){0,2}"
        r" (?:appeared|published|ran|aired|posted)(?: originally| first)?(?: here)?"
        r" (?:on|in|at|by|with) ",
    ),
    _cue(
        "appeared_on",
        "originally|first published|first appeared|first ran|first aired",
        r"(?:[Oo]riginally|[Ff]irst) (?:published|appeared|posted|printed|reported|ran|aired)"
        r" (?:on|in|at|by) ",
        at_line_start=True,
    ),
    _cue(
        "republished",
        _each("republished|reprinted|reproduced|syndicated|distributed", _FROM),
        # In lower case it may be a sentence that was wrapped here.
        r"(?:Republished|Reprinted|Reproduced|Syndicated|Distributed)"
        r"(?: here)?(?: with (?:the )?(?:kind )?permission)?(?: under [\w .-]{2,40})?"
        r" (?:from|of|by) ",
        at_line_start=True,
    ),
    _cue(
        "republished",
        _each("republished|reprinted|reproduced|syndicated|distributed", _FROM),
        rf"(?:[Tt]his|[Tt]he) {_PIECE_EN} (?:is|was|has been) (?:republished|reprinted|reproduced"
        r"|syndicated|distributed)(?: here)?(?: with (?:the )?(?:kind )?permission)?"
        r" (?:from|of|by) ",
    ),
    _cue(
        "source_line",
        "source:",
        r"(?:[Ss]ource|SOURCE|[Oo]riginal source): ?",
        at_line_start=True,
        name_known=True,
    ),
    _cue(
        "via",
        "via |via:|h/t",
        r"(?:[Vv]ia|VIA|[Hh]/[Tt]):? ",
        at_line_start=True,
        name_known=True,
    ),
    _cue("first_reported", "first reported by", r"[Ff]irst reported by ", name_known=True),
    _cue(
        "appeared_on",
        "this report by|this story by|this article by",
        r"[Tt]his (?:report|story|article) by (?=.{3,40} was (?:first |originally )?published)",
    ),
    # Spanish
    _cue(
        "appeared_on",
        _each("publicado|publicada|publicó|apareció", "en|por|originalmente|inicialmente"),
        rf"(?:[Ee]ste|[Ee]sta|[Ee]l|[Ll]a) {_PIECE_ES}"
        r" (?:fue publicad[oa]|se public[oó]|apareci[oó])"
        r"(?: originalmente| por primera vez| inicialmente)? (?:en|por) ",
    ),
    _cue(
        "appeared_on",
        "publicado originalmente|publicada originalmente|republicado originalmente"
        "|republicada originalmente",
        r"[Pp]ublicad[oa] originalmente (?:en|por) ",
    ),
    _cue(
        "source_line",
        "fuente:|con informaci",
        r"(?:[Ff]uente: ?|[Cc]on informaci[oó]n de )",
        at_line_start=True,
        name_known=True,
    ),
    # French
    _cue(
        "appeared_on",
        "publié|paru",
        rf"(?:[Cc]et|[Ll]['’]|[Cc]e) ?{_PIECE_FR} (?:a été|a d['’]abord été|est)"
        r"(?: initialement| d['’]abord| à l['’]origine)? (?:publié|paru)"
        r"(?: initialement| d['’]abord| à l['’]origine| pour la première fois)?"
        r" (?:sur|par|dans|chez) ",
    ),
    _cue("appeared_on", "initialement", r"(?:[Pp]ublié|[Pp]aru) initialement (?:sur|par|dans) "),
    _cue(
        "source_line",
        "source :|source\u00a0:|source:",
        r"[Ss]ource\s?: ?",
        at_line_start=True,
        name_known=True,
    ),
    # German
    _cue(
        "appeared_on",
        "erschien|veröffentlicht",
        rf"(?:[Dd]ieser|[Dd]er|[Dd]as|[Dd]ieses) {_PIECE_DE} (?:erschien|ist|wurde)"
        r"(?: zuerst| zunächst| ursprünglich| im Original){0,2}(?: erschienen| veröffentlicht)?"
        r" (?:auf|bei|in|von)(?: der| dem)? ",
    ),
    _cue(
        "appeared_on",
        "zuerst erschienen|zuerst veröffentlicht",
        r"[Zz]uerst (?:erschienen|veröffentlicht) (?:auf|bei|in)(?: der| dem)? ",
    ),
    _cue("source_line", "quelle", r"[Qq]uellen?: ?", at_line_start=True, name_known=True),
    # Portuguese
    _cue(
        "appeared_on",
        "publicad",
        rf"(?:[Ee]ste|[Ee]sta|[OoAa]) {_PIECE_PT} (?:foi publicad[oa]|apareceu)"
        r"(?: originalmente| primeiro| inicialmente)? (?:em|no|na|por|pelo|pela) ",
    ),
    _cue(
        "appeared_on",
        "publicado originalmente|publicada originalmente|republicado originalmente"
        "|republicada originalmente",
        r"[Pp]ublicad[oa] originalmente (?:em|no|na|pelo|pela) ",
    ),
    _cue(
        "source_line",
        "fonte:|com informa",
        r"(?:[Ff]onte: ?|[Cc]om informações (?:da|do|de) )",
        at_line_start=True,
        name_known=True,
    ),
    # Chinese
    _cue("source_line", "来源|來源", r"[(（【]?(?:新闻|文章)?(?:来源|來源)[：:] ?"),
    _cue(
        "appeared_on",
        "原载|首发于|转载自|转自|轉載自|来源于",
        r"(?:本文)?(?:原载于?|首发于|转载自|转自|轉載自|来源于)[：:]? ?",
    ),
    # Urdu
    _cue("appeared_on", "پہلے", r"(?:یہ )?(?:مضمون|خبر|رپورٹ|تحریر) (?:سب سے )?پہلے "),
    _cue("source_line", "بشکریہ|ماخذ", r"(?:بشکریہ|ماخذ)\s?[:：۔-]? ?"),
)

RESIDUES = (
    _cue(
        "newsletter",
        "sign up for|sign up to|subscribe to|download the|suscríbete a|suscríbase a|abonnez-vous"
        "|inscrivez-vous|abonnieren sie|newsletter d|boletín de|newsletter von",
        r"(?:(?:Sign up (?:for|to)|Subscribe to|Download|Suscr[ií](?:bete|base) al?|Abonnez-vous à"
        r"|Inscrivez-vous à|Abonnieren Sie|Assine)(?: the| la| el| den| die| a| o)?"
        r"(?: daily| free| weekly)?(?: newsletters?| boletín)?|Newsletter|Boletín"
        r"|Recevez la newsletter)"
        r"(?: from| de| del| du| da| do| von| by| of)? ",
        at_line_start=True,
        name_known=True,
    ),
)
"""Lines by which an outlet asks for readers; left in a copy, they name its source."""

# A plural without a comma may be a passive: "Families told that the water was safe".
_SPEAKER = (
    r"(?:[A-Z][\w’'.-]{1,30}(?:,|(?<!s))|\b(?:he|she|they|who|official|officials|sources|analysts"
    r"|spokes(?:man|woman|person|people)|police|lawyer|resident|witness|expert|mother|father),?"
    r"|\b[a-z]{2,14}(?:er|or|ist|man|woman|ent|ant|ian|ney),)"
)
_ES_SAID = r"(?:dijo|declaró|afirmó|aseguró|explicó|contó|señaló|comentó)"
_FR_SAID = r"(?:a déclaré|a dit|a expliqué|a confié|a affirmé|a indiqué)"

SCARS = (
    # English
    _cue(
        "told_nobody",
        "told that|told,|told ,|told .|told in a|told on ",
        rf"{_SPEAKER} (?:has |have |had |also |later |then )?told"
        r"(?: ?,(?=\s)| \.| that(?! (?:story|to|joke|one|tale|lie|same)\b)"
        r"| in an (?:\w+ )?interview\b| on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)",
    ),
    _cue(
        "interview_with_nobody",
        _each("interview with", f"{_CUT}|on|that|published|aired"),
        r"\b[Ii]n an? (?:\w+ ){0,2}interview with(?: ?[.,;](?=\s)| (?:on (?:Mon|Tues|Wednes|Thurs|"
        r"Fri|Satur|Sun)day|that|published|aired)\b)",
    ),
    _cue(
        "according_to_nobody",
        _each("according to|according to a|according to an", _CUT),
        r"\b[Aa]ccording to(?: an?)? ?[.,;](?=\s)",
    ),
    # Spanish
    _cue(
        "told_nobody",
        "dijo a|declaró a|afirmó a|aseguró a|explicó a|contó a|entrevista con",
        rf"\b(?:{_ES_SAID} a(?:l diario)? ?(?:que\b|[.,](?=\s))|[Ee]n (?:una )?entrevista con"
        r" ?[.,;](?=\s))",
    ),
    # French
    _cue(
        "told_nobody",
        "déclaré à|dit à|expliqué à|confié à|affirmé à|indiqué à|entretien à",
        rf"\b(?:{_FR_SAID} à ?(?:que\b|[.,](?=\s))|[Dd]ans un entretien à ?[.,;](?=\s))",
    ),
    # German
    _cue(
        "told_nobody",
        "sagte der|sagte dem|gespräch mit",
        r"\b(?:sagte (?:der|dem|gegenüber) ?,(?=\s)|[Ii]m (?:Gespräch|Interview) mit(?: der| dem)?"
        r" ?[.,;](?=\s))",
    ),
    # Portuguese
    _cue(
        "told_nobody",
        "disse a|disse à|afirmou a|afirmou à|entrevista a|entrevista à",
        r"\b(?:(?:disse|afirmou|declarou|contou) (?:ao|à) ?(?:que\b|[.,](?=\s))"
        r"|[Ee]m entrevista (?:ao|à) ?[.,;](?=\s))",
    ),
    # Chinese
    _cue("told_nobody", "告诉|告訴", r"(?:告诉|告訴)[，,。：:]"),
    # Urdu
    _cue("told_nobody", "نے کو بتایا", r"نے کو بتایا"),
)

SELF_REFERENCES = (
    # English
    _cue(
        "this_newspaper",
        "this newspaper|this reporter|this station|told this website|this paper",
        r"\btold this website\b"
        r"|\b(?:told|to|by|with) this (?:newspaper|reporter|station|paper|publication)\b",
    ),
    _cue(
        "this_newspaper",
        "our reporter|our correspondent|our newsroom",
        r"\b[Oo]ur (?:reporters?|correspondents?|newsroom)\b",
    ),
    # Spanish
    _cue(
        "this_newspaper",
        "este diario|este periódico|este medio|nuestro corresponsal",
        r"\b(?:a|con|por) est[ea] (?:diario|periódico|medio|redacción)\b"
        r"|\b[Nn]uestro corresponsal\b",
    ),
    # French
    _cue(
        "this_newspaper",
        "notre journal|notre correspondant|notre rédaction",
        r"\b[Nn]otre (?:journal|correspondante?|rédaction|reporter)\b",
    ),
    # German
    _cue(
        "this_newspaper",
        "dieser zeitung|unserer zeitung|dieser redaktion",
        r"\b(?:dieser|unserer) (?:Zeitung|Redaktion)\b",
    ),
    # Portuguese
    _cue(
        "this_newspaper",
        "este jornal|esta reportagem|à reportagem|nosso correspondente",
        r"\b(?:a|ao) est[ea] (?:jornal|reportagem)\b|\bà reportagem\b|\b[Nn]osso correspondente\b",
    ),
    # Chinese
    _cue(
        "this_newspaper",
        "本报记者|本报讯|本台记者|本刊记者",
        r"本(?:报记者|报讯|台记者|刊记者)",
    ),
    # Urdu
    _cue(
        "this_newspaper",
        "ہمارے نمائند|اپنے نامہ نگار|اپنے سٹاف رپورٹر",
        r"(?:ہمارے نمائند|اپنے نامہ نگار|اپنے سٹاف رپورٹر)",
    ),
)

_LANGUAGES_TOLD = (
    # English
    r"\b(?:told|tells) (?:the )?(?=[A-Z])"
    # Spanish
    rf"|\b{_ES_SAID} (?:en entrevista )?a(?:l diario| la agencia| la cadena)? (?=[A-Z])"
    # French
    rf"|\b{_FR_SAID} (?:à l['’]|à la |à |au )(?:agence |quotidien )?(?=[A-Z])"
    # German
    r"|\b(?:sagte|sagten|erklärte) (?:gegenüber )?(?:der|dem)"
    r"(?: Nachrichtenagentur| Zeitung| Sender)? (?=[A-Za-z])"
    # Portuguese
    r"|\b(?:disse|afirmou|declarou|contou) (?:ao |à )(?:jornal |agência )?(?=[A-Z])"
    # Chinese
    r"|(?:告诉|告訴|告知)《?(?=[\u4e00-\u9fffA-Z])"
)
TOLD_NAME = re.compile(_LANGUAGES_TOLD)
"""Before the name of whoever was told; the name follows."""

TOLD_BEFORE = re.compile(r"نے (?P<name>[\u0600-\u06ff ]{2,40}?) (?:کو بتایا|سے گفتگو)")
"""Around the name of whoever was told, where the verb follows it: Urdu."""

TOLD_WORDS = (
    *(
        f"{verb} {before}"
        for verb in ("dijo", "declaró", "afirmó", "aseguró", "explicó", "contó", "señaló")
        for before in ("a ", "al ", "en entrevista a")
    ),
    *(
        f"a {verb} {before}"
        for verb in ("déclaré", "dit", "expliqué", "confié", "affirmé", "indiqué")
        for before in ("à ", "au ")
    ),
    *(
        f"{verb} {before} "
        for verb in ("sagte", "sagten", "erklärte")
        for before in ("der", "dem", "gegenüber")
    ),
    *(
        f"{verb} {before} "
        for verb in ("disse", "afirmou", "declarou", "contou")
        for before in ("ao", "à")
    ),
    "告诉", "告訴", "告知", "کو بتایا", "سے گفتگو",
)  # fmt: skip
"""Words of which one stands where `TOLD_NAME` or `TOLD_BEFORE` matches, English apart."""

NOT_SOURCES = frozenset(
    {
        "facebook",
        "twitter",
        "x",
        "instagram",
        "youtube",
        "tiktok",
        "linkedin",
        "medium",
        "reddit",
        "whatsapp",
        "telegram",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "this",
        "today",
        "our",
        "my",
        "court",
        "getty",
        "getty images",
        "company",
        "shutterstock",
        "staff",
    }
)
"""Folded words that follow a lead-in and name no source."""
