"""Signals of texts, days and standing: each case, and what only looks like it."""
# ruff: noqa: RUF001 - newspapers set other scripts

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dedupe.attribute.pages import plain_address
from dedupe.attribute.standing import Record, leanings
from tests.stories import BODY, judge, origin, pair

if TYPE_CHECKING:
    from dedupe.attribute import Attribution

TAIL = " The tolls rise in May. Fishermen will land their catch at the north quay until then."


def rows(found: Attribution, signal: str) -> list[dict[str, Any]]:
    return [row for row in found.stories[0]["evidence"] if row["signal"] == signal]


def two(one: str, other: str, **fields: str) -> Attribution:
    """Judge two texts that are aligned from front to end."""
    documents = [
        {"source": "one.example", "text": one, **fields},
        {"source": "two.example", "text": other, **fields},
    ]
    return judge(documents, passages=[(0, 0, len(one), 0, len(other))])


@pytest.mark.parametrize(
    ("kept", "lost"),
    [
        ("Ann Poe said it fell. ", "The mayor said it fell. "),
        ("“It fell,” he said, “and “we” saw.” ", "It fell, he said, and we saw. "),
        (
            "El capitán Núñez salió de Málaga según él. ",
            "El capitan Nunez salio de Malaga segun el. ",
        ),
        ("It fell at noon and sank. ", "It fell at noon... "),
    ],
)
def test_edit_kind__the_side_that_lost_something_is_the_copy(kept: str, lost: str) -> None:
    found = two(kept + BODY, lost + BODY)
    assert [row["toward"] for row in rows(found, "edit_kind")] == ["one.example"]
    assert found.pair_a_first[0] > 0.6
    assert two(lost + BODY, kept + BODY).pair_a_first[0] == pytest.approx(1 - found.pair_a_first[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The mayor said it fell. ", "The mayor said it fell. "),
        ("She said it fell. ", "The mayor said it fell. "),
        ("Ann Poe said it fell. ", "The Guardian said it fell. "),
        ("He called it “a gale”. ", "He called it a gale. "),
        ("Le café est gris. ", "Le cafe est gris. "),
        ("It fell... ", "It sank… "),
    ],
)
def test_edit_kind__near_misses_say_nothing(one: str, other: str) -> None:
    assert rows(two(one + BODY, other + BODY), "edit_kind") == []


def test_edit_kind__quotes_the_name_and_says_what_stands_for_it() -> None:
    kept, lost = "Mayor Ann Poe said it fell. " + BODY, "The mayor said it fell. " + BODY
    [row] = rows(two(kept, lost), "edit_kind")
    assert row["quote"] == "Mayor Ann Poe"
    assert row["says"] == 'one.example names a speaker where two.example has "The mayor"'


def test_edit_kind__a_name_and_a_general_word_for_different_words_say_nothing() -> None:
    one = "Ann Poe said it fell. Police shut it, they say. " + BODY
    other = "It fell, according to Ann Poe. It is shut, the police said. " + BODY
    assert rows(two(one, other), "edit_kind") == []


def test_edit_kind__names_the_page_that_lost_its_marks() -> None:
    [row] = rows(two("“It fell,” he said, “and “we” saw.” ", "It fell, he said, and we saw. "),
                 "edit_kind")  # fmt: skip
    assert row["says"] == "one.example keeps quotation marks that two.example lost"


def quoting(*quotes: str) -> Attribution:
    return judge(
        [
            {"source": f"p{n}.example", "text": f'{BODY} "{quote}," she said.'}
            for n, quote in enumerate(quotes)
        ]
    )


def test_quote_altered__against_two_others() -> None:
    usual = "We will build the pier again before the first gale of winter"
    altered = "We will build the pier again before the first storm of winter"
    found = quoting(usual, usual, altered)
    [row] = rows(found, "quote_altered")
    assert row["document"] == "d002"
    assert altered in row["quote"]
    assert found.origin_probability[2] < min(found.origin_probability[:2])


