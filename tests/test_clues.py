# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dedupe.clean.clues import Clue, clues_schema, harvest
from dedupe.clean.kept import keep_all
from dedupe.documents import documents_table
from dedupe.names import load_names

if TYPE_CHECKING:
    from pathlib import Path

    from dedupe.names import Names


def clues_of(text: str, ranges: list[tuple[int, int]], **metadata: str) -> list[Clue]:
    """Return the clues of one document whose kept ranges are these, in code points."""
    table = documents_table([{"text": text, **metadata}])
    places = [[len(text[:place].encode()) for place in span] for span in ranges]
    spans = np.array(places, np.int64).reshape(-1, 2)
    kept = keep_all(table)._replace(spans=spans, offsets=np.array([0, len(ranges)]))
    rows = harvest(table, kept).drop_columns("document").to_pylist()
    return [Clue(**row) for row in rows]


def found(text: str, **metadata: str) -> list[tuple[str, str, str | None]]:
    """Return (kind, rule, name) of each clue of a text that is kept whole."""
    clues = clues_of(text, [(0, len(text))], **metadata)
    return [(clue.kind, clue.rule, clue.name) for clue in clues]


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("LONDON, Nov 3 (Reuters) - The bank raised its rate.", "Reuters"),
        ("LONDON, (Reuters) - The bank raised its rate.", "Reuters"),
        ("CHEYENNE, Wyo. (AP) — The developer withdrew.", "AP"),
        ("(AP) — The developer withdrew.", "AP"),
        ("Oslo (AP) &#8212; The developer withdrew.", "AP"),
        ("Oslo (AP) &mdash; The developer withdrew.", "AP"),
        ("CHEYENNE, Wyo. (A.P.) The developer withdrew.", "AP"),
        ("Madrid, 3 jun (EFE).- El ministro dimitió.", "EFE"),
        ("Berlin (dpa) - Der Minister trat zurück.", "dpa"),
        ("PARIS (AFP) - Le ministre a démissionné.", "AFP"),
        ("Lisboa, 3 nov (Lusa) - O ministro demitiu-se.", "Lusa"),
        ("BEIJING, Nov. 3 (Xinhua) -- The river rose.", "Xinhua"),
        ("MOSCOW, November 3. /TASS/. The river rose.", "TASS"),
        ("新华社北京11月3日电（记者张三）河水上涨。", "Xinhua"),
        ("اسلام آباد ۔ 3 نومبر (اے پی پی) دریا میں پانی بڑھ گیا۔", "APP"),
        ("کراچی (سپورٹس ڈیسک/اے ایف پی) ٹیم جیت گئی۔", "AFP"),
    ],
)
def test_dateline__names_the_agency_in_many_languages(text: str, agency: str) -> None:
    assert ("dateline", "agency", agency) in found(text)


def test_dateline__two_agencies_are_both_named() -> None:
    names = {
        name for _, rule, name in found("ROME (AFP/Reuters) - A bridge fell.") if rule == "agency"
    }
    assert names == {"AFP", "Reuters"}


@pytest.mark.parametrize("call", ["KFOR", "KOIN", "WXYZ"])
def test_dateline__a_callsign_is_an_outlet_and_no_agency(call: str) -> None:
    assert found(f"OKLAHOMA CITY ({call}) A family fled.") == [("dateline", "outlet", call)]


@pytest.mark.parametrize("dash", ["—", "&#8212;", "&#x2014;", "&ndash;"])
def test_dateline__a_dash_may_be_an_entity(dash: str) -> None:
    assert found(f"OSLO (NPA) {dash} The river rose.") == [("dateline", "outlet", "NPA")]


