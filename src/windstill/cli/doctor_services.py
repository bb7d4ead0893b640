"""The doctor's look at what the settings switch on: database, broker, object store, signed API."""

from __future__ import annotations

import ctypes
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from windstill.settings import Settings, without_password

if TYPE_CHECKING:
    from windstill.adapters.celery import CeleryQueue

Check = Callable[[], str]

_TIME_ERROR = 5
"""What adjtimex(2) answers when the clock is not synchronised."""


def services_of(settings: Settings) -> dict[str, Check]:
    """A check of each service that the settings name, and of the signed API if it is on. What they
    tell holds no password.
    """
    known: tuple[tuple[str, str, Check], ...] = (
        ("database", settings.database, lambda: _database(settings)),
        ("broker", settings.broker, lambda: _broker(settings)),
        ("storage", settings.storage, lambda: _storage(settings)),
        ("signed API", settings.acs_api.replace("off", ""), lambda: _signed_api(settings)),
    )
    return {name: check for name, named, check in known if named}


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


def _signed_api(settings: Settings) -> str:
    from windstill.opening import access_secret, check, make_data_folder

    check(settings)
    make_data_folder(settings)
    access_secret(settings)
    host = urlsplit(settings.public_url).hostname or ""
    notes = [f"answers with {settings.acs_api.upper()}"]
    if host and "." not in host:
        notes.append(f"files can't be uploaded, as the host {host} has no dot")
    if not _clock_is_synchronised():
        notes.append(
            "the system's clock is not known to be synchronised, and requests dated more than "
            "15 minutes off are refused"
        )
    return "; ".join(notes)


def _clock_is_synchronised() -> bool:
    """What the kernel knows of it; see adjtimex(2). True where it can't be asked."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        # All zero, so that nothing is changed; larger than struct timex is anywhere.
        return int(libc.adjtimex(ctypes.create_string_buffer(512))) != _TIME_ERROR
    except (OSError, AttributeError):
        return True


def _fine(address: str, begin: float, found: str) -> str:
    spent = time.perf_counter() - begin
    return f"{without_password(address)}: {found}, in {spent:.2f} s"
