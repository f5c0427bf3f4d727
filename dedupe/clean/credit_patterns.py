"""Words that announce a credit, by language: who wrote the story first.

text  ->  matches of CREDITS and RESIDUES; the name follows
"""
# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts

from __future__ import annotations

import re

from dedupe.clean.cues import cue, each
from dedupe.names import CAPITALS

_PIECES_EN = (
    "article|story|post|report|column|interview|piece|essay|commentary|analysis|content|obituary"
    "|review|investigation|editorial|dispatch|feature|opinion piece|opinion|op-ed|profile|excerpt"
    "|explainer|letter"
)
_PIECE_EN = rf"(?:{_PIECES_EN})"
_PIECE_ES = (
    r"(?:art[ií]culo|nota|texto|reportaje|reporte|informaci[oó]n|noticia|entrevista|contenido"
    r"|columna|cr[oó]nica|an[aá]lisis|investigaci[oó]n|editorial|obituario|rese[ñn]a|cr[ií]tica"
    r"|despacho|ensayo|opini[oó]n)"
)
_PIECE_FR = (
    r"(?:article|texte|reportage|entretien|interview|contenu|tribune|enquête|analyse|chronique"
    r"|critique|éditorial|dépêche|nécrologie|portrait|billet|récit)"
)
_PIECE_DE = (
    r"(?:Artikel|Beitrag|Text|Bericht|Kommentar|Interview|Nachruf|Rezension|Kritik|Analyse"
    r"|Reportage|Leitartikel|Kolumne|Gastbeitrag|Essay|Meldung|Recherche|Porträt)"
)
_PIECE_PT = (
    r"(?:artigo|texto|reportagem|mat[ée]ria|not[íi]cia|entrevista|conte[úu]do|coluna|cr[ôo]nica"
    r"|an[áa]lise|investiga[çc][ãa]o|editorial|obitu[áa]rio|resenha|cr[íi]tica|ensaio|opini[ãa]o)"
)
_PIECE_IT = (
    r"(?:articolo|testo|pezzo|servizio|intervista|inchiesta|recensione|editoriale|analisi"
    r"|commento|necrologio|reportage|cronaca|rubrica)"
)
_PIECE_NL = (
    r"(?:artikel|bericht|verhaal|stuk|interview|opiniestuk|commentaar|onderzoek|analyse|recensie"
    r"|column|necrologie|reportage)"
)
_FROM = "from|by|with|here|under|of"

