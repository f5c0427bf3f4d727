"""Lists of other stories and boxes about the paper, on few pages of an outlet."""

from __future__ import annotations

import itertools
import random
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe import find_duplicates, inspect
from dedupe.clean import clean, kept_ranges, leads
from dedupe.clean.kept import keep_all
from dedupe.clean.leads import long_words
from dedupe.documents import documents_table
from dedupe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Collection


def invented_stories(n_stories: int) -> list[list[str]]:
    """Return stories of three paragraphs that have only their small words in common."""
    syllables = ["ba", "dor", "fin", "gul", "kem", "lor", "mis", "nav", "pel", "rus", "tan", "vok"]
    words = ["".join(parts) for parts in itertools.product(syllables, repeat=3)]
    random.Random(5).shuffle(words)  # noqa: S311 - a reproducible choice, not a secret
    stories = []
    for _ in range(n_stories):
        name, *others = (words.pop() for _ in range(28))
        first, second, third = others[:9], others[9:18], others[18:]
        stories.append([
            "The {} of {} lost its {} {} on the {}; no {} {} had {} it to the {} {}.".format(
                first[0], name.title(), *first[1:]
            ),
            "In {} the {} {} was {} by a {} {} for a {} {}, and the {} {} is now.".format(
                name.title(), *second
            ),
            "It was {} to {} at a {} {}, says a {} of the {} {}, or so the {} {} {}.".format(
                third[0], name.title(), *third[1:]
            ),
        ])  # fmt: skip
    return stories


STORIES = invented_stories(40)
TEASERS = (
    "A ferry meant for scrap in May was bought by its own crew, who plan to sail at weekends.",
    "Thieves took every bulb from a road and left the police with a question about ladders.",
)
ABOUT = (
    "This paper has covered the islands since 1884. It is owned by its readers, printed weekly and "
    "delivered by boat. Our reporters can be reached at the desk from nine until five."
)
SIDEBARS = {
    "headed": ("Most read", *TEASERS),
    "bare": TEASERS,
    "about": (ABOUT,),
}


def page(*lines: str) -> str:
    return "\n\n".join(lines)


def kept_of(texts: list[str], titles: list[str] | None = None) -> list[str]:
    table = documents_table(
        {"text": text, "source": "Gull Street Radio", "title": titles and titles[n]}
        for n, text in enumerate(texts)
    )
    kept = clean(table, Settings())
    return [
        "".join(text[start:end] for start, end in kept_ranges(kept, n))
        for n, text in enumerate(texts)
    ]


def kept_alone(*lines: str) -> str:
    text = page(*lines)
    return "".join(text[span.start : span.end] for span in inspect({"text": text}).kept)


# --- learned from few pages


@pytest.mark.parametrize("sidebar", SIDEBARS)
@pytest.mark.parametrize("n_own", [1, 2, 3])
@pytest.mark.parametrize("n_pages", [3, 5, 8, 12, 15, 18, 40])
def test_clean__what_stands_below_other_stories_goes(
    n_pages: int, n_own: int, sidebar: str
) -> None:
    own = [page(*story[:n_own]) for story in STORIES[:n_pages]]
    assert kept_of([page(one, *SIDEBARS[sidebar]) for one in own]) == own


@pytest.mark.parametrize("n_own", [1, 2, 3])
def test_clean__a_headed_sidebar_goes_from_two_pages(n_own: int) -> None:
    own = [page(*story[:n_own]) for story in STORIES[:2]]
    assert kept_of([page(one, *SIDEBARS["headed"]) for one in own]) == own


@pytest.mark.parametrize("n_pages", [2, 3, 8, 12])
def test_find_duplicates__pages_with_one_sidebar_are_no_story(n_pages: int) -> None:
    rows = [
        {"text": page(story[0], *SIDEBARS["headed"]), "source": "Gull Street Radio"}
        for story in STORIES[:n_pages]
    ]
    assert set(find_duplicates(rows).documents.column("story_size").to_pylist()) == {1}


