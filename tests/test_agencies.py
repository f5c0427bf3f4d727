# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts
from __future__ import annotations

import pytest

from tests.test_clues import found

BODY = "The harbour council voted on Monday to rebuild the pier.\nIt has rotted for years."


def credited(text: str, **metadata: str) -> set[str]:
    """Return the names that a page gives as its source."""
    return {name for _, _, name in found(text, **metadata) if name}


HEADS = [
    ("APA/dpa", "APA dpa"),
    ("dpa/AFP", "dpa AFP"),
    ("AFP/Reuters", "AFP Reuters"),
    ("AFP / Reuters", "AFP Reuters"),
    ("AFP, dpa, Reuters", "AFP dpa Reuters"),
    ("AFP-JIJI", "AFP Jiji_Press"),
    ("Reuters, AFP-Jiji", "Reuters AFP Jiji_Press"),
    ("TT-AFP", "TT AFP"),
    ("Ritzau/AFP", "Ritzau AFP"),
    ("By AP and Reuters", "AP Reuters"),
    ("By The Associated Press and Reuters", "AP Reuters"),
    ("Von Jane Roe, dpa/lnw", "dpa"),
    ("(PA Sport)", "PA"),
    ("PA Sport Staff", "PA"),
    ("By PA Sport Staff", "PA"),
    ("By Jane Roe, PA Sport", "PA"),
    ("By Xinhua writers Jane Roe and Ann Poe", "Xinhua"),
    ("By Xinhua writer Jane Roe", "Xinhua"),
    ("XINHUA, Beijing", "Xinhua"),
    ("By J. ROE, AP Sports Writer", "AP"),
    ("By JANE ROE AP Sports Writer", "AP"),
    ("AP Business Writer", "AP"),
    ("By CNN Wire Staff", "CNN"),
    ("by: Jane Roe, Nexstar Media Wire", "Nexstar"),
    ("by: NewsNation/Nexstar Media Wire", "NewsNation Nexstar"),
    ("By Gray News staff", "Gray_News"),
    ("By Jane Roe | Tribune News Service", "Tribune_News_Service"),
    ("Bloomberg News (WaPo)", "Bloomberg"),
    ("By Jane Roe, KFF Health News", "KFF_Health_News"),
    ("EUROPA PRESS", "Europa_Press"),
    ("Efe", "EFE"),
    ("EFE | Madrid", "EFE"),
    ("Por Télam", "Télam"),
    ("The Canadian Press", "The_Canadian_Press"),
    ("Door ANP", "ANP"),
    ("Av NTB", "NTB"),
    ("Keystone-SDA", "ATS"),
    ("SDA-ATS", "ATS"),
    ("Agência Estado / Estadão Conteúdo", "Agência_Estado"),
    ("Folhapress", "Folhapress"),
    ("States News Service", "States_News_Service"),
    ("PTI | New Delhi", "PTI"),
    ("Kyodo News", "Kyodo"),
    ("AAP with AFP", "AAP AFP"),
    ("CNN Wire", "CNN"),
    ("Por Redacción / EFE", "EFE"),
    ("By Associated Press Writer JANE ROE", "AP"),
]  # fmt: skip
"""A line above the body, and who wrote it."""

OPENINGS = [
    ("(ANSA) - ROMA, 03 NOV - ", "ANSA"),
    ("Nov. 3 (UPI) -- ", "UPI"),
    ("New Delhi [India], November 3 (ANI): ", "ANI"),
    ("New Delhi, Nov 3 (PTI) ", "PTI"),
    ("Madrid, 3 Nov. (EUROPA PRESS) - ", "Europa_Press"),
    ("SÃO PAULO, SP (FOLHAPRESS) - ", "Folhapress"),
    ("МОСКВА (РИА Новости) — ", "RIA_Novosti"),
    ("Oslo (NTB): ", "NTB"),
    ("ROMA (ANSA-AFP) - ", "ANSA AFP"),
    ("Praha 3. listopadu (ČTK) - ", "ČTK"),
    ("Budapest, 2026. november 3., kedd (MTI) - ", "MTI"),
    ("(NEXSTAR) – ", "Nexstar"),
    ("(NewsNation) — ", "NewsNation"),
    ("(Gray News) – ", "Gray_News"),
    ("Bern (sda/dpa) - ", "ATS dpa"),
    ("ANKARA (AA) - ", "Anadolu"),
]
"""What stands before the first sentence."""

