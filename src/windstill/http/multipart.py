"""Reading upload forms as real clients send them.

Clients of the retired API send the operation as a text part, as a file part, with a content type
or in the query string; name the image part anything or nothing; leave parameters unquoted or end
them with a semicolon. All of that is read the same way here: a part counts by its name alone, and
its file name and type are ignored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from windstill.http.advice import check_not_compressed, other_body
from windstill.http.numbers import whole_number
from windstill.http.refusals import ClientGone, Reason, RequestRefused
from windstill.http.uploads import Held

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_KINDS = {"image": "photo"}
MAX_HEADER_BYTES = 4096
MAX_HEADERS = 16
MAX_NAME = 60
GRACE_SECONDS = 10.0
"""How long a body may bring nothing: a network that changes takes some seconds."""


@dataclass(frozen=True, kw_only=True)
class FormLimits:
    """Which parts are read, and how much of them.

    files: bytes that are kept of each file, by the name of its part. texts: the names of parts
    that are text. body_bytes: of everything; text_bytes: of what is kept of a text; parts: how
    many. seconds: how long the whole body may take to arrive; rate: bytes a second that it must
    bring. wanted: the form, in words.
    """

    files: Mapping[str, int]
    texts: Collection[str]
    body_bytes: int
    text_bytes: int = 256
    parts: int
    seconds: float
    rate: int
    wanted: str


@dataclass
class FormFile:
    """A file's bytes; when there were more than the limit the rest is missing, and `size` tells
    how many were sent.
    """

    data: bytes = b""
    size: int = 0


@dataclass
class Form:
    """What was sent. texts: stripped. unknown: the name of a part that is neither, if any."""

    files: dict[str, FormFile] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    unknown: str | None = None


async def read_form(request: Request, limits: FormLimits, held: Held) -> Form:
    """Reads the body of `request`.

    At most what `limits` keeps and one chunk are held; nothing is written to disk. held: counts
    what is kept. Raises `RequestRefused` when the body is no multipart form or is beyond a limit,
    and `ClientGone`.
    """
    _check_length(request, limits.body_bytes)
    check_not_compressed(request)
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    if not kind.startswith(b"multipart/"):
        await _discard(request, limits)
        if kind in (b"", b"application/x-www-form-urlencoded"):
            raise RequestRefused(
                Reason.MISSING_PART,
                f"image is missing: send a multipart/form-data body with {limits.wanted}.",
                field="image",
            )
        raise RequestRefused(Reason.BROKEN_BODY, other_body(_shown(kind), limits.wanted))
    boundary = parameters.get(b"boundary")
    if not boundary:
        await _discard(request, limits)
        raise RequestRefused(
            Reason.BROKEN_BODY,
            "The Content-Type header has no boundary; let the HTTP library set that header.",
        )
    return await _parse(request, limits, boundary, held)


async def _parse(request: Request, limits: FormLimits, boundary: bytes, held: Held) -> Form:
    reader = _FormReader(limits, held)
    try:
        parser = MultipartParser(
            boundary,
            reader.callbacks(),
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )
        preamble = _Preamble(boundary)
        async for chunk in body_chunks(request, limits.body_bytes, limits.seconds, limits.rate):
            parser.write(preamble.skipped(chunk))
    except FormParserError as error:
        raise RequestRefused(
            Reason.BROKEN_BODY, f"The multipart body is broken: {error}."
        ) from None
    if not reader.ended:
        raise RequestRefused(
            Reason.BROKEN_BODY, "The multipart body is broken: its closing boundary is missing."
        )
    return reader.form


async def body_chunks(
    request: Request, most: int, seconds: float, rate: int
) -> AsyncIterator[bytes]:
    """The body's chunks, as long as they keep within `most` bytes and `seconds`, and bring `rate`
    bytes a second after the first few.
    """
    _check_length(request, most)
    size = 0
    begin = asyncio.get_running_loop().time()
    stream = request.stream()
    while True:
        due = begin + min(seconds, GRACE_SECONDS + size / rate)
        try:
            async with asyncio.timeout_at(due):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise RequestRefused(
                Reason.SLOW_BODY,
                f"The body did not arrive within {seconds:g} seconds, or it brought less "
                f"than {rate:,} bytes a second.",
            ) from None
        except ClientDisconnect:
            raise ClientGone from None
        if chunk is None:
            return
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        yield chunk


async def _discard(request: Request, limits: FormLimits) -> None:
    async for _ in body_chunks(request, limits.body_bytes, limits.seconds, limits.rate):
        pass


def _check_length(request: Request, most: int) -> None:
    # A length that lies is caught by counting.
    if whole_number(request.headers.get("content-length", "0"), 0, most) is None:
        raise _too_large(most)


def _too_large(most: int) -> RequestRefused:
    return RequestRefused(
        Reason.BODY_TOO_LARGE, f"The request body may have {most:,} bytes at most."
    )


def _shown(kind: bytes) -> str:
    text = kind.decode("latin-1")
    return text if text.isascii() and text.isprintable() and len(text) < 60 else "something else"


class _Preamble:
    """Skips what stands before the first boundary, which readers ignore (RFC 2046, 5.1.1)."""

    def __init__(self, boundary: bytes) -> None:
        self._mark = b"\n--" + boundary
        self._seen = b"\n"
        self._found = False

    def skipped(self, chunk: bytes) -> bytes:
        """The chunk, less what of it stands before the boundary."""
        if self._found:
            return chunk
        self._seen += chunk
        begin = self._seen.find(self._mark)
        if begin < 0:
            self._seen = self._seen[-len(self._mark) :]
            return b""
        self._found = True
        return self._seen[begin + 1 :]


@dataclass
class _Part:
    name: str = ""
    data: bytearray = field(default_factory=bytearray)


class _FormReader:
    """Receives the parser's events and keeps the parts that matter."""

    def __init__(self, limits: FormLimits, held: Held) -> None:
        self._held = held
        self.form = Form()
        self.ended = False
        self._limits = limits
        self._parts = 0
        self._part = _Part()
        self._title = bytearray()
        self._content = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        """What the parser shall call."""
        return {
            "on_part_begin": self._part_begin,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > self._limits.parts:
            raise RequestRefused(
                Reason.TOO_MANY_PARTS, f"The form may have {self._limits.parts} parts at most."
            )
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._title += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def _header_end(self) -> None:
        if self._title.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._content))
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace").strip()
        self._title.clear()
        self._content.clear()

    def _headers_finished(self) -> None:
        name = self._part.name
        if name in self._limits.files:
            if name in self.form.files:
                raise RequestRefused(
                    Reason.TOO_MANY_IMAGES,
                    f"{name} is given several times; one {_KINDS.get(name, 'file')} is allowed.",
                    field=name,
                )
            self.form.files[name] = FormFile()
        elif name not in self._limits.texts:
            self.form.unknown = self.form.unknown or name[:MAX_NAME]

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        name = self._part.name
        kept = len(self._part.data)
        room = 0
        if name in self._limits.files:
            self.form.files[name].size += end - start
            room = self._limits.files[name] - kept
        elif name in self._limits.texts:
            room = self._limits.text_bytes - kept
        stop = min(end, start + max(0, room))
        self._held.take(stop - start)
        self._part.data += data[start:stop]

    def _part_end(self) -> None:
        name = self._part.name
        if name in self._limits.files:
            self.form.files[name].data = bytes(self._part.data)
        if name not in self._limits.texts:
            return
        text = self._part.data.decode("utf-8", "replace").strip()
        if self.form.texts.get(name, "") not in ("", text):
            raise RequestRefused(
                Reason.INVALID_OPERATION,
                f"{name} is given several times, with different values.",
                field=name,
            )
        self.form.texts[name] = text

    def _end(self) -> None:
        self.ended = True