@pytest.mark.parametrize(
    "quotes",
    [
        ("We will build the pier again before winter comes", "We will mend the pier by winter"),
        ("We will build the pier again before winter comes",) * 3,
        (
            "We will build the pier again before the first gale of winter",
            "We will build the pier again before the first gale of winter",
            "We will build the pier again before the first gale",
        ),
    ],
)
def test_quote_altered__needs_two_that_agree_and_words_exchanged(quotes: tuple[str, ...]) -> None:
    assert rows(quoting(*quotes), "quote_altered") == []


def spelling(*words: str) -> Attribution:
    return judge(
        [
            {"source": f"p{n}.example", "text": f"{BODY} They {word} the news."}
            for n, word in enumerate(words)
        ]
    )


def test_shared_slip__makes_kin_and_says_nothing_of_who_was_first() -> None:
    found = spelling("received", "received", "received", "recieved", "recieved")
    assert {row["document"] for row in rows(found, "shared_slip")} == {"d003", "d004"}
    assert found.pair_a_first[-1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "words",
    [
        ("organised", "organised", "organised", "organized", "organized"),
        ("received", "received", "received", "receives", "receives"),
        ("received", "received", "received", "recieved", "received"),
        ("favoured", "favoured", "favoured", "favored", "favored"),
    ],
)
def test_shared_slip__near_misses_are_house_style_or_one_papers_own(words: tuple[str, ...]) -> None:
    assert rows(spelling(*words), "shared_slip") == []


def test_union__who_holds_all_that_others_share_is_nearer_the_root() -> None:
    parts = ["Alpha rose. " * 6, "Bravo fell. " * 6, "Coast held. " * 6]
    texts = ["".join(parts), parts[0] + parts[1], parts[1] + parts[2], parts[0] + parts[2]]
    spans = []
    pairs = [pair(a, b, "excerpt") for a in range(4) for b in range(a + 1, 4)]
    for place, one in enumerate(pairs):
        for part in parts:
            a, b = texts[one["a"]].find(part), texts[one["b"]].find(part)
            if a >= 0 and b >= 0:
                spans.append((place, a, a + len(part), b, b + len(part)))
    documents = [{"source": f"p{n}.example", "text": text} for n, text in enumerate(texts)]
    found = judge(documents, pairs=pairs, passages=spans)
    assert [row["document"] for row in rows(found, "union")] == ["d000"]
    assert found.origin_probability.argmax() == 0


def test_union__three_equal_texts_have_none() -> None:
    spans = [(place, 0, len(BODY), 0, len(BODY)) for place in range(3)]
    documents = [{"source": f"p{n}.example"} for n in range(3)]
    assert rows(judge(documents, passages=spans), "union") == []


def dated(claim: str, text: str, other_claim: str = "2026-03-02T10:00:00Z") -> Attribution:
    return judge(
        [
            {"source": "one.example", "text": text, "published": claim},
            {"source": "two.example", "text": text + " x", "published": other_claim},
        ]
    )


def test_clock_bound__a_claim_before_its_own_dateline_is_not_believed() -> None:
    found = dated("2026-02-20T10:00:00Z", "OSLO, March 2 - " + BODY)
    [row] = rows(found, "clock_bound")
    assert row["quote"] == "OSLO, March 2"
    assert rows(found, "clock") == []
    assert found.pair_a_first[0] < 0.5


@pytest.mark.parametrize("claim", ["2026-03-01T10:00:00Z", "2026-03-03", "2026-03", None])
def test_clock_bound__a_night_or_a_vague_claim_refutes_nothing(claim: str) -> None:
    assert rows(dated(claim, "OSLO, March 2 - " + BODY), "clock_bound") == []


def test_inner_time__days_after_the_dateline_it_is_a_repost() -> None:
    found = dated("2026-03-09T10:00:00Z", "OSLO, March 2 - " + BODY)
    assert [row["document"] for row in rows(found, "inner_time")][:1] == ["d000"]


def test_inner_time__the_day_named_fits_one_page_and_not_the_other() -> None:
    # The body says Monday: 2 March 2026 is one, 5 March a Thursday.
    found = dated("2026-03-05T10:00:00Z", BODY)
    [row] = rows(found, "inner_time")
    assert (row["document"], row["quote"]) == ("d000", "Monday")


