"""Killing the processes of a service while it works, whatever it consists of.

`Target` says what may be killed and how it comes back; `kill_through` lets clients bring a batch of
jobs through the native API while targets die, and tells what became of each job. It knows
nothing of one machine or many: a service is the addresses at which its API answers.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx

CLIENTS = 6
PAUSE = 0.05
PATIENCE = 240.0
"""Seconds without any progress after which a batch counts as stuck."""

Addresses = Callable[[], Sequence[str]]
"""Where the API answers now; may change when a service is started again."""


@dataclass(frozen=True)
class Target:
    """What may be killed. find: the processes of which one is killed now; none: not this time.
    together: all of them at once. after: brings back what nothing else does.
    """

    name: str
    find: Callable[[], Sequence[int]]
    together: bool = False
    after: Callable[[], None] = lambda: None


@dataclass
class Batch:
    """What became of a batch. jobs: the last answer about each, in order. killed: by target."""

    jobs: list[dict[str, Any]] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    seconds: float = 0.0

    def states(self) -> Counter[str]:
        """How many jobs ended how: "succeeded", or the code of the error."""
        return Counter((job["error"] or {"code": job["state"]})["code"] for job in self.jobs)


def kill_through(
    addresses: Addresses,
    secret: str,
    photos: Sequence[bytes],
    targets: Sequence[Target],
    *,
    kills: int,
    seed: int,
    options: dict[str, str] | None = None,
) -> Batch:
    """Makes an animation of each photo, with `kills` kills spread over the batch by chance."""
    batch, clients = Batch(), Clients(addresses, secret, options or {})
    begin = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(clients.bring_through, n, photo) for n, photo in enumerate(photos)]
        _kill(batch, targets, clients, len(photos), kills, random.Random(seed))
        batch.jobs = [one.result() for one in asked]
    batch.repeats, batch.seconds = clients.repeats, time.monotonic() - begin
    return batch


def _kill(
    batch: Batch,
    targets: Sequence[Target],
    clients: Clients,
    total: int,
    kills: int,
    chance: random.Random,
) -> None:
    # The last kill comes well before the last jobs have ended, however quick the machine is.
    moments = sorted(chance.uniform(0, 0.6 * total) for _ in range(kills))
    for moment in moments:
        clients.wait_for(int(moment))
        clients.rest.wait(chance.uniform(0.0, 0.3))
        chosen: list[int] = []
        while not chosen and clients.ended < total:
            target = chance.choice(targets)
            chosen = list(target.find())
        if not chosen:
            return
        for pid in chosen if target.together else [chance.choice(chosen)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        batch.killed[target.name] += 1
        target.after()


class Clients:
    """Patient clients: what is not answered is asked again, with the same idempotency key."""

    def __init__(self, addresses: Addresses, secret: str, options: dict[str, str]) -> None:
        self.rest = threading.Event()
        self.ended = self.repeats = 0
        self._addresses = addresses
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._options = options
        self._turns = cycle(range(1_000_000))
        self._news = threading.Condition()

    def wait_for(self, count: int) -> None:
        """Returns once so many jobs have ended."""
        with self._news:
            while self.ended < count:
                assert self._news.wait(PATIENCE), f"stuck after {self.ended} jobs"

    def bring_through(self, number: int, photo: bytes) -> dict[str, Any]:
        """Asks for an animation of `photo` until there is an end of it, and returns that."""
        job = self.ask("POST", "/v1/animations", number, photo)
        while job["finished_at"] is None:
            self.rest.wait(PAUSE)
            job = self.ask("GET", f"/v1/animations/{job['id']}")
        with self._news:
            self.ended += 1
            self._news.notify_all()
        return job

    def ask(self, method: str, path: str, number: int = 0, photo: bytes = b"") -> dict[str, Any]:
        """The answer, after as many repetitions as it takes."""
        sent: dict[str, Any] = {"headers": self._headers}
        if photo:
            sent["headers"] = {**self._headers, "Idempotency-Key": f"job {number}"}
            sent |= {"files": {"image": ("photo.jpg", photo)}, "data": self._options}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            known = self._addresses()
            with suppress(httpx.TransportError):
                address = known[next(self._turns) % len(known)]
                answer = httpx.request(method, address + path, timeout=30, **sent)
                if answer.status_code < 400:
                    found: dict[str, Any] = answer.json()
                    return found
                # Only what asks for patience may be answered while parts are down.
                assert answer.status_code in (429, 503), answer.text
            self.repeats += 1
            self.rest.wait(4 * PAUSE)
        raise AssertionError(f"{method} {path} was not answered")
