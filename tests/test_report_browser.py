"""The page in a real browser: what acts and what does not.

Needs Debian's chromium. Without it these tests are skipped, unless the environment
says DEDUPE_BROWSER=required.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from dedupe.report import write_page
from tests import invented
from tests.test_report_page import PAYLOAD, poisoned, press

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page

    from dedupe.result import Result

pytestmark = pytest.mark.browser


def missing(what: str) -> None:
    """Skip for want of something, or fail where the browser is required."""
    if os.environ.get("DEDUPE_BROWSER") == "required":
        pytest.fail(f"DEDUPE_BROWSER=required, and {what}")
    pytest.skip(what)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing('playwright is not installed: pip install ".[test]"')
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("chromium is not on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        # The sandbox of chromium refuses to work for root.
        browser = playwright.chromium.launch(
            executable_path=program, chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


@dataclasses.dataclass
class Visit:
    """A page that is open, and what it did meanwhile: requests, messages, dialogs."""

    page: Page
    requests: list[str] = dataclasses.field(default_factory=list)
    messages: list[str] = dataclasses.field(default_factory=list)

    def refuse(self, dialog: Dialog) -> None:
        self.messages.append(dialog.message)
        dialog.dismiss()

    def shown(self) -> list[str]:
        return [one.inner_text() for one in self.page.locator(".story:visible h3").all()]


def open_page(context: BrowserContext, result: Result, folder: Path, **options: Any) -> Visit:
    file = folder / "report.html"
    write_page(result, file, folder="stories", **options)
    visit = Visit(context.new_page())
    visit.page.on("request", lambda one: visit.requests.append(one.url))
    visit.page.on("console", lambda one: visit.messages.append(one.text))
    visit.page.on("pageerror", lambda one: visit.messages.append(str(one)))
    visit.page.on("dialog", visit.refuse)
    visit.page.goto(file.as_uri())
    assert visit.requests == [file.as_uri()]
    return visit


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def several() -> Result:
    """Four stories that differ in size, date, band and script."""
    stories = [
        invented.story("a", ["a", "b", "c"], first_published="2021-03-04T05:06:00Z"),
        invented.story("d", ["d", "x"], first_published=None, origin=invented.UNKNOWN),
        invented.story(
            "e", ["e"], first_published="2020-01-01T00:00:00Z",
            origin=invented.HARBOUR | {"band": "low", "probability": 0.4},
        ),
    ]  # fmt: skip
    return dataclasses.replace(invented.newsroom(), stories=stories)


def test_browser__hostile_texts_do_nothing_and_are_shown_as_text(
    context: BrowserContext, tmp_path: Path
) -> None:
    visit = open_page(context, poisoned(), tmp_path)
    page = visit.page
    page.locator("#unfold").click()
    assert "</script></style><img src=x onerror=" in visit.shown()[0]
    assert page.locator("img").count() == 0
    assert page.locator('main a:not([href^="#"])').count() == 0
    assert page.evaluate("document.title.includes('\\u202e')") is False
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    page.locator("#search").fill(PAYLOAD)
    assert visit.messages == []
    assert len(visit.requests) == 1


def test_browser__the_policy_stops_what_a_text_could_smuggle_in(
    context: BrowserContext, tmp_path: Path
) -> None:
    # Were a value ever not escaped, the policy alone would have to hold.
    write_page(press(), tmp_path / "report.html")
    file = tmp_path / "broken.html"
    text = (tmp_path / "report.html").read_text("utf-8")
    smuggled = (
        '<script>window.owned = 1</script><img src="http://127.0.0.1:9/x" onerror="owned = 1">'
    )
    file.write_text(text.replace("<main>", f"<main>{smuggled}"), "utf-8")
    page = context.new_page()
    awaited = {"inline script", "inline event handler", "the image"}

    def all_refused(message: ConsoleMessage) -> bool:
        if "Content Security Policy" in message.text:
            awaited.difference_update([one for one in awaited if one in message.text])
        return not awaited

    with page.expect_event("console", all_refused):
        page.goto(file.as_uri())
    assert page.evaluate("window.owned") is None


def test_browser__search_filter_and_order(context: BrowserContext, tmp_path: Path) -> None:
    visit = open_page(context, several(), tmp_path)
    page = visit.page
    assert visit.shown() == ["Ferry runs aground", "Bake sale", "Scarred"]
    page.get_by_label("Search").fill("FÉRRY  aground")
    assert visit.shown() == ["Ferry runs aground"]
    assert page.locator("#found").inner_text() == "1 of 3 stories"
    page.get_by_label("Search").fill("")
    page.get_by_label("How sure").select_option("unknown")
    assert visit.shown() == ["Bake sale"]
    page.get_by_label("How sure").select_option("")
    for order, titles in {
        "earliest": ["Scarred", "Ferry runs aground", "Bake sale"],
        "latest": ["Ferry runs aground", "Scarred", "Bake sale"],
        "unsure": ["Bake sale", "Scarred", "Ferry runs aground"],
        "size": ["Ferry runs aground", "Bake sale", "Scarred"],
    }.items():
        page.get_by_label("Order").select_option(order)
        assert visit.shown() == titles
    assert visit.messages == []


def test_browser__a_search_finds_what_is_folded_away(
    context: BrowserContext, tmp_path: Path
) -> None:
    visit = open_page(context, press(), tmp_path)
    visit.page.get_by_label("Search").fill("d000002")
    assert visit.shown() == ["Ferry"]
    visit.page.get_by_label("Search").fill("d000009")
    assert visit.shown() == []


def test_browser__a_search_finds_no_words_that_every_story_has(
    context: BrowserContext, tmp_path: Path
) -> None:
    visit = open_page(context, invented.newsroom(), tmp_path)
    for words in ("evidence", "likely", "documents", "outlets", "published", "shared", "no title"):
        visit.page.get_by_label("Search").fill(words)
        assert visit.shown() == [], words
    for words in ("copy.example", "aground", "dates speak", "harborlight"):
        visit.page.get_by_label("Search").fill(words)
        assert visit.shown(), words


def test_browser__tables_are_sorted_by_keyboard(context: BrowserContext, tmp_path: Path) -> None:
    result = press(11)
    rows = result.documents.to_pylist()
    for place, row in enumerate(rows[1:], 1):
        row["parent_probability"] = [0.5, 0.123, 0.9][place % 3]
    documents = result.documents.from_pylist(rows, schema=result.documents.schema)
    page = open_page(context, dataclasses.replace(result, documents=documents), tmp_path).page
    page.locator(".story > details > summary").press("Enter")
    table = page.locator("table.members")
    head = table.get_by_role("columnheader", name="Sure")

    def column() -> list[str]:
        cells = table.locator("tbody td:nth-child(6)").all()
        return [cell.inner_text() for cell in cells]

    head.get_by_role("button").press("Enter")
    assert column() == [*["0.90"] * 4, *["0.50"] * 3, *["0.12"] * 4, ""]
    assert head.get_attribute("aria-sort") == "descending"
    head.get_by_role("button").press("Enter")
    assert column()[:-1] == sorted(column()[:-1])
    assert column()[-1] == ""
    assert head.get_attribute("aria-sort") == "ascending"


def test_browser__a_link_to_a_story_unfolds_it(context: BrowserContext, tmp_path: Path) -> None:
    visit = open_page(context, several(), tmp_path)
    page = visit.page
    second = page.locator(".story").nth(1)
    page.goto(f"{(tmp_path / 'report.html').as_uri()}#{second.get_attribute('id')}")
    assert second.locator("> details").get_attribute("open") is not None
    assert page.locator(".story > details[open]").count() == 1
    for fragment in ("%", "%E0%A4%A", "stories", ""):
        page.goto(f"{(tmp_path / 'report.html').as_uri()}#{fragment}")
        page.reload()
    assert visit.messages == []


def test_browser__without_script_everything_can_be_read(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    visit = open_page(context, press(), tmp_path)
    page = visit.page
    assert not page.locator("#controls").is_visible()
    row = page.get_by_text("d000002", exact=True)
    assert not row.is_visible()
    page.locator(".story > details > summary").click()
    assert row.is_visible()
    page.get_by_text("97% of its text").last.click()
    assert page.get_by_text("dedupe explain stories d000002 d000000").is_visible()
    assert visit.messages == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser__text_stands_out_from_the_paper(
    browser: Browser, tmp_path: Path, scheme: Any
) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = open_page(context, press(url="https://one.example/"), tmp_path).page
    page.locator(".story > details").evaluate("one => one.open = true")

    def contrast(selector: str) -> float:
        colours = page.locator(selector).first.evaluate(
            "one => [getComputedStyle(one).color, getComputedStyle(document.body).backgroundColor]"
        )
        darker, lighter = sorted(luminance(colour) for colour in colours)
        return (lighter + 0.05) / (darker + 0.05)

    for selector in ("h1", ".kicker", ".meta", "td a", "caption", ".id", "summary", ".caution"):
        assert contrast(selector) >= 4.5, selector
    context.close()


def luminance(colour: str) -> float:
    """Return the relative luminance of "rgb(r, g, b)". Source: WCAG 2.2."""
    parts = [int(part) / 255 for part in colour.strip("rgb()").split(",")]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("title", ["کراچی میں فیری کے حادثے کی تحقیقات " * 8, "x" * 400])
def test_browser__a_long_title_never_widens_the_page(
    browser: Browser, tmp_path: Path, title: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640})
    page = open_page(context, press(title=title, source=title[:60]), tmp_path).page
    page.locator("#unfold").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    context.close()


def test_browser__titles_run_in_the_direction_of_their_script(
    context: BrowserContext, tmp_path: Path
) -> None:
    page = open_page(context, press(title="کراچی میں فیری"), tmp_path).page
    assert page.locator("h3").evaluate("one => getComputedStyle(one).direction") == "rtl"


def test_browser__in_print_everything_is_unfolded(context: BrowserContext, tmp_path: Path) -> None:
    page = open_page(context, press(), tmp_path).page
    page.emulate_media(media="print")
    assert page.get_by_text("d000002", exact=True).is_visible()
    assert not page.locator("#controls").is_visible()