@pytest.mark.parametrize("named", ["Montag", "星期一", "پیر", "LUNES"])
def test_inner_time__the_day_is_known_in_other_languages(named: str) -> None:
    # BODY says Monday, in the same place.
    found = dated("2026-03-05T10:00:00Z", BODY.replace("Monday", named))
    assert [row["quote"] for row in rows(found, "inner_time")] == [named]


def test_inner_time__the_day_counts_from_where_the_shared_text_begins() -> None:
    lead = "Seen on Thursday. "
    documents = [
        {"source": "one.example", "text": lead + BODY, "published": "2026-03-05T10:00:00Z"},
        {"source": "two.example", "text": BODY, "published": "2026-03-02T10:00:00Z"},
    ]
    assert rows(judge(documents), "inner_time") == []
    shared = judge(documents, passages=[(0, len(lead), len(lead + BODY), 0, len(BODY))])
    assert [row["quote"] for row in rows(shared, "inner_time")] == ["Monday"]


@pytest.mark.parametrize("claim", ["2026-03-03T10:00:00Z", "2026-03-08T10:00:00Z", "2026-03"])
def test_inner_time__the_day_after_or_before_says_nothing(claim: str) -> None:
    assert rows(dated(claim, BODY), "inner_time") == []


def test_outlet_prior__leans_by_the_record_and_no_more_than_its_cap() -> None:
    records = {
        "p0.example": Record(40, 40), "p1.example": Record(40, 0), "p2.example": Record(2, 2),
        "p3.example": Record(4, 2),
    }  # fmt: skip
    found = leanings(records)
    assert (found["p0.example"], found["p1.example"]) == (1.0, -1.0)
    assert "p2.example" not in found, "two stories are too few"
    assert leanings({"p1.example": Record(40, 0)}) == {}, "nobody was ever the origin"


def test_outlet_prior__is_asked_of_open_stories_only() -> None:
    documents, stories = [], []
    for place in range(5):
        first = {"source": "first.example", "text": f"{BODY} {place}"}
        second = {"source": "second.example", "text": f"{BODY} {place} Rain."}
        if place < 4:
            second["text"] += " Source: First\nfirst.example"
            first["published"], second["published"] = "2026-03-01", "2026-03-05"
        documents += [first, second]
        stories += [2 * place] * 2
    pairs = [pair(2 * place, 2 * place + 1) for place in range(5)]
    found = judge(documents, stories, pairs)
    signals = [[row["signal"] for row in story["evidence"]] for story in found.stories]
    assert "outlet_prior" in signals[4]
    assert not any("outlet_prior" in one for one in signals[:4])
    assert found.origin_probability[8] > found.origin_probability[9]


def test_address__is_told_apart_by_host_and_path_alone() -> None:
    same = {
        "https://www.pier.example/a/1?utm_source=x",
        "http://pier.example/A/1/",
        "pier.example/a/1",
    }
    assert {plain_address(url) for url in same} == {"pier.example/a/1"}


def test_credit_lost__who_lost_it_may_have_it_from_the_source_itself() -> None:
    wire = "OSLO (AP) — " + BODY
    papers = [{"source": f"p{n}.example", "text": f"{wire} {n}"} for n in range(5)]
    found = judge([*papers, {"source": "last.example", "text": BODY}])
    assert origin(found)["name"] == "AP"
    assert found.parent_name == ["AP"] * 6, "siblings, not a chain"


LEDGER = {"source": "mercerledger.example", "text": "By Ines Poe, Mercer Ledger\n\n" + BODY}


