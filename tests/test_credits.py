# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts
from __future__ import annotations

import pytest

from dedupe.clean.clues import Clue, harvest
from dedupe.clean.credits import cited_clues
from dedupe.clean.kept import keep_all
from dedupe.documents import documents_table
from dedupe.names import default_names
from tests.test_clues import clues_of

SOURCES = (
    "quaylequarterly.example", "altenroder-bote.example", "farodevillamar.example",
    "ladepechedorens.example", "herald.example", "reuters.com", "apnews.com", "corriere.it",
    "xinhuanet.com",
)  # fmt: skip


def clues_among(text: str, source: str = "brindle.example") -> list[Clue]:
    """Return the clues of a text in a collection of these outlets."""
    others = [{"text": "", "source": source} for source in SOURCES]
    table = documents_table([{"text": text, "source": source}, *others])
    rows = harvest(table, keep_all(table)).drop_columns("document").to_pylist()
    return [Clue(**row) for row in rows]


def named(text: str) -> set[tuple[str, str | None]]:
    return {(clue.rule, clue.name) for clue in clues_among(text)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("According to the Quayle Quarterly, residents vote.", "Quayle Quarterly"),
        ("It is green, according to a report in the Quayle Quarterly.", "Quayle Quarterly"),
        ("It is green, according to a Quayle Quarterly report.", "Quayle Quarterly"),
        ("According to quaylequarterly.example, they vote.", "quaylequarterly.example"),
        ("Per the Quayle Quarterly, residents vote.", "Quayle Quarterly"),
        ("It is green, the Quayle Quarterly reports.", "Quayle Quarterly"),
        ("It is green, the Quayle\nQuarterly reported on Monday.", "Quayle Quarterly"),
        ("On Monday Reuters reported that it is green.", "Reuters"),
        ("Wie der „Altenroder Bote“ berichtet, hat der Rat beschlossen.", "Altenroder Bote"),
        ("Der Rat hat beschlossen, berichtet der Altenroder Bote.", "Altenroder Bote"),
        ("Nach Informationen des „Altenroder Boten“ hat der Rat beschlossen.", "Altenroder Bote"),
        ("Laut Altenroder Bote hat der Rat beschlossen.", "Altenroder Bote"),
        ("Según informa el Faro de Villamar, un barco encalló.", "Faro de Villamar"),
        ("Un barco encalló, según publicó Faro de Villamar.", "Faro de Villamar"),
        ("El Faro de Villamar informó del rescate.", "El Faro de Villamar"),
        ("Selon La Dépêche d'Orens, un troupeau est passé.", "La Dépêche d'Orens"),
        ("Un troupeau est passé, rapporte La Dépêche d’Orens.", "La Dépêche d’Orens"),
        ("C'est fermé, comme l'a révélé La Dépêche d'Orens.", "La Dépêche d'Orens"),
        ("Segundo a Reuters, o navio encalhou.", "Reuters"),
        ("La nave è affondata. Lo riporta il Corriere della Sera.", "Corriere della Sera"),
        ("Volgens Reuters is het schip gezonken.", "Reuters"),
        ("По данным Reuters, судно затонуло.", "Reuters"),
        ("据新华社报道，河水上涨。", "Xinhua"),
        ("By Jane Roe\n\nReuters reported it on Monday.", "Reuters"),
        ("Storm Kills Ten\n \nReuters reported it on Monday.", "Reuters"),
        ("Latest News\nThe Quayle Quarterly reported it.", "Quayle Quarterly"),
        ("Latest News\nQuayle Quarterly reported it.", "Quayle Quarterly"),
        ("Segun El Faro de Villamar, un barco encalló.", "El Faro de Villamar"),
        ("A Reuters informou que o navio encalhou.", "Reuters"),
        ("O navio encalhou, publicou Reuters.", "Reuters"),
        ("Ten are dead, according to Reuters\nThe mayor said so.", "Reuters"),
        ("Zehn Tote, laut Reuters\nDer Minister sagte es.", "Reuters"),
        ("According to Reuters President Jane Roe will resign.", "Reuters"),
        ("رائٹرز کے مطابق دریا میں پانی بڑھ گیا۔", "Reuters"),
        ("로이터에 따르면 강물이 불었다.", "Reuters"),
    ],
)
def test_cited__an_outlet_in_a_sentence_in_many_languages(text: str, name: str) -> None:
    assert named(text) == {("reported", name)}


@pytest.mark.parametrize(
    "text",
    [
        "According to police, the herald of spring reported it.",
        "According to the Ministry of Health, AP Moller reported a loss.",
        "According to the Herald Tribune, it is green.",
        "The Boston Herald reported it.",
        "The barge sank, as a paper from there, the Boston\nHerald reported it.",
        "This is read by Quayle\n\nQuarterly reported it.",
        "Laut Polizei kam die Meldung, berichtet der Bürgermeister.",
        "Según la policía, informó el ministerio.",
        "Selon la préfecture, rapporte le maire.",
        "پولیس کے مطابق دریا میں پانی بڑھ گیا۔",
        "경찰에 따르면 강물이 불었다.",
    ],
)
def test_cited__who_is_no_outlet_is_no_source(text: str) -> None:
    assert named(f"{text}\nThe Quayle Quarterly is read here.") == set()