def test_clean__a_sidebar_below_stories_printed_twice_goes() -> None:
    own = [page(*story) for story in STORIES[:6]]
    own += [page(f"Corrected on Friday. {story[0]}", *story[1:]) for story in STORIES[:6]]
    assert kept_of([page(one, *TEASERS) for one in own]) == own


def test_clean__the_order_of_pages_changes_nothing() -> None:
    texts = [page(story[0], *TEASERS) for story in STORIES[:8]]
    assert kept_of(texts[::-1]) == kept_of(texts)[::-1]


def test_clean__a_story_printed_thrice_over_different_sidebars_stays() -> None:
    texts = [page(*STORIES[0], *STORIES[n][:2]) for n in (1, 2, 3)]
    assert kept_of(texts) == texts


@pytest.mark.parametrize("titles", [None, ["The teapot war", "Teapot war", "War of the teapot"]])
def test_clean__write_thrus_of_one_story_stay(titles: list[str] | None) -> None:
    tops = (
        "The teapot war between Ravensholt and Saltmarsh began on Monday with a single spout.",
        "Ravensholt lost two more spouts by noon, and its mayor would not speak of any truce.",
        "Peace came at dusk: Saltmarsh gave each teapot back, though not all of their covers.",
    )
    below = (
        "The quarrel is as old as the teapot itself, which a mayor of Ravensholt gave in 1802.",
        "Saltmarsh says that it was lent. A clerk there found the receipt, which is for a kettle.",
    )
    texts = [page(top, *below) for top in tops]
    assert kept_of(texts, titles) == texts


def test_clean__pages_of_one_title_are_one_story() -> None:
    texts = [page(story[0], *TEASERS) for story in STORIES[:5]]
    assert kept_of(texts, ["The ferry and the bulbs"] * 5) == texts


def test_clean__a_disclaimer_in_front_goes_and_the_columns_stay() -> None:
    opening = "The writer of this column owns two goats and wishes it known before he says a word."
    own = [page(*story) for story in STORIES[:6]]
    assert kept_of([page(opening, one) for one in own]) == own


# --- of other scripts

