"""`windstill.Client` and `windstill.AsyncClient` against a real service."""

from __future__ import annotations

import io
import pickle
import socket
import threading
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import windstill
from tests.http import photos
from tests.http.running import RunningServer
from tests.servers.ports import free_port
from windstill.client import AnimationFailed, ServiceError, ServiceUnreachable
from windstill.errors import InvalidOption, OutputError, UnreadablePhoto

QUICK = {"seconds": 2, "fps": 8}


def frames(path: Path) -> int:
    with av.open(str(path)) as file:
        return sum(1 for _ in file.decode(video=0))


def matte(level: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (6, 4), level).save(stream, "PNG")
    return stream.getvalue()


def test_from_a_photo_to_its_loop(client: Any, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photos.jpeg())
    told: list[tuple[str | None, float]] = []
    options = windstill.Options(**QUICK, operation="1", strength="calm", exact_first_frame=True)
    done = client.animate(
        photo, options, output=tmp_path / "loop.mp4", progress=lambda *step: told.append(step)
    )
    assert done.state == "succeeded"
    assert done.finished
    assert frames(tmp_path / "loop.mp4") == done.result.frames == 16
    assert done.result.bytes == (tmp_path / "loop.mp4").stat().st_size
    assert "sky" in done.result.moved
    assert done.options["strength"] == "calm"
    assert done.options["exact_first_frame"] is True
    assert done.created_at <= done.finished_at < done.expires_at
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert client.get(done.id).result.mime == "video/mp4"
    assert client.read(done.result.url) == (tmp_path / "loop.mp4").read_bytes()


def test_own_mattes_and_every_kind_of_source(client: Any) -> None:
    done = client.animate(
        io.BytesIO(photos.jpeg()), {**QUICK, "operation": "1"}, sky_matte=matte(255)
    )
    assert done.result.moved["sky"]["share"] > 0.9


def test_waiting_with_the_request_and_repeating_it(client: Any) -> None:
    asked = {"wait": 20, "idempotency_key": f"once-{type(client).__name__}"}
    first = client.create(photos.jpeg(), QUICK, **asked)
    assert first.state == "succeeded"
    assert client.create(photos.jpeg(), QUICK, **asked).id == first.id
    page = client.list(limit=1)
    assert page.animations[0].id == first.id
    if page.next is not None:
        assert client.list(limit=1, cursor=page.next).animations[0].id != first.id


def test_cancelled_is_an_error_that_says_so(client: Any) -> None:
    begun = client.create(photos.jpeg(1500, 1000), {"seconds": 12, "fps": 60})
    assert client.cancel(begun.id).id == begun.id
    with pytest.raises(AnimationFailed) as failure:
        client.wait(begun.id)
    assert failure.value.animation.state == "cancelled"
    with pytest.raises(AnimationFailed):
        client.download(failure.value.animation, "never.mp4")


def test_previews_tell_what_was_found(client: Any) -> None:
    found = client.preview(photos.jpeg(), wind="left", sky_matte=matte(255))
    assert found.found["sky"] > 0.9
    assert (found.photo_width, found.photo_height) == (96, 64)
    with Image.open(io.BytesIO(client.read(found.mattes))) as mattes:
        assert mattes.size == (found.width, found.height)
        assert np.asarray(mattes)[..., 0].mean() > 200
    assert client.read(found.motion)


def test_options_and_limits_are_told(client: Any) -> None:
    names = {option["name"] for option in client.about()["options"]}
    assert names == {*windstill.Options().as_dict(), "poster", "must_move"}


def test_compatible_endpoint(client: Any) -> None:
    result = client.micro_motion(photos.jpeg(), "1")
    assert result.request_id
    assert client.read(result.url)[4:8] == b"ftyp"
    with pytest.raises(ServiceError) as refusal:
        client.micro_motion(photos.jpeg(), "7")
    assert refusal.value.status >= 400
    assert refusal.value.code != "service_error"


def test_refusals_say_what_is_allowed(client: Any) -> None:
    with pytest.raises(ServiceError) as refusal:
        client.create(b"no photo at all", QUICK)
    assert (refusal.value.code, refusal.value.status) == ("not_a_photo", 415)
    assert refusal.value.field == "image"
    assert refusal.value.request_id
    copy = pickle.loads(pickle.dumps(refusal.value))
    assert (type(copy), copy.code, str(copy)) == (ServiceError, "not_a_photo", str(refusal.value))
    with pytest.raises(ServiceError) as unknown:
        client.get("00000000-0000-0000-0000-000000000000")
    assert unknown.value.status == 404


def test_what_is_wrong_here_is_told_here(client: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="seconds"):
        client.create(photos.jpeg(), {"seconds": 99})
    with pytest.raises(UnreadablePhoto, match=r"none\.jpg"):
        client.create(tmp_path / "none.jpg")
    done = client.create(photos.jpeg(), QUICK, wait=20)
    with pytest.raises(OutputError):
        client.download(done, tmp_path / "none" / "loop.mp4")
    assert not list(tmp_path.iterdir())


def test_a_wrong_key(server: RunningServer, kind: Any) -> None:
    client = kind(server.address, "wrong")
    with pytest.raises(ServiceError) as refusal:
        client.create(photos.jpeg())
    client.close()
    assert refusal.value.status == 401


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "no-address"])
def test_no_service(kind: Any, address: str) -> None:
    client = kind(address.format(port=free_port()), "key", retries=1)
    with pytest.raises(ServiceUnreachable, match="can't be reached"):
        client.about()
    client.close()


def test_key_is_sent_to_the_service_alone(client: Any, kind: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        elsewhere.settimeout(10)
        heads: list[bytes] = []

        def answer() -> None:
            connection, _ = elsewhere.accept()
            heads.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert client.read(f"http://127.0.0.1:{port}/loop") == b"ok"
        thread.join()
    assert b"authorization" not in heads[0].lower()
    assert b"ailabapi" not in heads[0].lower()


def test_mattes_go_out_and_come_back_and_a_poster_comes_along(client: Any) -> None:
    found = client.mattes(photos.jpeg())
    sky = client.read(found.sky)
    assert Image.open(io.BytesIO(sky)).size == (found.width, found.height) == (96, 64)
    asked = {**QUICK, "operation": "1", "repeat_to": 5}
    done = client.create(photos.jpeg(), asked, sky_matte=sky, poster="jpg", must_move=True, wait=20)
    assert done.result.moved["sky"]["share"] == pytest.approx(found.found["sky"], abs=0.02)
    assert done.result.repeats == 3
    assert Image.open(io.BytesIO(client.read(done.result.poster))).format == "JPEG"
