"""Cleaning: what stays of a text, and that stories stay whole."""

from __future__ import annotations

import itertools
import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.clean import Kept, clean, furniture_ranges, keep_all, kept_ranges
from dedupe.clean.blocks import read_blocks
from dedupe.clean.furniture import block_keys, learn, outlet_numbers
from dedupe.clean.kept import copied
from dedupe.documents import documents_table
from dedupe.settings import Settings
from tests.mixed_scripts import texts as mixed_texts

SEEDS = Path(__file__).parent.parent / "seeds"

FOOT = (
    "Gull Street Radio has kept Port Ellery company since the winter of the great ice, and "
    "is paid for by the people who listen to it in the morning."
)
GOAT = (
    """The goat that had been living on the roof of the ropewalk came down on Tuesday, on its own, \
at about the time the fire brigade had finished its lunch.""",
    """Nobody knows how it got up there. The stair has been locked since the ropewalk closed, and \
the only key hangs in the harbor office behind a picture of a different goat.""",
)
FERRY = (
    """The last ferry to Skerry left eleven minutes early on Friday, with two passengers on board \
and forty-one on the quay, because the captain had a cold.""",
    """A spokeswoman for the company said the clock on the wheelhouse would be looked at, and that \
everybody would be taken across on Saturday for nothing.""",
)
CHESS = (
    """Old Marrow beat Lantry by four boards to one in the valley chess league on Sunday, in a \
hall so cold that both captains played in gloves.""",
    """The only win for Lantry came on the third board, where a boy of nine found a check that his \
opponent, a retired pilot, later called an act of piracy.""",
)
STORIES = (GOAT, FERRY, CHESS)


def page(*lines: str) -> str:
    return "\n\n".join(lines)


def documents(texts: list[str], source: str | None = "Gull Street Radio") -> list[dict[str, Any]]:
    return [{"id": f"d{n:03}", "text": text, "source": source} for n, text in enumerate(texts)]


def kept_of(rows: list[dict[str, Any]], options: Settings = Settings()) -> dict[str, str]:
    kept = clean(documents_table(rows), options)
    return {
        row["id"]: "".join(row["text"][start:end] for start, end in kept_ranges(kept, number))
        for number, row in enumerate(rows)
    }


def kept_alone(text: str) -> str:
    (kept,) = kept_of([{"id": "a", "text": text}]).values()
    return kept


# --- learned from the collection


def test_clean__a_footer_under_three_stories_goes() -> None:
    rows = documents([page(*story, FOOT) for story in STORIES])
    assert list(kept_of(rows).values()) == [page(*story) for story in STORIES]


def test_clean__a_footer_under_two_stories_stays() -> None:
    rows = documents([page(*story, FOOT) for story in STORIES[:2]])
    assert list(kept_of(rows).values()) == [row["text"] for row in rows]


def test_clean__what_another_outlet_repeats_stays() -> None:
    rows = documents([page(*story, FOOT) for story in STORIES])
    rows += documents([page(*GOAT, FOOT)], source="Skerry Sound")
    rows[-1]["id"] = "other"
    assert kept_of(rows)["other"] == page(*GOAT, FOOT)


def test_clean__documents_without_a_source_learn_nothing_of_each_other() -> None:
    rows = documents([page(*story, FOOT) for story in STORIES], source=None)
    assert list(kept_of(rows).values()) == [row["text"] for row in rows]


def test_clean__versions_of_one_story_are_not_eaten() -> None:
    versions = [
        page(f"It is now {hour} o'clock, and the goat has been seen by {hour} people.", *GOAT)
        for hour in range(1, 8)
    ]
    assert list(kept_of(documents(versions)).values()) == versions


def test_clean__a_story_reposted_by_its_outlet_is_not_eaten() -> None:
    reposts = [page(*GOAT), page(*GOAT), page(*GOAT), page("Updated.", *GOAT)]
    assert list(kept_of(documents(reposts)).values()) == reposts


def test_clean__what_versions_of_one_story_leave_alone_is_no_furniture() -> None:
    paragraphs = [
        f"In {place} the {trade} said on Monday that no {thing} had been seen since the thaw, and "
        "that the watch on the northern shore would be kept until the last boat was in."
        for place, trade, thing in (
            ("Old Marrow", "harbour master", "seal"), ("Skerry", "baker's widow", "lantern"),
            ("Gull Point", "ferryman", "raft"), ("Tarn", "schoolmistress", "goat"),
        )
    ]  # fmt: skip
    changed = [[one.replace("thaw", word) for one in paragraphs] for word in ("gale", "flood")]
    versions = [
        page(*(changed[(i + j) % 2][i] if i in (j, k) else one for i, one in enumerate(paragraphs)))
        for j, k in itertools.combinations(range(4), 2)
    ]
    rows = documents([*versions, *(page(*story, FOOT) for story in STORIES)])
    kept = list(kept_of(rows).values())
    assert kept[: len(versions)] == versions
    assert not any(FOOT in text for text in kept)
    for i, row in enumerate(rows):
        row["title"] = chr(97 + i) * 5
    assert "".join(kept_of(rows).values()).count("Gull Point") < len(versions)


