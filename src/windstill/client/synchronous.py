"""The client for ordinary programs."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx

from windstill.client import calls
from windstill.client.answers import (
    CompatibleResult,
    RemoteAnimation,
    RemoteMattes,
    RemotePage,
    RemotePreview,
)
from windstill.client.calls import Call, Choices, FileSource
from windstill.client.errors import ServiceUnreachable
from windstill.client.stream import EventReader
from windstill.video.part_file import output_error, part_file

T = TypeVar("T")

ProgressCallback = Callable[[str | None, float], None]
"""Called with the stage, or None while it waits, and the part of the whole that is done."""


class Client:
    """A service at `address`, used with `key`. Thread-safe; close it, or use it in `with`.

    timeout: seconds without any answer. retries: how often a request is repeated that found the
    service busy or, where that does no harm, unreachable.

    Every method raises `ServiceError` for what the service refuses, `ServiceUnreachable`, and
    `UnreadablePhoto` for a path that can't be read.
    """

    def __init__(self, address: str, key: str, *, timeout: float = 60.0, retries: int = 4) -> None:
        self.address = address.rstrip("/")
        self._key = key
        self._retries = retries
        self._http = httpx.Client(base_url=self.address, timeout=timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self._http.close()

    def animate(
        self,
        photo: FileSource,
        options: Choices = None,
        *,
        output: str | Path | None = None,
        sky_matte: FileSource | None = None,
        hair_matte: FileSource | None = None,
        progress: ProgressCallback | None = None,
    ) -> RemoteAnimation:
        """Has a photo animated and waits for it; with `output` the loop is saved there.

        Raises `AnimationFailed` if there is no result.
        """
        animation = self.create(photo, options, sky_matte=sky_matte, hair_matte=hair_matte)
        animation = self.wait(animation.id, progress=progress)
        if output is not None:
            self.download(animation, output)
        return animation

    def create(
        self,
        photo: FileSource,
        options: Choices = None,
        *,
        sky_matte: FileSource | None = None,
        hair_matte: FileSource | None = None,
        poster: str | None = None,
        must_move: bool = False,
        priority: str | None = None,
        webhook: str | None = None,
        wait: float = 0,
        idempotency_key: str | None = None,
    ) -> RemoteAnimation:
        """Asks for an animation without waiting for it, or for at most `wait` seconds.

        options: `Options`, or a mapping of some. sky_matte, hair_matte: PNG pictures, white where
        the element is. A request with an `idempotency_key` used before gives that animation; one
        of its own makes sure that a repetition after a broken connection is no second animation.
        """
        return self._do(
            calls.create(
                photo,
                options,
                sky_matte=sky_matte,
                hair_matte=hair_matte,
                poster=poster,
                must_move=must_move,
                priority=priority,
                webhook=webhook,
                wait=wait,
                idempotency_key=idempotency_key or str(uuid.uuid4()),
            )
        )

    def get(self, animation_id: str) -> RemoteAnimation:
        """The animation as it is now."""
        return self._do(calls.show(animation_id))

    def cancel(self, animation_id: str) -> RemoteAnimation:
        """Ends the animation; of a finished one, erases the result."""
        return self._do(calls.cancel(animation_id))

    def list(self, *, limit: int = 20, cursor: str | None = None) -> RemotePage:
        """One's own animations, newest first; `cursor` is the page before's `next`."""
        return self._do(calls.listing(limit, cursor))

    def wait(
        self, animation_id: str, *, progress: ProgressCallback | None = None
    ) -> RemoteAnimation:
        """Waits until the animation is finished. Raises `AnimationFailed` if it has no result."""
        for pause in calls.pauses(self._retries + 1):
            reader = EventReader()
            try:
                for _ in self._events(animation_id, reader):
                    if reader.done is not None:
                        return calls.succeeded(reader.done)
                    if progress is not None and reader.progress is not None:
                        progress(*reader.progress)
            except httpx.TransportError:
                pass
            time.sleep(pause)  # the service is restarting, or a proxy cut the stream
        return calls.succeeded(self.get(animation_id))

    def download(self, animation: RemoteAnimation, output: str | Path) -> Path:
        """Saves an animation's loop, in one step. Raises `OutputError`."""
        url = url_of(animation)
        target = Path(output)
        with part_file(target) as part, self._reached(), self._http.stream("GET", url) as response:
            if not response.is_success:
                response.read()
                raise calls.refusal(response)
            try:
                with part.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
            except OSError as error:
                raise output_error(target, error) from error
        return target

    def read(self, address: str) -> bytes:
        """What is at a link that the service gave: a loop, a preview's mattes or motion."""
        with self._reached():
            response = self._http.get(address)
        if not response.is_success:
            raise calls.refusal(response)
        return response.content

    def preview(
        self,
        photo: FileSource,
        *,
        sky_matte: FileSource | None = None,
        hair_matte: FileSource | None = None,
        **options: object,
    ) -> RemotePreview:
        """What is found in a photo. options: wind, strength and seed, for the motion."""
        return self._do(calls.preview(photo, options, sky_matte, hair_matte))

    def mattes(self, photo: FileSource) -> RemoteMattes:
        """Where sky and hair are in a photo, at its own size; `read` fetches the pictures."""
        return self._do(calls.mattes(photo))

    def about(self) -> dict[str, Any]:
        """The service's options with what is allowed, its limits and formats."""
        return self._do(calls.about())

    def micro_motion(self, photo: FileSource, operation: str = "11") -> CompatibleResult:
        """Asks the endpoint for programs written for the retired API, and waits for its loop."""
        return self._do(calls.compatible(photo, operation))

    def _do(self, call: Call[T]) -> T:
        pauses = calls.pauses(self._retries)
        while True:
            pause = next(pauses, None)
            try:
                response = self._http.send(call.request(self._http, self._key))
            except httpx.TransportError as error:
                hopeless = isinstance(error, httpx.UnsupportedProtocol)
                if pause is None or hopeless or not call.repeatable:
                    raise calls.unreachable(error, self.address) from error
                time.sleep(pause)
                continue
            delay = None if pause is None else calls.delay_after(response, pause)
            if delay is None:
                return call.answer(response)
            time.sleep(delay)

    def _events(self, animation_id: str, reader: EventReader) -> Iterator[None]:
        request = calls.events(animation_id).request(self._http, self._key)
        response = self._http.send(request, stream=True)
        try:
            if not response.is_success:
                response.read()
                raise calls.refusal(response)
            for line in response.iter_lines():
                if reader.feed(line):
                    yield
        finally:
            response.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise calls.unreachable(error, self.address) from error


def url_of(animation: RemoteAnimation) -> str:
    """Where the loop is. Raises `AnimationFailed` without one."""
    result = calls.succeeded(animation).result
    if result is None:  # `succeeded` has raised by then
        raise ServiceUnreachable("The animation has no result.")
    return result.url
