"""Every page as people meet it: drawn, filtered, refreshed, exported, by keyboard, and on a narrow screen."""

import csv
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

pytestmark = pytest.mark.integration

NAMES = ("overview", "topics", "cost", "conversations", "operations")
dark_too = pytest.mark.parametrize(
    "page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"], indirect=True
)


def card(page: Page, label: str) -> str:
    """The figure of a card."""
    return (
        page.locator(".card", has=page.get_by_role("heading", name=label, exact=True))
        .locator(".value")
        .inner_text()
    )


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@dark_too
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_shown_without_a_complaint_and_axe_finds_no_serious_fault(
    page: Page, site: Site, letters: list[str], name: str
) -> None:
    page.goto(f"{site.url}/{name}")

    expect(page.get_by_role("heading", level=1)).to_have_text(name.capitalize())
    expect(page.locator("nav a[aria-current=page]")).to_have_text(name.capitalize())
    assert serious(page) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_screen_scrolls_in_one_direction_only(page: Page, site: Site, name: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site.url}/{name}")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@dark_too
def test_charts_are_drawn_and_their_figures_are_a_table_beside_them(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/overview")

    assert page.evaluate("Object.keys(Chart.instances).length") == 4
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)"
    assert page.locator("canvas").first.evaluate(drawn)
    page.locator("#requests_over_time summary").click()
    expect(page.locator("#requests_over_time tbody tr")).to_have_count(7)


def test_a_filter_applies_at_once_and_stays_in_the_address(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/overview")
    everything = card(page, "Requests")

    page.get_by_label("Model", exact=True).select_option("gpt-5")
    expect(page.get_by_role("link", name="Clear filters")).to_be_visible()

    assert "model=gpt-5" in page.url
    assert int(card(page, "Requests")) < int(everything)
    page.get_by_role("link", name="Cost", exact=True).click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("gpt-5")
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Model", exact=True)).to_have_value("")
    assert card(page, "Requests") == everything


def test_a_time_is_chosen_by_a_link_or_by_dates(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/overview")

    page.get_by_label("To", exact=True).fill("2026-09-15")
    page.wait_for_url("**to=2026-09-15**")
    expect(page.locator(".told")).to_have_text("14 September 2026 to 15 September 2026")
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".told")).to_have_text("14 September 2026 to 20 September 2026")


def test_a_page_of_nothing_says_so(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/overview?range=today")

    expect(page.get_by_text("Nothing in this time.").first).to_be_visible()
    assert card(page, "Requests") == "0"


def test_a_table_is_saved_as_it_is_shown(page: Page, site: Site, tmp_path: Path) -> None:
    page.goto(f"{site.url}/overview")

    with page.expect_download() as download:
        page.get_by_role("link", name="By model as CSV").click()
    download.value.save_as(tmp_path / "file.csv")

    rows = list(csv.DictReader((tmp_path / "file.csv").read_text("utf-8").splitlines()))
    assert download.value.suggested_filename == "by_model.csv"
    assert [row["model"] for row in rows] == page.locator("#by_model tbody th").all_inner_texts()


def test_a_page_refreshes_by_itself_and_keeps_what_is_open(page: Page, site: Site) -> None:
    page.clock.install()
    page.goto(f"{site.url}/overview?refresh=15")
    page.locator("#requests_over_time summary").click()
    page.get_by_label("Project", exact=True).focus()

    with page.expect_response("**/overview?refresh=15"):
        page.clock.run_for(16_000)

    expect(page.locator("#requests_over_time details")).to_have_attribute("open", "")
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_label("Project", exact=True)).to_be_focused()
    assert page.evaluate("Object.keys(Chart.instances).length") == 4


def test_a_server_that_does_not_answer_leaves_the_figures_and_says_so(page: Page, site: Site) -> None:
    page.clock.install()
    page.goto(f"{site.url}/overview?refresh=15")
    page.route("**/overview*", lambda route: route.fulfill(status=200, body="gateway"))

    page.clock.run_for(16_000)

    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    assert card(page, "Requests") != "0"


def test_the_theme_is_switched_and_remembered(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/overview")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)

    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate(background)
    page.goto(f"{site.url}/topics")

    assert dark != light
    assert page.evaluate(background) == dark


def test_the_keyboard_reaches_the_figures_first(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/overview")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_conversation_is_opened_from_the_list(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/conversations?sort=calls")
    first = page.locator("#conversations tbody tr").first
    turns = first.locator("td").nth(4).inner_text()

    first.get_by_role("link").click()

    expect(page.locator("#turns tbody tr")).to_have_count(int(turns))
    page.get_by_role("link", name="All conversations").click()
    expect(page.locator("#conversations")).to_be_visible()


def test_a_topic_leads_to_ids_and_to_no_texts(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/topics")

    page.locator("#topics").get_by_role("link", name="Travel").click()

    expect(page.get_by_role("heading", name="Latest requests about “Travel”")).to_be_visible()
    expect(page.locator("#examples code.id").first).to_be_visible()


def test_a_dead_letter_is_replayed(page: Page, site: Site, letters: list[str]) -> None:
    page.goto(f"{site.url}/operations")
    expect(page.locator("#dead_letters tbody tr")).to_have_count(2)

    page.get_by_role("checkbox", name=f"Choose {letters[0][:12]}").check()
    page.get_by_role("button", name="Replay chosen").click()

    expect(page.get_by_role("status")).to_contain_text("1 dead letter will be tried again")
    expect(page.locator("#dead_letters tbody tr")).to_have_count(1)
    assert site.store.letter(letters[0]) is None


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_store_that_is_not_there_yet_is_a_friendly_page(page: Page, empty_site: Site, name: str) -> None:
    page.goto(f"{empty_site.url}/{name}")

    expect(page.get_by_role("heading", name="Nothing has arrived yet")).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], ids=["plain"], indirect=True)
def test_without_scripts_everything_can_be_reached(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/overview")
    page.get_by_label("Model", exact=True).select_option("gpt-5")
    page.locator(".filters").get_by_role("button", name="Apply").click()

    assert "model=gpt-5" in page.url
    expect(page.get_by_role("link", name="Clear filters")).to_be_visible()
