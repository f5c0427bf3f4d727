# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts
from __future__ import annotations

import pytest

from dedupe.clean.leading import further_names, leading_name, together
from dedupe.names import default_names

NAMES = default_names().collecting(
    [
        "timesofmalta.example",
        "guardiannigeria.example",
        "courier.example",
        "ladepechedorens.example",
    ]
)


@pytest.mark.parametrize(
    "words",
    [
        "The Hindu BusinessLine",
        "The Hindu\nBusinessLine",
        "The Independent Florida Alligator",
        "The Sun Chronicle on Monday",
        "The Guardian Post of Yaoundé",
        "El Mundo Deportivo.",
        "El Mundo de Tehuacán",
        "Die Welt kompakt",
        "Die Welt am Sonntag.",
        "Le Monde diplomatique",
        "Le Monde du Jura",
        "Los Angeles Times en Español",
        "BBC Wildlife",
        "AP Moller. All rights reserved.",
        "Reuters Institute",
        "Washington Post & Courier",
        "Fox News Latino",
        "the Courier Mail",
        "EL MUNDO DE TEHUACÁN",
        "The Guardian Škofja Loka",
        "Reuters/Jane Roe",
        "AFP/Getty Images",
    ],
)
def test_leading_name__a_longer_name_is_not_cut_to_a_known_one(words: str) -> None:
    assert leading_name(words, NAMES) == (None, 0)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Times of Malta", "Times of Malta"),
        ("The Guardian Nigeria", "Guardian Nigeria"),
        ("La Dépêche d’Orens, samedi", "La Dépêche d’Orens"),
        ("AP writer Jane Roe", "AP"),
        ("AP Writer Jane Roe", "AP"),
        ("Reuters reporters", "Reuters"),
        ("BBC News", "BBC"),
        ("The Associated Press contributed", "AP"),
        ("Reuters Monday that it rained", "Reuters"),
        ("The Guardian June 3, 2020", "The Guardian"),
        ("CNN ON MONDAY", "CNN"),
        ("Reuters AFP", "Reuters"),
        ("Reuters and The Sun Chronicle", "Reuters"),
        ("The New York Times Company", "New York Times"),
        ("Bloomberg L.P.", "Bloomberg"),
        ("AFP/Reuters", "AFP"),
        ("Reuters and AFP", "Reuters"),
        ("The New York Times Magazine", "New York Times"),
        ("Guardian News & Media Limited", "The Guardian"),
        ("„Die Welt“ Anfang", "Die Welt"),
        ("l'AFP à Paris", "AFP"),
        ("the Courier.", "Courier"),
        ("Reuters\nThe mayor said", "Reuters"),
        ("Reuters\nDer Minister sagte", "Reuters"),
        ("Reuters President Joe Biden will resign", "Reuters"),
        ("AP Mr. Roe will resign", "AP"),
        ("Le Monde Le texte", "Le Monde"),
        ("Le Monde L’auteur", "Le Monde"),
        ("Reuters Все права защищены", "Reuters"),
    ],
)
def test_leading_name__ends_where_the_sentence_goes_on(words: str, name: str) -> None:
    assert leading_name(words, NAMES)[0] == name


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Reuters", ["Reuters"]),
        ("dpa/AFP", ["dpa", "AFP"]),
        ("AFP-Jiji", ["AFP", "Jiji Press"]),
        ("dpa-AFX", ["dpa"]),
        ("The Associated Press and AP", ["AP"]),
        ("Web Desk/AFP", ["AFP"]),
        ("Web Desk/Agencies", []),
        ("AFP/Getty Images", []),
        ("Reuters Institute", []),
        ("", []),
    ],
)
def test_together__all_are_known_or_none(words: str, found: list[str]) -> None:
    assert together(words, NAMES) == found


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        ("AFP/Reuters, dpa.", ["Reuters", "dpa"], "."),
        ("AFP e da Reuters Brasil", ["Reuters"], ""),
        ("AFP and others", [], " and others"),
        ("AFP, Jane Roe and Reuters", [], ", Jane Roe and Reuters"),
    ],
)
def test_further_names__end_where_nobody_is_known(text: str, found: list[str], rest: str) -> None:
    listed, stop = further_names(text, len("AFP"), len(text), NAMES)
    assert (listed, text[stop:]) == (found, rest)
