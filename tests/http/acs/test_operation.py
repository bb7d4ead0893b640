"""The page stays where it is, bodies are bounded, and every failure is one that clients read."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.http.acs.conftest import SIGNED, keys_of, signer
from tests.http.acs.signing import FORM, Signer, loop_address, refusal
from tests.http.native.receiving import Receiver
from tests.http.running import RunningServer, until

Launch = Callable[..., RunningServer]


def test_the_page_stays(signed: RunningServer, server: RunningServer) -> None:
    for address in (signed.address, server.address):
        for page in (httpx.get(address), httpx.get(f"{address}/?lang=de&NoAction=1")):
            assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert httpx.head(address).status_code == 200


def test_it_is_off_unless_told(server: RunningServer, anna: Signer) -> None:
    answer = anna.with_(address=server.address).acs3()
    assert answer.status_code == 403
    assert answer.json()["error_detail"]["code"] == "ERROR_ILLEGAL_OPERATION"
    assert "access-control-allow-origin" in httpx.options(server.address).headers


def test_browsers_are_not_let_in(signed: RunningServer, anna: Signer) -> None:
    origin = {"origin": "https://app.example.org", "access-control-request-method": "POST"}
    answer = httpx.options(signed.address, headers=origin)
    assert refusal(answer) == (404, "InvalidAction.NotFound")
    assert "access-control-allow-methods" not in answer.headers
    answer = anna.acs3(headers={"origin": "https://app.example.org"})
    assert loop_address(answer)
    assert "access-control-allow-origin" not in answer.headers


def test_the_other_apis_are_untouched(signed: RunningServer) -> None:
    with signed.client() as client:
        assert client.post("/api/image/effects/image-fine-tuning").json()["error_code"] == 401
        assert client.get("/v1/animations").headers["content-type"] == "application/problem+json"
        assert "access-control-allow-origin" in client.get("/v1/options").headers
    animated = signed.animate(b"no photo")
    assert animated.json()["error_detail"]["code"] == "FILE_DECODING_FAILURE"


def test_signed_requests_elsewhere_are_told_in_their_own_words(anna: Signer) -> None:
    headers = {"x-acs-action": "GenerateDynamicImage"}
    answer = httpx.post(f"{anna.address}/some/path", headers=headers)
    assert refusal(answer) == (404, "InvalidAction.NotFound")


@pytest.mark.parametrize("size", [65 * 1024, 100 * 2**20])
def test_a_body_that_is_too_large_is_refused(anna: Signer, size: int) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(size // 1024):
            yield b"x" * 1024

    whole = {"headers": {"content-type": FORM, "connection": "close"}}
    if size < 2**20:
        assert refusal(anna.send(content=b"x" * size, **whole)) == (413, "EntityTooLarge")
    try:
        answer = anna.send(content=chunks(), **whole)
    except httpx.WriteError:  # the service let go of a client that goes on and on
        assert size > 2**20
    else:
        assert refusal(answer) == (413, "EntityTooLarge")


def test_a_head_that_is_too_large_is_refused(anna: Signer) -> None:
    answer = anna.acs3(headers={"x-acs-more": "x" * 33_000})
    assert refusal(answer) == (400, "ClientError.IllegalArgument")


def test_other_bodies_are_no_parameters(anna: Signer) -> None:
    headers = {"content-type": "application/json"}
    assert refusal(anna.send(content=b'{"Url": 1}', headers=headers))[1] == "MissingAccessKeyId"
    raw = anna.send(content="Url=é".encode(), headers={"content-type": FORM})
    assert refusal(raw) == (400, "ClientError.IllegalArgument")


def test_a_service_that_is_about_to_stop_says_so(launch: Launch, album: Receiver) -> None:
    server = launch(**SIGNED, drain_delay=20)
    client = signer(server, keys_of(server).pair("anna"), album)
    server.process.send_signal(signal.SIGTERM)
    until(lambda: httpx.get(f"{server.address}/readyz").status_code == 503)
    answer = client.acs3()
    assert refusal(answer) == (503, "ServiceUnavailable")
    assert answer.headers["retry-after"] == "5"
    server.process.send_signal(signal.SIGTERM)


def test_a_loop_that_takes_too_long_is_told_in_time(launch: Launch, album: Receiver) -> None:
    server = launch(**{**SIGNED, "answer_seconds": 1, "seconds": 12, "fps": 60})
    client = signer(server, keys_of(server).pair("anna"), album)
    answer = client.acs3(client.form(Url=f"{album.address}/large.jpg"))
    assert refusal(answer) == (500, "InternalError.Timeout")
    until(lambda: not server.files())


def test_the_doctor_says_what_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    from windstill.cli.doctor_services import services_of
    from windstill.settings import Settings

    data = str(tmp_path / "data")
    assert "signed API" not in services_of(Settings(data=data))
    check = services_of(Settings(data=data, acs_api="avi"))["signed API"]
    with pytest.raises(Exception, match="image_urls = true"):
        check()
    told = services_of(Settings(data=data, acs_api="avi", image_urls=True))["signed API"]()
    assert "AVI" in told