FEET = [
    ("Associated Press writers Jane Roe and Ann Poe contributed to this report.", "AP"),
    ("Associated Press writer Jane Roe in Oslo contributed to this report.", "AP"),
    ("CNN’s Jane Roe and Ann Poe contributed to this report.", "CNN"),
    ("Fox News’ Jane Roe and The Associated Press contributed to this report.", "Fox_News"),
    ("Source: Reuters Connect", "Reuters"),
    ("Source: AFP/Reuters", "AFP Reuters"),
    ("Fuentes: EFE, AFP", "EFE AFP"),
    ("With files from Reuters and The Associated Press", "Reuters AP"),
    ("With inputs from PTI and ANI", "PTI ANI"),
    ("(With inputs from IANS, ANI)", "IANS ANI"),
    ("– with AAP, Reuters", "AAP Reuters"),
    ("With AP", "AP"),
    ("Com informações da Reuters Brasil", "Reuters"),
    ("*Com informações de Agência Brasil", "Agência_Brasil"),
    ("Com informações da AFP e da Reuters", "AFP Reuters"),
    ("Con información de EFE y AFP", "EFE AFP"),
    ("(avec AFP et Reuters)", "AFP Reuters"),
    ("Mit Material von dpa und AFP", "dpa AFP"),
    ("Źródło: PAP", "PAP"),
    ("Forrás: MTI", "MTI"),
    ("(PAP)", "PAP"),
    ("(TT)", "TT"),
    ("(PAP)\nText: Jane Roe", "PAP"),
    ("(©NTB)", "NTB"),
    ("/ritzau/", "Ritzau"),
    ("(AFP, dpa)", "AFP dpa"),
    ("(SDA/AFP)", "ATS AFP"),
    ("— AFP/Reuters", "AFP Reuters"),
    ("CTK", "ČTK"),
    ("© 2026 AFP/dpa", "AFP dpa"),
    ("This story originally appeared on WIRED UK.", "Wired"),
    ("This article was originally published on Inside Climate News, a newsroom for the climate.",
     "Inside_Climate_News"),
    ("This story was originally published by ProPublica.", "ProPublica"),
    ("Republished under Creative Commons from ProPublica.", "ProPublica"),
    ("This article is republished under a Creative Commons licence from The Conversation.",
     "The_Conversation"),
    ("Republished from The Conversation under a Creative Commons licence.", "The_Conversation"),
    ("This story was produced by Kaiser Health News, which reports on health.", "KFF_Health_News"),
    ("This article was reprinted from khn.org with permission.", "KFF_Health_News"),
    ("This story originally appeared on Stacker and was distributed with Stacker Studio.",
     "Stacker"),
]  # fmt: skip
"""A line below the body, and whom it credits."""

NOT_HEADS = [
    "TT Club",
    "The TT Club",
    "By TT Club",
    "AP/IB Courses",
    "APA/MLA Style",
    "AP Biology, AP Physics",
    "PA System",
    "ANI Pharmaceuticals",
    "By ANI Pharmaceuticals",
    "MTI College",
    "MTI College Staff",
    "By MTI College, Sacramento",
    "UPI Payments, India",
    "Efe Başkan",
    "By Efe Başkan",
    "By Efe Başkan, Staff Writer",
    "TASS Station",
    "Jane Belga",
    "By Jane M. Ritzau",
    "By Jane M. Bloomberg",
    "By Ria",
    "By Ani and Jane Roe",
    "By Hina Roe, Staff Writer",
    "Ritzau Fonden",
    "Anadolu Efes, Bayern",
    "Debut EP",
    "The New AP Editor",
    "Interview with Reuters",
    "© AFP/Getty Images",
    "Photo: AFP",
    "Photo: AFP/Reuters",
    "Foto: Ritzau Scanpix",
    "Archivfoto: dpa",
    "Symbolbild: dpa/Jane Roe",
    "File photo: Reuters",
    "Crédit photo : AFP",
    "REUTERS/Jane Roe",
    "Reuters/File",
    "(AP Photo/Jane Roe)",
    "AP Photo/Jane Roe, File",
    "AFP PHOTO / JANE ROE",
    "AFP/Getty Images",
    "Getty Images/AFP",
    "Jane Roe/AFP via Getty Images",
    "dpa/picture alliance",
    "EPA/Jane Roe",
    "EFE/Jane Roe",
    "BELGA PHOTO JANE ROE",
    "AAP Image/Jane Roe",
    "PA Wire/PA Images",
    "(PTI Photo)",
    "ANI Photo",
]
"""A line above the body that says nothing of who wrote it."""

