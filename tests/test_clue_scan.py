# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts
from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.clean.clues import harvest
from dedupe.clean.credit_patterns import CITED_AFTER, CITED_BEFORE, CITED_WORDS
from dedupe.clean.kept import Kept, code_points, keep_all
from dedupe.clean.scan import (
    BODY,
    BYLINE_REACH,
    CITED,
    COPYRIGHT,
    CREDIT,
    DATELINE,
    NAME,
    OPENER,
    OUTLET,
    SIGNER,
    TOLD,
    scan,
)
from dedupe.documents import documents_table
from dedupe.names import default_names
from tests.reference_clues import every_clue, lines
from tests.test_clues import clues_of

PIECES = (
    "The pier rotted. ", "OSLO (AP) — ", "() ", "Poe told that it rained. ", "\n", "\n\n",
    "By Jane Roe, Associated Press\n", "Source: Reuters\n", "Poe told Harborlight that. ",
    "© 2020 Reuters\n", "本报记者报道。", "新华社北京11月3日电 ", "ڈھاکہ ۔ 3 دسمبر (اے پی پی) ",
    "This article originally appeared on Harborlight.\n", "Poe said to this newspaper. ",
    "word " * 60, "OSLO, Nov 3 - ", "(Harborlight) — ", "OSLO (KOIN) A ", " Reuter", "— AP",
    "Sign up for the Reuters newsletter.\n", "See https://www.bbc.com/a/1. ",
    "路透社记者告诉美联社说。",
    "Poe dijo a EFE que. ", "sagte der dpa. ", "نے اے پی پی کو بتایا ", "a déclaré à l'AFP ",
    "www.cnn.com/b.jpg?utm_source=bbc.com ", "Reuters reported it. ", "Laut Reuters sank es. ",
    "Segun Reuters, ", ", publicou Reuters. ", "according to ", "reported ", "Boston ", "AP ",
    "Essays are due\n", "(AP) Students write. ",
)  # fmt: skip


def marks(text: str) -> int:
    return int(scan(keep_all(documents_table([{"text": text}])), default_names()).marks[0])


def found_lines(text: str, *ranges: tuple[int, int], outlets: tuple[str, ...] = ()) -> list[Any]:
    """Return (line, its kinds) of the lines that scan() finds."""
    table = documents_table([{"text": text}])
    names = default_names().collecting(outlets)
    found = scan(_keep(table, list(ranges) or [(0, len(text))]), names).lines.tolist()
    data = text.encode()
    return [(data[start:end].decode(), kinds) for _, start, end, _, _, kinds in found]


@pytest.mark.parametrize(
    ("text", "bit"),
    [
        ("OSLO (AP) — A ship sank.", NAME),
        ("() A ship sank.", OPENER),
        ("By Jane Roe, Associated Press", NAME),
        ("Originally published in The Guardian.", CREDIT),
        ("Poe, told that it sank, wept.", BODY),
        ("Poe told Harborlight that it sank.", TOLD),
    ],
)
def test_scan__each_kind_of_word_sets_its_bit(text: str, bit: int) -> None:
    assert marks(text) & bit


@pytest.mark.parametrize("text", ["", "A ship sank.", "The app was an apt APPLE.", "PAPA" * 9])
def test_scan__words_inside_words_set_nothing(text: str) -> None:
    assert marks(text) == 0