KOREAN_STORIES = (
    "까치마을 주민들은 낡은 등대 앞에 모여 삼백 년 묵은 종을 다시 울렸다.",
    "한 제빵사가 골목에서 구운 긴 호박 빵을 비둘기 떼가 절반이나 먹어 치웠다.",
    "산골 초등학교 학생들이 직접 만든 종이 잠수함으로 저수지를 건넜습니다.",
    "버스 회사는 휘파람을 금지했다가 승객 항의에 사흘 만에 규정을 거두었다.",
    "달팽이 경주 결승은 우승 후보가 상추를 발견하는 바람에 두 시간 지연됐다.",
    "시립 도서관은 육십 년 연체된 요리책과 말린 고등어 책갈피를 돌려받았다.",
    "은퇴한 우체부가 마지막 편지의 주인을 찾아 자전거로 섬을 돌고 있습니다.",
    "북쪽 항구의 고래 모양 얼음 미끄럼틀은 때아닌 봄비에 꼬리부터 녹았다.",
)
KOREAN_TEASERS = (
    "폐선될 뻔한 나룻배를 선원들이 사들여 주말마다 운항할 계획이라고 밝혔다.",
    "도둑들이 큰길 전구를 모조리 훔쳐 갔고 경찰은 사다리의 출처를 묻고 다닌다.",
)
HINDI_STORIES = (
    "नीलपुर के ग्रामीणों ने सोमवार को पुराने प्रकाशस्तंभ की तीन सौ वर्ष पुरानी घंटी फिर बजाई और पहरेदार रो पड़ा।",
    "एक हलवाई ने बाज़ार की गली में चालीस मीटर लंबी जलेबी बनाई, मगर कबूतरों का झुंड आधी मिठाई चट कर गया।",
    "पहाड़ी विद्यालय के सात छात्रों ने काग़ज़ की पनडुब्बी से तालाब पार किया और निर्णायकों ने तालियाँ बजाईं।",
    "बस कंपनी ने चालकों की सीटी पर रोक लगाई, पर यात्रियों की शिकायतें आते ही तीसरे दिन आदेश वापस ले लिया।",
    "घोंघों की दौड़ के फ़ाइनल में चहेता धावक पत्तागोभी देखकर ठहर गया, जिससे मुक़ाबला दो घंटे टल गया।",
    "नगर पुस्तकालय को साठ साल बाद रसोई की किताब लौटाई गई, जिसमें निशान की जगह सूखी मछली रखी मिली थी।",
    "सेवानिवृत्त डाकिया उस आख़िरी चिट्ठी के मालिक को ढूँढते हुए साइकिल से समूचे द्वीप का चक्कर काट रहा है।",
    "उत्तरी बंदरगाह में मूर्तिकारों ने बर्फ़ से व्हेल जैसी फिसलनपट्टी खड़ी की, लेकिन बेमौसम बारिश ने पूँछ पिघला दी।",
)
HINDI_TEASERS = (
    "कबाड़ में जाने वाली नाव को उसके मल्लाहों ने ख़रीद लिया और अब वे हर शनिवार सैलानियों को घुमाने की सोच रहे हैं।",
    "चोर पूरी सड़क के बल्ब उतार ले गए और पुलिस इस सवाल में उलझी है कि इतनी ऊँची सीढ़ी आख़िर कहाँ से आई थी।",
)


@pytest.mark.parametrize(
    ("stories", "teasers"), [(KOREAN_STORIES, KOREAN_TEASERS), (HINDI_STORIES, HINDI_TEASERS)]
)
def test_clean__what_stands_below_stories_of_other_scripts_goes(
    stories: tuple[str, ...], teasers: tuple[str, ...]
) -> None:
    assert kept_of([page(story, *teasers) for story in stories]) == list(stories)


@pytest.mark.parametrize("stories", [KOREAN_STORIES, HINDI_STORIES])
def test_clean__write_thrus_of_other_scripts_stay(stories: tuple[str, ...]) -> None:
    first, second, third, *below = stories
    tops = first, f"{second} {first}", f"{first} {third}"
    texts = [page(top, *below[:3]) for top in tops]
    assert kept_of(texts) == texts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Ferry of Saltmarsh, 2026", {"ferry", "saltmarsh"}),
        ("등대 앞 KBS뉴스 종", {"등대", "kbs뉴스"}),
        ("नीलपुर की पुरानी घंटी", {"नीलपुर", "पुरानी"}),
        ("ফেরিঘাট ও বাতিঘর।", {"ফেরিঘাট", "বাতিঘর"}),
        ("ប្រាំ", {"ប្", "្រ", "រា", "ាំ"}),
        ("灯台の鐘", {"灯台", "台の", "の鐘"}),
        (None, set()),
    ],
)
def test_long_words__are_those_of_every_script(text: str | None, words: set[str]) -> None:
    assert long_words(text) == words


LATIN = st.text(st.characters(max_codepoint=0x36F))


@given(LATIN, st.integers(2, 6))
def test_long_words__of_latin_are_unbroken_letters(text: str, least: int) -> None:
    words = re.findall(r"[^\W\d_]+", text.casefold())
    assert long_words(text, least) == {word for word in words if len(word) >= least}


# --- a page that repeats many others


