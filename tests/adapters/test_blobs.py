"""The contract of `windstill.jobs.ports.BlobStore`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from windstill.jobs.errors import BlobMissing, StorageError
from windstill.jobs.ports import BlobStore

VIDEO = "results/0123456789abcdef.mp4"
UPLOAD = "uploads/0123456789abcdef"


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("as_file", [True, False])
def test_what_is_put_can_be_read(
    blobs: BlobStore, tmp_path: Path, as_file: bool, durable: bool
) -> None:
    source: Path | bytes = b"0123456789"
    if as_file:
        source = tmp_path / "source"
        source.write_bytes(b"0123456789")
    begin = time.time()
    info = blobs.put(VIDEO, source, mime="video/mp4", durable=durable)
    assert (info.name, info.size, info.mime) == (VIDEO, 10, "video/mp4")
    assert abs(info.stored_at - begin) < 60
    assert blobs.stat(VIDEO) == info
    with blobs.open(VIDEO) as file:
        file.seek(4)
        assert file.read(3) == b"456"
    blobs.fetch(VIDEO, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"0123456789"


def test_a_blob_can_be_replaced_and_deleted(blobs: BlobStore) -> None:
    blobs.put(UPLOAD, b"first")
    blobs.put(UPLOAD, b"second")
    with blobs.open(UPLOAD) as file:
        assert file.read() == b"second"
    blobs.delete(UPLOAD)
    blobs.delete(UPLOAD)
    for ask in (blobs.stat, blobs.open):
        with pytest.raises(BlobMissing):
            ask(UPLOAD)


NAMES = [
    "",
    "results",
    "results/",
    "other/abc",
    "results/../uploads/abc",
    "../results/abc",
    "/etc/passwd",
    "results/a/b",
    "results/a\0b",
    "results/.hidden",
    "results/abc.mp4\n",
    "uploads/ä",
    "results/" + "a" * 300,
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_that_is_none_is_missing(blobs: BlobStore, tmp_path: Path, name: str) -> None:
    for ask in (blobs.stat, blobs.open, blobs.delete):
        with pytest.raises(BlobMissing):
            ask(name)
    with pytest.raises(BlobMissing):
        blobs.put(name, b"bytes")
    with pytest.raises(BlobMissing):
        blobs.fetch(name, tmp_path / "copy")


def test_a_file_that_can_not_be_stored_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises((StorageError, BlobMissing)):
        blobs.put(VIDEO, tmp_path / "missing")
    assert list(blobs.names()) == []
    assert blobs.sweep(set(), float("inf")) == []


def test_sweeping_removes_what_nobody_keeps(blobs: BlobStore) -> None:
    names = [f"results/{number:016}.mp4" for number in range(3)] + [UPLOAD]
    for name in names:
        blobs.put(name, b"bytes")
    assert [info.name for info in blobs.names("results/")] == names[:3]
    assert blobs.sweep({names[0]}, before=0) == []
    assert sorted(blobs.sweep({names[0]}, before=float("inf"))) == sorted(names[1:])
    assert [info.name for info in blobs.names()] == [names[0]]