NOT_OPENINGS = [
    "PETRA (Jordan) - ",
    "Teachers of the AP course (AP) ",
    "The PA system (PA) ",
    "TASS station (closed) - ",
    "On November 3 (Reuters) reported ",
    "Jane Roe (Reuters): ",
    "Photo (AFP): ",
]

NOT_FEET = [
    "It dulls the whole of the Central Nervous System (CNS)",
    "It is paid by the Unified Payments Interface (UPI)",
    "It was led by the Awami National Party (ANP)",
    "It was led by the Pakistan Tehreek-e-Insaf (PTI)",
    "Most of them vote for the Aam Aadmi Party (AAP)",
    "The Associated Press contributed to this report.",
    "Associated Press writers Jane Roe and Ann Poe spoke at the hall.",
    "Source: Bloomberg data",
    "Source: PAP smear registry",
    "Source: ANI Pharmaceuticals",
    "Source: U.S. Census Bureau",
    "Source: REUTERS/Jane Roe",
    "Source: AFP/Getty Images",
    "The pier was closed after talks\nwith Reuters.",
    "With AP courses, pupils save a year.",
    "With Reuters and others the council has no contract.",
    "With inputs from pupils of the AP course",
    "The conversation was republished from notes.",
    "This story was produced by pupils of the AP course.",
    "Com informações da prefeitura",
]
"""A line below the body that says nothing of who wrote it."""


def names_of(words: str) -> set[str]:
    return {word.replace("_", " ") for word in words.split()}


@pytest.mark.parametrize(("line", "names"), HEADS)
def test_agencies__a_line_above_the_body(line: str, names: str) -> None:
    assert credited(f"Pier to be rebuilt\n{line}\n\n{BODY}") == names_of(names)


@pytest.mark.parametrize(("words", "names"), OPENINGS)
def test_agencies__words_before_the_first_sentence(words: str, names: str) -> None:
    assert credited(f"Pier to be rebuilt\n\n{words}{BODY}") == names_of(names)


@pytest.mark.parametrize(("line", "names"), FEET)
def test_agencies__a_line_below_the_body(line: str, names: str) -> None:
    assert credited(f"Pier to be rebuilt\n\n{BODY}\n\n{line}") == names_of(names)


@pytest.mark.parametrize("line", NOT_HEADS)
def test_agencies__letters_of_others_and_pictures_above_the_body(line: str) -> None:
    assert credited(f"Pier to be rebuilt\n{line}\n\n{BODY}") == set()


@pytest.mark.parametrize("words", NOT_OPENINGS)
def test_agencies__brackets_in_the_first_sentence(words: str) -> None:
    assert credited(f"Pier to be rebuilt\n\n{words}{BODY}") == set()


@pytest.mark.parametrize("line", NOT_FEET)
def test_agencies__letters_of_others_below_the_body(line: str) -> None:
    assert credited(f"Pier to be rebuilt\n\n{BODY}\n\n{line}") == set()


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("APA/dpa", "APA dpa"),
        ("Jane Roe, AFP/Reuters", "AFP Reuters"),
        ("Web Desk/AFP", "AFP"),
        ("Jane Roe/AFP", ""),
        ("ANI Pharmaceuticals", ""),
        ("Ria", ""),
    ],
)
def test_agencies__a_byline_beside_the_text(byline: str, names: str) -> None:
    assert credited(BODY, byline=byline) == names_of(names)
