"""Several photos, the loops of late, the frame, and what is lost with the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http.photos import jpeg
from tests.web.visits import Visit

Visitor = Callable[..., Visit]


def note(width: int, height: int) -> re.Pattern[str]:
    """What stands below a photo of this size."""
    return re.compile(rf"{width} \W {height}")


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Three, of different sizes."""
    found = []
    for number, width in enumerate((480, 420, 360)):
        found.append(tmp_path / f"photo-{number}.jpg")
        found[-1].write_bytes(jpeg(width, 280))
    return found


def test_several_photos_become_loops_in_the_tray(visit: Visitor, photos: list[Path]) -> None:
    trip = visit()
    page = trip.page
    page.set_input_files("#file", photos)
    page.locator("#controls:not([inert])").wait_for()
    cards = page.locator("#tray-list .card")
    assert cards.count() == 3
    assert cards.locator(".name").all_inner_texts() == [path.name for path in photos]
    trip.set_range("seconds", 2)
    page.get_by_role("button", name="Animate all 3").click()
    page.locator("#tray-list .card.done").nth(2).wait_for()
    assert page.locator("#tray-list .card:not(.done)").count() == 0
    page.locator("#tray-list .card", has_text="photo-2.jpg").click()
    page.locator("#result").wait_for()
    page.locator("#loop video").wait_for()
    assert page.locator("#download").get_attribute("download") == "photo-2-loop.mp4"
    assert page.locator("#loop video").evaluate("film => film.videoWidth") == 360


def test_a_photo_that_fails_stops_no_other(
    visit: Visitor, photos: list[Path], tmp_path: Path
) -> None:
    trip = visit()
    page = trip.page
    (tmp_path / "broken.jpg").write_bytes(photos[0].read_bytes()[:700])
    page.set_input_files("#file", [photos[0], tmp_path / "broken.jpg"])
    page.locator("#controls:not([inert])").wait_for()
    trip.set_range("seconds", 2)
    page.get_by_role("button", name="Animate all 2").click()
    page.locator("#tray-list .card.done", has_text="photo-0.jpg").wait_for()
    page.locator("#tray-list .card.failed", has_text="broken.jpg").wait_for()


def test_loops_of_late_are_listed_with_their_end(visit: Visitor, photo: Path) -> None:
    trip = visit(locale="en-GB")
    trip.choose(photo)
    trip.animate()
    trip.page.locator("#tray-list .card.done").wait_for()
    other = trip.context.new_page()
    other.goto(f"{trip.server.address}/#key={trip.server.key}")
    card = other.locator("#tray-list .card.done")
    card.wait_for()
    assert "temple.jpg" in card.inner_text()
    told = card.locator(".state").inner_text()
    # As in Great Britain: the day first, and no AM or PM.
    assert re.fullmatch(r"until \d{1,2} \w+ \d{4}, \d\d:\d\d \(in 24 hours\)", told)
    card.click()
    other.locator("#loop video").wait_for()
    assert other.locator("#result").is_visible()


def test_a_loop_whose_time_is_over_is_forgotten(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    trip.animate()
    trip.page.locator("#tray-list .card.done").wait_for()
    later = "Date.now = ((real) => () => real() + 25 * 3600 * 1000)(Date.now);"
    trip.page.add_init_script(later)
    trip.page.goto(f"{trip.server.address}/")
    trip.page.get_by_role("button", name="Choose a photo").wait_for()
    assert trip.page.locator("#tray-list .card").count() == 0


def test_leaving_with_photos_that_wait_asks(visit: Visitor, photos: list[Path]) -> None:
    page = visit().page
    # What a browser asks the page before it leaves; false: somebody is to be asked.
    leaving = "() => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert page.evaluate(leaving)
    page.set_input_files("#file", photos)
    page.locator("#controls:not([inert])").wait_for()
    assert not page.evaluate(leaving)


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", (320, 320)), ("4:5", (256, 320)), ("9:16", (180, 320)), ("16:9", (480, 270))],
)
def test_a_frame_is_chosen_before_the_loop(
    visit: Visitor, photo: Path, ratio: str, size: tuple[int, int]
) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_text(ratio, exact=True).click()
    page.locator("#photo-note", has_text=note(*size)).wait_for(state="attached")
    page.locator("#controls:not([inert])").wait_for()
    trip.animate()
    film = page.locator("#loop video")
    film.wait_for()
    width, height = film.evaluate("film => [film.videoWidth, film.videoHeight]")
    assert width == pytest.approx(size[0], abs=2)
    assert height == pytest.approx(size[1], abs=2)
    page.reload()
    page.locator("#loop video").wait_for()
    assert page.locator(f"input[value='{ratio}']").is_checked()


def test_strokes_stay_in_another_frame(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").click()
    page.locator("#brush-tools").get_by_text("Hair").click()
    page.get_by_label("Follow the photo").uncheck()
    trip.drag("brush", (0.4, 0.8), (0.6, 0.8))
    page.get_by_role("button", name="Done").click()
    painted = float(re.findall(r"[\d.]+", page.locator("#amount-hair").inner_text())[0])
    page.get_by_text("1:1", exact=True).click()
    page.locator("#photo-note", has_text=note(320, 320)).wait_for(state="attached")
    page.locator("#controls:not([inert])").wait_for()
    # The same stroke, of two thirds of the picture.
    framed = float(re.findall(r"[\d.]+", page.locator("#amount-hair").inner_text())[0])
    assert framed == pytest.approx(1.5 * painted, rel=0.25)


def test_the_whole_screen(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    trip.animate()
    trip.page.get_by_role("button", name="Full screen").click()
    trip.page.wait_for_function("() => document.fullscreenElement?.id === 'stage'")


def test_an_upload_shows_how_far_it_is(visit: Visitor, tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(jpeg(2400, 1600))
    trip = visit()
    line = trip.context.new_cdp_session(trip.page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1}
    line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": 300_000})
    told = trip.page.evaluate_handle(
        """() => {
          const told = new Set();
          new MutationObserver(() => told.add(document.querySelector('#looking span').textContent))
            .observe(document.getElementById('looking'), { subtree: true, childList: true });
          return told;
        }"""
    )
    trip.page.set_input_files("#file", path)
    trip.page.locator("#controls:not([inert])").wait_for()
    parts = [text for text in told.evaluate("told => [...told]") if "Sending" in text]
    assert parts
    assert all(re.fullmatch(r"Sending the photo: \d+\s?%", text) for text in parts)
