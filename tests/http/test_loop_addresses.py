"""Signed addresses of loops, from a real server, with photos of another one."""

from __future__ import annotations

import base64
import hmac
import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import av
import httpx
import pytest
from PIL import Image

from tests.http import photos
from tests.http.native.asking import problem
from tests.http.native.receiving import Receiver, receiver
from tests.http.running import RunningServer, start_server
from tests.http.test_keys import keys, pool
from windstill.errors import InvalidOption, InvalidSetting
from windstill.http.loop.address import read_address
from windstill.http.loop.sources import Sources
from windstill.http.refusals import RequestRefused
from windstill.settings import Settings

SMALL = "sec:2/fps:8"
CLIENTS = Path(__file__).parents[2] / ".venv-clients"


class Signer:
    """What a website does. key, salt: hexadecimal."""

    def __init__(self, server: RunningServer, name: str, credits: int = 1000) -> None:
        self.server = server
        self.secret = keys(server, "create", name, "--credits", str(credits))["secret"]
        pair = keys(server, "access", name, "--loop")
        self.key, self.salt = pair["key"], pair["salt"]

    def path(self, rest: str, signed: str | None = None) -> str:
        message = bytes.fromhex(self.salt) + (signed or rest).encode()
        digest = hmac.new(bytes.fromhex(self.key), message, sha256).digest()
        return f"/loop/{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}{rest}"

    def get(self, rest: str, **more: object) -> httpx.Response:
        return self.fetch(self.path(rest), **more)

    def fetch(self, path: str, *, method: str = "GET", **more: object) -> httpx.Response:
        return httpx.request(
            method,
            self.server.address + path,
            timeout=60,
            **more,  # type: ignore[arg-type]
        )

    def balance(self) -> float:
        return float(pool(self.server, self.secret)["balance"])


@pytest.fixture(scope="module")
def gallery() -> Iterator[Receiver]:
    """Where the photos are."""
    with receiver() as found:
        found.answers["/photos/a.jpg"] = [(200, {}, photos.jpeg())]
        found.answers["/photos/a%20b.jpg"] = [(200, {}, photos.jpeg(96, 72))]
        found.answers["/photos/words.jpg"] = [(200, {}, b"no photo at all")]
        found.answers["/photos/broken.jpg"] = [(200, {}, photos.jpeg()[:600])]
        found.answers["/photos/away.jpg"] = [(302, {"Location": "/secret/a.jpg"}, b"")]
        found.answers["/secret/a.jpg"] = [(200, {}, photos.jpeg())]
        yield found


@pytest.fixture(scope="module")
def server(gallery: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = start_server(
        tmp_path_factory.mktemp("addresses"),
        loop_sources=f"{gallery.address}/photos",
        reachable_networks="127.0.0.0/8",
    )
    yield running
    assert running.stop() == 0


def heard(gallery: Receiver, path: str) -> int:
    return sum(1 for asked, _, _ in gallery.heard if asked == path)


def test_an_address_is_a_loop(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "site", 40)
    answer = site.get(f"/op:1/{SMALL}/f:mp4/plain/{gallery.address}/photos/a.jpg")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(answer.content)) as film:
        assert sum(1 for _ in film.decode(video=0)) == 16
    assert site.balance() == 25