@pytest.mark.parametrize(
    "named",
    [
        "The Mercer Ledger reported it on Monday.",
        "It fell, according to the Mercer Ledger.",
        "Via Mercer Ledger",
        "h/t Mercer Ledger",
        "Source: Mercer Ledger",
    ],
)
def test_credit__a_page_either_names_its_source_or_has_lost_it(named: str) -> None:
    kept = judge([LEDGER, {"source": "brindle.example", "text": f"{BODY}\n\n{named}"}])
    assert (len(rows(kept, "credit")), rows(kept, "credit_lost")) == (1, [])
    assert kept.stories[0]["credited"] == ["d001"]
    lost = judge([LEDGER, {"source": "brindle.example", "text": BODY}])
    assert (rows(lost, "credit"), len(rows(lost, "credit_lost"))) == ([], 1)
    assert lost.stories[0]["credited"] == []


def test_credit_lost__who_names_the_source_in_passing_may_have_it_from_who_credits_it() -> None:
    credit = "\n\nThis story was first published by the Harbor Gazette."
    full = {"source": "one.example", "text": BODY + credit}
    passing = {"source": "two.example", "text": BODY + "\n\nVia Harbor Gazette"}
    [row] = rows(judge([full, passing]), "credit_lost")
    assert (row["document"], row["says"]) == (
        "d000",
        "one.example credits Harbor Gazette; two.example does so in passing",
    )


def test_credited__who_only_quotes_what_an_outlet_was_told_does_not_credit_it() -> None:
    quoting = {"source": "brindle.example", "text": BODY + " Poe told the Mercer Ledger that."}
    found = judge([LEDGER, quoting])
    assert [row["says"] for row in rows(found, "credit")] == [
        "brindle.example quotes what Mercer Ledger was told"
    ]
    assert found.stories[0]["credited"] == []


FIRST = {"source": "mercerledger.example", "text": BODY, "published": "2026-03-01T06:00:00Z"}
WIRE = "OSLO (AP) — " + BODY
REPORTED = WIRE + "\n\nThe sale was first reported by the Mercer Ledger."


@pytest.mark.parametrize("source", ["apnews.com", "brindle.example"])
def test_credit_lost__not_by_who_came_first_and_is_named_for_it(source: str) -> None:
    later = {"source": source, "text": REPORTED, "published": "2026-03-01T10:00:00Z"}
    assert rows(judge([FIRST, later]), "credit_lost") == []
    before = {**later, "published": "2026-03-01T04:00:00Z"}
    assert len(rows(judge([FIRST, before]), "credit_lost")) == 1
    silent = {**later, "text": WIRE}
    assert len(rows(judge([FIRST, silent]), "credit_lost")) == 1


@pytest.mark.parametrize("kept", [WIRE, REPORTED])
def test_first_reported__a_wire_that_names_an_earlier_paper_has_it_from_there(kept: str) -> None:
    documents = [
        FIRST,
        {"source": "apnews.com", "text": REPORTED, "published": "2026-03-01T10:00:00Z"},
        {"source": "brindle.example", "text": kept, "published": "2026-03-01T12:00:00Z"},
    ]
    found = judge(documents)
    assert origin(found)["document"] == "d000"
    assert found.parent.tolist() == [-1, 0, 1], "a copy of the wire repeats its words"
    silent = [documents[0], {**documents[1], "text": WIRE}, {**documents[2], "text": WIRE}]
    assert origin(judge(silent))["name"] == "AP"


FORM = "\n\n(Reporting by Jo Vance; Editing by Ann Pell)"


def test_desk_form__says_what_is_there_and_weighs_far_less_than_a_name() -> None:
    found = judge([{"source": "one.example", "text": BODY + FORM}, {"source": "two.example"}])
    [row] = rows(found, "byline")
    assert row["says"] == "one.example ends as Reuters's stories do"
    assert row["quote"] == FORM.strip()
    assert origin(found)["name"] is None
    assert found.stories[0]["credited"] == []
    assert rows(found, "credit_lost") == [], "who has no such line has lost no credit"
    named = judge([{"source": "one.example", "text": "OSLO (Reuters) - " + BODY}, {}])
    assert origin(named)["name"] == "Reuters"
    assert rows(named, "dateline")[0]["points"] > 2 * row["points"]


