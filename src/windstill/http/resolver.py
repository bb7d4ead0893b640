"""Addresses of names, by the system's resolver, which may take its time."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress

MOST = 64
"""Lookups at the same time."""
SECONDS = 5.0
"""Time for one; the resolver's own is often 30 s, and can't be cut short."""

Addresses = list[str]


class Resolver:
    """Asks in threads of its own, so that a name server that is silent holds up nothing else.

    The threads don't keep the process from ending.
    """

    def __init__(self, most: int = MOST, seconds: float = SECONDS) -> None:
        self._room = threading.Semaphore(most)
        self._seconds = seconds

    async def __call__(self, host: str, port: int) -> Addresses:
        """The addresses of a host. Raises OSError when there are none, or not in time."""
        if not self._room.acquire(blocking=False):
            raise OSError("too many names are looked up at the same time")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Addresses] = loop.create_future()

        def tell(found: Addresses | Exception) -> None:
            if answer.done():
                return
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def look() -> None:
            found: Addresses | Exception
            try:
                infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                found = [str(info[4][0]) for info in infos]
            except (OSError, UnicodeError) as error:
                found = OSError(str(error))
            finally:
                self._room.release()
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                loop.call_soon_threadsafe(tell, found)

        threading.Thread(target=look, name="windstill-resolve", daemon=True).start()
        try:
            async with asyncio.timeout(self._seconds):
                return await answer
        except TimeoutError:
            raise OSError(f"no answer within {self._seconds:g} s") from None
