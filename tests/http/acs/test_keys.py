"""Key pairs that were rotated, switched off or revoked, and what a key may do."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.http.acs.conftest import SIGNED, keys_of, signer
from tests.http.acs.signing import loop_address, refusal
from tests.http.native.receiving import Receiver
from tests.http.running import RunningServer

Launch = Callable[..., RunningServer]


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("off", lambda ring, access: access.close("off")),
        ("gone", lambda ring, access: ring.revoke("gone")),
    ],
)
def test_a_revoked_key_and_a_pair_that_is_off_are_told(
    signed: RunningServer, album: Receiver, name: str, end: Callable[..., object]
) -> None:
    keys = keys_of(signed)
    client = signer(signed, keys.pair(name), album)
    keys.do(end)
    for answer in (client.acs3(), client.rpc()):
        assert refusal(answer) == (400, "InvalidAccessKeyId.Inactive")


def test_a_former_secret_signs_until_the_overlap_ends(launch: Launch, album: Receiver) -> None:
    server = launch(**SIGNED)
    keys = keys_of(server)
    old = signer(server, keys.pair("anna"), album)
    new = old.with_(secret=keys.do(lambda ring, access: access.rotate("anna", 3600)).secret)
    assert loop_address(old.acs3())
    assert loop_address(new.rpc())
    server.move_clock(3601)
    ahead = {"x-acs-date": None}
    assert refusal(old.acs3(headers=ahead)) == (400, "SignatureDoesNotMatch")
    assert refusal(new.acs3(headers=ahead)) == (400, "MissingTimestamp")


def test_the_native_key_and_its_pair_have_the_same_credits(
    signed: RunningServer, album: Receiver
) -> None:
    keys = keys_of(signed)
    client = signer(signed, keys.pair("poor", credits=20), album)
    failed = client.acs3(client.form(Url=f"{album.address}/none.jpg"))
    assert refusal(failed) == (400, "InvalidFile.Download")
    assert loop_address(client.acs3())
    answer = client.acs3()
    assert refusal(answer) == (400, "InvalidApi.ForbiddenInvoke")
    assert "15 credits" in answer.json()["Message"]
    assert keys.do(lambda ring, access: ring.balance(ring.find("poor").id)).left == 5


def test_a_key_that_asks_too_often_is_told(signed: RunningServer, album: Receiver) -> None:
    client = signer(signed, keys_of(signed).pair("eager", rate=0.001), album)
    answers = [client.rpc() for _ in range(11)]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert refusal(answers[10]) == (400, "Throttling.User")
    assert int(answers[10].headers["retry-after"]) > 0


def test_a_link_works_for_half_an_hour(launch: Launch, album: Receiver) -> None:
    server = launch(**SIGNED)
    client = signer(server, keys_of(server).pair("anna"), album)
    link = loop_address(client.acs3())
    server.move_clock(1790)
    assert httpx.get(link).status_code == 200
    server.move_clock(1801)
    assert httpx.get(link).status_code == 404


@pytest.mark.parametrize("form", ["mp4", "avi"])
def test_the_setting_names_the_format(launch: Launch, album: Receiver, form: str) -> None:
    server = launch(**{**SIGNED, "acs_api": form, "format": "mp4"})
    client = signer(server, keys_of(server).pair("anna"), album)
    assert loop_address(client.acs3()).partition("?")[0].endswith(f".{form}")