@pytest.mark.parametrize("other", ["OSLO (Corsa) - " + BODY, BODY + "\nSource: AFP"])
@pytest.mark.parametrize("source", ["corsa.example", "three.example"])
def test_desk_form__never_stands_against_whom_a_copy_names(other: str, source: str) -> None:
    documents = [
        {"source": "one.example", "text": BODY + FORM},
        {"source": "two.example", "text": other},
        {"source": source, "text": other},
    ]
    found = judge(documents)
    assert rows(found, "byline") == []
    assert "Reuters" not in [one["name"] for one in found.stories[0]["candidates"]]


def test_desk_form__makes_no_page_alone_a_copy() -> None:
    assert judge([{"source": "one.example", "text": BODY + FORM}]).relation == ["single"]


@pytest.mark.parametrize(
    ("kept", "other"),
    [
        ("SUND, Norway (NPA) — " + BODY, {"text": BODY + "\n\nWith material from NPA"}),
        ("SUND, Norway (NPA) — " + BODY, {"text": BODY + "\n\nNPA-Jo Vance"}),
        ("SUND, Norway (NPA) — " + BODY, {"text": BODY + "\n\nCopyright North Press Agency."}),
        ("SUND, Norway (NPA) — " + BODY, {"title": "Piles rot (NPA)"}),
        ("SUND, Norway (NPA) — " + BODY, {"byline": "Jo Vance for NPA"}),
        ("来源:新北社\n" + BODY, {"text": "新北社奥斯陆3月10日电 " + BODY}),
        (BODY + "\nSource: AP", {"text": BODY + " So it said to the Associated Press."}),
        (BODY + "\nThis article originally appeared on Harborlight.",
         {"text": BODY + " The Harbor Light was there."}),
    ],
)  # fmt: skip
def test_credit_lost__not_where_the_name_stands(kept: str, other: dict[str, str]) -> None:
    documents = [
        {"source": "one.example", "text": kept},
        {"source": "two.example", **other},
        {"source": "three.example", "text": BODY + " Naples, NPAs and snap APs do not count."},
    ]
    says = [row["says"] for row in rows(judge(documents), "credit_lost")]
    assert len(says) == 1
    assert says[0].endswith("; three.example does not")


def test_credit_lost__an_agency_signs_and_does_not_credit_itself() -> None:
    documents = [
        {"source": "apnews.com", "text": "OSLO (AP) — " + BODY},
        {"source": "one.example"},
    ]
    [row] = rows(judge(documents), "credit_lost")
    assert row["says"] == "AP signs it; one.example does not name AP"


@pytest.mark.parametrize(
    ("credit", "name"),
    [
        ("The story was first reported by The Guardian.\n\n", "The Guardian"),
        ("As first reported by Sele Bladet, it fell.\n\n", "Sele Bladet"),
        ("Об этом пишет «Степной вестник».\n\n", "Степной вестник"),
    ],
)
def test_credit__of_whom_reported_it_first_wins_over_a_forged_clock(credit: str, name: str) -> None:
    documents = [
        {"source": "quick.example", "published": "2026-01-01"},
        {"source": "north.example", "published": "2026-01-17", "text": credit + BODY},
    ]
    found = judge(documents)
    first = found.stories[0]["candidates"][0]
    assert (first["name"], first["in_collection"]) == (name, False)
    assert origin(found)["document"] is None
    assert rows(found, "credit")[0]["toward"] == name


def test_first_reported__a_fact_of_an_absent_agency_leans_toward_it_and_makes_no_copy() -> None:
    text = BODY + " The sale was first reported by Reuters."
    found = judge([{"source": "one.example", "text": text}, {"source": "two.example"}])
    assert [row["toward"] for row in rows(found, "credit")] == ["Reuters"]
    assert found.relation != ["derived", "derived"]
    assert judge([{"source": "one.example", "text": text}]).relation == ["single"]


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ("2026-03-01T08:00:00Z", "2026-03-01T12:00:00Z", "appeared 4 h before"),
        ("2026-03-01", "2026-03-09", "appeared at least 6 days before"),
        ("2026-03-01T08:00:00Z", "2026-03-04", "appeared at least 2 days before"),
        ("2026-03-01", "2026-03-02", "is dated 24 h before"),
        ("2026-03-01 08:00", "2026-03-01 10:00", "is dated 2 h before"),
    ],
)
def test_clock__says_no_more_than_the_dates_do(one: str, other: str, says: str) -> None:
    documents = [
        {"source": "one.example", "published": one},
        {"source": "two.example", "published": other, "text": BODY + " Rain."},
    ]
    [row] = rows(judge(documents), "clock")
    assert row["says"] == f"one.example {says} two.example"


