"""`windstill worker`: runs jobs that services on other machines take in."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

import click

from windstill.cli.settings_flags import settings_flags
from windstill.cli.worker_health import listening
from windstill.errors import InvalidSetting
from windstill.settings import Settings, load, without_password

if TYPE_CHECKING:
    from windstill.jobs.engine import Engine

logger = logging.getLogger("windstill.worker")


@click.command()
@settings_flags
def worker(config_file: str | None, **flags: str | None) -> None:
    """Run jobs that services share through a database, until SIGTERM or Ctrl-C.

    Then what runs may finish within drain_seconds, and the rest is given back to others; a second
    signal gives everything back at once. The settings are those of `windstill serve`.

    Example: windstill worker --database postgresql://windstill@db/windstill --slots 4
    """
    from windstill.http.logs import configure
    from windstill.opening import close_engine, open_engine

    settings = replace(load(flags, file=config_file).settings, run_jobs=True)
    if not settings.database:
        raise InvalidSetting(
            "A worker runs the jobs of services on other machines: set database to the PostgreSQL "
            "that they share. A service without one runs its jobs itself.",
            field="database",
        )
    configure(settings.log_format, settings.log_level)
    told, ended = threading.Event(), threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        (ended if told.is_set() else told).set()

    engine = open_engine(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    try:
        with listening(engine, settings.worker_host, settings.worker_port) as address:
            engine.start()
            report(engine, settings, address)
            told.wait()
            _drain(engine, settings.drain_seconds, ended)
    finally:
        close_engine(engine)
    logger.info("worker stopped")


def report(engine: Engine, settings: Settings, address: str | None) -> None:
    """Logs who takes jobs, how many, and from where; without passwords."""
    queue = settings.broker or settings.database
    facts = {
        "worker": f"{socket.gethostname()}:{os.getpid()}",
        "slots": engine.stats().slots,
        "database": without_password(settings.database),
        "queue": without_password(queue),
        "storage": settings.storage or str(settings.data_folder),
        **({} if address is None else {"health": f"{address}/readyz"}),
    }
    logger.info("worker started", extra={"facts": facts})


def _drain(engine: Engine, seconds: float, ended: threading.Event) -> None:
    """Takes nothing new and waits for what runs, or for `ended`, set by a second signal."""
    logger.info("worker drains", extra={"facts": {"running": engine.stats().running}})

    def drain() -> None:
        engine.drain(seconds)
        ended.set()

    threading.Thread(target=drain, name="windstill-drain", daemon=True).start()
    ended.wait()