def test_scan__a_name_deep_in_the_body_is_no_byline() -> None:
    filler = "word " * (BYLINE_REACH // 2)
    assert marks("AP " + filler) & NAME
    assert marks(filler + "AP " + filler) & NAME == 0
    assert marks(filler + "AP") & NAME


def test_scan__furniture_far_from_the_body_is_not_read() -> None:
    text = "word " * 1000 + "told that " + "word " * 1000
    table = documents_table([{"text": text}])
    kept = keep_all(table)._replace(spans=np.array([[0, 100]]))
    assert_nothing(kept)


def test_scan__a_document_that_keeps_nothing_has_no_marks() -> None:
    table = documents_table([{"text": "OSLO (AP) — A ship sank."}])
    kept = keep_all(table)._replace(spans=np.zeros((0, 2), np.int64), offsets=np.zeros(2, np.int64))
    assert_nothing(kept)


def assert_nothing(kept: Kept) -> None:
    found = scan(kept, default_names())
    assert found.marks.tolist() == [0]
    assert found.lines.tolist() == []


def test_scan__of_many_lines_only_those_with_words_are_read() -> None:
    text = "The pier rotted.\nSource: Reuters\nThe pier fell.\n© 2020 Harbor\nIt sank."
    assert {line for line, _ in found_lines(text)} == {"Source: Reuters", "© 2020 Harbor"}


def test_scan__a_line_is_found_once_with_all_its_kinds() -> None:
    text = "Poe told Roe that it sank, and Roe, told that, wept in an interview with ."
    [(line, kinds)] = found_lines(text)
    assert line == text
    assert kinds & TOLD
    assert kinds & BODY


def test_scan__in_furniture_only_credits_count() -> None:
    text = "told that © AP\nThe pier rotted.\ntold that © AP"
    body = (15, 32)
    assert [kinds & (BODY | COPYRIGHT) for _, kinds in found_lines(text, body)] == [COPYRIGHT] * 2


def test_scan__furniture_between_two_ranges_is_read_whole_or_not_at_all() -> None:
    near, far = "x" * 100, "x" * 500
    for middle, n_lines in ((near, 1), (far, 0)):
        text = f"It sank.\n{middle}\n© AP\nIt rose."
        ranges = ((0, 9), (len(text) - 8, len(text)))
        assert len([1 for _, kinds in found_lines(text, *ranges) if kinds & COPYRIGHT]) == n_lines


def test_scan__outlets_of_the_collection_are_found_however_spaced() -> None:
    text = "The Harbor  Light reported it.\nThe harborlights reported it."
    kinds = [kinds for _, kinds in found_lines(text, outlets=("harborlight.example",))]
    assert [bool(kind & OUTLET) for kind in kinds] == [True, True]
    assert all(kind & CITED for kind in kinds)
    assert found_lines(text, outlets=("marlowpost.example",)) == []


def test_scan__long_lines_and_lines_deep_in_the_body_are_no_bylines() -> None:
    filler = "It sank.\n" * 400
    signed = "By Jane Roe, Associated Press\n"
    assert SIGNER in {kinds & SIGNER for _, kinds in found_lines(signed + filler)}
    deep = found_lines("AP\n" + filler + signed + filler)
    assert all(not kinds & SIGNER for line, kinds in deep if line != "AP")
    assert not any(kinds & SIGNER for _, kinds in found_lines(signed.strip() + " word" * 200))


def test_scan__a_dateline_needs_a_line_that_may_open_a_story() -> None:
    text = "OSLO (AP) — It sank.\nBy 3 pm it rained.\nOSLO, Nov 3 - It rose.\n12 pct of 1/2 sank."
    kinds = dict(found_lines(text))
    assert [line for line in text.split("\n") if kinds.get(line, 0) & DATELINE] == [
        "OSLO (AP) — It sank.",
        "OSLO, Nov 3 - It rose.",
    ]


@settings(max_examples=300)
@given(st.from_regex(CITED_AFTER) | st.from_regex(CITED_BEFORE))
def test_scan__whatever_cites_holds_one_of_the_words_looked_for(text: str) -> None:
    assert any(word in text.lower() for word in (*CITED_WORDS, "per "))


@pytest.mark.parametrize(
    "text",
    [
        "According to Reuters", "as reported by Reuters", "Per Reuters", "It sank, per Reuters",
        "Según Reuters", "Segun Reuters", "segun informa Reuters", "De acuerdo con Reuters",
        "Selon Reuters", "D'après Reuters", "rapporte Reuters", "révèle Reuters", "relate Reuters",
        "écrit Reuters", "indique Reuters", "l'a révélé Reuters", "Laut Reuters",
        "Nach Informationen von Reuters", "Nach Angaben von Reuters",
        "Nach Recherchen von Reuters", "Nach einem Bericht von Reuters", "berichtet Reuters",
        "meldet Reuters", "schreibt Reuters", "schrieb Reuters", "Segundo Reuters",
        "De acordo com Reuters", "Conforme Reuters", "Conforme informou Reuters",
        "Secondo Reuters", "riporta Reuters", "riferisce Reuters", "rivela Reuters",
        "scrive Reuters", "Volgens Reuters", "meldt Reuters", "bericht Reuters",
        "schrijft Reuters", "По данным Reuters", "по информации Reuters", "По сообщению Reuters",
        "сообщает Reuters", "пишет Reuters", "передаёт Reuters", "передает Reuters",
        "повідомляє Reuters", "It sank, informó Reuters", "It sank, informa Reuters",
        "It sank, publicó Reuters", "It sank, publica Reuters", "It sank, reportó Reuters",
        "It sank, reporta Reuters", "It sank, informou Reuters", "It sank, noticiou Reuters",
        "It sank, publicou Reuters", "据路透社报道", "據路透社報道",
        "Reuters reported", "Reuters reports", "Reuters first reported", "Reuters informa",
        "Reuters informó", "Reuters publicó", "Reuters reportó", "Reuters reveló",
        "Reuters adelantó", "Reuters a rapporté", "Reuters a révélé", "Reuters rapporte",
        "Reuters révèle", "Reuters berichtete", "Reuters meldete", "Reuters noticiou",
        "Reuters informou", "Reuters revelou", "Reuters riporta", "Reuters rivela",
        "Reuters scrive", "Reuters meldt", "Reuters bericht", "رائٹرز کے مطابق",
    ],
)  # fmt: skip
def test_scan__every_way_to_cite_is_read(text: str) -> None:
    table = documents_table([{"text": text}, {"text": "", "source": "reuters.com"}])
    found = harvest(table, keep_all(table)).to_pylist()
    assert ("reported", "Reuters") in {(row["rule"], row["name"]) for row in found}


def test_scan__threads_change_nothing() -> None:
    texts = [{"text": "".join(PIECES[(n * k) % len(PIECES)] for k in range(9))} for n in range(60)]
    kept = keep_all(documents_table(texts))
    one, two = (scan(kept, default_names(), n_threads) for n_threads in (1, 2))
    assert one.marks.tolist() == two.marks.tolist()
    assert one.lines.tolist() == two.lines.tolist()


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.data())
def test_harvest__finds_what_reading_every_line_with_every_pattern_finds(
    pieces: list[str], data: st.DataObject
) -> None:
    text = " ".join(pieces)
    # Cleaning keeps whole blocks, so no range ends inside a word.
    places = [len(" ".join(pieces[:n])) + (n > 0) for n in range(len(pieces))] + [len(text)]
    cuts = sorted(data.draw(st.lists(st.sampled_from(places), max_size=4, unique=True)))
    ranges = list(zip(cuts[::2], cuts[1::2], strict=False))
    table = documents_table([{"text": text}, {"text": "", "source": "reuters.com"}])
    found = harvest(table, _keep(table, ranges)).to_pylist()
    names = default_names().collecting(["reuters.com"])
    expected = [(0, *clue) for clue in every_clue(text, ranges, names)]
    assert [tuple(row.values()) for row in found] == expected