def test_length__says_of_what_it_is_true() -> None:
    longer = pair(0, 1, "excerpt", containment_a=0.5)
    found = judge([{"source": "one.example", "text": BODY + TAIL}, {"source": "two.example"}],
                  pairs=[longer])  # fmt: skip
    [row] = rows(found, "length")
    kept = "one.example holds 100% of what is kept of the text of two.example, and more"
    assert row["says"] == kept


def test_byline__what_stands_beside_the_text_is_told() -> None:
    found = judge([{"source": "one.example", "byline": "By Jo Vance, Reuters"}, {}])
    words = ' in its byline, "By Jo Vance, Reuters"'
    assert rows(found, "byline")[0]["says"] == f"one.example names Reuters as its source{words}"
    [lost] = rows(found, "credit_lost")
    assert lost["says"] == f"one.example credits Reuters{words}; d001 does not"
    own = judge([{"source": "reuters.com", "byline": "By Jo Vance, Reuters"}, {}])
    assert rows(own, "byline")[0]["says"] == f"Reuters names itself as the source{words}"


def test_relation__without_a_parent_is_to_another_of_the_story() -> None:
    documents = [{"source": "one.example"}, {"source": "two.example"}]
    found = judge(documents, pairs=[pair(0, 1, "exact")])
    assert found.relation == ["exact", "exact"]
    assert found.parent.tolist() == [-1, -1]
    told = (Path(__file__).parents[1] / "docs" / "output.md").read_text(encoding="utf-8")
    assert "`parent` is null, and `relation` says how the document relates to another" in told


@pytest.mark.parametrize("opening", ["(HarborLight) ", "(HarborLight) — ", "By HarborLight\n\n"])
def test_deletion__points_at_the_name_that_was_kept(opening: str) -> None:
    told = "Poe told HarborLight that the pier fell. "
    kept, cut = opening + told + BODY, told.replace("HarborLight ", "") + BODY
    found = two(kept, cut)
    assert (origin(found)["name"], origin(found)["in_collection"]) == ("HarborLight", False)
    assert {row["toward"] for row in rows(found, "deletion")} == {"HarborLight"}
    alone = two(kept.removeprefix(opening), cut)
    assert {row["toward"] for row in rows(alone, "deletion")} == {"one.example"}


def test_link__to_a_page_of_the_story_makes_that_the_parent() -> None:
    taken = BODY + " It was first told at https://www.harbor.example/news/7?utm_medium=x today."
    documents = [
        {"source": "one.example", "url": "https://one.example/a", "text": taken},
        {"source": "harbor.example", "url": "https://harbor.example/news/7"},
    ]
    found = judge(documents)
    assert origin(found)["document"] == "d001"
    assert [row["toward"] for row in rows(found, "link")] == ["harbor.example"]
    elsewhere = [documents[0], {**documents[1], "url": "https://harbor.example/news/8"}]
    assert rows(judge(elsewhere), "link") == []


def test_residue__says_less_between_outlets_of_one_owner() -> None:
    line = "\nSign up for the Fox News newsletter."
    member = {"source": "foxnews.com", "text": BODY + " More."}
    apart, owned = (
        judge([{"source": source, "text": BODY + line}, member])
        for source in ("one.example", "foxbusiness.com")
    )
    assert origin(apart)["name"] == "Fox News"
    [far], [near] = rows(apart, "residue"), rows(owned, "residue")
    assert near["points"] < far["points"] / 2


