"""Correcting what was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import windstill
from tests.web.visits import Visit

Visitor = Callable[..., Visit]

# A picture of two colours that meet in the middle; a stroke along the border, twice as wide as the
# part of it that lies on the left.
STROKE = """async (edges) => {
  const { Mattes } = await import('/static/mattes.js');
  const { MatteEditor } = await import('/static/editor.js');
  const [width, height] = [120, 80];
  const photo = new ImageData(width, height);
  for (let at = 0; at < width * height; at += 1) {
    photo.data.set(at % width < 60 ? [90, 150, 220, 255] : [60, 70, 40, 255], 4 * at);
  }
  const planes = { sky: new Uint8Array(width * height), hair: new Uint8Array(width * height) };
  const editor = new MatteEditor(new Mattes(width, height, planes), photo);
  editor.begin({ element: 'sky', add: true, radius: 20, edges }, 52, 20);
  editor.move(52, 60);
  editor.end();
  return [40, 52, 57, 63, 68].map((x) => editor.mattes.planes.sky[40 * width + x]);
}"""


def test_strokes_end_where_the_photo_has_an_edge(visit: Visitor) -> None:
    page = visit().page
    inner, middle, near, beyond, far = page.evaluate(STROKE, True)
    assert min(inner, middle, near) > 200
    assert max(beyond, far) < 25
    assert page.evaluate(STROKE, False)[3] > 200


def test_painting_undo_redo_and_reset(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").click()
    amount = page.locator("#amount-hair")
    page.locator("#brush-tools").get_by_text("Hair").click()
    page.get_by_label("Follow the photo").uncheck()
    trip.drag("brush", (0.3, 0.8), (0.7, 0.8))
    painted = amount.inner_text()
    assert painted.endswith("% of the photo")
    assert page.get_by_role("switch", name="Hair").is_checked()
    page.get_by_role("button", name="Undo").click()
    assert amount.inner_text() == "not found"
    page.get_by_role("button", name="Redo").click()
    assert amount.inner_text() == painted
    page.get_by_text("Take away", exact=True).click()
    trip.drag("brush", (0.3, 0.8), (0.7, 0.8))
    assert amount.inner_text() == "not found"
    page.get_by_role("button", name="Reset").click()
    assert not page.get_by_role("switch", name="Hair").is_checked()


def test_what_was_painted_is_sent_and_moves(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").click()
    page.locator("#brush-tools").get_by_text("Hair").click()
    page.get_by_label("Follow the photo").uncheck()
    trip.set_range("brush-size", 120)
    trip.drag("brush", (0.4, 0.7), (0.6, 0.75))
    page.get_by_role("button", name="Done").click()
    trip.set_range("seconds", 2)
    with page.expect_response(lambda response: response.url.endswith("/v1/animations")) as asked:
        page.locator("#animate").click()
    assert asked.value.json()["options"]["operation"] == "11"
    page.locator("#result").wait_for()
    page.get_by_role("button", name="As code").click()
    assert "hair_matte=@hair.png" in page.locator("#code-text").inner_text()
    animation = asked.value.json()["id"]
    told = page.request.get(
        f"{trip.server.address}/v1/animations/{animation}",
        headers={"authorization": f"Bearer {trip.server.key}"},
    ).json()
    assert told["result"]["moved"]["hair"]["share"] > 0.01


def test_painting_with_the_keyboard(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "brush"
    before = page.locator("#amount-sky").inner_text()
    for key in ("x", *["Shift+ArrowUp"] * 4, *["+"] * 9, " "):
        page.keyboard.press(key)
    page.locator("#said", has_text="Painted. Sky now covers").wait_for()
    assert page.locator("#amount-sky").inner_text() != before
    page.keyboard.press("Control+z")
    assert page.locator("#amount-sky").inner_text() == before


def test_what_was_painted_can_be_saved_and_given_back(
    visit: Visitor, photo: Path, tmp_path: Path
) -> None:
    trip = visit()
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").click()
    page.get_by_text("Take away", exact=True).click()
    page.get_by_label("Follow the photo").uncheck()
    trip.set_range("brush-size", 160)
    trip.drag("brush", (0.05, 0.1), (0.2, 0.1))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save this area as PNG: Sky").click()
    assert download.value.suggested_filename == "sky.png"
    download.value.save_as(tmp_path / "sky.png")
    mattes = windstill.mattes_from(photo, sky=tmp_path / "sky.png")
    found = windstill.mattes(photo)
    height, width = mattes.shape
    assert mattes.sky[: height // 8, : width // 8].max() < 0.05
    assert found.sky[: height // 8, : width // 8].min() > 0.9
    assert abs(mattes.sky - found.sky)[:, width // 2 :].max() < 0.05


FINGER = {
    "viewport": {"width": 390, "height": 700},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
# How strongly the mattes are tinted under a point of the window, and beside it.
TINTED = """([x, y]) => {
  const tint = document.getElementById('tint');
  const box = tint.getBoundingClientRect();
  const scale = tint.width / box.width;
  const at = (dx, dy) => tint.getContext('2d').getImageData(
    Math.round((x + dx - box.left) * scale), Math.round((y + dy - box.top) * scale), 1, 1).data[3];
  return [at(0, 0), Math.max(at(-40, 0), at(40, 0), at(0, -40), at(0, 40))];
}"""


def test_a_finger_paints_where_it_touches_after_scrolling(visit: Visitor, photo: Path) -> None:
    trip = visit(**FINGER)
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").tap()
    page.locator("#brush-tools").get_by_text("Hair").tap()
    page.get_by_label("Follow the photo").tap()
    page.evaluate("scrollBy(0, 60)")
    box = page.locator("#brush").bounding_box()
    for x, y in ((0.3, 0.85), (0.8, 0.7)):
        point = [box["x"] + x * box["width"], box["y"] + y * box["height"]]
        before = page.evaluate(TINTED, point)
        page.touchscreen.tap(*point)
        after = page.evaluate(TINTED, point)
        assert before[0] == 0 < 60 < after[0]
        assert before[1] == after[1]


def test_a_stroke_that_the_browser_takes_over_paints_nothing(visit: Visitor, photo: Path) -> None:
    """As when a second finger makes a pinch of it."""
    trip = visit(**FINGER)
    trip.choose(photo)
    page = trip.page
    page.get_by_role("button", name="Correct with a brush").tap()
    page.locator("#brush-tools").get_by_text("Hair").tap()
    box = page.locator("#brush").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"]
    touch = trip.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 40, "y": y}]),
        ("touchCancel", []),
    ):
        before = page.evaluate(TINTED, [x, y])
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert before[0] > 60
    assert page.evaluate(TINTED, [x, y])[0] == 0
    assert page.locator("#amount-hair").text_content() == "not found"
    assert page.locator("#undo").is_disabled()
