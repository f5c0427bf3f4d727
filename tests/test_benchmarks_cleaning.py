from __future__ import annotations

import gzip
from pathlib import Path

import cleaning
import datasets
import fit_cleaning
import orjson
import pytest

HTML = """<html><head><title>The goat</title><style>p {}</style></head><body>
<div>Home<ul><li>News<li>Sport</ul></div>
<p>The <a href="#">goat</a> came
down.</p><noscript>Turn it on.</noscript><script>goat()</script>Last<br>line</body></html>"""


@pytest.mark.parametrize(
    ("way", "lines"),
    [
        ("blocks", ["Home", "News", "Sport", "The goat came down.", "Last", "line"]),
        ("pieces", ["Home", "News", "Sport", "The", "goat", "came down.", "Last", "line"]),
        (
            "everything",
            ["The goat", "Home", "News", "Sport", "The goat came down.", "Turn it on.Last", "line"],
        ),
        ("source", ["The goat", "HomeNewsSport", "The goat came", "down.Turn it on.Lastline"]),
    ],
)
def test_visible_text__breaks_lines_in_each_way(way: str, lines: list[str]) -> None:
    found = cleaning.visible_text(HTML, way).split("\n")
    assert found[-len(lines) + 1 :] == lines[1:]
    assert found[0] == lines[0]


def test_token_f1__is_of_bags() -> None:
    assert cleaning.token_f1("The goat, the goat", "goat THE") == pytest.approx(2 / 3)
    assert cleaning.token_f1("", "") == 1
    assert cleaning.token_f1("goat", "") == 0


def test_labels__a_line_is_of_the_body_by_most_of_its_word_triples() -> None:
    body = "The goat came down on its own on Tuesday.\nRain."
    lines = ["The goat came down on its own", "The goat sat on a ship of state", "rain", "goat"]
    assert fit_cleaning.labels(lines, body) == [True, False, True, False]


def test_pages__are_halved_by_their_ids(tmp_path: Path) -> None:
    assert cleaning.load_pages(tmp_path) is None
    row = {"id": "b", "url": "", "html": HTML, "article_body": "The goat came down."}
    (tmp_path / cleaning.PAGES).write_bytes(gzip.compress(orjson.dumps(row)))
    (page,) = cleaning.load_pages(tmp_path) or []
    assert page.half == datasets.half("b")
    assert page.body == "The goat came down."


def test_share_kept__counts_words_of_the_bodies_only() -> None:
    menu = "Share this\nSubscribe now\n"
    story = "The goat came down on its own on Tuesday, said the harbor master, who saw it. " * 3
    rows = [{"text": menu + story}]
    assert cleaning.share_kept(rows, [[(len(menu), len(menu + story))]]) == 1
    assert cleaning.share_kept(rows, [[(0, len(menu))]]) == 0


def test_paragraphs__are_long_lines_once() -> None:
    long = "The goat came down from the hill on Monday, and nobody who saw it can say why."
    assert cleaning.paragraphs(f"Goat\n{long}\n{long}\n{long} Again.") == [long, f"{long} Again."]


def test_outlets__of_bodies_are_cut_below_and_kept_on_top() -> None:
    bodies = [
        "\n".join(
            f"{' '.join(f'{letter}{word}ward'.title() for letter in 'bcdfghjklm')} {n} came. Then "
            f"{' '.join(f'{letter}{word}wise' for letter in 'npqrstvwxz')} went."
            for n in range(8)
        )
        for word in ("an", "el", "ir", "os", "ut", "yx")
    ]
    assert cleaning.sidebars_cut(bodies, sizes=[3], n_own=[1], n_teasers=[2]) == 1
    assert cleaning.new_tops_kept(bodies) == 1
