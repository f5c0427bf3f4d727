from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import articles
import orjson
from brute_force import words


def test_generate__a_longer_run_begins_as_a_shorter_one() -> None:
    short = list(articles.generate(60, seed=3))
    assert short == list(islice(articles.generate(90, seed=3), 60))
    assert short != list(articles.generate(60, seed=4))


def test_generate__a_copy_comes_later_from_another_outlet_and_shares_its_words() -> None:
    made = {article["id"]: article for article in articles.generate(800, seed=5)}
    copies = [article for article in made.values() if article["story"] != article["id"]]
    assert {article["kind"] for article in copies} == set(articles.COPIES)
    for copy in copies:
        original = made[copy["story"]]
        assert copy["published"] > original["published"]
        assert copy["source"] != original["source"]
        shared = Counter(words(copy["text"])) & Counter(words(original["text"]))
        assert shared.total() > 0.35 * len(words(copy["text"]))


def test_generate__one_article_in_five_is_a_copy() -> None:
    made = list(articles.generate(4000, seed=6))
    copies = sum(article["story"] != article["id"] for article in made)
    # four standard deviations: 4 * sqrt(4000 * .2 * .8)
    assert abs(copies - 800) < 102


def test_generate__crowds_are_of_one_story_and_of_one_form() -> None:
    made = list(articles.generate(3000, seed=8, crowds=True))
    wire = [article for article in made if article["story"] == "wire"]
    forms = [article for article in made if article["kind"] == "form"]
    # four standard deviations of a binomial count
    assert abs(len(wire) - 60) < 31
    assert abs(len(forms) - 300) < 66
    assert len({article["story"] for article in forms}) == len(forms)
    bodies = [" ".join(article["text"].split("\n\n")[1:3]) for article in forms[:2]]
    one, other = (Counter(words(body)) for body in bodies)
    assert one != other
    assert (one & other).total() > 0.7 * one.total()


def test_generate__an_outlet_prints_the_same_furniture_around_everything() -> None:
    made = list(articles.generate(600, seed=7))
    by_outlet: dict[str, set[str]] = {}
    for article in made:
        by_outlet.setdefault(article["source"], set()).add(article["text"].split("\n\n")[0])
    assert all(len(heads) == 1 for heads in by_outlet.values())
    assert len({head for heads in by_outlet.values() for head in heads}) > 1


def test_write__the_articles_do_not_hold_the_truth(tmp_path: Path) -> None:
    pages, truth = tmp_path / "articles.jsonl", tmp_path / "truth.jsonl"
    n_bytes = articles.write(50, pages, truth)
    rows = [orjson.loads(line) for line in pages.read_bytes().splitlines()]
    answers = [orjson.loads(line) for line in truth.read_bytes().splitlines()]
    assert [row["id"] for row in rows] == [answer["id"] for answer in answers]
    assert all(set(row) == {"id", "text", "source", "url", "published"} for row in rows)
    assert n_bytes == sum(len(row["text"].encode()) for row in rows)
