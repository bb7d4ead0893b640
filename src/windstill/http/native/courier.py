"""Webhooks: sends what the outbox holds, signed, until it arrives or is given up."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import random
import time
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from windstill.errors import WindstillError
from windstill.http.guard import Guard, Unreachable
from windstill.http.native.objects import animation, moment
from windstill.jobs.callbacks import Message
from windstill.jobs.engine import Engine
from windstill.jobs.errors import UnknownJob
from windstill.jobs.model import Job

logger = logging.getLogger("windstill.http")

SIGNATURE = "windstill-signature"
INTERVAL = 1.0
LEASE = 60.0
"""Seconds after which another may send a message whose sender was never heard of again."""
SECONDS = 15.0
"""Time that a receiver has to answer."""
AT_ONCE = 64
"""Messages on their way at the same time; each costs a connection and a few kilobytes."""
OF_KEY = 8
OF_RECEIVER = 4
"""Of these, of one key and to one receiver. With 15 s for an answer, a receiver that never answers
holds four of 64 for 15 s, and then one at a time."""
SLOW_SECONDS = 5.0
"""A receiver that took longer is asked again only after a pause, and by one message at a time."""
LONGEST_PAUSE = 60.0
_ANSWER_BYTES = 64 * 1024
_PURPOSE = b"windstill webhook 1\n"


class Courier:
    """Sends the messages of one store. secret: what keys' signing secrets are derived from."""

    def __init__(self, engine: Engine, guard: Guard, secret: bytes) -> None:
        self._engine = engine
        self._guard = guard
        self._secret = secret
        self._sending: dict[asyncio.Task[None], tuple[str, str]] = {}
        self._slow: dict[str, tuple[int, float]] = {}

    def secret_of(self, key_id: str) -> str:
        """What the receiver of a key's messages checks their signatures with."""
        digest = hmac.new(self._secret, _PURPOSE + key_id.encode(), sha256).hexdigest()
        return f"whsec_{digest}"

    async def run(self) -> None:
        """Sends what is due, until it is cancelled."""
        try:
            while True:
                taken = 0
                try:
                    taken = await self._take_due()
                except WindstillError as error:
                    logger.error("messages can't be sent now: %s", error)
                if not taken:
                    await asyncio.sleep(INTERVAL)
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    def _now(self) -> float:
        """The time for what is due: a message waits no longer because the clock was set."""
        return max(self._engine.clock(), self._engine.steady())

    async def _take_due(self) -> int:
        """Begins to send messages that are due, as many as may; returns how many it looked at."""
        room = AT_ONCE - len(self._sending)
        if not room:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            return 1
        store, now = self._engine.store, self._now()
        keys = Counter(key for key, _ in self._sending.values())
        busy = [key for key, count in keys.items() if count >= OF_KEY]
        due = await run_in_threadpool(
            store.take_messages, now, now + LEASE, room, of_key=OF_KEY, busy=busy
        )
        for message in due:
            await self._begin(message)
        return len(due)

    async def _begin(self, message: Message) -> None:
        """Sends a message in a task of its own, or later if its receiver or key has enough."""
        receiver = _receiver(message)
        pause = self._pause(message.key_id, receiver)
        if pause:
            later = message.postponed(self._now() + pause)
            await run_in_threadpool(self._engine.store.settle_message, later)
            return
        task = asyncio.create_task(self._deliver(message))
        self._sending[task] = message.key_id, receiver
        task.add_done_callback(self._sending.pop)

    def _pause(self, key_id: str, receiver: str) -> float:
        """Seconds for which no further message of this key may go to this receiver."""
        sending = list(self._sending.values())
        to_receiver = sum(other == receiver for _, other in sending)
        times, until = self._slow.get(receiver, (0, 0.0))
        left = until - time.monotonic()
        if times and (left > 0 or to_receiver):
            return max(INTERVAL, left)
        of_key = sum(key == key_id for key, _ in sending)
        return INTERVAL if to_receiver >= OF_RECEIVER or of_key >= OF_KEY else 0.0

    def _note(self, receiver: str, seconds: float) -> None:
        """Remembers how long a receiver took."""
        if seconds < SLOW_SECONDS:
            self._slow.pop(receiver, None)
            return
        times = self._slow.get(receiver, (0, 0.0))[0] + 1
        pause = min(LONGEST_PAUSE, SLOW_SECONDS * 2.0**times)
        self._slow = {name: slow for name, slow in self._slow.items() if _recent(slow)}
        self._slow[receiver] = times, time.monotonic() + pause

    async def _deliver(self, message: Message) -> None:
        try:
            settled = await self._sent(message)
        except UnknownJob:
            settled = message.delivered(self._now())  # nothing is left to tell
        except Exception:
            # A defect may cost this message its attempt, but never the others theirs.
            logger.exception("the message about job %s can't be sent", message.job_id)
            settled = message.failed(self._now(), "It could not be sent.")
        if settled.problem is not None:
            logger.info(
                "a webhook was not delivered",
                extra={"facts": {"job": message.job_id, "attempt": message.attempts}},
            )
        with suppress(WindstillError):  # it is taken up again after its lease
            await run_in_threadpool(self._engine.store.settle_message, settled)

    async def _sent(self, message: Message) -> Message:
        job = await run_in_threadpool(self._engine.job, message.job_id)
        clock = self._now
        body = self._body(job, message)
        headers = {
            "content-type": "application/json",
            "windstill-attempt": str(message.attempts),
            SIGNATURE: signature(self.secret_of(job.key_id), int(self._engine.clock()), body),
        }
        spread = random.uniform(0.8, 1.2)  # noqa: S311
        begin = time.monotonic()
        try:
            reply = await self._guard.post(
                message.callback.url, body, headers, most=_ANSWER_BYTES, seconds=SECONDS
            )
        except Unreachable as error:
            return message.failed(clock(), error.message, spread)
        finally:
            self._note(_receiver(message), time.monotonic() - begin)
        if 200 <= reply.status < 300:
            return message.delivered(clock())
        return message.failed(clock(), f"The receiver answered {reply.status}.", spread)

    def _body(self, job: Job, message: Message) -> bytes:
        base = message.callback.base
        told = {
            "type": f"animation.{job.state.value}",
            "created_at": moment(message.created_at),
            "animation": animation(
                job, self._engine, lambda path: path if "://" in path else base + path
            ),
        }
        return json.dumps(told).encode()


def _receiver(message: Message) -> str:
    """Who is asked: host and port."""
    return urlsplit(message.callback.url).netloc.lower()


def _recent(slow: tuple[int, float]) -> bool:
    return time.monotonic() - slow[1] < LONGEST_PAUSE


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the signature header: HMAC-SHA256 over the time, a dot, and the body."""
    signed = f"{seconds}.".encode() + body
    return f"t={seconds},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"
