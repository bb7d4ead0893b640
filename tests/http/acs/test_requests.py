"""Which signed requests are answered, and with which code the others are refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from xml.etree import ElementTree

import cv2
import httpx
import numpy as np
import pytest

from tests.http.acs.signing import FORM, Signer, loop_address, refusal, stamp

Ask = Callable[[Signer], httpx.Response]
SHA256 = "sha256"

TAKEN: dict[str, Ask] = {
    "ACS3, form": lambda it: it.acs3(),
    "ACS3, chunks, as from Node": lambda it: it.acs3(chunked=True),
    "ACS3, parameters in the query": lambda it: it.acs3(query=it.form()),
    "ACS3, GET": lambda it: it.acs3(query=it.form(), method="GET"),
    "ACS3, no hash of the body": lambda it: it.acs3(headers={"x-acs-content-sha256": None}),
    "ACS3, signature in capitals": lambda it: it.acs3(upper=True),
    "ACS3, charset": lambda it: it.acs3(headers={"content-type": f"{FORM}; charset=UTF-8"}),
    "ACS3, a header of newer ones": lambda it: it.acs3(
        headers={"x-acs-credentials-provider": "static_ak"}
    ),
    "ACS3, headers that need no signature": lambda it: it.acs3(
        unsigned=("accept", "user-agent", "content-type")
    ),
    "ACS3, 14 minutes late": lambda it: it.acs3(headers={"x-acs-date": stamp(-840)}),
    "ACS3, 14 minutes early": lambda it: it.acs3(headers={"x-acs-date": stamp(840)}),
    "RPC, query and form": lambda it: it.rpc(),
    "RPC, HMAC-SHA256": lambda it: it.rpc(SignatureMethod="HMAC-SHA256", digest=SHA256),
    "RPC, GET": lambda it: it.rpc(method="GET", place="query"),
    "RPC, POST, all in the query": lambda it: it.rpc(place="query"),
    "RPC, POST, all in the form": lambda it: it.rpc(place="form"),
    "RPC, as the core SDK": lambda it: it.rpc(SignatureType="", RegionId="cn-shanghai"),
    "RPC, json in lower case": lambda it: it.rpc(Format="json"),
    "RPC, odd characters": lambda it: it.rpc(Note="~*'() !é图"),
    "operation 01": lambda it: it.acs3(it.form(Operation="01")),
    "operation 10": lambda it: it.acs3(it.form(Operation="10")),
    "operation 11": lambda it: it.acs3(it.form(Operation="11")),
}

REFUSED: dict[str, tuple[Ask, int, str]] = {
    "ACS3, 16 minutes late": (
        lambda it: it.acs3(headers={"x-acs-date": stamp(-960)}),
        400,
        "InvalidTimeStamp.Expired",
    ),
    "ACS3, 16 minutes early": (
        lambda it: it.acs3(headers={"x-acs-date": stamp(960)}),
        400,
        "InvalidTimeStamp.Expired",
    ),
    **{
        f"ACS3, date {date!r}": (
            lambda it, date=date: it.acs3(headers={"x-acs-date": date}),
            400,
            "InvalidTimeStamp.Format",
        )
        for date in (
            "yesterday",
            "2026-13-01T00:00:00Z",
            "2026-12-01 10:00:00",
            "0000-00-00T00:00:00Z",
        )
    },
    "ACS3, no date": (lambda it: it.acs3(headers={"x-acs-date": None}), 400, "MissingTimestamp"),
    "ACS3, no nonce": (
        lambda it: it.acs3(headers={"x-acs-signature-nonce": None}),
        400,
        "MissingSignatureNonce",
    ),
    "ACS3, endless nonce": (
        lambda it: it.acs3(headers={"x-acs-signature-nonce": "x" * 129}),
        400,
        "InvalidParameter",
    ),
    "ACS3, wrong secret": (
        lambda it: it.with_(secret="wrong").acs3(),
        400,
        "SignatureDoesNotMatch",
    ),
    "ACS3, unknown key": (
        lambda it: it.with_(key_id="WSAK" + "x" * 16).acs3(),
        404,
        "InvalidAccessKeyId.NotFound",
    ),
    "ACS3, no key of this kind": (
        lambda it: it.with_(key_id="AKIDTEST").acs3(),
        404,
        "InvalidAccessKeyId.NotFound",
    ),
    "ACS3, body changed": (
        lambda it: it.acs3(tampered=b"Operation=10&Url=http%3A%2F%2Fh%2F"),
        400,
        "SignatureDoesNotMatch",
    ),
    "ACS3, action unsigned": (
        lambda it: it.acs3(unsigned=("x-acs-action",)),
        400,
        "IncompleteSignature",
    ),
    "ACS3, host unsigned": (lambda it: it.acs3(unsigned=("host",)), 400, "IncompleteSignature"),
    "ACS3, another algorithm": (
        lambda it: it.acs3(algorithm="ACS3-HMAC-SM3"),
        400,
        "InvalidSignatureMethod",
    ),
    "ACS3, nonsense": (
        lambda it: it.send(headers={"authorization": "ACS3-HMAC-SHA256 nonsense"}),
        400,
        "IncompleteSignature",
    ),
    "temporary credentials": (
        lambda it: it.acs3(headers={"x-acs-security-token": "token"}),
        400,
        "InvalidSecurityToken.NotFound",
    ),
    "RPC, temporary credentials": (
        lambda it: it.rpc(SecurityToken="token"),
        400,
        "InvalidSecurityToken.NotFound",
    ),
    "another action": (lambda it: it.acs3(action="ErasePerson"), 404, "InvalidAction.NotFound"),
    "another version": (lambda it: it.acs3(version="2020-09-30"), 400, "InvalidVersion"),
    "RPC, wrong secret": (lambda it: it.with_(secret="no").rpc(), 400, "SignatureDoesNotMatch"),
    "RPC, changed": (
        lambda it: it.rpc(changed={"Operation": "10"}),
        400,
        "SignatureDoesNotMatch",
    ),
    "RPC, a signature that is no text": (
        lambda it: it.rpc(changed={"Signature": "é\ud800".encode("utf-8", "replace").decode()}),
        400,
        "SignatureDoesNotMatch",
    ),
    "RPC, HMAC-MD5": (
        lambda it: it.rpc(SignatureMethod="HMAC-MD5"),
        400,
        "InvalidSignatureMethod",
    ),
    "RPC, version 9 of the signature": (
        lambda it: it.rpc(SignatureVersion="9"),
        400,
        "InvalidSignatureVersion",
    ),
    "RPC, 16 minutes late": (
        lambda it: it.rpc(Timestamp=stamp(-960)),
        400,
        "InvalidTimeStamp.Expired",
    ),
    **{
        f"RPC, no {name}": (lambda it, name=name: it.rpc(**{name: None}), 400, f"Missing{name}")
        for name in ("Signature", "AccessKeyId", "SignatureNonce", "Timestamp", "Action", "Version")
    },
    "nothing at all": (lambda it: it.send(), 400, "MissingAccessKeyId"),
    "no Url": (lambda it: it.acs3(it.form(Url=None)), 400, "MissingUrl"),
    "empty Url": (lambda it: it.acs3(it.form(Url="")), 400, "MissingUrl"),
    "no Operation": (lambda it: it.acs3(it.form(Operation=None)), 400, "MissingOperation"),
    **{
        f"operation {operation}": (
            lambda it, operation=operation: it.acs3(it.form(Operation=operation)),
            400,
            "InvalidParameter",
        )
        for operation in ("00", "001", "2", "sky")
    },
    "two Urls": (
        lambda it: it.acs3(it.form(), query={"Url": it.photo}),
        400,
        "InvalidParameter",
    ),
    "two Actions": (
        lambda it: it.rpc(it.form(Action="GenerateDynamicImage")),
        400,
        "InvalidParameter",
    ),
    "too many parameters": (
        lambda it: it.acs3(it.form(**{f"p{number}": "" for number in range(70)})),
        400,
        "ClientError.IllegalArgument",
    ),
    "another method": (
        lambda it: it.acs3(method="PUT"),
        404,
        "InvalidAction.NotFound",
    ),
}


@pytest.mark.parametrize("ask", TAKEN.values(), ids=TAKEN.keys())
def test_a_request_is_answered(anna: Signer, ask: Ask) -> None:
    assert loop_address(ask(anna)).startswith(f"{anna.address}/files/results/")


@pytest.mark.parametrize(("ask", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_request_is_refused(anna: Signer, ask: Ask, status: int, code: str) -> None:
    assert refusal(ask(anna)) == (status, code)


def test_a_nonce_counts_once(anna: Signer) -> None:
    nonce = uuid.uuid4().hex
    assert loop_address(anna.acs3(headers={"x-acs-signature-nonce": nonce}))
    again = anna.acs3(headers={"x-acs-signature-nonce": nonce})
    assert refusal(again) == (400, "SignatureNonceUsed")
    assert refusal(anna.rpc(SignatureNonce=nonce)) == (400, "SignatureNonceUsed")


def test_a_wrong_signature_uses_no_nonce_up(anna: Signer) -> None:
    nonce = uuid.uuid4().hex
    wrong = anna.with_(secret="wrong").acs3(headers={"x-acs-signature-nonce": nonce})
    assert refusal(wrong) == (400, "SignatureDoesNotMatch")
    assert loop_address(anna.acs3(headers={"x-acs-signature-nonce": nonce}))


def test_what_was_signed_is_told_as_the_core_sdk_compares_it(anna: Signer) -> None:
    told = anna.with_(secret="wrong").rpc().json()["Message"]
    before, mark, to_sign = told.partition("server string to sign is:")
    assert mark
    assert ":" not in before
    assert to_sign.startswith("POST&%2F&AccessKeyId%3D")


@pytest.mark.parametrize("form", ["XML", "xml", None])
def test_rpc_is_answered_in_xml_where_it_asks_for_it(anna: Signer, form: str | None) -> None:
    answer = anna.rpc(Format=form)
    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
    root = ElementTree.fromstring(answer.text)
    assert root.tag == "GenerateDynamicImageResponse"
    assert httpx.get(root.findtext("Data/Url", "")).status_code == 200
    assert root.findtext("RequestId") == answer.headers["x-acs-request-id"]
    refused = anna.rpc(Format=form, SignatureVersion="<9>")
    root = ElementTree.fromstring(refused.text)
    assert (refused.status_code, root.tag) == (400, "Error")
    assert root.findtext("Code") == "InvalidSignatureVersion"


def test_the_loop_is_an_avi_that_opencv_plays(anna: Signer, tmp_path) -> None:
    answer = httpx.get(loop_address(anna.acs3()))
    assert answer.headers["content-type"] == "video/x-msvideo"
    (tmp_path / "loop.avi").write_bytes(answer.content)
    film = cv2.VideoCapture(str(tmp_path / "loop.avi"))
    frames = []
    while (read := film.read())[0]:
        frames.append(read[1])
    film.release()
    assert len(frames) == 16
    assert frames[0].shape == (64, 96, 3)
    assert max(int(np.abs(frames[0].astype(int) - frame).max()) for frame in frames) > 0
