"""Whatever goes wrong, the target is as it was and nothing else is left."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.video.clips import FPS, FRAMES, drift
from windstill.errors import Cancelled, InvalidOption, OutputError
from windstill.imaging.planes import from_rgb
from windstill.video import ENCODED, FORMATS, encode


@pytest.fixture(autouse=True)
def _nothing_left_running():
    threads, handles = threading.active_count(), len(os.listdir("/proc/self/fd"))
    yield
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == handles


@contextmanager
def file_size_limit(size: int):
    """Writing beyond `size` fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def breaking(after: int, error: BaseException):
    for index, planes in enumerate(drift()):
        if index == after:
            raise error
        yield planes


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("after", [0, 1, 20])
@pytest.mark.parametrize("error", [RuntimeError("broken"), Cancelled("stop"), KeyboardInterrupt()])
def test_error_while_rendering_passes_through(tmp_path, name, after, error):
    target = tmp_path / f"loop{FORMATS[name].extension}"
    target.write_bytes(b"older")
    with pytest.raises(type(error)) as caught:
        encode(breaking(after, error), output=target, frame_count=FRAMES, fps=FPS, format=name)
    assert caught.value is error
    assert target.read_bytes() == b"older"
    assert os.listdir(tmp_path) == [target.name]


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("limit", [0, 3000])
def test_full_disk(tmp_path, name, limit):
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3)).astype(np.uint8)
    frames = [from_rgb(np.roll(noise, 9 * index, axis=1)) for index in range(8)]
    # Where the size is known beforehand it is refused before, as a choice that can't be had.
    told = pytest.raises((OutputError, InvalidOption), match=r"system allows|can be written here")
    with file_size_limit(limit), told:
        encode(frames, output=tmp_path / "loop", frame_count=8, fps=8, format=name)
    assert os.listdir(tmp_path) == []


def test_missing_folder(tmp_path):
    with pytest.raises(OutputError, match="folder does not exist") as failure:
        encode(drift(), output=tmp_path / "none" / "loop.mp4", frame_count=FRAMES, fps=FPS)
    assert str(tmp_path / "none" / "loop.mp4") in str(failure.value)


def test_unwritable_target_is_found_before_anything_is_rendered(tmp_path):
    def frames():
        raise AssertionError("rendered in vain")
        yield

    with pytest.raises(OutputError):
        encode(frames(), output=tmp_path / "none" / "loop.mp4", frame_count=FRAMES, fps=FPS)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "is a folder"),
        (os.mkfifo, "not an ordinary file"),
        (lambda path: path.symlink_to("/dev/null"), "not an ordinary file"),
    ],
    ids=["folder", "pipe", "device"],
)
def test_target_that_is_no_file(tmp_path, make, reason):
    target = tmp_path / "loop.mp4"
    make(target)
    with pytest.raises(OutputError, match=reason):
        encode(drift(), output=target, frame_count=FRAMES, fps=FPS)
    assert os.listdir(tmp_path) == ["loop.mp4"]


def test_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="not a folder"):
        encode(drift(), output=tmp_path / "file" / "loop.mp4", frame_count=FRAMES, fps=FPS)


_AS_NOBODY = """
import os, sys
from tests.video.clips import drift
from windstill.errors import OutputError
from windstill.video import encode
import windstill.video.encoding
os.seteuid(65534) if os.geteuid() == 0 else None
try:
    encode(drift(4), output=sys.argv[1], frame_count=4, fps=8)
except OutputError as error:
    print(error)
"""


def test_folder_without_permission(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    tmp_path.chmod(0o755)
    run = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(folder / "loop.mp4")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "permission denied" in run.stdout
    assert os.listdir(folder) == []


def test_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "loop.mp4"
    link.symlink_to(tmp_path / "real" / "video.mp4")
    encode(drift(4), output=link, frame_count=4, fps=8)
    assert link.is_symlink()
    assert os.listdir(tmp_path / "real") == ["video.mp4"]


def test_permissions_follow_umask(tmp_path):
    before = os.umask(0o027)
    try:
        encode(drift(4), output=tmp_path / "loop.mp4", frame_count=4, fps=8)
    finally:
        os.umask(before)
    assert (tmp_path / "loop.mp4").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("count", [FRAMES - 1, FRAMES + 1])
def test_wrong_number_of_frames_is_refused(tmp_path, count):
    with pytest.raises(ValueError, match=f"{count} frames came instead of {FRAMES}"):
        encode(drift(count), output=tmp_path / "loop.mp4", frame_count=FRAMES, fps=FPS)
    assert os.listdir(tmp_path) == []


_KILLED = """
import os, signal, sys
from tests.video.clips import drift
from windstill.video import encode
def frames():
    for index, planes in enumerate(drift()):
        if index == 12:
            os.kill(os.getpid(), signal.SIGKILL)
        yield planes
encode(frames(), output=sys.argv[1], frame_count=24, fps=12)
"""


def test_killed_process_leaves_the_target_alone(tmp_path: Path):
    target = tmp_path / "loop.mp4"
    target.write_bytes(b"older")
    run = subprocess.run([sys.executable, "-c", _KILLED, str(target)], timeout=120, check=False)
    assert run.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"older"
