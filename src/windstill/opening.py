"""What the settings choose: the store, the queue, the files, and the engine made of them."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windstill.adapters.links import SignedLinks, load_secret
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.queue import ProcessQueue
from windstill.adapters.sqlite import SqliteStore
from windstill.errors import InvalidSetting
from windstill.extras import needs
from windstill.jobs.config import MIB, Config, ProcessLimits
from windstill.jobs.engine import Engine
from windstill.jobs.errors import DataFolderBusy, StorageError
from windstill.jobs.ports import BlobStore, JobQueue, JobStore
from windstill.jobs.workspace import Workspace
from windstill.settings import Settings

if TYPE_CHECKING:
    from windstill.adapters.celery import CeleryQueue

FILES_URL = "/files/"
"""Where the service delivers results that are in the data folder."""

Clock = Callable[[], float]


def open_engine(settings: Settings, *, clock: Clock = time.time) -> Engine:
    """The engine that settings ask for, not yet started.

    Raises `InvalidSetting` for settings that can't be meant, or need a package that is missing,
    and `StorageError` or `StoreError` when what they name can't be used.
    """
    check(settings)
    make_data_folder(settings)
    alone = not settings.database
    folder = settings.data_folder / "work"
    if not alone:
        folder = _private_folder(folder)
    config = Config(
        work_dir=folder,
        hidden=settings.data_folder,
        exclusive=alone,
        **engine_settings(settings),
    )
    blobs = open_blobs(settings, clock)
    store = open_store(settings)
    try:
        return Engine(config, store, open_queue(settings, store), blobs, clock=clock)
    except BaseException:
        store.close()
        raise


def close_engine(engine: Engine) -> None:
    """Stops an engine, and lets go of all that was opened for it."""
    engine.close()
    # Only now, when nothing is taken or put any more, may its connections end.
    release = getattr(engine.queue, "release", None)
    if release is not None:
        release()


def open_store(settings: Settings) -> JobStore:
    """The store of keys and jobs. Raises `InvalidSetting`, `StorageError` or `StoreError`."""
    if not settings.database:
        make_data_folder(settings)
        return SqliteStore(settings.data_folder / "windstill.db")
    with _needs("postgres", "database"):
        from windstill.adapters.postgres import PostgresStore
    return PostgresStore(settings.database)


def open_queue(settings: Settings, store: JobStore) -> JobQueue:
    """The queue of waiting jobs: the broker's, the database's, or one in this process."""
    if settings.broker:
        return open_broker(settings)
    if settings.database:
        from windstill.adapters.postgres import PostgresQueue, PostgresStore

        assert isinstance(store, PostgresStore)  # noqa: S101
        return PostgresQueue(store)
    # Room for jobs taken up again beside those just admitted.
    return ProcessQueue(2 * settings.queue_length + 64)


def open_broker(settings: Settings) -> CeleryQueue:
    """The broker's queue. Raises `InvalidSetting`; connects to nothing yet."""
    with _needs("rabbitmq", "broker"):
        from windstill.adapters.celery import CeleryQueue
    return CeleryQueue(settings.broker)


def open_blobs(settings: Settings, clock: Clock = time.time) -> BlobStore:
    """The store of uploads and results. Raises `InvalidSetting` or `StorageError`."""
    if settings.storage:
        with _needs("s3", "storage"):
            from windstill.adapters.s3 import Address, S3Blobs
        region = os.environ.get("AWS_REGION", os.environ.get("AWS_DEFAULT_REGION", ""))
        address = Address.of(
            settings.storage,
            endpoint=settings.s3_endpoint,
            public_endpoint=settings.s3_public_endpoint,
            region=settings.s3_region or region,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
        )
        return S3Blobs(address, clock=clock)
    links = SignedLinks(secret_of(settings.link_secret, settings.data_folder / "link-secret"))
    return LocalBlobs(settings.data_folder / "blobs", links, FILES_URL)


def make_data_folder(settings: Settings) -> None:
    """Makes the data folder (mode 0700), if it is not there. Raises `StorageError`."""
    folder = settings.data_folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The data folder {folder} can't be made: {error.strerror}.") from error


def secret_of(given: str, path: Path) -> bytes:
    """A secret that was set, in hexadecimal; else the one in a file, made on first use."""
    return bytes.fromhex(given) if given else load_secret(path)


def webhook_secret(settings: Settings) -> bytes:
    """What signs webhooks."""
    return secret_of(settings.webhook_secret, settings.data_folder / "webhook-secret")


def access_secret(settings: Settings) -> bytes:
    """What secrets of access key pairs are derived from. Raises `InvalidSetting` where processes
    that share a database would not share it.
    """
    _check_shared(settings, "access_secret", "derive access key secrets")
    return secret_of(settings.access_secret, settings.data_folder / "access-secret")


def check(settings: Settings) -> None:
    """Raises `InvalidSetting` for settings that are fine alone, but not together."""
    shared = "set database to the PostgreSQL that all processes share"
    if settings.broker and not settings.database:
        raise InvalidSetting(f"A broker needs a common database: {shared}.", field="broker")
    if not settings.run_jobs and not settings.database:
        raise InvalidSetting(
            f"With run_jobs = false other processes run the jobs: {shared}.", field="run_jobs"
        )
    if settings.webhooks:
        _check_shared(settings, "webhook_secret", "sign webhooks")
    if settings.acs_api != "off":
        _check_shared(settings, "access_secret", "derive access key secrets")
        if not settings.image_urls:
            raise InvalidSetting(
                "acs_api fetches the photos that clients name: set image_urls = true.",
                field="image_urls",
            )


def _check_shared(settings: Settings, name: str, use: str) -> None:
    """Raises `InvalidSetting` when a secret is a file of one machine, and the database isn't."""
    if settings.database and not getattr(settings, name):
        raise InvalidSetting(
            f"Processes that share a database must {use} alike: set {name}, such as to what "
            "openssl rand -hex 32 prints.",
            field=name,
        )


def engine_settings(settings: Settings) -> dict[str, Any]:
    """Fields of `windstill.jobs.config.Config`; where a setting says 0, there is no limit."""
    return {
        "slots": (settings.slots or None) if settings.run_jobs else 0,
        "spares": settings.spare_processes,
        "queue_size": settings.queue_length,
        "cost": settings.credits_per_success,
        "job_limit": settings.job_limit or None,
        "rate": settings.rate_limit / 60 or None,
        "burst": settings.rate_burst,
        "time_limit": settings.job_seconds,
        "patience": settings.answer_seconds,
        "result_ttl": float(settings.result_seconds),
        "limits": ProcessLimits(memory=settings.job_memory_mb * MIB),
    }


def _private_folder(root: Path) -> Path:
    """A folder for this process's running jobs; removes those of processes that are gone."""
    own = root / f"{socket.gethostname()}-{os.getpid()}"
    for other in root.glob(f"{socket.gethostname()}-*"):
        left = Workspace(other)
        try:
            left.lock(0)
        except (DataFolderBusy, StorageError):
            continue
        left.clear()
        shutil.rmtree(other, ignore_errors=True)
        left.unlock()
    return own


@contextmanager
def _needs(extra: str, setting: str) -> Iterator[None]:
    """Inside, a missing package becomes a word on how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            needs(f"{setting} needs", error.name, extra),
            field=setting,
        ) from error