def test_pointer__within_one_owner_says_less() -> None:
    page = {"canonical": "https://www.foxnews.com/a/1", "url": "https://x.example/a"}
    member = {"source": "foxnews.com", "url": "https://www.foxnews.com/a/1", "text": BODY + " x"}
    apart, owned = (
        judge([{**page, "source": source}, member]) for source in ("one.example", "foxbusiness.com")
    )
    assert apart.pair_a_first[0] < owned.pair_a_first[0] < 0.5


def test_counterfactuals__say_what_the_verdict_would_be_without_a_kind_of_evidence() -> None:
    found = judge(
        [
            {"source": "one.example", "text": BODY, "published": "2026-03-01T08:00:00Z"},
            {"source": "two.example", "text": BODY + " x", "published": "2026-03-02T08:00:00Z"},
        ]
    )
    row = found.stories[0]
    assert row["origin"]["document"] == "d000"
    [without] = row["counterfactuals"]
    assert (without["without"], without["origin"]) == ("time", None)
    assert without["probability"] == pytest.approx(0.425, abs=0.01)


def test_counterfactuals__a_story_of_which_nothing_tells_has_none() -> None:
    assert judge([{"text": BODY}, {"text": BODY + " x"}]).stories[0]["counterfactuals"] == []


def test_clues__of_each_document_point_into_the_evidence() -> None:
    wire = "OSLO (AP) — " + BODY
    found = judge(
        [
            {"source": "apnews.com", "text": wire},
            {"source": "two.example", "text": wire + " x", "published": "2026-03-01"},
            {"source": "three.example", "text": BODY, "published": "2026-03-05"},
        ]
    )
    row = found.stories[0]
    clues = {one["document"]: one for one in row["clues"]}
    assert set(clues) == {"d000", "d001", "d002"}
    for one in clues.values():
        assert len(one["for"]) <= 3
        assert len(one["against"]) <= 2
    assert {row["evidence"][place]["signal"] for place in clues["d001"]["for"]} == {"dateline"}


def test_evidence__speaks_for_the_verdict_with_positive_points_only() -> None:
    scarred = "() " + BODY.replace("Engineers said", "Ann Poe, the engineer, told that")
    found = judge([{"source": f"p{n}.example", "text": f"{scarred} {n}"} for n in range(3)])
    assert rows(found, "scar")
    for item in found.stories[0]["evidence"]:
        assert (item["points"] < 0) == item["against"]


def test_crossing__each_part_of_a_round_up_has_a_parent_and_no_back_dated_copy_is_one() -> None:
    ferry, tolls = BODY, "Tolls rise in May on the north bridge, the council said. " * 4
    digest = ferry + "\n\n" + tolls
    documents = [
        {"source": "digest.example", "text": digest, "published": "2026-03-04"},
        {"source": "copy.example", "text": ferry + "\nSource: Harbor Post",
         "published": "2026-02-01"},
        {"source": "harborpost.example", "text": ferry, "published": "2026-03-02"},
        {"source": "north.example", "text": tolls, "published": "2026-03-03"},
    ]  # fmt: skip
    part = {"containment_a": 0.5, "containment_b": 1.0}
    pairs = [pair(0, n, "roundup", **part) for n in (1, 2, 3)] + [pair(1, 2)]
    spans = [(0, 0, len(ferry), 0, len(ferry)), (1, 0, len(ferry), 0, len(ferry))]
    spans.append((2, len(ferry) + 2, len(digest), 0, len(tolls)))
    found = judge(documents, [0, 1, 1, 3], pairs, spans)
    assert found.relation[0] == "roundup"
    assert found.parent[0] == 2, "the origin, and not the copy that says it was earlier"
    [row] = [story for story in found.stories if story["story"] == "d000"]
    assert [part["parent"] for part in row["passage_parents"]] == ["d002", "d003"]
    assert [digest[part["start"] : part["end"]] for part in row["passage_parents"]] == [
        ferry,
        tolls,
    ]