@settings(max_examples=150)
@given(st.lists(st.sampled_from((*PIECES, "\n", "x\n")), max_size=20), st.data())
def test_scan__lines_are_those_of_the_body_and_its_margins(
    pieces: list[str], data: st.DataObject
) -> None:
    text = "".join(pieces)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=4, unique=True))
    ranges = list(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False)) or [(0, len(text))]
    known = {text[line.start : line.end] for line in lines(text, ranges)}
    assert {line.strip() for line, _ in found_lines(text, *ranges)} <= {*known, ""}


@settings(max_examples=150)
@given(st.text(st.sampled_from("AP()told ,.-—©:By\n新华社电 اے")), st.data())
def test_clues__lie_in_the_text_whatever_it_is(text: str, data: st.DataObject) -> None:
    stop = data.draw(st.integers(0, len(text)))
    for clue in clues_of(text, [(0, stop)] if stop else []):
        assert 0 <= clue.start < clue.end <= len(text)


def _keep(table: object, ranges: list[tuple[int, int]]) -> Kept:
    kept = keep_all(table)
    text = bytes(kept.data).decode()
    points = [len(text[:place].encode()) for pair in ranges for place in pair]
    spans = np.array(points, np.int64).reshape(-1, 2)
    assert code_points(kept.data, spans.ravel()).tolist() == [p for pair in ranges for p in pair]
    offsets = np.array([0] + [len(spans)] * kept.n_docs, np.int64)
    return kept._replace(spans=spans, offsets=offsets)


def test_harvest__ends_where_it_is_no_longer_wanted() -> None:
    def stop() -> None:
        raise CancelledError

    table = documents_table(["OSLO (AP) - The pier is shut."])
    with pytest.raises(CancelledError):
        harvest(table, keep_all(table), go_on=stop)
