"""Files that lie on another host than the page, as in an object store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.web.visits import Visit

Visitor = Callable[..., Visit]

# What the service tells of files names the other host. (A routed request would lose its photo.)
TOLD = """([own, other]) => {
  const renamed = (text) => text.replaceAll(`${own}/files/`, `${other}/files/`);
  const { get } = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, 'responseText');
  Object.defineProperty(XMLHttpRequest.prototype, 'responseText', {
    get() { return renamed(get.call(this)); },
  });
  const real = window.fetch;
  window.fetch = async (...given) => {
    const address = String(given[0]);
    // As it is without the headers that would let pages read (Fetch standard, CORS).
    const shut = window.shut && address.includes(window.shut);
    if (shut && address.startsWith(other)) throw new TypeError('Failed to fetch');
    const answer = await real(...given);
    if (!/json|event-stream/.test(answer.headers.get('content-type'))) return answer;
    const { status, headers } = answer;
    return new Response(renamed(await answer.text()), { status, headers });
  };
}"""


class Elsewhere:
    """Makes a visit in which the files' addresses name another host. asked: requests to it."""

    def __init__(self, trip: Visit) -> None:
        self.trip = trip
        own = trip.server.address
        self.other = own.replace("127.0.0.1", "localhost")
        self.asked: list[Any] = []
        trip.page.route(own + "/", self._page)
        trip.page.add_init_script(f"({TOLD})({json.dumps([own, self.other])})")
        trip.page.on("request", self._heard)
        trip.page.reload()
        trip.page.locator("h1:visible").wait_for()

    def closed_to_pages(self, part: str) -> None:
        """The other host does not let pages read what has `part` in its address."""
        self.trip.page.evaluate("(part) => { window.shut = part; }", part)

    def _page(self, route: Any) -> None:
        found = route.fetch()
        name = "content-security-policy"
        policy = found.headers[name]
        for rule in ("img-src 'self'", "media-src 'self'", "connect-src 'self'"):
            assert rule in policy
            policy = policy.replace(rule, f"{rule} {self.other}")
        route.fulfill(response=found, headers={**found.headers, name: policy})

    def _heard(self, request: Any) -> None:
        if request.url.startswith(self.other):
            self.asked.append(request)


@pytest.fixture
def elsewhere(visit: Visitor) -> Iterator[Elsewhere]:
    """A visit whose files come from another host, to which no key is ever sent."""
    made = Elsewhere(visit(permissions=["clipboard-read", "clipboard-write"]))
    yield made
    for request in made.asked:
        assert not {"authorization", "ailabapi-api-key"} & set(request.headers)
    hosts = {urlsplit(address).netloc for address in made.trip.elsewhere}
    assert hosts <= {urlsplit(made.other).netloc}
    made.trip.elsewhere.clear()


def test_the_whole_way_with_files_on_another_host(elsewhere: Elsewhere, photo: Path) -> None:
    page = elsewhere.trip.page
    elsewhere.trip.choose(photo)
    page.locator("#live").wait_for()
    elsewhere.trip.animate()
    page.locator("#loop video").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "temple-loop.mp4"
    page.get_by_role("button", name="Copy link").click()
    page.locator("#toast", has_text="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(elsewhere.other + "/files/results/")
    assert len(elsewhere.asked) >= 3


def test_a_loop_that_pages_may_not_read_still_plays(elsewhere: Elsewhere, photo: Path) -> None:
    page = elsewhere.trip.page
    elsewhere.closed_to_pages(".mp4")
    elsewhere.trip.choose(photo)
    elsewhere.trip.animate()
    video = page.locator("#loop video")
    assert video.get_attribute("src").startswith(elsewhere.other)
    link = page.get_by_role("link", name="Open the file")
    # The signed link as it is, in a window of its own.
    assert link.get_attribute("href") == video.get_attribute("src")
    assert link.get_attribute("target") == "_blank"


def test_files_that_pages_may_not_read_are_named(elsewhere: Elsewhere, photo: Path) -> None:
    page = elsewhere.trip.page
    elsewhere.closed_to_pages("/files/")
    page.set_input_files("#file", photo)
    alert = page.get_by_role("alert").filter(has_text="on another host")
    alert.wait_for()
    assert elsewhere.other in alert.inner_text()
