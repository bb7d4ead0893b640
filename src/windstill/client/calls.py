"""Every request that the clients make, apart from how it is sent; both clients share them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

import httpx

from windstill.client.answers import (
    CompatibleResult,
    RemoteAnimation,
    RemoteMattes,
    RemotePage,
    RemotePreview,
)
from windstill.client.errors import AnimationFailed, ServiceError, ServiceUnreachable
from windstill.errors import UnreadablePhoto
from windstill.options import Options

T = TypeVar("T")

FileSource = str | os.PathLike[str] | bytes | IO[bytes]
"""A path, the bytes themselves, or a binary file."""

Choices = Options | Mapping[str, object] | None

_COMPATIBLE = "/api/image/effects/image-fine-tuning"
_RETRIED = {429, 503}


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read. repeatable: sending it twice does no harm."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    repeatable: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def request(self, client: httpx.Client | httpx.AsyncClient, key: str) -> httpx.Request:
        """The request with the key, which only these calls carry: links lead elsewhere."""
        headers = {"authorization": f"Bearer {key}", "ailabapi-api-key": key}
        given = dict(self.arguments)
        headers |= given.pop("headers", {})
        return client.build_request(self.method, self.path, headers=headers, **given)

    def answer(self, response: httpx.Response) -> T:
        """What the answer says. Raises `ServiceError` or `ServiceUnreachable`."""
        if not response.is_success:
            raise refusal(response)
        try:
            return self.read(response)
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceUnreachable(
                f"{response.url} answered what no Windstill service does."
            ) from error


def create(
    photo: FileSource,
    options: Choices,
    *,
    sky_matte: FileSource | None = None,
    hair_matte: FileSource | None = None,
    poster: str | None = None,
    must_move: bool = False,
    priority: str | None = None,
    webhook: str | None = None,
    wait: float = 0,
    idempotency_key: str | None = None,
) -> Call[RemoteAnimation]:
    """Asks for an animation."""
    headers = {}
    if wait:
        headers["prefer"] = f"wait={wait:.0f}"
    if idempotency_key is not None:
        headers["idempotency-key"] = idempotency_key
    texts = {"priority": priority, "webhook": webhook, "poster": poster}
    texts |= {"must_move": "true"} if must_move else {}
    form = _form(photo, sky_matte, hair_matte, {**_fields(options), **_given(texts)})
    return Call(
        "POST",
        "/v1/animations",
        _animation,
        repeatable=idempotency_key is not None,
        arguments={**form, "headers": headers},
    )


def show(animation_id: str) -> Call[RemoteAnimation]:
    """Asks how an animation is."""
    return Call("GET", f"/v1/animations/{animation_id}", _animation)


def cancel(animation_id: str) -> Call[RemoteAnimation]:
    """Asks for the end of an animation."""
    return Call("DELETE", f"/v1/animations/{animation_id}", _animation)


def listing(limit: int, cursor: str | None) -> Call[RemotePage]:
    """Asks for one's own animations."""
    parameters = {"limit": str(limit), **_given({"cursor": cursor})}
    return Call(
        "GET",
        "/v1/animations",
        lambda response: RemotePage.read(response.json()),
        arguments={"params": parameters},
    )


def events(animation_id: str) -> Call[None]:
    """Asks to be told of an animation's progress; the answer is a stream."""
    return Call("GET", f"/v1/animations/{animation_id}/events", lambda response: None)


def preview(
    photo: FileSource,
    options: Mapping[str, object],
    sky_matte: FileSource | None,
    hair_matte: FileSource | None,
) -> Call[RemotePreview]:
    """Asks what is found in a photo."""
    return Call(
        "POST",
        "/v1/previews",
        lambda response: RemotePreview.read(response.json()),
        arguments=_form(photo, sky_matte, hair_matte, _given(options)),
    )


def mattes(photo: FileSource) -> Call[RemoteMattes]:
    """Asks where sky and hair are."""
    return Call(
        "POST",
        "/v1/mattes",
        lambda response: RemoteMattes.read(response.json()),
        arguments=_form(photo, None, None, {}),
    )