def test_clean__much_furniture_under_short_stories_of_different_titles_goes() -> None:
    feet = [
        FOOT,
        "Every ship that enters the bay is greeted here by its name, weather permitting.",
        "Letters reach us at the old customs house, where the door is always on the latch.",
    ]
    rows = documents([page(story[0], *feet) for story in STORIES])
    for row, title in zip(rows, ("A goat", "The ferry", "Chess"), strict=True):
        row["title"] = title
    assert list(kept_of(rows).values()) == [story[0] for story in STORIES]
    for row in rows:
        row["title"] = "Goat: the latest"
    assert list(kept_of(rows).values()) == [row["text"] for row in rows]


def test_clean__a_shared_footer_alone_is_not_a_duplicate() -> None:
    rows = documents([page(*story, FOOT) for story in STORIES])
    kept = list(kept_of(rows).values())
    assert not any(FOOT in text for text in kept)
    assert len(set(kept)) == 3


def test_clean__a_text_of_nothing_but_furniture_is_kept_whole() -> None:
    rows = documents([*(page(*story, FOOT) for story in STORIES), FOOT])
    assert kept_of(rows)["d003"] == FOOT


def test_clean__a_tables_repeated_labels_stay() -> None:
    rows = documents(
        [f"Profit {n} crowns a share\nNine months\nProfit {n * 7} crowns a share" for n in range(5)]
    )
    assert list(kept_of(rows).values()) == [row["text"] for row in rows]


def test_clean__what_was_learned_before_cleans_a_single_page() -> None:
    table = documents_table(documents([page(*story, FOOT) for story in STORIES]))
    options = Settings()
    data, offsets = text_columns(table)
    blocks = read_blocks(data, offsets, options)
    outlets = outlet_numbers(table)
    furniture = learn(blocks, block_keys(blocks, outlets), outlets, keep_all(table))
    new = "A new story about the bell of Old Marrow, which rang once on Monday and then not again."
    rows = documents([page(new, FOOT)])
    kept = clean(documents_table(rows), options, furniture)
    assert kept_ranges(kept, 0) == [(0, len(new))]


def text_columns(table: pa.Table) -> tuple[Any, Any]:
    from dedupe.documents import text_bytes

    return text_bytes(table)


# --- single pages

TEASERS = (
    (
        "A Baker Says Ninety-Year-Old Dough Survives a Power Cut",
        "The starter was older than the oven, and…",
    ),
    (
        "Council Puts Off the Night Market Again",
        "CORVANE — After four hours of talk on Monday, the…",
    ),
    (
        "Puffins Return in Numbers to Outer Skerry",
        "() Two biologists in a rented dinghy have counted…",
    ),
    (
        "Five Signs Your Roof Will Not See the Spring",
        "Roofers along the coast say the same mistakes…",
    ),
    (
        "Marchers Ask for the Maternity Ward Back",
        "LANTRY (AP) Some three hundred people pushed empty…",
    ),
)


def test_clean__badges_and_teasers_of_a_page_without_sisters_go() -> None:
    badge = "Share this @newsbuzzer.example"
    teasers = [line for teaser in TEASERS for line in teaser]
    kept = kept_alone(page(badge, *GOAT, *FERRY, badge, "You May Also Like", *teasers))
    assert kept == page(*GOAT, *FERRY)


def test_clean__menu_and_legal_lines_around_a_story_go() -> None:
    menu = ["Home", "News", "Sports", "Weather", "Traffic", "Subscribe", "Log in", "Search"]
    foot = ["Share", "Facebook", "Twitter", "Most read", "Privacy policy", "Terms of use",
            "© 2031 Gull Street Press. All rights reserved."]  # fmt: skip
    kept = kept_alone("\n".join([*menu, *GOAT, *FERRY, *CHESS, *foot]))
    assert kept == "\n".join([*GOAT, *FERRY, *CHESS])


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize(
    "line",
    [
        "Subscribe today to be the first to know.",
        "You have 3 free articles remaining.",
        "You have read your last free article this month",
        "© 2031 Gull Street Press, Port Ellery",
        "Published by Gull Street Press © 2029-2031",
    ],
)
def test_clean__one_line_of_furniture_on_a_page_without_sisters_goes(line: str, place: int) -> None:
    lines = [*GOAT, *FERRY]
    kept = kept_alone(page(*lines[:place], line, *lines[place:]))
    assert line not in kept
    assert all(one in kept for one in lines)


