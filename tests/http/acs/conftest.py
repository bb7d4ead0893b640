"""A service that answers signed requests, keys with pairs, and photos that it may fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.http import photos
from tests.http.acs.signing import Signer
from tests.http.native.receiving import Receiver, receiver
from tests.http.running import RunningServer, start_server
from windstill.jobs.access import AccessPair, AccessRing
from windstill.jobs.keys import KeyRing
from windstill.opening import access_secret, open_store
from windstill.settings import Settings

SIGNED = {"acs_api": "avi", "image_urls": "true", "reachable_networks": "127.0.0.0/8"}


@pytest.fixture(scope="session")
def album() -> Iterator[Receiver]:
    """A web server with photos, and with what is none."""
    with receiver() as found:
        contents = {
            "/photo.jpg": photos.jpeg(),
            "/photo.png": photos.coded(photos.scene(), "PNG"),
            "/photo.bmp": photos.coded(photos.scene(), "BMP"),
            "/large.jpg": photos.jpeg(1280, 720),
            "/plain.jpg": photos.coded(photos.plain(), "JPEG"),
            "/heavy.jpg": photos.of_size(3 * 2**20 + 1),
            "/page.html": b"<html>no photo</html>" * 9,
            "/film.gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00",
            "/empty.jpg": b"",
            "/damaged.jpg": photos.jpeg()[:400],
            "/tiny.jpg": photos.jpeg(32, 64),
            "/wide.jpg": photos.jpeg(2000, 64),
        }
        found.answers = {path: [(200, {}, content)] for path, content in contents.items()}
        found.answers["/moved.jpg"] = [(302, {"Location": "/photo.jpg"}, b"")]
        yield found


@dataclass
class Keys:
    """Makes keys in a server's data folder, as `windstill keys` does."""

    settings: Settings

    def pair(self, name: str, **limits: Any) -> AccessPair:
        """The access key pair of a new key."""

        def make(keys: KeyRing, ring: AccessRing) -> AccessPair:
            keys.create(name, **limits)
            return ring.open(name)

        return self.do(make)

    def do(self, what: Callable[[KeyRing, AccessRing], Any]) -> Any:
        """What `what` answers, with the store open."""
        store = open_store(self.settings)
        try:
            keys = KeyRing(store)
            return what(keys, AccessRing(keys, access_secret(self.settings)))
        finally:
            store.close()


def keys_of(server: RunningServer, **settings: Any) -> Keys:
    """The keys of a server."""
    return Keys(Settings(data=str(server.data), **settings))


def signer(server: RunningServer, pair: AccessPair, album: Receiver) -> Signer:
    """A client of the server with this pair."""
    return Signer(server.address, pair.id, pair.secret, f"{album.address}/photo.jpg")


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that answers signed requests."""
    running = start_server(tmp_path_factory.mktemp("signed"), **SIGNED)
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def anna(signed: RunningServer, album: Receiver) -> Signer:
    """A client of that server."""
    return signer(signed, keys_of(signed).pair("anna"), album)