@pytest.mark.parametrize(
    ("opening", "source", "name"),
    [
        ("OSLO (Corsa) - The river rose.", "corsa.example", "Corsa"),
        ("Oslo (Corsa) - The river rose.", "corsa.example", "Corsa"),
        ("Oslo (nda) - Der Fluss stieg.", "nda.example", "nda"),
        ("Oslo (NDA) – Der Fluss stieg.", "nda.example", "NDA"),
        ("OSLO (Corsa) - The river rose.", "brindle.example", None),
        ("Oslo (nda) - Der Fluss stieg.", "brindle.example", None),
        ("The World Health Organization (WHO) - The river rose.", "who.example", None),
        ("A town on the river (nda) the rain fell on.", "nda.example", None),
    ],
)
def test_dateline__outlets_of_the_collection_file_too(
    opening: str, source: str, name: str | None
) -> None:
    table = documents_table(
        [{"text": opening, "source": "a.example"}, {"text": "", "source": source}]
    )
    names = harvest(table, keep_all(table)).column("name").to_pylist()
    assert names == ([name] if name else [])


def test_dateline__an_outlet_in_front_is_named_as_spelled() -> None:
    assert found("(Harborlight) — The pier is closed.") == [("dateline", "outlet", "Harborlight")]


@pytest.mark.parametrize(
    "text",
    [
        "(AP Photo/Jane Roe) A ferry waits.",
        "(Jane Roe/Wide World/AP) A ferry waits.",
        "(Jane Roe/The Daily Ferry via AP, File) A ferry waits.",
        "The AP (Advanced Placement) exam was hard.",
        "AP exam scores are out, and the AP class cheered.",
        "Roe (D-Ohio) — who voted for it — left.",
        "Roe (R-Texas) — who voted for it — left.",
        "WASHINGTON (D.C.) — the city is not a state.",
        "NASA (Houston) - the centre is closed.",
        "She taught at a university (Yale) - for a year.",
        "UPDATE (3 p.m.) — the road is open.",
        "use the app (app) - it is free",
        "Oslo (Mole) &#8212; it is dry",
        "(NPA) &#8364; is its price",
    ],
)
def test_dateline__near_misses_name_nobody(text: str) -> None:
    assert found(text) == []


def test_dateline__far_down_the_body_does_not_count() -> None:
    text = (
        "A ferry sank.\n"
        + "It sank slowly and nobody was hurt.\n" * 60
        + "ROME (AP) — Other news.\n"
    )
    assert ("dateline", "agency", "AP") not in found(text)


@pytest.mark.parametrize(
    "text", ["WARSAW (Agencies) - A bridge fell.", "لاہور (مانیٹرنگ ڈیسک) پل گر گیا۔"]
)
def test_dateline__agencies_without_a_name(text: str) -> None:
    assert found(text) == [("dateline", "unnamed_agencies", None)]


def test_dateline__a_newsrooms_own_desk_is_no_agency() -> None:
    assert found("کراچی (سپورٹس ڈیسک) ٹیم جیت گئی۔") == [("self_reference", "own_desk", None)]


def test_dateline__place_and_date_are_noted() -> None:
    assert found("LONDON, Nov 3 - The bank raised its rate.") == [("dateline", "dated", None)]
    assert found("FILE - In this May 1 photo, a ferry waits.") == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("By JANE ROE, Associated Press", "AP"),
        ("JANE ROE Associated Press", "AP"),
        ("By The Associated Press", "AP"),
        ("Associated Press Writer", "AP"),
        ("Jane Roe and Ann Poe, AP Sports Writer", "AP"),
        ("/ AP", "AP"),
        ("AP June 1, 2018, 10:35 PM", "AP"),
        ("Reuters Staff", "Reuters"),
        ("- Reuters", "Reuters"),
        ("By Jane Roe | AFP", "AFP"),
        ("Von Hans Muster, dpa", "dpa"),
        ("Por Ana Pérez, EFE", "EFE"),
        ("By Jane Roe, CNN Supreme Court Reporter", "CNN"),
    ],
)
def test_byline__names_who_wrote_it(line: str, name: str) -> None:
    assert ("byline", "byline", name) in found(f"Pier to be rebuilt\n{line}\nThe pier rotted.")


@pytest.mark.parametrize(
    "line",
    [
        "The Associated Press contributed to this report.",
        "AP contributed to this report.",
        "Jane Roe / Reuters",
        "Jane Roe/Wide World/AP",
        "Photo: Jane Roe, AP",
        "Foto: Jane Roe, dpa",
        "CNN",
        "Fox News | CNN",
        "By Jane Roe",
        "He works for Reuters in London and likes it",
        "Pier closes after Reuters finds rot",
    ],
)
def test_byline__near_misses_name_nobody(line: str) -> None:
    assert found(f"Pier to be rebuilt\n{line}\nThe pier rotted.") == []