CREDITS = (
    # English
    cue(
        "from_line",
        "\nfrom ",
        r"(?:[Ff]rom|FROM) (?=the|[A-Z])",
        at_line_start=True,
        name_known=True,
        whole_line=True,
    ),
    cue(
        "appeared_on",
        "first reported|"
        + each("appeared|published|ran|aired|posted", "on|in|at|by|with|here|originally|first"),
        rf"(?:[Tt]h(?:is|e)|[Aa]n?(?: version of this)?) {_PIECE_EN}(?: was| has been| is)?"
        r"(?: originally| first| initially| previously){0,2}"
        r" (?:appeared|published|ran|aired|posted)(?: originally| first)?(?: here)?"
        r" (?:on|in|at|by|with) "
        # Of letters and inquiries it is a fact that is reported first.
        r"|[Tt]h(?:is|e) (?:article|story) was first reported (?:by|in) ",
    ),
    cue(
        "appeared_on",
        "originally|" + each("first", "published|appeared|posted|printed|ran|aired"),
        r"(?:[Oo]riginally|[Ff]irst) (?:published|appeared|posted|printed|reported|ran|aired)"
        r" (?:on|in|at|by) ",
        at_line_start=True,
    ),
    cue(
        "republished",
        each("republished|reprinted|reproduced|syndicated|distributed", _FROM),
        # In lower case it may be a sentence that was wrapped here.
        r"(?:Republished|Reprinted|Reproduced|Syndicated|Distributed)"
        r"(?: here)?(?: with (?:the )?(?:kind )?permission)?(?: under [\w .-]{2,40})?"
        r" (?:from|of|by) ",
        at_line_start=True,
    ),
    cue(
        "republished",
        each("republished|reprinted|reproduced|syndicated|distributed", _FROM),
        rf"(?:[Tt]his|[Tt]he|\w['’]s) {_PIECE_EN} (?:is|was|has been)"
        r" (?:republished|reprinted|reproduced|syndicated|distributed)(?: here)?"
        r"(?: with (?:the )?(?:kind )?permission)?(?: under [\w .-]{2,40})?"
        r" (?:from|of|by) ",
    ),
    cue(
        "source_line",
        "source:|sources:|reporting by| inputs|"
        + each("inputs|input|files|reporting|material|contributions|contribution", "from|by"),
        r"(?:(?:[Ss]ources?|SOURCE|[Oo]riginal source): ?|Reporting by "
        r"|[Ww]ith (?:(?:inputs?|files|reporting|material|contributions?) (?:from|by) "
        r"|(?=\S.{1,40} inputs\b)))",
        at_line_start=True,
        name_known=True,
    ),
    cue(
        "source_line",
        "\nwith |(with |- with |– with |— with |(mit ",
        # In lower case without a mark it is a sentence that was wrapped here.
        r"(?:With|(?<=[(–—-])with|(?<=[(–—-] )with|(?<=\()mit) ",
        at_line_start=True,
        name_known=True,
        whole_line=True,
    ),
    cue(
        "contributed",
        "contributed to this|additional reporting by|additional material",
        # It is whose writer somebody is that tells; whoever contributed besides gave a part.
        rf"(?:The )?(?P<name>[{CAPITALS}][^\n,;:()]{{1,40}})"
        r"(?:['’]s?| (?:[Ww]riter|[Rr]eporter|[Cc]orrespondent)s?)"
        rf" (?=[{CAPITALS}].{{3,300}} contributed to this (?:report|story|article)\b)"
        r"|Additional (?:reporting by|material(?: by| from|:)) ",
        at_line_start=True,
        name_known=True,
    ),
    cue(
        "via",
        "via |via:|h/t",
        r"(?:[Vv]ia|VIA|[Hh]/[Tt]):? ",
        at_line_start=True,
        name_known=True,
    ),
    cue(
        "first_reported",
        "first reported",
        r"[Ff]irst reported (?:by|in|on) ",
        name_known=True,
    ),
    cue(
        "as_first_reported",
        "as first reported by",
        r"As first reported by ",
        at_line_start=True,
    ),
    cue(
        "original_at",
        "the original|the full|original:|" + each("original", f"{_PIECES_EN}|here|at|on"),
        rf"(?:(?:Read|View|See|Find) the (?:original|full)(?: {_PIECE_EN})?(?: here)?"
        rf"|Original(?: {_PIECE_EN})?(?: here)?)(?: at| on|:)+ ",
        at_line_start=True,
        name_known=True,
    ),
    cue(
        "provided_by",
        "provided by|courtesy",
        rf"(?:[Tt]his {_PIECE_EN}|{_PIECE_EN.title()})(?: is| was)? (?:provided by|courtesy of) ",
        at_line_start=True,
        name_known=True,
    ),
    cue(
        "appeared_on",
        "this report by|this story by|this article by|written by|produced by",
        r"[Tt]his (?:report|story|article) (?:by (?=.{3,40} was (?:first |originally )?published)"
        r"|was (?:written|produced) by (?=.{3,60} with permission))",
    ),
    cue(
        "appeared_on",
        "written by|produced by",
        r"[Tt]his (?:report|story|article) (?:was|is) (?:written|produced) by ",
        at_line_start=True,
        name_known=True,
    ),
    # Spanish
    cue(
        "appeared_on",
        each(
            "publicado|publicada|publicó|publico|apareció|aparecio",
            "en|por|originalmente|inicialmente",
        ),
        rf"(?:[Ee]ste|[Ee]sta|[Ee]l|[Ll]a) {_PIECE_ES}"
        r" (?:fue publicad[oa]|se public[oó]|apareci[oó])"
        r"(?: originalmente| por primera vez| inicialmente)? (?:en|por) ",
    ),
    # Spanish, Portuguese
    cue(
        "appeared_on",
        "publicado originalmente|publicada originalmente|republicado originalmente"
        "|republicada originalmente",
        r"[Pp]ublicad[oa] originalmente (?:en|por|em|no|na|pelo|pela) ",
    ),
    cue(
        "source_line",
        "fuente:|fuentes:|con informaci",
        r"(?:[Ff]uentes?: ?|[Cc]on informaci[oó]n de )",
        at_line_start=True,
        name_known=True,
    ),
    # French
    cue(
        "appeared_on",
        "publié|paru",
        rf"(?:[Cc]ett?e?|[Ll]['’]|[Ll][ea]) ?{_PIECE_FR} (?:a été|a d['’]abord été|est)"
        r"(?: initialement| d['’]abord| à l['’]origine)? (?:publiée?|parue?)"
        r"(?: initialement| d['’]abord| à l['’]origine| pour la première fois)?"
        r" (?:sur|par|dans|chez) ",
    ),
    cue("appeared_on", "initialement", r"(?:[Pp]ubliée?|[Pp]arue?) initialement (?:sur|par|dans) "),
    cue(
        "source_line",
        "source :|source\u00a0:|source\u202f:|source:|sources :|sources\u00a0:",
        r"[Ss]ources?\s?: ?",
        at_line_start=True,
        name_known=True,
    ),
    cue(
        "source_line",
        each("avec", "a|l|r"),
        rf"(?:[{CAPITALS}][\w .'’-]{{1,40}}[, ] ?)?[Aa]vec (?:l['’])?",
        at_line_start=True,
        name_known=True,
        whole_line=True,
    ),
    # German
    cue(
        "appeared_on",
        "erschien|veröffentlicht|erstveröffentlichung",
        rf"(?:(?:[Dd]iese[rs]?|[Dd]er|[Dd]as|[Dd]ie) {_PIECE_DE} (?:erschien|ist|wurde)"
        r"(?: zuerst| zunächst| ursprünglich| im Original){0,2}(?: erschienen| veröffentlicht)?"
        r"|[Zz]uerst (?:erschienen|veröffentlicht)|[Ee]rstveröffentlich(?:t|ung))"
        r" (?:(?:auf|bei|in|von)(?: der| dem)?|im|vom|beim):? ",
    ),
    cue(
        "source_line",
        "mit material",
        r"[Mm]it Material (?:von|der)(?: Agentur(?:en)?)? ",
        at_line_start=True,
        name_known=True,
    ),
    cue("source_line", "quelle", r"[Qq]uellen?: ?", at_line_start=True, name_known=True),
    # Portuguese
    cue(
        "appeared_on",
        "publicad|"
        + each("apareceu", "em|no|na|por|pelo|pela|originalmente|primeiro|inicialmente"),
        rf"(?:[Ee]ste|[Ee]sta|[OoAa]) {_PIECE_PT} (?:foi publicad[oa]|apareceu)"
        r"(?: originalmente| primeiro| inicialmente)? (?:em|no|na|por|pelo|pela) ",
    ),
    cue(
        "source_line",
        "fonte:|fontes:|com informa",
        r"(?:[Ff]ontes?: ?|[Cc]om informações (?:da|do|de) )",
        at_line_start=True,
        name_known=True,
    ),
    # Chinese
    cue("source_line", "来源|來源", r"[(（【]?(?:新闻|文章)?(?:来源|來源)[：:] ?"),
    cue(
        "appeared_on",
        "原载|首发于|转载自|转自|轉載自|来源于",
        r"(?:本文)?(?:原载于?|首发于|转载自|转自|轉載自|来源于)[：:]? ?",
    ),
    # Russian, Ukrainian
    cue(
        "appeared_on",
        "впервые опубликован|вперше опубліковано|об этом",
        r"(?:[Вв]первые опубликован[ао]?|[Вв]перше опубліковано) (?:в|на|у) "
        # Papers write, and companies only say.
        r"|[Оо]б этом (?:пишет (?=«)|(?:пишет|сообщает|сообщил[ао]?)"
        r" (?:газета|агентство|издание|портал|журнал|телеканал) )",
    ),
    # Dutch, Italian
    cue(
        "appeared_on",
        "verscheen|verschenen|gepubliceerd",
        rf"[Dd](?:it|eze|e|at) {_PIECE_NL} (?:verscheen|is|werd)"
        r"(?: eerder| eerst| oorspronkelijk){0,2}(?: verschenen| gepubliceerd)? (?:in|op|bij) ",
    ),
    cue(
        "appeared_on",
        "pubblicat|appars|uscit",
        rf"(?:(?:[Qq]uest[oa] |[Qq]uest['’]|[Ll]['’]|[Ii]l |[Ll][ao] ){_PIECE_IT}"
        r" è (?:stat[oa] )?(?:pubblicat[oa]|appars[oa]|uscit[oa])"
        r"(?: originariamente| originalmente| inizialmente| per la prima volta)?"
        r"|(?:[Pp]ubblicat|[Aa]ppars)[oa] (?:originariamente|originalmente|inizialmente))"
        r" (?:su|in|da|sul|sulla|dal|dalla|nel|nella) ",
    ),
    # A label, as many languages set it
    cue(
        "source_line",
        "источник|джерело|źródło|zdroj:|forrás|kilde|källa|lähde|kaynak|bron:|sumber|nguồn|izvor"
        "|المصدر|منبع|स्रोत|出典|転載元|出处|出處|출처",
        r"(?:[Ии]сточник|[Дд]жерело|[Źź]ródło|[Zz]droj|[Ff]orrás|[Kk]ilder?|[Kk]älla|[Ll]ähde"
        r"|[Kk]aynak|[Bb]ron|[Ss]umber|[Nn]guồn|[Ii]zvor|المصدر|منبع|स्रोत|出典|転載元|出处|出處|출처)"
        r"\s?[:：] ?",
        at_line_start=True,
        name_known=True,
    ),
    # Urdu
    cue("appeared_on", "پہلے", r"(?:یہ )?(?:مضمون|خبر|رپورٹ|تحریر) (?:سب سے )?پہلے "),
    cue("source_line", "بشکریہ|ماخذ", r"(?:بشکریہ|ماخذ)\s?[:：۔-]? ?"),
)

