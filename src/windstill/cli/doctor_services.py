"""The doctor's look at what serves many machines: database, broker and object store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from windstill.settings import Settings, without_password

if TYPE_CHECKING:
    from windstill.adapters.celery import CeleryQueue

Check = Callable[[], str]


def services_of(settings: Settings) -> dict[str, Check]:
    """A check of each service that the settings name. What they tell holds no password."""
    known: tuple[tuple[str, str, Check], ...] = (
        ("database", settings.database, lambda: _database(settings)),
        ("broker", settings.broker, lambda: _broker(settings)),
        ("storage", settings.storage, lambda: _storage(settings)),
    )
    return {name: check for name, address, check in known if address}


def _database(settings: Settings) -> str:
    from windstill.opening import open_store

    begin = time.perf_counter()
    store = open_store(settings)
    try:
        waiting = store.count_waiting()
    finally:
        store.close()
    return _fine(settings.database, begin, f"{waiting} jobs wait")


def _broker(settings: Settings) -> str:
    from windstill.opening import open_broker

    begin = time.perf_counter()
    queue: CeleryQueue = open_broker(settings)
    try:
        problems = queue.problems()
        if problems:
            raise RuntimeError("; ".join(problems))
        waiting = len(queue)
    finally:
        queue.release()
    return _fine(settings.broker, begin, f"{waiting} messages wait")


def _storage(settings: Settings) -> str:
    from windstill.opening import open_blobs

    begin = time.perf_counter()
    blobs = open_blobs(settings)
    name = f"uploads/{secrets.token_hex(16)}"
    blobs.put(name, b"windstill doctor")
    try:
        blobs.stat(name)
    finally:
        blobs.delete(name)
    return _fine(settings.storage, begin, "written, read and deleted")


def _fine(address: str, begin: float, found: str) -> str:
    spent = time.perf_counter() - begin
    return f"{without_password(address)}: {found}, in {spent:.2f} s"