@pytest.mark.parametrize(
    "line",
    [
        "Copyright law was not on his mind in 2031, he said.",
        '"You have 3 free articles remaining," the screen told her, and she went home.',
        "She gave away what the attic held: free articles of clothing, remaining tins, left boots.",
        """Readers of the Lantry Gazette, who were told that they had three free articles left, \
asked the harbor office for a fourth.""",
    ],
)
def test_clean__a_line_that_only_speaks_of_such_things_stays(line: str) -> None:
    text = page(*GOAT, line, *FERRY)
    assert kept_alone(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\n \t\n",
        "Rain.",
        "© 2031 Gull Street Press",
        "Share\nPrint\nSave",
        "One line only, about a goat, with no break in it. " * 40,
        # a poem
        """The tide goes out,
The tide comes in,
The gulls complain
Of being thin.

More,
says the sea,
and more,
and the harbor
shuts its door.""",
        # a list
        "What to bring:\n" + "\n".join(f"- {n} fathoms of line number {n}" for n in range(30)),
        # a table
        "\n".join(f"Corvane {n}\tLantry {n + 1}\t{n * 7} spectators" for n in range(30)),
    ],
)
def test_clean__what_bears_no_sign_of_furniture_or_nothing_else_is_kept_whole(text: str) -> None:
    kept = clean(documents_table([{"text": text}]), Settings())
    assert kept_ranges(kept, 0) == [(0, len(text))]


def test_clean__the_bodies_of_the_newsroom_stay() -> None:
    rows = [json.loads(line) for line in (SEEDS / "newsroom.jsonl").read_text("utf-8").splitlines()]
    lines = (SEEDS / "truth.jsonl").read_text("utf-8").splitlines()
    bodies = {row["id"]: row["body"] for row in map(json.loads, lines)}
    kept = clean(documents_table(rows), Settings())
    n_words = n_kept = 0
    for number, row in enumerate(rows):
        is_kept = np.zeros(len(row["text"]) + 1, np.bool_)
        for start, end in kept_ranges(kept, number):
            is_kept[start:end] = True
        for start, end in bodies[row["id"]]:
            places = [start + word.start() for word in re.finditer(r"\w+", row["text"][start:end])]
            n_words += len(places)
            n_kept += int(is_kept[places].sum())
    assert n_kept >= 0.99 * n_words


WALLS = (
    (
        "We and our 70 partners store and access personal data, like browsing data, on your "
        "device, to show what you may like. You may change your choices at the foot of this page."
    ),
    (
        "Wir und unsere Partner verarbeiten Daten, die Ihr Gerät sendet, um Anzeigen zu messen und "
        "um zu erfahren, wer was gelesen hat. Sie dürfen Ihre Wahl später auf jeder Seite ändern."
    ),
    (
        "Nous et nos partenaires lisons ce que votre appareil envoie afin de mesurer les annonces "
        "et de savoir qui lit quoi. Vous pouvez changer d'avis plus tard au bas de chaque page."
    ),
    (
        "Permission is hereby granted, free of charge, to any person obtaining a copy of this tide "
        "table, to deal in it without restriction, subject to the following conditions."
    ),
)
"""Of the words of such notices the phrases alone; the rest is said otherwise."""


@pytest.mark.parametrize("wall", WALLS)
def test_clean__a_notice_goes_however_long_it_is(wall: str) -> None:
    for text in (f"{wall}\n\n{page(*GOAT)}", f"{page(*GOAT)}\n\n{wall}"):
        assert kept_alone(text).strip() == page(*GOAT)
    # On one line with the story it is not worth the story.
    whole = page(f"{wall} {' '.join(GOAT) * 5}", *FERRY)
    assert kept_alone(whole) == whole


@pytest.mark.parametrize(
    "paragraph",
    [
        (
            '"We and our partners store and access personal data," the mayor read out, and the '
            "hall laughed until the sexton rang for order and the reading of the tables went on."
        ),
        (
            "The council had asked the ferry line whether it had the consent of its passengers for "
            "the cookies on its page; the line answered that nobody had ever withdrawn any of them."
        ),
    ],
)
def test_clean__a_story_about_notices_stays(paragraph: str) -> None:
    text = f"{page(*GOAT)}\n\n{paragraph}\n\n{page(*GOAT)}"
    assert kept_alone(text) == text


# --- laws

LINES = st.lists(
    st.sampled_from([*GOAT, *FERRY, FOOT, "Share this", "گھر واپس آ گئی", "新闻稿。", "", "é…"])
    | mixed_texts,
    max_size=8,
)


