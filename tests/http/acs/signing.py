"""Signs requests as the documents of the two signatures say, apart from the service's own code."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import httpx

FORM = "application/x-www-form-urlencoded"
ACTION = {"action": "GenerateDynamicImage", "version": "2019-09-30"}


def stamp(seconds: float = 0) -> str:
    """A date so far from now."""
    now = datetime.datetime.fromtimestamp(time.time() + seconds, datetime.UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def joined(pairs: Mapping[str, str]) -> str:
    return "&".join(f"{encoded(name)}={encoded(pairs[name])}" for name in sorted(pairs))


@dataclass(frozen=True)
class Signer:
    """A client with a key pair. photo: the address that it names unless told."""

    address: str
    key_id: str
    secret: str = field(repr=False)
    photo: str

    def with_(self, **changes: str) -> Signer:
        return replace(self, **changes)

    @property
    def host(self) -> str:
        return self.address.partition("://")[2]

    def form(self, **changes: str | None) -> dict[str, str]:
        """The action's parameters; None leaves one out."""
        given = {"Url": self.photo, "Operation": "1", **changes}
        return {name: value for name, value in given.items() if value is not None}

    def acs3(
        self,
        form: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        method: str = "POST",
        action: str = ACTION["action"],
        version: str = ACTION["version"],
        algorithm: str = "ACS3-HMAC-SHA256",
        headers: Mapping[str, str | None] | None = None,
        unsigned: tuple[str, ...] = (),
        tampered: bytes | None = None,
        chunked: bool = False,
        upper: bool = False,
    ) -> httpx.Response:
        """Signed in the header Authorization. headers: further ones, or None to leave one out."""
        is_bare = form is None and query is not None
        body = b"" if is_bare else urlencode(self.form() if form is None else form).encode()
        digest = hashlib.sha256(body).hexdigest()
        given: dict[str, str | None] = {
            "host": self.host,
            "accept": "application/json",
            "user-agent": "AlibabaCloud (test) Core/0.4.3 TeaDSL/2",
            "content-type": None if is_bare else FORM,
            "x-acs-action": action,
            "x-acs-version": version,
            "x-acs-date": stamp(),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-content-sha256": digest,
            **(headers or {}),
        }
        sent = {name: value for name, value in given.items() if value is not None}
        names = sorted(name for name in sent if name not in unsigned)
        canonical = "\n".join(
            (
                method,
                "/",
                joined(query or {}),
                "".join(f"{name}:{sent[name].strip()}\n" for name in names),
                ";".join(names),
                digest,
            )
        )
        to_sign = f"{algorithm}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self.secret.encode(), to_sign.encode(), "sha256").hex()
        sent["authorization"] = (
            f"{algorithm} Credential={self.key_id},SignedHeaders={';'.join(names)},"
            f"Signature={signature.upper() if upper else signature}"
        )
        body = body if tampered is None else tampered
        content = _chunks(body) if chunked else body
        return self.send(method, query, headers=sent, content=content)

    def rpc(
        self,
        form: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
        place: str = "query and form",
        digest: str = "sha1",
        changed: Mapping[str, str] | None = None,
        **common: str | None,
    ) -> httpx.Response:
        """Signed by parameters. place: where they are: "query and form", "query" or "form".

        common: changes of the common parameters; None leaves one out. changed: after signing.
        """
        given: dict[str, str | None] = {
            "Action": ACTION["action"],
            "Version": ACTION["version"],
            "Format": "JSON",
            "Timestamp": stamp(),
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "AccessKeyId": self.key_id,
            **common,
        }
        given.setdefault("Signature", "")
        form = dict(self.form() if form is None else form)
        query = {n: v for n, v in given.items() if v is not None and n != "Signature"}
        to_sign = f"{method}&%2F&{encoded(joined({**query, **form}))}"
        signature = hmac.digest(f"{self.secret}&".encode(), to_sign.encode(), digest)
        if given["Signature"] is not None:
            query["Signature"] = base64.b64encode(signature).decode()
        for name, value in (changed or {}).items():
            (form if name in form else query)[name] = value
        if place == "query":
            query, form = {**query, **form}, {}
        elif place == "form":
            query, form = {}, {**query, **form}
        headers = {"content-type": FORM} if method == "POST" else {}
        content = urlencode(form).encode() if method == "POST" else b""
        return self.send(method, query, headers=headers, content=content)

    def send(
        self, method: str = "POST", query: Mapping[str, str] | None = None, **request: Any
    ) -> httpx.Response:
        """A request as it is, to the service's root."""
        target = f"{self.address}/" + (f"?{urlencode(query)}" if query else "")
        return httpx.request(method, target, timeout=60, **request)


def _chunks(body: bytes) -> Iterator[bytes]:
    yield body[:7]
    yield body[7:]


def refusal(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal, which must have all that clients read."""
    assert response.headers["content-type"] == "application/json;charset=utf-8"
    told = response.json()
    assert set(told) == {"RequestId", "HostId", "Code", "Message"}
    assert told["RequestId"] == response.headers["x-acs-request-id"] == told["RequestId"].upper()
    assert told["Message"]
    assert "access-control-allow-origin" not in response.headers
    return response.status_code, told["Code"]


def loop_address(response: httpx.Response) -> str:
    """Where the loop of a success is."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json;charset=utf-8"
    told = response.json()
    assert set(told) == {"RequestId", "Data"}
    assert set(told["Data"]) == {"Url"}
    return str(told["Data"]["Url"])