def test_byline__an_abbreviation_at_the_end_is_no_signature() -> None:
    assert found("It dulls the Central Nervous System (CNS)") == []


def test_byline__a_signature_ends_the_body() -> None:
    assert found("The pier rotted. (Reuters)") == [("byline", "signature", "Reuters")]


def test_byline__a_signature_may_say_that_it_is_with_an_agencys_help() -> None:
    assert found("Es regnete. (mit dpa)") == [("byline", "signature", "dpa")]
    assert found("Es regnete. (mit Poe)") == []


def test_byline__from_metadata_has_no_place() -> None:
    clues = clues_of("The pier rotted.", [(0, 16)], byline="Jane Roe, Associated Press")
    assert clues == [Clue("byline", "AP", "byline", -1, -1)]


@pytest.mark.parametrize(
    ("text", "rule", "name"),
    [
        ("This article originally appeared on Harborlight.", "appeared_on", "Harborlight"),
        ("This story was first published by ProPublica.", "appeared_on", "ProPublica"),
        ("Originally published in The Guardian.", "appeared_on", "The Guardian"),
        (
            "Republished with permission from The Conversation under a licence.",
            "republished",
            "The Conversation",
        ),
        ("Source: Reuters", "source_line", "Reuters"),
        ("Pier to go\nFrom the Marlow Standard\nIt rotted.", "from_line", "Marlow Standard"),
        ("Via Reuters", "via", "Reuters"),
        ("Este artículo fue publicado originalmente en Faro Local.", "appeared_on", "Faro Local"),
        ("Fuente: EFE", "source_line", "EFE"),
        ("Cet article a été publié initialement par Le Phare.", "appeared_on", "Le Phare"),
        ("Source : AFP", "source_line", "AFP"),
        ("Dieser Artikel erschien zuerst auf Hafenbote.", "appeared_on", "Hafenbote"),
        ("Quelle: dpa", "source_line", "dpa"),
        ("Este texto foi publicado originalmente em Farol.", "appeared_on", "Farol"),
        ("Fonte: Agência Brasil", "source_line", "Agência Brasil"),
        ("来源：新华社", "source_line", "Xinhua"),
        ("本文转载自海港日报", "appeared_on", "海港日报"),
        ("بشکریہ بی بی سی اردو", "source_line", "BBC"),
        ("© 2018 The Associated Press. All rights reserved.", "copyright", "AP"),
        ("Copyright 2018 by CNN NewSource. All rights reserved.", "copyright", "CNN"),
        ("The minister told Reuters that it rained.", "told_outlet", "Reuters"),
        ("La ministra dijo a EFE que llovía.", "told_outlet", "EFE"),
        ("La ministra explicó al diario El País que llovía.", "told_outlet", "El País"),
        ("La ministre a déclaré à l'AFP qu'il pleuvait.", "told_outlet", "AFP"),
        ("Das sagte der dpa eine Zeugin.", "told_outlet", "dpa"),
        ("Sie sagte dem Sender Deutsche Welle, es regne.", "told_outlet", "Deutsche Welle"),
        ("A ministra disse à Agência Brasil que chovia.", "told_outlet", "Agência Brasil"),
        ("部长告诉路透社，下雨了。", "told_outlet", "Reuters"),
        ("وزیر نے اے ایف پی کو بتایا کہ بارش ہوئی۔", "told_outlet", "AFP"),
        (
            "This report by The Canadian Press was first published June 3, 2021.",
            "appeared_on",
            "The Canadian Press",
        ),
        ("(With inputs from PTI)", "source_line", "PTI"),
        ("Reporting by the Marlow Standard", "source_line", "Marlow Standard"),
        ("Original article: https://www.harbor.example/dam", "original_at", "harbor.example"),
        ("Read the full story at the Marlow Post", "original_at", "Marlow Post"),
        ("Content provided by Stacker", "provided_by", "Stacker"),
        ("This story was provided by the Marlow Post.", "provided_by", "Marlow Post"),
        (
            "This article was written by the Marlow Post and appears here with permission.",
            "appeared_on",
            "Marlow Post",
        ),
        ("Dit artikel verscheen eerder in de Havenkrant.", "appeared_on", "Havenkrant"),
        ("Questo articolo è stato pubblicato su Il Molo.", "appeared_on", "Il Molo"),
        ("Источник: ТАСС", "source_line", "TASS"),
        ("Źródło: PAP", "source_line", "PAP"),
        ("Källa: TT", "source_line", "TT"),
        ("المصدر: رويترز", "source_line", "Reuters"),
        ("स्रोत: पीटीआई", "source_line", "PTI"),
        ("転載元：共同通信", "source_line", "Kyodo"),
        ("출처: 연합뉴스", "source_line", "Yonhap"),
        ("First posted by Reuters", "appeared_on", "Reuters"),
        ("With contributions by Reuters", "source_line", "Reuters"),
        ("(With inputs by PTI)", "source_line", "PTI"),
        ("Original report at Reuters", "original_at", "Reuters"),
        ("Este articulo aparecio originalmente en Faro Local.", "appeared_on", "Faro Local"),
        ("Source\u202f: AFP", "source_line", "AFP"),
        ("Este artigo apareceu originalmente em Farol.", "appeared_on", "Farol"),
        ("Dieser Artikel ist zuerst in der Zeit erschienen.", "appeared_on", "Zeit"),
        ("La ministra comentó a EFE que llovía.", "told_outlet", "EFE"),
        ("The story was first reported by The Guardian.", "appeared_on", "The Guardian"),
        ("This story was first reported by Mole Bladet.", "appeared_on", "Mole Bladet"),
        ("As first reported by Mole Bladet, it rained.", "as_first_reported", "Mole Bladet"),
        ("Было сухо. Об этом пишет «Сухой вестник».", "appeared_on", "Сухой вестник"),
        ("Об этом сообщает газета «Сухой вестник».", "appeared_on", "Сухой вестник"),
        ("It rained.\nAdditional reporting by AP", "contributed", "AP"),
        ("It rained.\nAdditional material: AFP", "contributed", "AFP"),
        ("Es regnete.\n(mit dpa)", "source_line", "dpa"),
    ],
)
def test_credit__names_its_source(text: str, rule: str, name: str) -> None:
    assert ("credit", rule, name) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Source: Company data",
        "Pier to go\nFrom the archives\nIt rotted.",
        "Pier to go\nFrom Monday the pier is closed, the Marlow Post said.",
        "Source: Census Bureau",
        "First published on May 31, 2019",
        "Originally published May 30 at 10:25 p.m.",
        "The report originally appeared in court.",
        "The story ran on Monday.",
        "The story was posted on Facebook.",
        "Copyright 2019 Harbor Media. All rights reserved.",
        "The minister told Parliament that it rained.",
        "The minister told Roe that it rained.",
        "La ministra dijo a Roe que llovía.",
        "La ministre a dit à la presse qu'il pleuvait.",
        "Das sagte der Minister im Parlament.",
        "A ministra disse ao Parlamento que chovia.",
        "部长告诉记者，下雨了。",
        "وزیر نے صحافیوں کو بتایا کہ بارش ہوئی۔",
        "This report by the council was long.",
        "The Reuters building stands empty.",
        "The film was distributed by Paramount.",
        "The report was reproduced by hand by Poe.",
        "Reporting by Ann Poe",
        "Original article of 2019: see the archive.",
        "The full story at the harbour was told twice.",
        "Story courtesy of the family",
        "This article was written by a student with permission of the school.",
        "Dit artikel verscheen eerder in het voorjaar.",
        "Questo articolo è apparso in tribunale.",
        "Источник: данные компании",
        "The story was first reported by residents.",
        "The letter was first reported by Mole Bladet.",
        "The story was first reported by Oslo police.",
        "As first reported by Oslo police, it rained.",
        "Об этом сообщает «Роснефть».",
        "Об этом пишет мэр.",
        "Additional reporting by Ann Poe",
        "Additional material: sand",
        "Es regnete.\n(mit Poe)",
    ],
)
def test_credit__near_misses_name_nobody(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "() The harbour council voted.",
        "OSLO () — The harbour council voted.",
        "The mayor, Ann Poe, told that the pier is closed.",
        "Ann Poe told that the pier is closed.",
        "She told , in a statement, that it is closed.",
        "Poe said it is closed in an interview with .  She left.",
        "The pier is closed, according to .  She left.",
        "La alcaldesa dijo a que el muelle está cerrado.",
        "La maire a déclaré à que le quai est fermé.",
        "Die Meisterin sagte der , der Kai sei gesperrt.",
        "A prefeita disse ao que o cais fechou.",
        "La alcaldesa señaló a que el muelle está cerrado.",
        "La alcaldesa comentó a . Después se fue.",
        "Die Meisterin sagte gegenüber , der Kai sei gesperrt.",
        "Der Kai sei gesperrt, sagte sie im Interview mit dem . Sie ging.",
        "A prefeita declarou ao que o cais fechou.",
        "A prefeita contou à . Depois saiu.",
        "市长告诉，码头关闭了。",
        "میئر نے کو بتایا کہ گھاٹ بند ہے۔",
    ],
)
def test_scar__is_found_where_a_name_was_cut_out(text: str) -> None:
    assert [kind for kind, _, _ in found(text)] == ["scar"]