@settings(max_examples=60)
@given(pages=st.lists(LINES, min_size=1, max_size=6))
def test_kept__ranges_rise_within_the_text_and_never_meet(pages: list[list[str]]) -> None:
    texts = ["\n".join(lines) for lines in pages]
    kept = clean(documents_table(documents(texts)), Settings())
    assert isinstance(kept, Kept)
    for number, text in enumerate(texts):
        edges = [edge for span in kept_ranges(kept, number) for edge in span]
        assert edges == sorted(edges)
        assert len(set(edges)) == len(edges) or edges == [0, 0]
        assert edges[0] >= 0
        assert edges[-1] <= len(text)


@settings(max_examples=40)
@given(pages=st.lists(LINES, min_size=1, max_size=8), seed=st.integers(0, 99))
def test_clean__order_threads_and_batches_change_nothing(pages: list[list[str]], seed: int) -> None:
    rows = documents(["\n".join(lines) for lines in pages])
    expected = kept_of(rows, Settings(threads=1))
    random.Random(seed).shuffle(rows)  # noqa: S311
    assert kept_of(rows, Settings(threads=3)) == expected


def test_clean__many_batches_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = documents([page(*STORIES[n % 3], f"Number {n} of the day.", FOOT) for n in range(40)])
    expected = kept_of(rows)
    monkeypatch.setattr("dedupe.clean.blocks.BATCH_BYTES", 700)
    monkeypatch.setattr("dedupe.clean.layout._BATCH_BLOCKS", 5)
    assert kept_of(rows) == expected


@pytest.mark.parametrize("word", ["é", "گھر", "新", "🐐", "e\u0301"])
def test_kept__offsets_are_code_points_of_the_text_as_given(word: str) -> None:
    head = f"{word * 3} — {FOOT}"
    rows = documents([f"{head}\n\n  {page(*story)} {word}.  \n" for story in STORIES])
    kept = clean(documents_table(rows), Settings())
    for number, (row, story) in enumerate(zip(rows, STORIES, strict=True)):
        ((start, end),) = kept_ranges(kept, number)
        assert row["text"][start:end] == f"{page(*story)} {word}."
        cut = [row["text"][a:b] for a, b in furniture_ranges(kept, number)]
        assert cut == [f"{head}\n\n  ", "  \n"]


def test_furniture_ranges__of_a_text_kept_whole_are_none() -> None:
    kept = clean(documents_table([{"text": GOAT[0]}, {"text": ""}]), Settings())
    assert furniture_ranges(kept, 0) == furniture_ranges(kept, 1) == []


def test_clean__what_was_kept_is_kept_again() -> None:
    badge = "Share this @newsbuzzer.example"
    teasers = [line for teaser in TEASERS for line in teaser]
    once = kept_alone(page(badge, *GOAT, *FERRY, badge, "You May Also Like", *teasers))
    assert kept_alone(once) == once


def test_clean__an_empty_table_is_an_empty_answer() -> None:
    kept = clean(documents_table([]), Settings())
    assert kept.n_docs == 0
    assert len(kept.spans) == 0


def test_clean__a_sliced_table_is_read_from_its_own_rows() -> None:
    table = documents_table(documents([page(*story, FOOT) for story in (GOAT, *STORIES)]))
    kept = clean(table.slice(1), Settings())
    assert [kept_ranges(kept, n) for n in range(3)] == [[(0, len(page(*s)))] for s in STORIES]


def test_clean__a_table_of_several_chunks_is_as_one() -> None:
    rows = documents([page(*story, FOOT) for story in STORIES])
    table = pa.concat_tables([documents_table([row]) for row in rows])
    kept = clean(table, Settings())
    assert [kept_ranges(kept, n) for n in range(3)] == [[(0, len(page(*s)))] for s in STORIES]


@given(
    pages=st.lists(st.lists(mixed_texts, max_size=4), min_size=1, max_size=5),
    chosen=st.lists(st.integers(0, 4), max_size=5),
)
@settings(max_examples=60)
def test_copied__are_the_documents_in_the_order_asked_for(
    pages: list[list[str]], chosen: list[int]
) -> None:
    rows = [row % len(pages) for row in chosen]
    kept = clean(documents_table(documents(["\n".join(lines) for lines in pages])), Settings())
    few = copied(kept, np.array(rows, np.int64))
    assert few.n_docs == len(rows)
    assert not few.data.flags.writeable
    for at, row in enumerate(rows):
        assert text_of(few, at) == text_of(kept, row)
        assert kept_ranges(few, at) == kept_ranges(kept, row)


def text_of(kept: Kept, row: int) -> bytes:
    return bytes(kept.data[kept.text_offsets[row] : kept.text_offsets[row + 1]])
