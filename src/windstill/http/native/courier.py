"""Webhooks: sends what the outbox holds, signed, until it arrives or is given up."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import random
from contextlib import suppress
from hashlib import sha256

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
_ANSWER_BYTES = 64 * 1024
_AT_ONCE = 16
_PURPOSE = b"windstill webhook 1\n"


class Courier:
    """Sends the messages of one store. secret: what keys' signing secrets are derived from."""

    def __init__(self, engine: Engine, guard: Guard, secret: bytes) -> None:
        self._engine = engine
        self._guard = guard
        self._secret = secret

    def secret_of(self, key_id: str) -> str:
        """What the receiver of a key's messages checks their signatures with."""
        digest = hmac.new(self._secret, _PURPOSE + key_id.encode(), sha256).hexdigest()
        return f"whsec_{digest}"

    async def run(self) -> None:
        """Sends what is due, until it is cancelled."""
        while True:
            sent = 0
            try:
                sent = await self.send_due()
            except WindstillError as error:
                logger.error("messages can't be sent now: %s", error)
            if sent < _AT_ONCE:
                await asyncio.sleep(INTERVAL)

    async def send_due(self) -> int:
        """Sends every message that is due, some at a time; returns how many were tried."""
        store, now = self._engine.store, self._engine.clock()
        due = await run_in_threadpool(store.take_messages, now, now + LEASE, _AT_ONCE)
        await asyncio.gather(*(self._deliver(message) for message in due))
        return len(due)

    async def _deliver(self, message: Message) -> None:
        try:
            settled = await self._sent(message)
        except UnknownJob:
            settled = message.delivered(self._engine.clock())  # nothing is left to tell
        except Exception:
            # A defect may cost this message its attempt, but never the others theirs.
            logger.exception("the message about job %s can't be sent", message.job_id)
            settled = message.failed(self._engine.clock(), "It could not be sent.")
        if settled.problem is not None:
            logger.info(
                "a webhook was not delivered",
                extra={"facts": {"job": message.job_id, "attempt": message.attempts}},
            )
        with suppress(WindstillError):  # it is taken up again after its lease
            await run_in_threadpool(self._engine.store.settle_message, settled)

    async def _sent(self, message: Message) -> Message:
        job = await run_in_threadpool(self._engine.job, message.job_id)
        clock = self._engine.clock
        body = self._body(job, message)
        headers = {
            "content-type": "application/json",
            "windstill-attempt": str(message.attempts),
            SIGNATURE: signature(self.secret_of(job.key_id), int(clock()), body),
        }
        spread = random.uniform(0.8, 1.2)  # noqa: S311
        try:
            reply = await self._guard.post(
                message.callback.url, body, headers, most=_ANSWER_BYTES, seconds=SECONDS
            )
        except Unreachable as error:
            return message.failed(clock(), error.message, spread)
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


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the signature header: HMAC-SHA256 over the time, a dot, and the body."""
    signed = f"{seconds}.".encode() + body
    return f"t={seconds},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"