@pytest.mark.parametrize(
    "text",
    [
        "He was told that the pier is closed.",
        "Visitors were told that the pier is closed.",
        "Families told that the pier is closed went home.",
        "Poe told that story often.",
        "Poe said it in an interview with CNN.",
        "It is closed, according to Poe.",
        "Poe told reporters that it is closed.",
        "The call print() returns nothing.",
        "() is a medicine against pain.",
        "()\nPost a comment",
        "Please refer to this website often.",
        "La alcaldesa dijo a este redactor nada.",
    ],
)
def test_scar__near_misses_are_whole(text: str) -> None:
    assert not [rule for kind, rule, _ in found(text) if kind == "scar"]


@pytest.mark.parametrize(
    "text",
    [
        "Poe told this newspaper that it is closed.",
        "Poe told our reporter that it is closed.",
        "Poe told this publication that it is closed.",
        "Poe habló con esta redacción.",
        "Notre reporter était sur place.",
        "Das erfuhr unserer Redaktion Poe.",
        "Poe dijo a este diario que está cerrado.",
        "Poe l'a dit à notre journal.",
        "Das sagte Poe dieser Zeitung.",
        "Poe disse a este jornal que fechou.",
        "本报记者报道。",
    ],
)
def test_self_reference__of_the_newsroom(text: str) -> None:
    assert ("self_reference", "this_newspaper", None) in found(text)