@pytest.mark.parametrize("hub", [0, 40])
def test_begin_otherwise__a_page_that_repeats_many_is_read_at_its_top(
    hub: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [page(*story) for story in STORIES]
    texts.insert(hub, page(*(f"Look at number {n}" for n in range(20)), *texts))
    pages = np.delete(np.arange(len(texts)), hub)
    n_lines: list[int] = []

    def counted(lines: Collection[str]) -> frozenset[str]:
        n_lines.append(len(lines))
        return frozenset().union(*map(long_words, lines))

    monkeypatch.setattr(leads, "_words", counted)
    kept = keep_all(documents_table({"text": text} for text in texts))
    found = leads.begin_otherwise(np.minimum(pages, hub), np.maximum(pages, hub), kept, None)
    assert not found.any()
    assert max(n_lines) <= 8
    assert sum(n_lines) <= len(STORIES) * (8 + 3)


@pytest.mark.parametrize("n_pages", [12, 39])
def test_clean__a_page_that_repeats_many_may_be_any_row(n_pages: int) -> None:
    own = [page(*story) for story in STORIES[:n_pages]]
    pages = [page(one, "Told to our reporter on the quay.") for one in own]
    hub = page(STORIES[-1][0], *itertools.chain(*(story[1:] for story in STORIES[:n_pages])))
    assert kept_of([hub, *pages]) == [hub, *own]
    assert kept_of([*pages, hub]) == [*own, hub]


# --- a page alone

LIST_HEADINGS = (
    "Most read", "Related stories", "Trending now", "More from the Gazette", "You may also like",
    "Popular", "Meistgelesen", "Lo más leído", "Les plus lus", "Mais lidas", "I più letti",
    "Meest gelezen", "Самое читаемое", "الأكثر قراءة", "سب سے زیادہ پڑھی", "热门新闻",
    "関連記事", "많이 본 뉴스",
)  # fmt: skip
LINK_HEADINGS = (
    "Related", "Read more", "Read next", "See also", "Also read:", "Recommended",
    "Lesen Sie auch", "Mehr zum Thema", "Te puede interesar", "Lee también", "Lire aussi",
    "À lire aussi", "Leia também", "Leggi anche", "Lees ook", "Читайте также",
)  # fmt: skip
SHORT_STORY = (
    "Villagers in Tern Harbor have lost their lido, which the council voted to sell on Tuesday.",
    "The land beside it goes to a builder of small houses with flat roofs.",
    "The mayor said that the sale would bring enough to mend the pier before the winter.",
    "Swimmers who change there have ninety days to take their towels out.",
    "One of them, a verger, said that he would go to court over his locker.",
    "The only vote against came from a councilman who swims at dawn.",
)


@pytest.mark.parametrize("heading", LIST_HEADINGS)
@pytest.mark.parametrize("n_own", [1, 3])
def test_inspect__what_a_heading_of_other_stories_announces_goes(heading: str, n_own: int) -> None:
    own = STORIES[0][:n_own]
    assert kept_alone(*own, heading, *TEASERS) == page(*own)


@pytest.mark.parametrize("heading", [*LIST_HEADINGS, *LINK_HEADINGS])
@pytest.mark.parametrize("n_above", [1, 2, 3])
@pytest.mark.parametrize("n_links", [1, 2])
def test_inspect__a_story_goes_on_below_a_link(heading: str, n_above: int, n_links: int) -> None:
    links = ("Pier falls again", "Lido to shut")[:n_links]
    kept = kept_alone(*SHORT_STORY[:n_above], heading, *links, *SHORT_STORY[n_above:])
    assert all(sentence in kept for sentence in SHORT_STORY)


@pytest.mark.parametrize("heading", LINK_HEADINGS)
@pytest.mark.parametrize("n_above", [1, 3, 5])
def test_inspect__a_story_goes_on_below_a_link_that_is_lost(heading: str, n_above: int) -> None:
    kept = kept_alone(*SHORT_STORY[:n_above], heading, *SHORT_STORY[n_above:])
    assert all(sentence in kept for sentence in SHORT_STORY)


@pytest.mark.parametrize("heading", [*LIST_HEADINGS, *LINK_HEADINGS])
def test_inspect__one_sentence_below_a_heading_stays(heading: str) -> None:
    kept = kept_alone(STORIES[0][0], heading, STORIES[0][1])
    assert kept == page(STORIES[0][0], heading, STORIES[0][1]) or kept == page(*STORIES[0][:2])


@pytest.mark.parametrize("heading", LINK_HEADINGS)
def test_inspect__a_page_with_a_link_and_a_menu_keeps_what_stands_below(heading: str) -> None:
    kept = kept_alone(
        "Home\nNews", "Lido sold", SHORT_STORY[0], heading, *SHORT_STORY[1:4],
        "Sign up to our newsletter and get the day's news at six.",
    )  # fmt: skip
    assert all(sentence in kept for sentence in SHORT_STORY[:4])


def test_inspect__a_quote_below_a_heading_stays() -> None:
    quote = "“We swam there when it was still a pond, and nobody sold it then,” said the verger."
    assert quote in kept_alone(*SHORT_STORY[:3], "Most read", SHORT_STORY[3], quote)


def test_inspect__a_list_below_a_story_with_a_link_goes() -> None:
    kept = kept_alone(
        *SHORT_STORY[:3], "Related", "Pier falls again", *SHORT_STORY[3:5], "Most read", *TEASERS
    )
    assert all(sentence in kept for sentence in SHORT_STORY[:5])
    assert not any(teaser in kept for teaser in TEASERS)


def test_inspect__teasers_with_a_title_each_go() -> None:
    kept = kept_alone(*STORIES[0], "Most read", "Ferry sails", TEASERS[0], "Dark road", TEASERS[1])
    assert kept == page(*STORIES[0])


def test_inspect__a_short_story_above_a_list_is_not_lost() -> None:
    article = "The lido shuts on Friday for want of a guard; the council hopes to find one by June."
    teasers = (
        "A ferry meant for scrap in May was bought by its own crew, who sail it to the islands.",
        "A lamp thief left a road dark for a night and the police with a question about ladders.",
    )
    kept = kept_alone("Home\nNews", "Pool shuts", article, "Most read", *teasers)
    assert kept.endswith(article)


@pytest.mark.parametrize("n_teasers", [2, 3, 4, 5])
def test_inspect__a_menu_and_a_newsletter_change_nothing(n_teasers: int) -> None:
    teasers = [story[0] for story in STORIES[1 : n_teasers + 1]]
    kept = kept_alone(
        "Home\nNews", "Anvil lost", STORIES[0][0], "Most read", *teasers,
        "Sign up to our newsletter and get the day's news at six.",
    )  # fmt: skip
    assert STORIES[0][0] in kept
    assert not any(teaser in kept for teaser in teasers)


def test_inspect__a_section_that_goes_on_stays() -> None:
    paragraphs = list(itertools.chain(*STORIES[:4]))
    text = page(*STORIES[5], "Related", *paragraphs)
    assert all(one in kept_alone(text) for one in paragraphs)


def test_inspect__a_long_paragraph_below_a_heading_stays() -> None:
    paragraph = " ".join(STORIES[1])
    assert paragraph in kept_alone(*STORIES[0], "Related stories", paragraph)


def test_inspect__a_list_with_nothing_before_it_stays() -> None:
    assert kept_alone("Most read", *TEASERS).endswith(page(*TEASERS))


@pytest.mark.parametrize("words", ["The most read books of the year", "Popular with the verger"])
def test_inspect__the_words_within_a_story_stay(words: str) -> None:
    line = f"{words} were counted on Monday at the library, and there were four of them in all."
    text = page(STORIES[0][0], line, *STORIES[0][1:])
    assert kept_alone(text) == text


def test_inspect__a_round_up_with_headings_stays() -> None:
    text = page(*(line for story in STORIES[:4] for line in (story[1].split()[1], *story)))
    assert kept_alone(text) == text