def test_cited__people_are_no_outlets() -> None:
    texts = [
        {"text": "Observers reported on irregularities.", "source": "brindle.example"},
        {"text": "The Observer reported on irregularities.", "source": "observer.example"},
        {"text": "The Observer reported on irregularities.", "source": "courier.example"},
        {"text": "Couriers reported on delays.", "source": "examiner.example"},
    ]
    table = documents_table(texts)
    assert harvest(table, keep_all(table)).column("document").to_pylist() == [1, 2]


def test_cited__the_clue_covers_the_words_that_cite() -> None:
    text = "It is green. According to the Quayle Quarterly, they vote."
    (clue,) = clues_among(text)
    assert text[clue.start : clue.end] == "According to the Quayle Quarterly"


@pytest.mark.parametrize(
    "piece",
    ["obituary", "review", "investigation", "editorial", "dispatch", "feature", "opinion piece"],
)
def test_appeared_on__whatever_the_piece_is_called(piece: str) -> None:
    text = f"This {piece} was first published by the Coastal Gazette and distributed by AP."
    assert named(text) == {("appeared_on", "Coastal Gazette")}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Esta crónica fue publicada por El Faro.", "El Faro"),
        ("Cette enquête a été initialement publiée par Le Phare.", "Le Phare"),
        ("Cette tribune est parue dans Le Monde.", "Le Monde"),
        ("Diese Recherche erschien zuerst im Altenroder Boten.", "Altenroder Bote"),
        ("Zuerst erschienen im Altenroder Boten.", "Altenroder Bote"),
        ("Esta análise foi publicada por O Farol.", "O Farol"),
        ("Questa inchiesta è stata pubblicata da Il Faro.", "Il Faro"),
        ("Pubblicato originariamente su Il Faro.", "Il Faro"),
        ("Deze column verscheen eerder op De Vuurtoren.", "De Vuurtoren"),
        ("Wick Tolliver's column is distributed by Lantern Features Syndicate.",
         "Lantern Features Syndicate"),
    ],
)  # fmt: skip
def test_appeared_on__pieces_of_other_languages(text: str, name: str) -> None:
    assert [clue.name for clue in clues_among(text)] == [name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("This article first appeared in The Hindu BusinessLine.", "The Hindu BusinessLine"),
        ("Source: Le Monde diplomatique", "Le Monde diplomatique"),
        ("This article first appeared in BBC Wildlife.", "BBC Wildlife"),
        ("Zuerst erschienen in der Bild am Sonntag.", "Bild am Sonntag"),
        ("Publicado originalmente en El Mundo de Tehuacán.", "El Mundo de Tehuacán"),
        ("Article paru initialement dans La Dépêche d'Orens.", "La Dépêche d'Orens"),
        ("Copyright 2026 The Sun Valley Express. All rights reserved.", None),
        ("Copyright 2026 AP Moller. All rights reserved.", None),
        ("Source: Reuters Institute", None),
    ],
)
def test_credit__a_longer_name_is_read_whole_or_not_at_all(text: str, name: str | None) -> None:
    assert [clue.name for clue in clues_among(text)] == ([name] if name else [])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("This article was first published on CNN Learn more", "CNN"),
        ("This article was first published on CNN Donald Trump said so", "CNN"),
        ("This article was first published on Bloomberg Subscribe now", "Bloomberg"),
        ("Cet article a été publié dans Le Monde Le texte", "Le Monde"),
        ("Source: Reuters Alle Rechte", "Reuters"),
        ("Source: Reuters Storm kills ten", "Reuters"),
        ("Žofie Roe, avec Reuters", "Reuters"),
        ("This article first appeared in The Sun Valley Express last week.",
         "The Sun Valley Express"),
        ("This article first appeared in BBC Wildlife on Monday.", "BBC Wildlife"),
        ("This article first appeared in BBC Wildlife", "BBC Wildlife"),
    ],
)  # fmt: skip
def test_credit__a_known_name_gives_way_only_to_what_is_a_papers(text: str, name: str) -> None:
    assert [clue.name for clue in clues_among(text)] == [name]


