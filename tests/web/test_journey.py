"""From a photo to its loop, as a person goes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.visits import Visit

Visitor = Callable[..., Visit]

DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: 'image/jpeg' }));
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    document.body.dispatchEvent(
      new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""


def test_from_drop_to_download(visit: Visitor, photo: Path, tmp_path: Path) -> None:
    page = visit().page
    page.evaluate(DROP, [photo.name, base64.b64encode(photo.read_bytes()).decode()])
    page.locator("#controls:not([inert])").wait_for()
    assert re.fullmatch(r"\d+ ?% of the photo", page.locator("#amount-sky").inner_text())
    assert page.locator("#amount-hair").inner_text() == "not found"
    page.locator("#seconds").fill("2")
    page.get_by_role("button", name="Animate").click()
    page.get_by_role("heading", name="Your loop is ready").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "temple-loop.mp4"
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert _video_of(path) == ("mp4", 480, 320, 48)


def test_a_photo_that_the_browser_can_not_decode(visit: Visitor, tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    from tests.http.photos import scene

    heif.from_pillow(scene(480, 320)).save(tmp_path / "IMG_0001.HEIC", quality=90)
    trip = visit()
    trip.choose(tmp_path / "IMG_0001.HEIC")
    still = trip.page.locator("#still")
    assert still.evaluate("image => image.decode().then(() => image.naturalWidth)") == 480
    assert "480" in trip.page.locator("#photo-note").inner_text()
    trip.animate()
    assert trip.page.locator("#download").get_attribute("download") == "IMG_0001-loop.mp4"


@pytest.mark.parametrize("way", ["reload", "brand", "back"])
def test_nothing_is_lost_on_the_way(visit: Visitor, photo: Path, way: str) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").click()
    page.get_by_text("Take away", exact=True).click()
    trip.drag("brush", (0.3, 0.2), (0.7, 0.2))
    page.get_by_role("button", name="Done").click()
    trip.animate()
    drawn = page.locator("#amount-sky").inner_text()
    started: list[str] = []
    page.on("request", lambda request: started.append(request.url))
    if way == "reload":
        page.reload()
    elif way == "brand":
        page.locator("#brand").click()
    else:
        page.goto(f"{trip.server.address}/docs")
        page.go_back()
    page.locator("#loop video").wait_for()
    assert page.locator("#amount-sky").inner_text() == drawn
    assert "temple" in page.locator("#still").get_attribute("alt")
    assert page.locator("#result").is_visible()
    assert not [url for url in started if url.endswith("/v1/animations")]


def test_another_tab_begins_anew(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    other = trip.context.new_page()
    other.goto(f"{trip.server.address}/")
    other.get_by_role("button", name="Choose a photo").wait_for()
    assert not other.locator("#studio").is_visible()
    with other.expect_popup() as opened:
        other.get_by_role("link", name="API").click()
    assert opened.value.url.endswith("/docs")


def test_the_loop_plays_beside_the_photo(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    trip.animate()
    video = trip.page.locator("#loop video")
    assert video.evaluate("player => player.loop && player.muted")
    video.evaluate(
        "player => new Promise((resolve) => { player.ontimeupdate = () => "
        "{ if (!player.paused && player.currentTime > 0) resolve(); }; })"
    )
    # The loop is shown whole first.
    assert not trip.page.locator("#before").is_visible()
    trip.page.get_by_role("button", name="Compare").click()
    slider = trip.page.get_by_role("slider", name="Compare")
    slider.focus()
    for key, value in (("ArrowLeft", "48"), ("PageUp", "58"), ("Home", "0"), ("End", "100")):
        trip.page.keyboard.press(key)
        assert slider.get_attribute("aria-valuenow") == value
    trip.drag("stage", (0.9, 0.5), (0.25, 0.5))
    assert slider.get_attribute("aria-valuenow") == "25"
    trip.page.get_by_role("button", name="Compare").click()
    assert not slider.is_visible()
    trip.page.get_by_role("button", name="Pause").click()
    assert video.evaluate("player => player.paused")


def test_the_link_and_the_code(visit: Visitor, photo: Path) -> None:
    trip = visit(permissions=["clipboard-read", "clipboard-write"])
    trip.choose(photo)
    trip.animate()
    page = trip.page
    assert "in 24 hours" in page.locator("#expiry").inner_text()
    page.get_by_role("button", name="Copy link").click()
    page.locator("#toast", has_text="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert httpx.get(link).headers["content-type"] == "video/mp4"
    page.get_by_role("button", name="As code").click()
    for kind, sign in (("curl", "curl -H"), ("Python", "import requests")):
        page.get_by_text(kind, exact=True).click()
        code = page.locator("#code-text").inner_text()
        assert sign in code
        assert f"{trip.server.address}/v1/animations" in code
        assert trip.server.key not in code


def test_what_is_chosen_is_what_is_asked_for(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_text("Windy").click()
    trip.set_range("seconds", 3)
    page.locator("#format").select_option("gif")
    trip.drag("stage", (0.5, 0.6), (0.2, 0.6))
    page.locator("#wind-out", has_text="to the left").wait_for()
    with page.expect_response(lambda response: response.url.endswith("/v1/animations")) as asked:
        page.locator("#animate").click()
    options = asked.value.json()["options"]
    assert (options["operation"], options["strength"], options["wind"]) == ("01", "windy", "180")
    assert (options["seconds"], options["format"]) == (3, "gif")
    page.locator("#loop img").wait_for()


def test_a_small_file_can_be_asked_for_and_its_size_is_told(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_text("More choices").click()
    page.locator("#format").select_option("png")
    assert page.locator("#quality").is_disabled()
    page.locator("#format").select_option("mp4")
    page.locator("#quality").select_option("small")
    with page.expect_response(lambda response: response.url.endswith("/v1/animations")) as asked:
        trip.animate()
    assert asked.value.json()["options"]["quality"] == "small"
    assert re.search(r"[\d.,]+ [kM]B", page.locator("#result-facts").inner_text())


def test_cancelling_goes_back_to_the_photo(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    trip.set_range("seconds", 12)
    with trip.page.expect_response(
        lambda response: response.request.method == "DELETE"
    ) as cancelled:
        trip.page.locator("#animate").click()
        trip.page.get_by_role("button", name="Cancel").click()
    assert cancelled.value.ok
    trip.page.locator("#animate").wait_for()
    assert not trip.page.locator("#problem").is_visible()


def test_progress_without_events_is_asked_for(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.page.route("**/events", lambda route: route.abort())
    trip.choose(photo)
    trip.animate()
    assert trip.page.locator("#loop video").is_visible()


def test_a_photo_that_is_too_large_is_made_smaller(visit: Visitor, photo: Path) -> None:
    trip = visit()
    limits = {"image": {"bytes": 20_000, "min_side": 16, "max_side": 240, "pixels": 10**6}}
    trip.page.route("**/v1/options", lambda route: route.fulfill(json={"limits": limits}))
    trip.page.reload()
    trip.choose(photo)
    numbers = re.findall(r"\d+", trip.page.locator("#photo-note").inner_text())
    width, height, smaller_width, smaller_height = map(int, numbers)
    assert (width, height) == (480, 320)
    assert smaller_width <= 240
    assert smaller_width == pytest.approx(1.5 * smaller_height, abs=2)


def test_the_live_preview_moves_where_the_browser_can(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    live = trip.page.locator("#live")
    live.wait_for()
    trip.page.get_by_role("button", name="Pause").click()
    assert trip.page.get_by_role("button", name="Play").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_still_where_somebody_wants_less_motion(visit: Visitor, photo: Path, scheme: str) -> None:
    trip = visit(reduced_motion="reduce", color_scheme=scheme)
    trip.choose(photo)
    trip.animate()
    assert trip.page.locator("#loop video").evaluate("player => player.paused")
    trip.page.get_by_role("button", name="Play").click()
    assert not trip.page.locator("#loop video").evaluate("player => player.paused")


def _video_of(path: Path) -> tuple[Any, ...]:
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        return container.format.name.split(",")[1], stream.width, stream.height, frames


@pytest.mark.parametrize(
    ("kind", "name", "further"),
    [
        ("motion_photo", "temple-loopMP.jpg", "repeat_to"),
        ("live_photo", "temple-loop.zip", "repeat_to"),
        ("html", "temple-loop.html", "quality"),
        ("web", "temple-loop.zip", "quality"),
    ],
)
def test_other_things_than_films_can_be_downloaded(
    visit: Visitor, photo: Path, kind: str, name: str, further: str
) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.locator("#format").select_option(kind)
    assert page.locator(f"#{further}").is_enabled()
    assert page.locator("#fps").is_enabled() == (further == "repeat_to")
    page.locator("#animate").click()
    page.locator("#result-title").wait_for()
    with page.expect_download() as loading:
        page.locator("#download").click()
    assert loading.value.suggested_filename == name
