"""Local files: a form that is allowed, posted once, and named as the photo's address."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.http import photos
from tests.http.acs.conftest import SIGNED, keys_of, signer
from tests.http.acs.signing import Signer, loop_address, refusal
from tests.http.native.receiving import Receiver
from tests.http.running import RunningServer, until
from windstill.http.acs.uploads import MAX_ARRIVING

Launch = Callable[..., RunningServer]
BOUNDARY = "1764585600123456789"


def allowed(client: Signer, **query: str) -> dict[str, Any]:
    """What a client is told about where to put its file."""
    given = {"Product": "imageenhan", "RegionId": "cn-shanghai", **query}
    answer = client.acs3(
        query=given, method="GET", action="AuthorizeFileUpload", version="2019-12-19"
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def fields(told: dict[str, Any]) -> dict[str, str]:
    return {
        "OSSAccessKeyId": told["AccessKeyId"],
        "policy": told["EncodedPolicy"],
        "Signature": told["Signature"],
        "key": told["ObjectKey"],
        "success_action_status": "201",
    }


def put(client: Signer, form: dict[str, str], file: bytes) -> httpx.Response:
    return httpx.post(client.address, data=form, files={"file": (form["key"], file, "")})


def address(told: dict[str, Any]) -> str:
    return f"http://{told['Bucket']}.{told['Endpoint']}/{told['ObjectKey']}"


def denied(answer: httpx.Response) -> tuple[int, str]:
    """The status and code of a refusal as an object store words it."""
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.text)
    assert root.tag == "Error"
    assert root.findtext("RequestId")
    return answer.status_code, str(root.findtext("Code"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_a_file_becomes_a_loop_and_is_gone(anna: Signer, signed: RunningServer, kind: str) -> None:
    told, file = allowed(anna), photos.coded(photos.scene(), kind)
    assert address(told).startswith(f"{anna.address}/")
    assert told["UseAccelerate"] is False
    before = set(signed.files())
    answer = put(anna, fields(told), file)
    assert answer.status_code == 201
    root = ElementTree.fromstring(answer.text)
    assert root.tag == "PostResponse"
    assert root.findtext("Key") == told["ObjectKey"]
    assert root.findtext("Location") == address(told)
    assert loop_address(anna.acs3(anna.form(Url=address(told))))
    left = set(signed.files()) - before
    assert not [path for path in left if path.parent.name == "uploads"]
    again = anna.acs3(anna.form(Url=address(told)))
    assert refusal(again) == (400, "InvalidFile.Download")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
def test_a_form_as_node_sends_it_is_read(anna: Signer, kind: str) -> None:
    told = allowed(anna)
    file = photos.coded(photos.scene(), kind)
    given = fields(told)
    last = given.pop("success_action_status")
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in given.items()
    ]
    # No line break between the file and the next boundary, and one too many before the end.
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
        "Content-Type: \r\n\r\n".encode()
    )
    parts.append(file)
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="success_action_status"\r\n\r\n'
        f"{last}\r\n\r\n--{BOUNDARY}--\r\n".encode()
    )
    kind_ = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = httpx.post(anna.address, content=iter(parts), headers=kind_)
    assert answer.status_code == 201, answer.text
    root = ElementTree.fromstring(answer.text)
    assert root.findtext("ETag") == put(anna, fields(allowed(anna)), file).text.partition("<ETag>")[
        2
    ].partition("</ETag>")[0].replace("&quot;", '"')
    assert loop_address(anna.acs3(anna.form(Url=address(told))))


def test_a_form_must_be_allowed(anna: Signer) -> None:
    told = allowed(anna)
    form, other, file = fields(told), fields(allowed(anna)), photos.jpeg()
    policy = json.loads(base64.b64decode(form["policy"]))
    policy["expiration"] += 9_999_999
    longer = base64.b64encode(json.dumps(policy).encode()).decode()
    for change in (
        {"Signature": ""},
        {"Signature": "é"},
        {"policy": ""},
        {"policy": longer},
        {"policy": other["policy"]},
        {"key": other["key"]},
        {"key": "../../windstill.db"},
    ):
        assert denied(put(anna, {**form, **change}, file)) == (403, "AccessDenied"), change
    assert put(anna, form, file).status_code == 201


@pytest.mark.parametrize(
    ("file", "code", "status"),
    [
        (b"", "ClientError.IllegalArgument", 400),
        (photos.of_size(3 * 2**20 + 9), "InvalidFile.Size", 400),
    ],
)
def test_a_file_must_keep_within_the_limits(
    anna: Signer, file: bytes, code: str, status: int
) -> None:
    assert denied(put(anna, fields(allowed(anna)), file)) == (status, code)


def test_a_form_that_is_far_too_large_is_refused(anna: Signer) -> None:
    answer = put(anna, fields(allowed(anna)), bytes(4 * 2**20))
    assert denied(answer) == (413, "EntityTooLarge")


def test_a_file_is_its_owners(anna: Signer, signed: RunningServer, album: Receiver) -> None:
    told = allowed(anna)
    put(anna, fields(told), photos.jpeg())
    otto = signer(signed, keys_of(signed).pair("otto"), album)
    stolen = address(told)
    renamed = stolen.replace(anna.key_id, otto.key_id)
    for url in (stolen, renamed):
        assert refusal(otto.acs3(otto.form(Url=url))) == (400, "InvalidFile.Download")
    assert loop_address(anna.acs3(anna.form(Url=stolen)))


def test_a_form_is_good_for_half_an_hour(launch: Launch, album: Receiver) -> None:
    server = launch(**SIGNED)
    client = signer(server, keys_of(server).pair("anna"), album)
    form = fields(allowed(client))
    server.move_clock(1801)
    assert denied(put(client, form, photos.jpeg())) == (403, "AccessDenied")


def test_the_address_is_the_public_one(launch: Launch, album: Receiver) -> None:
    server = launch(**SIGNED, public_url="https://loops.example.org:8443")
    client = signer(server, keys_of(server).pair("anna"), album)
    told = allowed(client)
    assert (told["Bucket"], told["Endpoint"]) == ("loops", "example.org:8443")
    put(client, fields(told), photos.jpeg())
    assert loop_address(client.acs3(client.form(Url=address(told)))).startswith(
        "https://loops.example.org:8443/files/"
    )


def test_a_host_without_a_dot_can_not_be_split(launch: Launch, album: Receiver) -> None:
    server = launch(**SIGNED, public_url="http://localhost:8080")
    client = signer(server, keys_of(server).pair("anna"), album)
    answer = client.acs3(
        query={"Product": "imageenhan"},
        method="GET",
        action="AuthorizeFileUpload",
        version="2019-12-19",
    )
    assert refusal(answer) == (400, "InvalidApi.ForbiddenInvoke")
    assert "localhost:8080" in answer.json()["Message"]


def test_forms_of_strangers_leave_room_for_others(launch: Launch, album: Receiver) -> None:
    server = launch(**SIGNED)
    client = signer(server, keys_of(server).pair("anna"), album)
    form = fields(allowed(client))
    host, _, port = client.host.partition(":")
    head = (
        f"POST / HTTP/1.1\r\nHost: {client.host}\r\nContent-Length: 1000\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    with ExitStack() as stack:
        for _ in range(MAX_ARRIVING):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            connection.sendall(head.encode())
        until(lambda: put(client, form, photos.jpeg()).status_code == 500)
        answer = put(client, form, photos.jpeg())
        assert denied(answer) == (500, "InternalError.Busy")
        assert answer.headers["retry-after"] == "1"
        assert loop_address(client.acs3())
        assert server.animate(photos.jpeg()).status_code == 200
    until(lambda: put(client, form, photos.jpeg()).status_code == 201)
