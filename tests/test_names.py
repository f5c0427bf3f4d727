from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from dedupe.errors import InputError
from dedupe.names import default_names, load_names, main_label

if TYPE_CHECKING:
    from pathlib import Path

NAMES = default_names()


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Associated Press", "AP"),
        ("ASSOCIATED PRESS", "AP"),
        ("A.P.", "AP"),
        ("dpa", "dpa"),
        ("路透社", "Reuters"),
        ("اے پی پی", "APP"),
        ("The-CNN-Wire", "CNN"),
        ("app", None),
        ("pa", None),
        ("Ria", None),
        ("Ani", None),
        ("Efe", "EFE"),
        ("afp", "AFP"),
        ("sda", "ATS"),
        ("Harbor Light", None),
        ("", None),
    ],
)
def test_known__spellings(spelling: str, name: str | None) -> None:
    assert NAMES.known(spelling) == name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("cnn.com", "CNN"),
        ("edition.cnn.com", "CNN"),
        ("yahoo.com/news", "Yahoo News"),
        ("APP", "APP"),
        ("notcnn.com", "notcnn.com"),
        ("harborlight.example", "harborlight.example"),
        ("Harbor Light", "Harbor Light"),
        (None, None),
    ],
)
def test_outlet__displayed_name(source: str | None, name: str | None) -> None:
    assert NAMES.outlet(source) == name


def test_of_domain__of_a_page_of_labels_the_whole_and_its_last_parents_are_looked_up() -> None:
    asked: list[str] = []

    class Asked(dict[str, str]):
        def get(self, domain: str, default: Any = None) -> Any:
            asked.append(domain)
            return super().get(domain, default)

    names = NAMES._replace(domains=Asked(NAMES.domains))
    assert names.of_domain("a." * 5000 + "cnn.com") == "CNN"
    assert len(asked) < 20


def test_outlet__falls_back_on_the_address() -> None:
    assert NAMES.outlet(None, "https://www.cnn.com/2026/x") == "CNN"


@pytest.mark.parametrize(
    ("credited", "domain", "same"),
    [
        ("Harborlight", "harborlightnow.com", True),
        ("The Harbor Light", "harborlight.example", True),
        ("KFOR", "kfor.com", True),
        ("harborlight.com", "www.harborlight.com", True),
        ("Star", "startribune.com", False),
        ("AP", "apple.example", False),
        ("Harbor Light", "harbor.example", False),
        ("Reuters", "reuters.com", True),
        ("Post", "postgazette.example", False),
    ],
)
def test_same__a_credited_name_binds_to_a_domain(credited: str, domain: str, same: bool) -> None:
    outlet = NAMES.outlet(domain)
    assert outlet is not None
    assert NAMES.same(credited, outlet, domain) is same


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("www.thepost.co.uk", "post"),
        ("news.cedarledger.com", "cedarledger"),
        ("a.example", "a"),
        ("cedar-ledger.com/x", "cedarledger"),
        ("Harbor Light", "harborlight"),
    ],
)
def test_main_label__is_the_domains_own(domain: str, label: str) -> None:
    assert main_label(domain) == label


def test_collecting__knows_unlisted_outlets_of_a_collection() -> None:
    names = NAMES.collecting(
        ["harborlight.example", "cnn.com", "abc.example", None, "Brackwater Echo"]
    )
    assert names.known("Harbor Light") == "Harbor Light"
    assert names.known("Brackwater Echo") == "Brackwater Echo"
    assert names.known("harbor light") is None
    assert NAMES.known("Harbor Light") is None


@pytest.mark.parametrize("one", ["Observer", "Courier", "Examiner"])
def test_collecting__people_who_are_called_as_a_paper_are_not_it(one: str) -> None:
    names = NAMES.collecting([f"{one}.example", "altenroder-bote.example"])
    assert names.known(f"{one}s") is None
    assert names.known(f"The {one}s") is None
    assert names.known(f"{one}'s") == names.known(f"The {one}\u2019s") == one
    assert names.known("Altenroder Boten") == "Altenroder Bote"


