"""What a person reads when something does not work, and what to do then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.http.photos import jpeg
from tests.web.visits import Visit

Visitor = Callable[..., Visit]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("notes.txt", b"just words", "not a picture"),
        ("empty.jpg", b"", "empty"),
        ("half.jpg", jpeg(96, 64)[:40], "damaged"),
        ("tiny.jpg", jpeg(12, 12), "at least 16 pixels"),
    ],
)
def test_a_file_that_is_no_photo(
    visit: Visitor, tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    page = visit().page
    (tmp_path / name).write_bytes(data)
    page.set_input_files("#file", tmp_path / name)
    alert = page.get_by_role("alert").filter(has_text="be used")
    alert.wait_for()
    assert told in alert.inner_text()
    assert alert.get_by_role("button", name="Choose another photo").is_visible()


def test_a_wrong_key_is_asked_for_again(visit: Visitor, photo: Path) -> None:
    trip = visit(key="wrong")
    trip.page.set_input_files("#file", photo)
    dialog = trip.page.get_by_role("dialog", name="The key, please")
    dialog.wait_for()
    assert "not known here" in dialog.inner_text()
    dialog.get_by_label("Key", exact=True).fill(trip.server.key)
    dialog.get_by_role("button", name="Use this key").click()
    trip.page.locator("#controls:not([inert])").wait_for()


def test_the_key_leaves_the_address_and_stays_for_the_session(visit: Visitor, photo: Path) -> None:
    trip = visit()
    assert trip.server.key not in trip.page.url
    trip.page.reload()
    trip.choose(photo)
    assert trip.page.evaluate("localStorage.length") == 0


def test_without_a_connection_it_can_be_tried_again(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    trip.page.route("**/v1/animations", lambda route: route.abort())
    trip.page.locator("#animate").click()
    alert = trip.page.get_by_role("alert").filter(has_text="be reached")
    alert.wait_for()
    trip.page.unroute("**/v1/animations")
    alert.get_by_role("button", name="Try again").click()
    trip.page.locator("#result").wait_for()


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("queue_full", 503, "Many people are here"),
        ("insufficient_credits", 402, "no credits left"),
        ("rate_limited", 429, "a little fast"),
        ("something_new", 500, "The service made a mistake"),
    ],
)
def test_refusals_are_told_in_plain_words(
    visit: Visitor, photo: Path, code: str, status: int, told: str
) -> None:
    trip = visit()
    trip.choose(photo)
    problem = {"code": code, "status": status, "detail": "as the service says it"}
    trip.page.route("**/v1/animations", lambda route: route.fulfill(status=status, json=problem))
    trip.page.locator("#animate").click()
    trip.page.get_by_role("alert").filter(has_text=told).wait_for()
    assert trip.page.locator("#animate").is_visible()


def test_a_photo_in_which_nothing_moves(visit: Visitor, tmp_path: Path) -> None:
    from PIL import Image

    from tests.pictures import indoors

    path = tmp_path / "coffee.png"
    Image.fromarray(indoors()).resize((300, 200)).save(path)
    trip = visit()
    trip.choose(path)
    page = trip.page
    nothing = page.get_by_role("region", name="No sky and no hair here")
    assert nothing.is_visible()
    assert nothing.bounding_box()["y"] < page.viewport_size["height"] / 2
    assert page.locator("#animate").is_disabled()
    for hidden in ("#play", "#show-tint", "#animate-why", "#wind"):
        assert not page.locator(hidden).is_visible()
    assert page.locator("#arrow").evaluate("arrow => arrow.classList.contains('off')")
    nothing.get_by_role("button", name="Paint what should move").click()
    trip.drag("brush", (0.2, 0.2), (0.8, 0.3))
    page.keyboard.press("Escape")
    assert not page.locator("#brush-tools").is_visible()
    assert not nothing.is_visible()
    trip.animate()


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_missing_key_says_so_and_offers_the_field(
    visit: Visitor, photo: Path, cancelled: bool
) -> None:
    trip = visit(key="")
    page = trip.page
    page.set_input_files("#file", photo)
    dialog = page.get_by_role("dialog", name="The key, please")
    dialog.wait_for()
    if cancelled:
        page.keyboard.press("Escape")
        alert = page.get_by_role("alert").filter(has_text="needs a key")
        alert.get_by_role("button", name="Enter a key").click()
    dialog.get_by_label("Key", exact=True).fill(trip.server.key)
    dialog.get_by_role("button", name="Use this key").click()
    page.locator("#controls:not([inert])").wait_for()


def test_where_nothing_can_be_copied_the_link_stands_in_a_field(
    visit: Visitor, photo: Path
) -> None:
    trip = visit()
    # As over plain HTTP from another machine.
    trip.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    trip.page.reload()
    trip.choose(photo)
    trip.animate()
    trip.page.get_by_role("button", name="Copy link").click()
    field = trip.page.get_by_label("Link", exact=True)
    assert "signature=" in field.input_value()
    assert field.evaluate("field => field.selectionEnd - field.selectionStart") == len(
        field.input_value()
    )


def test_a_service_that_is_away_is_asked_again_and_nothing_starts_twice(
    visit: Visitor, photo: Path
) -> None:
    trip = visit()
    trip.choose(photo)
    started: list[str] = []
    trip.page.on(
        "request",
        lambda request: started.append(request.url) if request.method == "POST" else None,
    )
    trip.page.route("**/v1/animations/**", lambda route: route.abort())
    trip.page.locator("#animate").click()
    trip.page.get_by_role("heading", name="The service is away for a moment").wait_for()
    trip.page.unroute("**/v1/animations/**")
    trip.page.locator("#result").wait_for()
    assert len(started) == 1


def test_trying_again_asks_for_the_same_animation(visit: Visitor, photo: Path) -> None:
    trip = visit()
    trip.choose(photo)
    tokens: list[str] = []

    def lost(route: Any) -> None:
        """The request arrives, its answer does not."""
        tokens.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    trip.page.route("**/v1/animations", lost, times=1)
    trip.page.locator("#animate").click()
    again = trip.page.get_by_role("alert").get_by_role("button", name="Try again")
    again.wait_for()
    with trip.page.expect_request(lambda request: request.method == "POST") as asked:
        again.click()
    assert asked.value.headers["idempotency-key"] == tokens[0]
    trip.page.locator("#result").wait_for()
