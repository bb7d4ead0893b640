"""Everything on one machine: SQLite, local files, and a queue in the process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from windstill.adapters.links import SignedLinks, load_secret
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.queue import ProcessQueue
from windstill.adapters.sqlite import SqliteStore
from windstill.jobs.config import Config
from windstill.jobs.engine import Engine
from windstill.jobs.errors import StorageError


def open_store(data: Path) -> SqliteStore:
    """The job store of a data folder, made if it is not there (mode 0700).

    Raises `StorageError` or `StoreError`.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The data folder {data} can't be made: {error.strerror}.") from error
    return SqliteStore(data / "windstill.db")


def open_engine(
    data: Path,
    *,
    files_url: str = "/files/",
    clock: Callable[[], float] = time.time,
    **settings: Any,
) -> Engine:
    """An engine on a data folder, not yet started. `settings` are those of `Config`.

    Links to results are `files_url` + name + "?expires=...&signature=...".
    """
    config = Config(**{"work_dir": data / "work", "hidden": data, **settings})
    store = open_store(data)
    try:
        links = SignedLinks(load_secret(data / "link-secret"), clock)
        blobs = LocalBlobs(data / "blobs", links, files_url)
    except BaseException:
        store.close()
        raise
    # Room for jobs taken up again beside those just admitted.
    queue = ProcessQueue(2 * config.queue_size + 64)
    return Engine(config, store, queue, blobs, clock=clock)
