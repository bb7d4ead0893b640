"""A request of the signed API as it was sent: read once, and checked by nobody yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Scope

from windstill.http.acs.refusals import AcsRefused
from windstill.http.multipart import body_chunks

FORM = "application/x-www-form-urlencoded"
MAX_BYTES = 64 * 1024
MAX_PARAMETERS = 64
MAX_NAME = 60

Pairs = tuple[tuple[str, str], ...]


def speaks(scope: Scope) -> bool:
    """Whether a request is one of the signed API: told by its head alone.

    The web page keeps `GET /`; all else at `/` is signed, and so is what says so anywhere.
    """
    names = {name for name, _ in scope["headers"]}
    if b"x-acs-action" in names or _authorization(scope).startswith(b"ACS3-"):
        return True
    if scope["path"] != "/":
        return False
    query = scope["query_string"]
    return scope["method"] not in ("GET", "HEAD") or any(
        part.startswith(b"Action=") for part in query.split(b"&")
    )


def is_form_upload(scope: Scope) -> bool:
    """Whether a request carries a file: what clients send to an object store."""
    kind = dict(scope["headers"]).get(b"content-type", b"")
    return scope["method"] == "POST" and bool(kind.lower().startswith(b"multipart/"))


@dataclass(frozen=True)
class Call:
    """One request.

    headers: by lower-case name; those given several times are joined by commas. query, form: names
    and values as decoded. acs3: signed in the header Authorization, else by parameters.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Pairs
    form: Pairs
    body: bytes = field(repr=False)

    @property
    def acs3(self) -> bool:
        """Whether the header Authorization signs it."""
        return self.headers.get("authorization", "").startswith("ACS3-")

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Query and form together. Raises `AcsRefused` where a name is given twice."""
        found: dict[str, str] = {}
        for name, value in (*self.query, *self.form):
            if name in found:
                shown = name if name.isascii() and name.isprintable() else "something"
                raise AcsRefused("InvalidParameter", "It is given twice.", name=shown[:MAX_NAME])
            found[name] = value
        return found

    def required(self, name: str) -> str:
        """A parameter that must not be missing or empty. Raises `AcsRefused`."""
        value = self.parameters.get(name, "")
        if not value:
            raise AcsRefused("Missing{name}", name=name)
        return value

    @property
    def wants_xml(self) -> bool:
        """Whether XML is asked for: the default of RPC. Raises `AcsRefused`."""
        given = self.parameters
        default = "XML" if "Action" in given else "JSON"
        return not self.acs3 and given.get("Format", default).upper() == "XML"

    @property
    def action(self) -> str:
        """The action's name. Raises `AcsRefused`."""
        return self._named("x-acs-action", "Action")

    @property
    def version(self) -> str:
        """The API's version. Raises `AcsRefused`."""
        return self._named("x-acs-version", "Version")

    def _named(self, header: str, parameter: str) -> str:
        return (self.acs3 and self.headers.get(header)) or self.required(parameter)


async def read_call(request: Request, seconds: float, rate: int) -> Call:
    """The request with its body, of at most 64 KiB, within `seconds` and at `rate`.

    Raises `RequestRefused`, `AcsRefused` and `ClientGone`.
    """
    body = bytearray()
    async for chunk in body_chunks(request, MAX_BYTES, seconds, rate):
        body += chunk
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    kind = headers.get("content-type", FORM).partition(";")[0].strip().lower()
    return Call(
        method=request.method,
        path=request.scope["path"],
        headers=headers,
        query=_pairs(request.scope["query_string"]),
        form=_pairs(bytes(body)) if kind == FORM else (),
        body=bytes(body),
    )


def _pairs(data: bytes) -> Pairs:
    try:
        found = parse_qsl(
            data.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS
        )
    except ValueError:
        raise AcsRefused(
            "ClientError.IllegalArgument",
            f"Parameters are percent-encoded, and {MAX_PARAMETERS} at most.",
        ) from None
    return tuple(found)


def _authorization(scope: Scope) -> bytes:
    return bytes(dict(scope["headers"]).get(b"authorization", b""))
