"""What sells the product: the first page, its loop and its samples; and how it loads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.test_reach import DESKTOP, PHONE, TABLET, check
from tests.web.visits import Visit
from windstill.http.static import catalogue

Visitor = Callable[..., Visit]
CREDITS = Path(__file__).parents[2] / "examples" / "CREDITS.md"
SAMPLES = sorted(
    name.removeprefix("samples/").removesuffix("-small.jpg")
    for name in catalogue()
    if name.startswith("samples/") and name.endswith("-small.jpg")
)


def test_a_real_loop_plays_beside_its_photo(visit: Visitor) -> None:
    page = visit(**DESKTOP).page
    loop = page.locator("#hero-loop")
    loop.wait_for()
    assert loop.evaluate("film => film.loop && film.muted && film.videoWidth > 500")
    page.get_by_role("button", name="Pause").click()
    assert loop.evaluate("film => film.paused")
    split = page.get_by_role("slider", name="Compare")
    clip = "() => getComputedStyle(document.getElementById('hero-before')).clipPath"
    before = page.evaluate(clip)
    split.focus()
    page.keyboard.press("End")
    assert page.evaluate(clip) != before


def test_the_loop_waits_for_who_wants_less_motion(visit: Visitor) -> None:
    page = visit(reduced_motion="reduce").page
    page.locator("#hero-loop").wait_for()
    assert page.locator("#hero-loop").evaluate("film => film.paused")
    assert page.locator("#hero-play").inner_text() == "Play"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_tried_with_one_click(visit: Visitor, name: str) -> None:
    trip = visit()
    trip.page.locator(f"[data-sample={name}]").click()
    trip.page.locator("#controls:not([inert])").wait_for()
    assert trip.page.locator("#animate").is_enabled()
    assert not trip.page.locator("#nothing").is_visible()


def test_samples_are_few_and_small_and_credited(visit: Visitor) -> None:
    assert 3 <= len(SAMPLES) <= 4
    text = CREDITS.read_text(encoding="utf-8")
    for name in SAMPLES:
        assert f"`{name}.jpg`" in text
        assert len(catalogue()[f"samples/{name}.jpg"].body) < 300_000
        assert len(catalogue()[f"samples/{name}-small.jpg"].body) < 25_000
    credits = visit().page.locator(".samples small").all_inner_texts()
    assert len(credits) == len(SAMPLES)
    assert all("CC BY 4.0" in told or told == "NASA" for told in credits)


def test_words_come_before_pictures_on_a_slow_line(visit: Visitor) -> None:
    """At 50 kB a second the words are there while the pictures still come."""
    trip = visit(**PHONE)
    page = trip.page
    line = trip.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.clearBrowserCache")
    slow = {"offline": False, "latency": 100, "downloadThroughput": 50_000}
    line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": 50_000})
    page.goto(f"{trip.server.address}/", wait_until="commit")
    page.get_by_role("heading", level=1).wait_for()
    painted = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    page.wait_for_function(painted)
    page.locator("#hero-loop").wait_for()
    arrivals = page.evaluate(
        """() => performance.getEntriesByType('resource')
          .map((each) => [each.name, each.responseEnd])"""
    )
    first = page.evaluate(painted)
    pictures = [end for name, end in arrivals if re.search(r"\.(jpg|mp4)$", name)]
    assert len(pictures) > 3
    assert first < min(pictures)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"])
def test_no_barrier_on_welcome_frame_tray_and_docs(
    visit: Visitor, device: dict, scheme: str
) -> None:
    trip = visit(**device, color_scheme=scheme, reduced_motion="reduce")
    page = trip.page
    page.locator("#hero-loop").wait_for()
    check(trip)
    page.locator("[data-sample=mountains]").click()
    page.locator("#controls:not([inert])").wait_for()
    page.get_by_text("16:9", exact=True).click()
    page.locator("#controls:not([inert])").wait_for()
    check(trip)
    trip.animate()
    page.locator("#tray").wait_for()
    check(trip)
    page.get_by_role("button", name="Compare").click()
    check(trip)
    width = device["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.goto(f"{trip.server.address}/docs")
    check(trip)
    assert page.evaluate("document.documentElement.scrollWidth") == width