@pytest.mark.parametrize(
    ("notice", "name"),
    [
        ("© 2024 AFP Tous droits réservés", "AFP"),
        ("© 2024 EFE Todos los derechos reservados", "EFE"),
        ("© 2024 dpa Alle Rechte vorbehalten", "dpa"),
        ("© 2024 ANSA Riproduzione riservata", "ANSA"),
        ("© Agence France-Presse Le contenu", "AFP"),
        ("Copyright 2024 Associated Press Terms of Use", "AP"),
        ("© 2024 Reuters Reproduction prohibited", "Reuters"),
        ("© 2024 Reuters Photo", "Reuters"),
        ("© 2024 AFP Droits réservés", "AFP"),
        ("© 2024 EFE Derechos reservados", "EFE"),
        ("© 2024 dpa Impressum", "dpa"),
        ("© 2024 Reuters Privacy Policy", "Reuters"),
    ],
)
def test_copyright__rights_of_other_languages_are_no_part_of_a_name(notice: str, name: str) -> None:
    assert named(notice) == {("copyright", name)}


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("By Jane Roe\nQuayle Quarterly", ["Quayle Quarterly"]),
        ("Jane Roe\nQuayle Quarterly", ["Quayle Quarterly"]),
        ("By Jane Roe\nThe Washington Post", ["Washington Post"]),
        ("By Petr Čapek\nQuayle Quarterly", ["Quayle Quarterly"]),
        ("By Łukasz Żak\nQuayle Quarterly", ["Quayle Quarterly"]),
        ("By Ольга Роу\nQuayle Quarterly", ["Quayle Quarterly"]),
        ("Par Jeanne Roe\nLa Dépêche d'Orens", ["La Dépêche d'Orens"]),
        ("Von Anna Roe\nAltenroder Bote", ["Altenroder Bote"]),
        ("Jane Roe | Quayle Quarterly (TNS)", ["Quayle Quarterly"]),
        ("By Jane Roe, Quayle Quarterly (TNS)", ["Quayle Quarterly"]),
        ("The light is green\nQuayle Quarterly", []),
        ("Sports News | Quayle Quarterly", []),
        ("Latest News\nThe Washington Post", []),
        ("By Jane Roe, The Sun Chronicle Staff Writer", []),
    ],
)
def test_byline__an_outlet_below_or_beside_a_person(lines: str, names: list[str]) -> None:
    clues = clues_among(f"{lines}\n\nThe light is green.")
    assert [clue.name for clue in clues if clue.kind == "byline"] == names


def test_byline__below_two_words_a_pages_own_name_is_no_byline() -> None:
    text = "Light Green\nQuayle Quarterly\n\nThe light is green."
    assert clues_among(text, source="quaylequarterly.example") == []


@pytest.mark.parametrize(
    "opening", ["(HarborLight) The pier rotted.", "By HarborLight\n\nThe pier."]
)
def test_opening__names_an_outlet_that_was_told(opening: str) -> None:
    told = f"{opening}\n\nPoe told HarborLight that it rained."
    kinds = {clue.kind for clue in clues_of(told, [(0, len(told))]) if clue.name == "HarborLight"}
    assert kinds == {"credit", "byline" if opening.startswith("By") else "dateline"}
    other = told.replace("told HarborLight", "told Poe")
    assert clues_of(other, [(0, len(other))]) == []


@pytest.mark.parametrize(
    ("text", "n_clues"),
    [
        ("(AP) Students at the school write.", 1),
        ("(AP) students at the school write.", 0),
        ("ŁÓDŹ (AP) Students at the school write.", 1),
        ("Essays are due\n(AP) Students at the school write.", 1),
        ("The school has closed its doors. " * 6 + "\n\n(AP) Students at the school write.", 0),
        ("The school has closed its doors. " * 6 + "\n\n(AP) - Students at the school write.", 1),
    ],
)
def test_dateline__a_name_in_brackets_alone_opens_the_story(text: str, n_clues: int) -> None:
    assert len(clues_of(text, [(0, len(text))])) == n_clues


def test_dateline__what_was_cut_does_not_open_the_story() -> None:
    cut = "Sign up for what we write about the school. " * 6
    text = f"Essays are due\n{cut}\n(AP) Students at the school write."
    first, last = text.index(cut), text.index("(AP)")
    whole, kept = (
        clues_of(text, ranges) for ranges in ([(0, len(text))], [(0, first), (last, len(text))])
    )
    assert [(clue.kind, clue.name) for clue in kept] == [("dateline", "AP")]
    assert whole == []


@pytest.mark.parametrize(
    ("sentence", "is_cited"),
    [
        ("A man was shot at noon, according to Reuters police.", False),
        ("Prices have risen by a third, according to Bloomberg data.", False),
        ("A man was shot at noon, according to Reuters.", True),
        ("According to Reuters the minister will resign.", True),
        ("Bloomberg reported 12 drownings last year.", False),
        ("Reuters reported engine trouble on Monday.", False),
        ("Reuters reported in 2019 that the slip was failing.", False),
        ("Reuters reported that the slip was failing.", True),
        ("The slip was failing, Reuters reported Monday.", True),
        ("The slip was failing, Reuters reported.", True),
    ],
)
def test_cited__what_an_outlet_is_said_to_have_seen_is_no_credit(
    sentence: str, *, is_cited: bool
) -> None:
    text = f"The council met on Monday to hear of the slip, and nobody spoke.\n{sentence}"
    assert bool(list(cited_clues(text, 0, len(text), default_names()))) == is_cited
