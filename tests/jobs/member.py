"""One process of several that share a database: run as a program with URL FOLDER NAME SLOTS, it
runs jobs until its standard input ends. As a module, opens such engines.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from windstill.adapters.links import SignedLinks
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.postgres import PostgresQueue, PostgresStore
from windstill.jobs.config import MIB, Config, ProcessLimits
from windstill.jobs.engine import Engine

ROOT = Path(__file__).parents[2]


def open_member(url: str, folder: Path, name: str, slots: int) -> Engine:
    """An engine, not yet started; all on one folder share their files."""
    config = Config(
        work_dir=folder / "work" / name,
        reachable=(folder,),
        slots=slots,
        cpus=2,
        exclusive=False,
        queue_size=1000,
        job_limit=None,
        attempts=1000,
        patience=600,
        grace=0.1,
        limits=ProcessLimits(memory=256 * MIB),
        task="tests.jobs.tasks:behave",
        preload=("tests.jobs.tasks",),
    )
    store = PostgresStore(url)
    links = SignedLinks(b"s" * 32)
    return Engine(config, store, PostgresQueue(store), LocalBlobs(folder / "blobs", links))


class Member:
    """A process that runs jobs."""

    def __init__(self, url: str, folder: Path, name: str, slots: int = 1) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.jobs.member", url, folder, name, str(slots)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def started(self) -> None:
        """Returns when it runs jobs."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"started\n", self.log.read_text()

    def kill(self) -> None:
        """Ends it in the way that nothing can prepare for."""
        self.process.kill()
        self._close()

    def stop(self) -> None:
        """Ends it in order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(60) == 0, self.log.read_text()
        self._close()

    def _close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        self.process.wait()


@contextmanager
def members(url: str, folder: Path, *names: str, slots: int = 1) -> Iterator[list[Member]]:
    """Several processes that run jobs; at the end those that are left are stopped."""
    begun = [Member(url, folder, name, slots) for name in names]
    try:
        for member in begun:
            member.started()
        yield begun
        for member in begun:
            if member.process.returncode is None:
                member.stop()
    finally:
        for member in begun:
            if member.process.returncode is None:
                member.kill()


def main(url: str, folder: str, name: str, slots: str) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    with open_member(url, Path(folder), name, int(slots)):
        print("started", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