@pytest.mark.parametrize(
    ("text", "rule", "name"),
    [
        ("Sign up for the Reuters newsletter.", "newsletter", "Reuters"),
        ("Subscribe to Dawn News today.", "newsletter", "Dawn"),
        ("Suscríbete al boletín de El País", "newsletter", "El País"),
        ("Abonnez-vous à la newsletter de Libération", "newsletter", "Libération"),
        ("A map: https://cdn.cnn.com/map.jpg?w=2 here.", "image_host", "CNN"),
        ("https://t.example/a?utm_source=Reuters&x=1", "utm", "Reuters"),
    ],
)
def test_residue__names_the_outlet_that_a_page_was_taken_from(
    text: str, rule: str, name: str
) -> None:
    assert ("residue", rule, name) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sign up for our newsletter.",
        "Sign up for the Harbour Race newsletter.",
        "He would subscribe to the Reuters view.",
        "https://pbs.twimg.example/media/x.jpg",
        "https://one.example/a?utm_source=facebook",
        "Visit www.cnn.com",
    ],
)
def test_residue__near_misses_name_nobody(text: str) -> None:
    assert found(text) == []


def test_residue__of_its_own_is_none() -> None:
    text = "A map: https://cdn.cnn.com/map.jpg and https://www.cnn.com/a/1"
    assert found(text, source="cnn.com") == []
    assert [rule for _, rule, _ in found(text)] == ["image_host", "link"]


