"""For everybody: assistive technology, keyboards, languages, sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.pictures import indoors
from tests.web.visits import Visit

Visitor = Callable[..., Visit]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
DESKTOP = {"viewport": {"width": 1440, "height": 900}}


def check(visit: Visit) -> None:
    """Every rule of axe, on the page as it is now."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python"
    )
    found = axe.Axe().run(visit.page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_barrier_on_the_way(visit: Visitor, photo: Path, device: dict, scheme: str) -> None:
    trip = visit(**device, color_scheme=scheme, reduced_motion="reduce")
    check(trip)
    trip.page.get_by_role("button", name="Key", exact=True).click()
    check(trip)
    trip.page.keyboard.press("Escape")
    trip.choose(photo)
    check(trip)
    trip.page.get_by_role("button", name="Correct with a brush").click()
    check(trip)
    trip.page.get_by_role("button", name="Done").click()
    trip.animate()
    trip.page.get_by_role("button", name="As code").click()
    check(trip)
    trip.page.set_input_files("#file", Path(__file__))
    trip.page.get_by_role("alert").filter(has_text="not a picture").wait_for()
    check(trip)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"])
def test_no_barrier_beside_the_way(
    visit: Visitor, tmp_path: Path, device: dict, scheme: str
) -> None:
    """Where nothing was found, and where the key is not known."""
    path = tmp_path / "coffee.png"
    Image.fromarray(indoors()).resize((300, 200)).save(path)
    trip = visit(**device, color_scheme=scheme, reduced_motion="reduce")
    trip.choose(path)
    trip.page.get_by_role("region", name="No sky and no hair here").wait_for()
    check(trip)
    stranger = visit(**device, color_scheme=scheme, reduced_motion="reduce", key="wrong")
    stranger.page.set_input_files("#file", path)
    stranger.page.get_by_role("dialog", name="The key, please").wait_for()
    stranger.page.keyboard.press("Escape")
    stranger.page.get_by_role("button", name="Enter a key").wait_for()
    check(stranger)


def test_by_keyboard_from_choices_to_the_loop(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    assert page.evaluate("document.activeElement.id") == "studio-title"
    reached: list[str] = []
    while (reached or [""])[-1] != "animate":
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
        assert len(reached) < 30
        if reached[-1] == "seconds":
            page.keyboard.press("Home")
        if reached[-1] == "wind":
            page.keyboard.press("ArrowRight")
    assert {"on-sky", "brush-open", "strength", "wind", "wind-auto", "format"} <= set(reached)
    assert not page.locator("#wind-auto").is_checked()
    page.keyboard.press("Enter")
    page.locator("#result").wait_for()
    assert page.evaluate("document.activeElement.id") == "result-title"


def test_what_happens_is_said(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    trip.page.locator("#said", has_text="Found: sky").wait_for()
    trip.animate()
    trip.page.locator("#said", has_text="Your loop is ready").wait_for()


def test_the_page_speaks_the_browsers_language(visit: Visitor, photo: Path) -> None:
    page = visit(locale="de-AT").page
    assert page.get_by_role("heading", level=1).inner_text() == "Ein Foto und ein Hauch von Wind."
    assert page.locator("html").get_attribute("lang") == "de"
    page.get_by_label("Sprache").select_option("en")
    page.get_by_role("button", name="Choose a photo").wait_for()
    page.reload()
    page.get_by_role("button", name="Choose a photo").wait_for()
    assert visit(locale="fi").page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("device", [PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_nothing_is_wider_than_the_screen(
    visit: Visitor, photo: Path, device: dict, locale: str
) -> None:
    trip = visit(**device, locale=locale)
    width = device["viewport"]["width"]
    assert trip.page.evaluate("document.documentElement.scrollWidth") == width
    trip.choose(photo)
    assert trip.page.evaluate("document.documentElement.scrollWidth") == width


def test_fingers_have_room(visit: Visitor, photo: Path) -> None:
    trip = visit(**PHONE)
    small = """() => [...document.querySelectorAll('button, a, select, summary, input')]
      .map((each) => [each.closest('label') ?? each, each])
      .filter(([, each]) => each.checkVisibility() && !each.matches('.skip, .unseen, small a'))
      .map(([place, each]) => [each.id || each.name, place.getBoundingClientRect()])
      .filter(([, box]) => box.height > 1 && box.height < 43.5)
      .map(([name, box]) => `${name}: ${box.height}`)"""
    assert trip.page.evaluate(small) == []
    trip.choose(photo)
    assert trip.page.evaluate(small) == []


def test_on_a_phone_the_photo_stays_in_sight_while_the_wind_is_set(
    visit: Visitor, photo: Path
) -> None:
    trip = visit(**PHONE)
    trip.choose(photo)
    for name in ("strength", "wind"):
        place = trip.page.locator(f"input[name='{name}'], #{name}").first
        place.evaluate("each => each.scrollIntoView({ block: 'end' })")
        box = trip.page.locator("#stage").bounding_box()
        assert box["y"] >= -1
        assert box["y"] + box["height"] <= 844
        assert (
            place.evaluate("each => each.closest('fieldset').getBoundingClientRect().bottom")
            > box["y"] + box["height"]
        )


def test_a_phone_offers_its_camera(visit: Visitor) -> None:
    page = visit(**PHONE).page
    assert page.get_by_role("button", name="Take one").is_visible()
    assert page.locator("#file-camera").get_attribute("capture") == "environment"
