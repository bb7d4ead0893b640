"""Looking at what every job needs: what is wrong is told, and only as long as it is."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.jobs.conftest import until
from windstill.adapters.links import SignedLinks
from windstill.adapters.local_blobs import LocalBlobs
from windstill.adapters.memory import MemoryStore
from windstill.jobs import vitals
from windstill.jobs.errors import StorageError
from windstill.jobs.ports import BlobInfo
from windstill.jobs.vitals import Vitals
from windstill.jobs.workspace import Workspace


class StubbornBlobs(LocalBlobs):
    """Answers as soon as `go` is set, with `trouble` if there is any."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SignedLinks(bytes(32)))
        self.go = threading.Event()
        self.trouble: Exception | None = None

    def stat(self, name: str) -> BlobInfo:
        self.go.wait()
        if self.trouble is not None:
            raise self.trouble
        return super().stat(name)


@pytest.fixture
def blobs(tmp_path: Path) -> StubbornBlobs:
    return StubbornBlobs(tmp_path / "blobs")


@pytest.fixture
def looking(
    tmp_path: Path, blobs: StubbornBlobs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Vitals]:
    """Vitals that look all the time, and find a look of a fifth of a second late."""
    monkeypatch.setattr(vitals, "_INTERVAL", 0.005)
    monkeypatch.setattr(vitals, "_LATE", 0.2)
    found = Vitals(MemoryStore(), blobs, Workspace(tmp_path))
    yield found
    blobs.go.set()
    found.stop()


def test_a_part_that_hangs_is_told_and_forgotten(looking: Vitals, blobs: StubbornBlobs) -> None:
    assert looking.problems() == []
    looking.start()
    until(lambda: looking.problems() == ["the store or the files do not answer"])
    blobs.trouble = StorageError("The bucket is gone.")
    blobs.go.set()
    until(lambda: looking.problems() == ["The bucket is gone."])
    blobs.trouble = None
    until(lambda: looking.problems() == [])


def test_a_defect_of_a_part_does_not_end_the_looking(looking: Vitals, blobs: StubbornBlobs) -> None:
    blobs.go.set()
    blobs.trouble = ZeroDivisionError("a defect")
    looking.start()
    until(lambda: looking.problems() == ["looking at the parts failed: a defect"])
    blobs.trouble = None
    until(lambda: looking.problems() == [])


class Space(NamedTuple):
    total: int
    used: int
    free: int


def test_a_work_folder_without_room_or_leave_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Workspace(tmp_path)
    assert folder.problems() == []
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: Space(10**9, 10**9, 5 << 20))
        assert folder.problems() == ["the disk is full: 5 MiB are left, 64 are needed"]
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        assert folder.problems() == ["the work folder can't be written to"]