def test_crossing__no_page_that_came_later_is_a_parent() -> None:
    tolls = "Tolls rise in May on the north bridge, the council said. " * 4
    documents = [
        {"source": "digest.example", "text": BODY + tolls, "published": "2026-03-04T08:00Z"},
        {"source": "late.example", "text": tolls + BODY, "published": "2026-03-09T08:00Z"},
        {"source": "north.example", "text": tolls, "published": "2026-03-03T08:00Z"},
    ]
    part = {"containment_a": 0.6, "containment_b": 0.6}
    slight = {"containment_a": 0.3, "containment_b": 1.0}
    later = pair(0, 1, "partial", **part)
    found = judge(documents, [0, 1, 2], [later, pair(0, 2, "partial", **slight)])
    assert found.pair_a_first[0] > 0.7
    assert found.parent[0] == 2
    alone = judge(documents[:2], [0, 1], [pair(0, 1, "roundup", **part)])
    assert alone.pair_a_first[0] > 0.7
    assert alone.parent[:2].tolist() == [-1, 0]


def test_crossing__a_part_of_an_absent_source_names_it() -> None:
    tolls = "Tolls rise in May on the north bridge, the council said. " * 4
    wire = f"OSLO (AP) — {BODY}"
    digest = BODY + "\n\n" + tolls
    documents = [
        {"source": "digest.example", "text": digest, "published": "2026-03-04"},
        {"source": "one.example", "text": wire, "published": "2026-03-01"},
        {"source": "two.example", "text": wire, "published": "2026-03-02"},
        {"source": "north.example", "text": tolls, "published": "2026-03-03"},
    ]
    part = {"containment_a": 0.5, "containment_b": 1.0}
    pairs = [pair(0, n, "roundup", **part) for n in (1, 2, 3)] + [pair(1, 2, "exact")]
    start = len(wire) - len(BODY)
    spans = [(n, 0, len(BODY), start, len(wire)) for n in (0, 1)]
    spans.append((2, len(BODY) + 2, len(digest), 0, len(tolls)))
    found = judge(documents, [0, 1, 1, 3], pairs, spans)
    [row] = [story for story in found.stories if story["story"] == "d000"]
    named = [(part["parent"], part["parent_name"]) for part in row["passage_parents"]]
    assert named == [(None, "AP"), ("d003", "north.example")]
    assert all(part["probability"] > 0.5 for part in row["passage_parents"])


@pytest.mark.parametrize(("day", "named"), [("03", 1), ("05", 0)])
def test_credit__who_is_cited_for_a_fact_and_came_later_is_no_source(day: str, named: int) -> None:
    documents = [
        {"source": "marlowledger.com", "text": f"{BODY} Water fell, the Quayle Courier reported.",
         "published": "2026-03-04T08:00Z"},
        {"source": "quaylecourier.com", "text": BODY, "published": f"2026-03-{day}T08:00Z"},
    ]  # fmt: skip
    found = judge(documents, [0, 0], [pair(0, 1, "repost")])
    [story] = found.stories
    assert sum(row["signal"] == "credit" for row in story["evidence"]) == named


def test_credit__who_is_cited_in_a_text_that_both_print_did_not_write_it_for_that() -> None:
    text = f"{BODY} Water fell, according to a Quayle Courier poll, the Quayle Courier reported."
    documents = [
        {"source": "marlowledger.com", "text": text, "published": "2026-03-04T08:00Z"},
        {"source": "quaylecourier.com", "text": text, "published": "2026-03-04T16:00Z"},
    ]
    found = judge(documents, [0, 0], [pair(0, 1, "exact")])
    [story] = found.stories
    assert story["origin"]["document"] == "d000"


@pytest.mark.parametrize("name", ["The Guardian Weekly", "BBC Future", "El País México"])
def test_credit__a_section_of_an_outlet_in_hand_is_that_outlet(name: str) -> None:
    outlet = {"T": "theguardian.com", "B": "bbc.com", "E": "elpais.com"}[name[0]]
    documents = [
        {"source": outlet, "text": BODY},
        {"source": "marlowledger.com", "text": f"{BODY}\n\nThis story first appeared in {name}."},
    ]
    found = judge(documents, [0, 0], [pair(0, 1, "repost")])
    [story] = found.stories
    assert story["origin"]["document"] == "d000"
