# ruff: noqa: RUF001 - newspapers set curly quotes, long dashes and other scripts
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.attribute.names import default_names
from dedupe.clean.clues import clues_of, harvest
from dedupe.clean.kept import Kept, code_points, keep_all
from dedupe.clean.scan import BODY, BYLINE_REACH, CREDIT, DATELINE, NAME, TOLD, scan
from dedupe.documents import documents_table

PIECES = (
    "The pier rotted. ", "OSLO (AP) — ", "() ", "Poe told that it rained. ", "\n", "\n\n",
    "By Jane Roe, Associated Press\n", "Source: Reuters\n", "Poe told Harborlight that. ",
    "© 2020 Reuters\n", "本报记者报道。", "新华社北京11月3日电 ", "ڈھاکہ ۔ 3 دسمبر (اے پی پی) ",
    "This article originally appeared on Harborlight.\n", "Poe said to this newspaper. ",
    "word " * 60, "OSLO, Nov 3 - ", "(Harborlight) — ", "OSLO (KOIN) A ", " Reuter", "— AP",
)  # fmt: skip


def marks(text: str) -> int:
    return int(scan(keep_all(documents_table([{"text": text}])), default_names())[0])


@pytest.mark.parametrize(
    ("text", "bit"),
    [
        ("OSLO (AP) — A ship sank.", DATELINE),
        ("() A ship sank.", DATELINE),
        ("By Jane Roe, Associated Press", NAME),
        ("Originally published in The Guardian.", CREDIT),
        ("Poe, told that it sank, wept.", BODY),
        ("Poe told Harborlight that it sank.", TOLD),
    ],
)
def test_scan__each_kind_of_word_sets_its_bit(text: str, bit: int) -> None:
    assert marks(text) & bit


@pytest.mark.parametrize("text", ["", "A ship sank.", "The app was an apt APPLE.", "PAP" * 9])
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
    assert scan(kept, default_names()).tolist() == [0]


def test_scan__a_document_that_keeps_nothing_has_no_marks() -> None:
    table = documents_table([{"text": "OSLO (AP) — A ship sank."}])
    kept = keep_all(table)._replace(spans=np.zeros((0, 2), np.int64), offsets=np.zeros(2, np.int64))
    assert scan(kept, default_names()).tolist() == [0]


def test_scan__threads_change_nothing() -> None:
    texts = [{"text": "".join(PIECES[(n * k) % len(PIECES)] for k in range(9))} for n in range(60)]
    kept = keep_all(documents_table(texts))
    assert scan(kept, default_names(), 1).tolist() == scan(kept, default_names(), 2).tolist()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.data())
def test_harvest__runs_every_pattern_that_could_match(
    pieces: list[str], data: st.DataObject
) -> None:
    text = " ".join(pieces)
    # Cleaning keeps whole blocks, so no range ends inside a word.
    places = [len(" ".join(pieces[:n])) + (n > 0) for n in range(len(pieces))] + [len(text)]
    cuts = sorted(data.draw(st.lists(st.sampled_from(places), max_size=4, unique=True)))
    ranges = list(zip(cuts[::2], cuts[1::2], strict=False))
    table = documents_table([{"text": text}])
    found = harvest(table, _keep(table, ranges)).to_pylist()
    expected = [(0, *clue) for clue in clues_of(text, ranges)]
    assert [tuple(row.values()) for row in found] == expected


@settings(max_examples=150, deadline=None)
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
    return kept._replace(spans=spans, offsets=np.array([0, len(spans)], np.int64))