def about() -> Call[dict[str, Any]]:
    """Asks for options, limits and formats."""
    return Call("GET", "/v1/options", lambda response: dict(response.json()))


def compatible(photo: FileSource, operation: str) -> Call[CompatibleResult]:
    """Asks as programs written for the retired API do."""

    def read(response: httpx.Response) -> CompatibleResult:
        facts = response.json()
        return CompatibleResult(facts["data"]["url"], facts["request_id"], facts["log_id"])

    files = {"image": ("photo", read_file(photo))}
    arguments = {"files": files, "data": {"operation": operation}}
    return Call("POST", _COMPATIBLE, read, repeatable=False, arguments=arguments)


def refusal(response: httpx.Response) -> ServiceError:
    """The error that an answer tells: a problem object (RFC 9457) or the compatible envelope."""
    try:
        told = response.json()
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        told = {}
    detail = told.get("error_detail") or {}
    code = told.get("code") or detail.get("code") or f"http_{response.status_code}"
    text = told.get("detail") or told.get("error_msg") or told.get("title")
    return ServiceError(
        str(text or f"The service answered {response.status_code} {response.reason_phrase}."),
        code=str(code),
        status=response.status_code,
        field=told.get("field"),
        allowed=told.get("allowed"),
        request_id=told.get("instance") or told.get("request_id"),
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def succeeded(animation: RemoteAnimation) -> RemoteAnimation:
    """A finished animation if it has a result. Raises `AnimationFailed`."""
    if animation.result is not None:
        return animation
    told = animation.error or {}
    error = AnimationFailed(
        str(told.get("detail") or f"The animation is {animation.state}."),
        code=str(told.get("code") or animation.state),
        status=int(told.get("status") or 0),
        field=told.get("field"),
        allowed=told.get("allowed"),
    )
    error.animation = animation
    raise error


def pauses(retries: int) -> Iterator[float]:
    """Seconds to wait before each further attempt."""
    for attempt in range(retries):
        yield min(8.0, 0.25 * 2**attempt)


def delay_after(response: httpx.Response, pause: float) -> float | None:
    """Seconds after which to ask again; None if the answer is one."""
    if response.status_code not in _RETRIED:
        return None
    told = _seconds(response.headers.get("retry-after"))
    return pause if told is None else min(told, 60.0)


def unreachable(error: httpx.TransportError, address: str) -> ServiceUnreachable:
    """What to tell about a request that got no answer."""
    reason = str(error) or type(error).__name__
    return ServiceUnreachable(f"The service at {address} can't be reached: {reason}.")


def read_file(source: FileSource) -> bytes:
    """The bytes of a photo or matte. Raises `UnreadablePhoto`."""
    if isinstance(source, (str, os.PathLike)):
        try:
            return Path(source).read_bytes()
        except OSError as error:
            raise UnreadablePhoto(f"Can't read {str(source)!r}: {error.strerror}.") from error
    return source if isinstance(source, bytes) else source.read()


def _form(
    photo: FileSource,
    sky_matte: FileSource | None,
    hair_matte: FileSource | None,
    texts: Mapping[str, str],
) -> dict[str, Any]:
    sources = {"image": photo, "sky_matte": sky_matte, "hair_matte": hair_matte}
    files = {
        name: (name, read_file(source)) for name, source in sources.items() if source is not None
    }
    return {"files": files, "data": dict(texts)}


def _fields(options: Choices) -> dict[str, str]:
    """The options that are not the default, which every version of the service knows."""
    if not isinstance(options, Options):
        options = Options.parse(dict(options or {}))
    usual = Options().as_dict()
    return _given({n: v for n, v in options.as_dict().items() if v != usual[n]})


def _given(values: Mapping[str, object]) -> dict[str, str]:
    """Form fields of what is not None."""
    texts = {name: value for name, value in values.items() if value is not None}
    return {n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in texts.items()}


def _animation(response: httpx.Response) -> RemoteAnimation:
    return RemoteAnimation.read(response.json())


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdecimal() else None