def test_link__counts_in_the_body_only() -> None:
    text = "The pier rotted.\nRead: https://www.bbc.com/news/1"
    assert clues_of(text, [(0, 16)]) == []
    [clue] = clues_of(text, [(0, len(text))])
    assert (clue.kind, clue.name, text[clue.start :]) == (
        "link",
        "BBC",
        "Read: https://www.bbc.com/news/1"[6:],
    )


def test_self_reference__own_name_is_known_by_the_letters_of_the_domain() -> None:
    text = "Poe told Harborlight that it is closed."
    own = found(text, source="harborlightnow.com")
    assert own == [("self_reference", "told_own_name", "Harborlight")]
    assert found(text, source="otherpaper.com") == []


def test_pointer__to_another_host_is_noted_but_not_to_a_homepage() -> None:
    page = {"url": "https://copy.example/a/1"}
    assert found("x", canonical="https://www.harbor.example/a/1", **page) == [
        ("pointer", "canonical", "harbor.example")
    ]
    assert found("x", canonical="https://www.harbor.example/", **page) == []
    assert found("x", canonical="https://www.copy.example/a/1", **page) == []
    assert found("x", canonical="https://m.copy.example/a/1", **page) == []


TEASERS = (
    "You may also like\n() Thirty-four towns sued\nROME (AP) — A bridge fell\n"
    "(Harborlight) — More rain\n"
)


def test_zones__a_teasers_dateline_is_not_the_storys() -> None:
    body = "The harbour council voted on Monday to rebuild the pier.\n"
    text = body + TEASERS
    assert clues_of(text, [(0, len(body))]) == []


def test_zones__a_credit_line_beside_the_body_counts() -> None:
    body = "The harbour council voted on Monday to rebuild the pier.\n"
    text = "Share this\n" + body + "This article originally appeared on Harborlight.\nMore news\n"
    clues = clues_of(text, [(11, 11 + len(body))])
    assert [(clue.rule, clue.name) for clue in clues] == [("appeared_on", "Harborlight")]


def test_zones__a_credit_line_far_from_the_body_does_not() -> None:
    body = "The harbour council voted on Monday to rebuild the pier.\n"
    text = body + "More news here\n" * 40 + "This article originally appeared on Harborlight.\n"
    assert clues_of(text, [(0, len(body))]) == []


def test_zones__nothing_kept_gives_no_clue_from_text() -> None:
    assert clues_of("(AP) — A bridge fell.", []) == []


def test_offsets__are_code_points_of_the_text_as_given() -> None:
    text = "Überschrift 🛳️\n\n  OSLO (AP) — Das Schiff sank.\n"
    clues = clues_of(text, [(0, len(text))])
    assert [text[clue.start : clue.end] for clue in clues] == ["OSLO (AP) —"]


def test_harvest__finds_in_many_documents_what_it_finds_in_each_alone() -> None:
    texts = [
        "Nothing of note happened.",
        "OSLO (AP) — A ship sank.",
        "",
        "Poe, told that it sank, wept. Roe told that it did not.",
        "新华社北京11月3日电 河水上涨。",
    ]
    table = documents_table([{"text": text} for text in texts])
    clues = harvest(table, keep_all(table))
    assert clues.schema == clues_schema()
    expected = [
        (row, *clue)
        for row, text in enumerate(texts)
        for clue in clues_of(text, [(0, len(text))] if text else [])
    ]
    assert [tuple(row.values()) for row in clues.to_pylist()] == expected
    assert {row[0] for row in expected} == {1, 3, 4}