def test_the_same_however_written_is_one_job(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "writer", 100)
    source = f"{gallery.address}/photos/a.jpg"
    coded = base64.urlsafe_b64encode(source.encode()).rstrip(b"=").decode()
    before = heard(gallery, "/photos/a.jpg")
    answers = [
        site.get(rest)
        for rest in (
            f"/op:1/{SMALL}/st:calm/plain/{source}",
            f"/strength:calm/{SMALL}/operation:1/plain/{source}@mp4",
            f"/pr:calm:sky/{SMALL}/f:mp4/{coded}",
            f"/op:1/st:calm/{SMALL}/rt:fit/g:ce/{coded[:20]}/{coded[20:]}.mp4",
        )
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert (site.balance(), heard(gallery, "/photos/a.jpg")) == (85, before + 1)
    other = site.get(f"/op:1/{SMALL}/st:calm/cb:2/plain/{source}")
    assert (other.status_code, site.balance()) == (200, 70)


def test_a_crowd_is_one_job(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "crowd", 100)
    path = f"/op:1/{SMALL}/seed:9/plain/{gallery.address}/photos/a.jpg"
    before = heard(gallery, "/photos/a.jpg")
    with ThreadPoolExecutor(24) as people:
        answers = list(people.map(lambda _: site.get(path), range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert (site.balance(), heard(gallery, "/photos/a.jpg")) == (85, before + 1)


def test_who_does_not_wait_is_told_when_to_come_back(
    server: RunningServer, gallery: Receiver
) -> None:
    site = Signer(server, "impatient")
    path = site.path(f"/op:1/{SMALL}/seed:3/plain/{gallery.address}/photos/a.jpg")
    first = site.fetch(path + "?wait=0")
    assert first.status_code == 202
    assert int(first.headers["retry-after"]) > 0
    assert first.json()["state"] in ("queued", "running")
    assert site.fetch(path).status_code == 200
    assert site.fetch(path + "?wait=0").status_code == 200
    problem(site.fetch(path + "?wait=soon"), 400, "invalid_field", "wait")


def test_browsers_get_ranges_and_keep_their_copy(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "browser")
    path = site.path(f"/op:1/{SMALL}/plain/{gallery.address}/photos/a.jpg")
    whole = site.fetch(path)
    assert "public" in whole.headers["cache-control"]
    head = site.fetch(path, method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    part = site.fetch(path, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    again = site.fetch(path, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = site.fetch(path, headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert (changed.status_code, changed.content) == (200, whole.content)


def test_poster_web_files_and_mattes_have_addresses_too(
    server: RunningServer, gallery: Receiver
) -> None:
    site = Signer(server, "others", 100)
    source = f"plain/{gallery.address}/photos/a.jpg"
    for rest in (f"/op:1/{SMALL}/{source}", f"/op:1/{SMALL}/show:poster/{source}"):
        answer = site.get(rest)
    assert Image.open(io.BytesIO(answer.content)).format == "JPEG"
    assert site.balance() == 85  # both are of one job
    archive = zipfile.ZipFile(io.BytesIO(site.get(f"/op:1/sec:2/f:web/{source}").content))
    assert "photo.loop" in archive.namelist()
    page = site.get(f"/op:1/sec:2/f:html/{source}")
    assert page.headers["content-security-policy"] == "sandbox allow-scripts"
    assert site.balance() == 55
    for element in ("sky", "hair"):
        matte = site.get(f"/show:{element}/{source}")
        assert Image.open(io.BytesIO(matte.content)).mode == "L"
    assert site.balance() == 55


@pytest.mark.parametrize("signature", ["", "A" * 43, "unsafe", "_", "%00", "é", "A" * 5000])
def test_a_wrong_signature_asks_nobody(
    server: RunningServer, gallery: Receiver, signature: str
) -> None:
    before = len(gallery.heard)
    path = f"/loop/{signature}/op:1/plain/{gallery.address}/photos/a.jpg"
    problem(httpx.get(server.address + path), 403, "wrong_signature")
    assert len(gallery.heard) == before


def test_a_signature_is_of_one_address_and_one_key(
    server: RunningServer, gallery: Receiver
) -> None:
    site = Signer(server, "owner")
    rest = f"/op:1/{SMALL}/plain/{gallery.address}/photos/a.jpg"
    problem(site.fetch(site.path(rest.replace("op:1", "op:11"), rest)), 403, "wrong_signature")
    stranger = Signer(server, "stranger")
    stranger.salt = site.salt
    problem(stranger.get(rest), 403, "wrong_signature")


def test_a_pair_that_was_switched_off_signs_no_more(
    server: RunningServer, gallery: Receiver
) -> None:
    site = Signer(server, "leaving")
    rest = f"/op:1/{SMALL}/plain/{gallery.address}/photos/a.jpg"
    assert site.get(rest).status_code == 200
    keys(server, "access", "leaving", "--off")
    server.move_clock(10)
    deadline = time.monotonic() + 30
    while site.get(rest).status_code == 200:  # the list of keys is believed for some seconds
        assert time.monotonic() < deadline
    problem(site.get(rest), 403, "wrong_signature")


def test_an_address_ends_when_it_says(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "brief")
    rest = f"/op:1/{SMALL}/exp:{{}}/plain/{gallery.address}/photos/a.jpg"
    problem(site.get(rest.format(int(time.time()) - 5)), 410, "address_expired")
    answer = site.get(rest.format(int(time.time()) + 1000))
    assert answer.status_code == 200
    assert int(answer.headers["cache-control"].rpartition("=")[2]) <= 1000


@pytest.mark.parametrize(
    "source",
    [
        "/secret/a.jpg",
        "/photos/../secret/a.jpg",
        "/photos/%2e%2e/secret/a.jpg",
        "/photos/..%2fsecret/a.jpg",
        "/photos2/a.jpg",
        ":80/photos/a.jpg",
        "@elsewhere.example/photos/a.jpg",
        ".elsewhere.example/photos/a.jpg",
    ],
)
def test_other_sources_are_not_asked(server: RunningServer, gallery: Receiver, source: str) -> None:
    site = Signer(server, f"sources {source}")
    before = len(gallery.heard)
    written = base64.urlsafe_b64encode(f"{gallery.address}{source}".encode()).decode().rstrip("=")
    problem(site.get(f"/op:1/{written}"), 403, "not_allowed_here", "source")
    assert len(gallery.heard) == before


def test_a_redirect_does_not_lead_out(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "redirected", 40)
    answer = site.get(f"/op:1/plain/{gallery.address}/photos/away.jpg")
    problem(answer, 422, "unreachable", "source")
    assert heard(gallery, "/secret/a.jpg") == 0
    assert site.balance() == 40


@pytest.mark.parametrize(
    ("rest", "status", "code", "field"),
    [
        ("/op:3/plain/{}/photos/a.jpg", 400, "invalid_option", "operation"),
        ("/blur:3/plain/{}/photos/a.jpg", 400, "invalid_option", "blur"),
        ("/pr:stormy/plain/{}/photos/a.jpg", 400, "invalid_option", "pr"),
        ("/show:all/plain/{}/photos/a.jpg", 400, "invalid_option", "show"),
        ("/w:-4/plain/{}/photos/a.jpg", 400, "invalid_option", "w"),
        ("/exp:soon/plain/{}/photos/a.jpg", 400, "invalid_option", "exp"),
        ("/op:1/plain/{}/photos/a.jpg@docx", 400, "invalid_option", "format"),
        ("/op:1/plain", 400, "missing_field", "source"),
        ("/op:1", 400, "missing_field", "source"),
        ("/op:1/!!!!", 400, "invalid_field", "source"),
        ("/op:1/plain/{}/photos/nothing.jpg", 422, "unreachable", "source"),
        ("/op:1/plain/{}/photos/words.jpg", 415, "not_a_photo", None),
        ("/op:1/plain/{}/photos/broken.jpg", 422, "corrupt_photo", None),
    ],
)
def test_mistakes_are_named(
    server: RunningServer, gallery: Receiver, rest: str, status: int, code: str, field: str | None
) -> None:
    site = Signer(server, rest[:60], 40)
    answer = site.get(rest.format(gallery.address))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    if field is not None:
        assert answer.json()["field"] == field
    assert site.balance() == 40


def test_a_photo_that_is_damaged_is_looked_at_once(
    server: RunningServer, gallery: Receiver
) -> None:
    site = Signer(server, "damaged")
    before = heard(gallery, "/photos/broken.jpg")
    for _ in range(3):
        assert site.get(f"/seed:4/plain/{gallery.address}/photos/broken.jpg").status_code == 422
    assert heard(gallery, "/photos/broken.jpg") == before + 1


def test_without_credits_nothing_is_made(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "poor", 10)
    answer = site.get(f"/op:1/{SMALL}/plain/{gallery.address}/photos/a.jpg")
    problem(answer, 402, "insufficient_credits")


def test_results_end_and_are_made_again(gallery: Receiver, tmp_path: Path) -> None:
    running = start_server(
        tmp_path,
        loop_sources=gallery.address,
        reachable_networks="127.0.0.0/8",
        result_seconds=3600,
    )
    try:
        site = Signer(running, "site", 100)
        rest = f"/op:1/{SMALL}/plain/{gallery.address}/photos/a.jpg"
        for ahead, left in ((0, 85), (3000, 85), (3700, 70), (6000, 70), (7400, 55)):
            running.move_clock(ahead)
            assert site.get(rest).status_code == 200
            assert site.balance() == left, ahead
    finally:
        assert running.stop() == 0


def test_it_is_off_unless_sources_are_named(tmp_path: Path, gallery: Receiver) -> None:
    assert not Settings().loop_sources
    running = start_server(tmp_path)
    try:
        site = Signer(running, "site")
        answer = site.get(f"/op:1/plain/{gallery.address}/photos/a.jpg")
        problem(answer, 404, "not_found")
    finally:
        assert running.stop() == 0


@pytest.mark.skipif(not (CLIENTS / "signers").exists(), reason="make clients did not run")
def test_the_python_signer_of_imgproxy_works(server: RunningServer, gallery: Receiver) -> None:
    site = Signer(server, "python signer", 100)
    program = (
        "import sys; from imgproxy import ImgProxy; host, key, salt, photo = sys.argv[1:]; "
        "print(ImgProxy(photo, proxy_host=host + '/loop', key=key, salt=salt)"
        "('op:1', 'sec:2', 'fps:8', 'f:webm'))"
    )
    photo = f"{gallery.address}/photos/a.jpg"
    command = (sys.executable, "-c", program, server.address, site.key, site.salt, photo)
    found = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(CLIENTS / "signers")},
        check=True,
        capture_output=True,
        text=True,
    )
    answer = httpx.get(found.stdout.strip(), timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/webm"), answer.text


@pytest.mark.skipif(
    shutil.which("node") is None or not (CLIENTS / "node" / "node_modules" / "@imgproxy").exists(),
    reason="Node.js or its clients are not installed",
)
@pytest.mark.parametrize("shape", ["plain", "base64"])
def test_the_node_signer_of_imgproxy_works(
    server: RunningServer, gallery: Receiver, shape: str
) -> None:
    site = Signer(server, f"node signer {shape}", 100)
    program = """
      const { generateImageUrl } = await import("@imgproxy/imgproxy-node");
      const [endpoint, key, salt, value, displayAs] = process.argv.slice(1);
      console.log(generateImageUrl({
        endpoint, key, salt, url: { value, displayAs },
        options: { preset: ["calm", "sky"], width: 64, format: "webp", expires: 99999999999 },
      }));
    """
    photo = f"{gallery.address}/photos/{'a b' if shape == 'base64' else 'a'}.jpg"
    given = (f"{server.address}/loop", site.key, site.salt, photo.replace(" ", "%20"), shape)
    found = subprocess.run(
        ("node", "--input-type=module", "-e", program, *given),
        cwd=CLIENTS / "node",
        check=True,
        capture_output=True,
        text=True,
    )
    answer = httpx.get(found.stdout.strip(), timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp"), answer.text
    assert Image.open(io.BytesIO(answer.content)).size[0] == 64


def test_sources_are_what_lies_below_an_address() -> None:
    allowed = Sources("https://a.example/x, http://b.example:8080")
    for url in ("https://a.example/x", "https://a.example/x/y.jpg", "http://b.example:8080/z?q=1"):
        assert allowed.allow(url), url
    for url in ("https://a.example/xy", "http://a.example/x/y", "http://b.example/z", "file:///x"):
        assert not allowed.allow(url), url
    assert Sources("*").allow("https://anywhere.example/photo.jpg")
    assert not Sources(" , ")
    with pytest.raises(InvalidSetting, match="loop_sources"):
        Sources("photos.example")


def test_options_and_sources_are_read_as_imgproxy_reads_them() -> None:
    found = read_address("/w:800/h:600/f:webp/op:1/plain/https://a.example/b%20c.jpg%3Fq")
    assert found.source == "https://a.example/b c.jpg?q"
    assert (found.options.max_side, found.options.format) == (800, "webp")
    assert read_address("/rs:fit:300:200:1/aHR0cHM6Ly9hLmV4YW1wbGUvYg").options.max_side == 300
    assert read_address("/rs:auto:0:0:0/aHR0cHM6Ly9hLmV4YW1wbGUvYg").options.max_side == 2048
    for wrong in ("/w:x/plain/http://a", "/plain/"):
        with pytest.raises((InvalidOption, RequestRefused)):
            read_address(wrong)