RESIDUES = (
    cue(
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

_REPORTS = r"(?:reports?|story|article|investigation|account)"
CITED_AFTER = re.compile(
    # English
    rf"\b(?:[Aa]ccording to (?:(?:an? |the )?(?:\w+ )?{_REPORTS} (?:in|by|from|on) )?"
    r"|(?:\bPer|(?<=, )per) |[Aa]s reported (?:by|in) )(?:an? |the )?"
    # Spanish
    r"|\b(?:[Ss]eg[uú]n(?: (?:inform[aó]|public[aó]|report[aó]|recoge|revel[aó]|adelant[aó]"
    r"|se[ñn]al[aó]))?|(?<=, )(?:inform[aó]|public[aó]|report[aó])|[Dd]e acuerdo con)"
    r" (?:el (?:diario|peri[oó]dico) |la (?:agencia|cadena) )?"
    # French
    r"|\b(?:[Ss]elon|[Dd]['’]après|rapporte|révèle|relate|écrit|indique|l['’]a (?:révélé|rapporté))"
    r" (?:le (?:quotidien|journal) |l['’]agence )?"
    # German
    r"|\b(?:[Ll]aut|[Nn]ach (?:Informationen|Angaben|Recherchen|einem Bericht) (?:der|des|von|vom)"
    r"|berichtete?|meldete?|schreibt|schrieb) (?:(?:de[rsm]|die|das) )?(?:Zeitung |Agentur )?"
    # Portuguese
    r"|\b(?:[Ss]egundo|[Dd]e acordo com|[Cc]onforme(?: informou| noticiou)?"
    r"|(?<=, )(?:informa|informou|noticiou|publicou)) (?:o jornal |a agência )?"
    # Italian
    r"|\b(?:[Ss]econdo|riporta|riferisce|rivela|scrive)"
    r" (?:il (?:quotidiano|giornale) |l['’]agenzia )?"
    # Dutch
    r"|\b(?:[Vv]olgens|meldt|bericht|schrijft) (?:de krant |het persbureau )?"
    # Russian, Ukrainian
    r"|\b(?:[Пп]о (?:данным|информации|сообщению)|(?:сообщает|пишет|передаёт|передает|повідомляє))"
    r" (?:газета |агентство |агентства |издание )?"
    # Chinese
    r"|(?:据|據)《?(?=.{2,14}(?:报道|報道|报导|報導|消息))"
)
"""Before the name of whoever is cited, which counts where it is an outlet's."""

CITED_BEFORE = re.compile(
    r"(?<=[ \n”“\"»])(?:(?:first )?report(?:ed|s)\b"
    r"|(?:informa|informó|publicó|reportó|reveló|adelantó)\b|(?:a )?(?:rapporté|révélé)\b"
    r"|(?:rapporte|révèle)\b|(?:berichtete?|meldete?)\b|(?:noticiou|informou|revelou)\b"
    r"|(?:riporta|rivela|scrive)\b|(?:meldt|bericht)\b|کے مطابق)"
    # Korean sets its particles right behind a name.
    r"|(?<=[가-힣])에 따르면"
)
"""After the name of whoever is cited."""

CITED_WORDS = (
    "reported", "reports", "according to ", ", per ", "según", "segun", "de acuerdo con", "informa",
    "informó", "publicó", "publica", "reportó", "reporta", "reveló", "adelantó", "selon", "d'après",
    "d’après", "rapport", "révèl", "révél", "relate", "écrit", "indique", "laut ",
    "nach informationen", "nach angaben", "nach recherchen", "nach einem bericht", "bericht",
    "meldet", "meldt", "schreibt", "schrieb", "schrijft", "volgens", "segundo", "de acordo com",
    "conforme", "informou", "noticiou", "publicou", "revelou", "secondo", "riporta", "riferisce",
    "rivela", "scrive", "по данным", "по информации", "по сообщению", "сообщает", "пишет",
    "передаёт", "передает", "повідомляє", "据", "據", "کے مطابق", "에 따르면",
)  # fmt: skip
"""Words of which one stands where `CITED_AFTER` or `CITED_BEFORE` matches; also "Per "."""

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