@pytest.fixture
def quay_names(tmp_path: Path) -> Names:
    path = tmp_path / "names.json"
    agency = {"name": "Quay Wire", "spellings": ["Quay Wire", "QW Bureau"]}
    outlet = {"name": "The Bollard", "spellings": ["The Bollard"], "domains": ["bollard.example"]}
    path.write_text(json.dumps({"agencies": [agency], "outlets": [outlet]}), encoding="utf-8")
    return load_names(path)


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("OSLO (Quay Wire) — A bridge fell.", "dateline", "Quay Wire"),
        ("By JANE ROE, Quay Wire\nA bridge fell.", "byline", "Quay Wire"),
        ("By Jane Roe, QW Bureau\nA bridge fell.", "byline", "Quay Wire"),
        ("A bridge fell, she said. (QW Bureau)", "byline", "Quay Wire"),
        ("By Jane Roe, The Bollard\nA bridge fell.", "byline", "The Bollard"),
        ("A bridge fell.\n© 2026 The Bollard", "credit", "The Bollard"),
        ("A bridge fell.\nSource: The Bollard", "credit", "The Bollard"),
    ],
)
def test_harvest__a_users_names_are_found_where_the_packages_are(
    text: str, kind: str, name: str, quay_names: Names
) -> None:
    table = documents_table([{"text": text}])
    found = harvest(table, keep_all(table), quay_names).to_pylist()
    assert (kind, name) in {(clue["kind"], clue["name"]) for clue in found}
    without = harvest(table, keep_all(table)).to_pylist()
    assert name not in {clue["name"] for clue in without}, "one run's names stay its own"


def test_harvest__no_documents() -> None:
    table = documents_table([])
    assert harvest(table, keep_all(table)).num_rows == 0


NEAR_MISSES = (
    "(", "( ", "told ", "told that ", "By A ", "A, ", "© ", "Source: ", "in an interview with ",
    "This article ", "新华社", "(AP", "- ", "A" * 50 + " ", "\n", "\n ", ".", "told A",
    "A-", "A ", " ", "AFP/A", "AP and ", "AP\u2019s ", "\nWith A", "(with ", "/A", "A writer B ",
)  # fmt: skip


@pytest.mark.parametrize("unit", NEAR_MISSES)
def test_clues__a_megabyte_of_near_misses_is_read_in_linear_work(unit: str) -> None:
    text = unit * (1_000_000 // len(unit)) + " is reported"
    clues = clues_of(text, [(0, len(text))], byline=text)
    assert not [clue for clue in clues if clue.name]


@pytest.mark.parametrize(
    "line",
    [
        "(Continued) - The grain moved on Tuesday.",
        "(Corrected) - The grain moved on Tuesday.",
        "(STATE) - The grain moved on Tuesday.",
    ],
)
def test_clues__words_of_a_desk_before_a_dash_are_no_outlet(line: str) -> None:
    assert [clue.name for clue in clues_of(line, [(0, len(line))])] == []


def test_clues__who_was_told_may_be_named_before() -> None:
    text = "The Marlow Post asked first, and Ann Poe, the mayor, told that paper it was unsafe."
    assert [clue for clue in clues_of(text, [(0, len(text))]) if clue.kind == "scar"] == []
    cut = text.replace("that paper", "that")
    assert [clue.kind for clue in clues_of(cut, [(0, len(cut))])] == ["scar"]


def test_clues__a_place_after_published_in_is_no_source() -> None:
    text = "The article was published in Berlin today, he said in the hall."
    assert [clue.name for clue in clues_of(text, [(0, len(text))])] == []
    text = "This article was originally published in the Halden Gazette."
    assert [clue.name for clue in clues_of(text, [(0, len(text))])] == ["Halden Gazette"]


def test_clues__a_wrapped_sentence_is_no_credit_line() -> None:
    text = "The drug is made abroad and\ndistributed by LyphoMed in three states."
    assert [clue.name for clue in clues_of(text, [(0, len(text))])] == []


def test_clues__who_was_told_may_have_an_article() -> None:
    text = "The mill will close, Brandt told the Branford Echo that night."
    (clue,) = clues_of(text, [(0, len(text))], source="branfordecho.example")
    assert (clue.kind, text[clue.start : clue.end]) == ("self_reference", "told the Branford Echo")


def test_clues__names_keep_their_small_words() -> None:
    text = "Source : La Gazette du Vallon"
    assert [clue.name for clue in clues_of(text, [(0, len(text))])] == ["La Gazette du Vallon"]


@pytest.mark.parametrize("line", ["AMMAN (Petra) - The dam is full.", "عمان (بترا) - امتلأ السد"])
def test_clues__agencies_of_jordan_are_known(line: str) -> None:
    assert [clue.name for clue in clues_of(line, [(0, len(line))])] == ["Petra"]