def test_load_names__a_users_file_extends_the_packages(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    entry = {"name": "Harbor Light", "domains": ["hl.example"], "spellings": ["HL"]}
    path.write_text(json.dumps({"outlets": [entry]}), encoding="utf-8")
    names = load_names(path)
    assert names.outlet("hl.example") == "Harbor Light"
    assert names.known("HL") == "Harbor Light"
    assert names.known("Associated Press") == "AP"


@pytest.mark.parametrize(
    "content",
    [
        "agencies: AP",
        "[]",
        '{"agencies": [{"spellings": ["Quay Wire"]}]}',
        '{"agencies": ["Quay Wire"]}',
        '{"outlets": [{"name": "Quay", "spellings": ["--"]}]}',
        "[" * 100_000,
    ],
)
def test_load_names__a_file_of_another_form_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "names.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"names\.json"):
        load_names(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"agenci": []}, 'unknown key "agenci"'),
        ({"agencies": {"name": "Quay"}}, '"agencies" is no list'),
        ({"outlets": [{"name": "Quay", "domain": ["q.example"]}]}, 'unknown key "domain" in'),
        ({"outlets": [{"name": "Quay", "domains": [""]}]}, "\"domains\" of 'Quay': '' names"),
        ({"outlets": [{"name": "Quay", "domains": "q.example"}]}, '"domains" of .* no list'),
        ({"agencies": [{"name": "Quay", "spellings": ["the"]}]}, "'the' names nothing"),
        ({"agencies": [{"name": ["Quay"]}]}, "names nothing"),
        ({"agencies": [{"name": "Quay", "owner": 7}]}, '"owner" of'),
        ({"agencies": [{"domains": ["q.example"]}]}, 'no "name" in'),
        ({"own_desks": ["our desk", None]}, '"own_desks": None names nothing'),
    ],
)
def test_load_names__a_bad_key_or_value_is_named(tmp_path: Path, content: Any, told: str) -> None:
    path = tmp_path / "names.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=told):
        load_names(path)


def test_load_names__the_packages_own_file_is_of_its_form(tmp_path: Path) -> None:
    own = resources.files("dedupe").joinpath("names.json").read_text(encoding="utf-8")
    path = tmp_path / "names.json"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text(own, encoding=encoding)
        assert load_names(path) == NAMES


def test_names__no_spelling_belongs_to_two() -> None:
    shared = set(NAMES.agencies) & set(NAMES.outlets)
    assert {fold for fold in shared if NAMES.agencies[fold] != NAMES.outlets[fold]} == set()


COLLECTION = NAMES.collecting(
    ["ladepechedorens.example", "altenroder-bote.example", "guardianlagos.example", "reuters.com"]
)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("La Dépêche d'Orens", "La Dépêche d'Orens"),
        ("La Depeche d\u2019Orens", "La Depeche d\u2019Orens"),
        ("Altenroder Bote", "Altenroder Bote"),
        ("Altenroder Boten", "Altenroder Bote"),
        ("The Guardian of Lagos", "Guardian of Lagos"),
        ("Guardian Lagos's", "Guardian Lagos"),
        ("altenroder bote", None),
        ("Altenroder", None),
    ],
)
def test_known__outlets_of_a_collection_as_texts_spell_them(spelling: str, name: str) -> None:
    assert COLLECTION.known(spelling) == name


def test_collecting__holds_every_spelling_of_the_listed_outlets_in_hand() -> None:
    assert {"reuters", "路透社"} <= COLLECTION.held
    assert "ap" not in COLLECTION.held


@pytest.mark.parametrize(
    ("credited", "domain", "same"),
    [
        ("La Dépêche d\u2019Orens", "ladepechedorens.example", True),
        ("The Guardian of Lagos", "guardianlagos.example", True),
        ("Mühlauer Bote", "muehlauerbote.example", True),
        ("La Dépêche du Midi", "ladepechedorens.example", False),
    ],
)
def test_same__domains_leave_out_accents_and_small_words(
    credited: str, domain: str, *, same: bool
) -> None:
    assert COLLECTION.same(credited, domain, domain) is same
