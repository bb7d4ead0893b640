"""What a person reads when something does not work, and what to do then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
    assert trip.page.locator("#animate").is_disabled()
    assert "Neither sky nor hair was found" in trip.page.locator("#animate-why").inner_text()
