"""Small stand-ins for the animation, which do in a job's process what a test wants to see."""

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from windstill.errors import CorruptPhoto
from windstill.jobs.supervise.worker import PLEASE_END

Progress = Callable[[str, float], None]
WARMED: list[int] = []
"""The numbers of threads that this process was warmed up for."""


def warm(threads: int) -> None:
    """Loads nothing, but starts a thread, as some libraries do."""
    WARMED.append(threads)
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def warm_in_vain(threads: int) -> None:
    """Fails."""
    raise RuntimeError("no library")


def warm_to_death(threads: int) -> None:
    """Takes the process along."""
    os._exit(3)


def behave(
    photo: Path, output: Path, payload: Mapping[str, Any], threads: int, progress: Progress
) -> dict[str, Any]:
    """Does what `payload["do"]` names; by default, makes a video of the photo's own bytes."""
    progress("photo", 0.0)
    BEHAVIOURS[payload.get("do", "work")](output, payload)
    progress("video", 0.5)
    target = output / "result.mp4"
    target.write_bytes(b"video of " + photo.read_bytes())
    progress("video", 1.0)
    return {
        "path": str(target),
        "mime": "video/mp4",
        "threads": threads,
        "moved": [{"element": "sky"}],
        "warnings": [],
        "timings": {"photo": 0.001, "video": 0.002},
        "folder": str(output),
        "pid": os.getpid(),
        "warmed": list(WARMED),
        "seen": sorted(os.listdir("/proc/self/fd")),
        **{name: os.environ.get(name) for name in payload.get("environment", ())},
        **(_rights() if payload.get("rights") else {}),
        **(json.loads((output / "found").read_text()) if payload.get("do") == "peek" else {}),
    }


def _rights() -> dict[str, Any]:
    """What the process may do, as the kernel tells it."""
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return {
        "no_new_privileges": status["NoNewPrivs"],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "memory": resource.getrlimit(resource.RLIMIT_AS)[1],
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "group": Path("/proc/self/autogroup").read_text().split()[-1]
        if Path("/proc/self/autogroup").exists()
        else None,
    }


def _peek(output: Path, payload: Mapping[str, Any]) -> None:
    """Tries what a process that was taken over would; tells in a file what came of it."""

    def network() -> None:
        with socket.create_connection(("127.0.0.1", payload["port"]), timeout=5):
            pass

    tries: dict[str, Callable[[], object]] = {
        "secret": lambda: Path(payload["secret"]).read_text(),
        "other jobs": lambda: list(Path(payload["folder"]).iterdir()),
        "planting": lambda: Path(payload["secret"] + ".new").write_text("x"),
        "network": network,
        "local socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "program": lambda: subprocess.run(["/bin/true"], check=True),
        "environment": lambda: Path(f"/proc/{payload['pid']}/environ").read_bytes(),
        "own file": lambda: (output / "own").write_text("x"),
        "library": lambda: importlib.import_module("sqlite3.dbapi2"),
        "thread": lambda: threading.Thread(target=time.time).start(),
    }
    found = {}
    for name, attempt in tries.items():
        try:
            attempt()
            found[name] = "done"
        except OSError as error:
            found[name] = errno.errorcode.get(error.errno or 0, str(error))
    (output / "found").write_text(json.dumps(found))


def _work(output: Path, payload: Mapping[str, Any]) -> None:
    time.sleep(payload.get("seconds", 0.0))


def _hang(output: Path, payload: Mapping[str, Any]) -> None:
    signal.signal(PLEASE_END, signal.SIG_IGN)
    _started(payload)
    while True:
        time.sleep(60)


def _wait_for(output: Path, payload: Mapping[str, Any]) -> None:
    """Works until the file that the test names appears."""
    _started(payload)
    while not Path(payload["until"]).exists():
        time.sleep(0.002)


def _spin(output: Path, payload: Mapping[str, Any]) -> None:
    while True:
        pass


def _hoard(output: Path, payload: Mapping[str, Any]) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(16 << 20))


def _crash(output: Path, payload: Mapping[str, Any]) -> None:
    ctypes.string_at(0)


def _kill_self(output: Path, payload: Mapping[str, Any]) -> None:
    os.kill(os.getpid(), payload["signal"])
    time.sleep(60)


def _exit(output: Path, payload: Mapping[str, Any]) -> None:
    os._exit(payload["status"])


def _refuse(output: Path, payload: Mapping[str, Any]) -> None:
    raise CorruptPhoto("The photo is cut off.")


def _bug(output: Path, payload: Mapping[str, Any]) -> None:
    raise ZeroDivisionError("a defect")


def _handles(output: Path, payload: Mapping[str, Any]) -> None:
    kept = [open(os.devnull) for _ in range(10_000)]  # noqa: SIM115
    kept.clear()


def _fill(output: Path, payload: Mapping[str, Any]) -> None:
    with open(output / "big", "wb") as file:
        while True:
            file.write(b"\0" * (1 << 20))


def _breed(output: Path, payload: Mapping[str, Any]) -> None:
    """Leaves children, grandchildren, and ones that fled the process group."""
    for flees in (False, True, True):
        for _ in range(3):
            if os.fork() == 0:
                if flees:
                    os.setsid()
                    if os.fork():
                        os._exit(0)
                os.fork()
                time.sleep(600)
                os._exit(0)
    _started(payload)
    if payload.get("stay"):
        time.sleep(600)


def _babble(output: Path, payload: Mapping[str, Any]) -> None:
    os.write(3, b"x" * 70_000) if payload["long"] else os.write(3, b"no json")
    time.sleep(60)


def _lie(output: Path, payload: Mapping[str, Any]) -> None:
    """Publishes a file that is not the job's own."""
    (output / "result.mp4").symlink_to("/etc/hostname")
    os.write(3, b'{"facts":{"path":"result.mp4","mime":"video/mp4"}}')
    os._exit(0)


def _started(payload: Mapping[str, Any]) -> None:
    if "tell" in payload:
        Path(payload["tell"]).write_text(str(os.getpid()))


BEHAVIOURS: dict[str, Callable[[Path, Mapping[str, Any]], None]] = {
    "work": _work,
    "hang": _hang,
    "wait": _wait_for,
    "spin": _spin,
    "hoard": _hoard,
    "crash": _crash,
    "kill": _kill_self,
    "exit": _exit,
    "refuse": _refuse,
    "bug": _bug,
    "handles": _handles,
    "fill": _fill,
    "breed": _breed,
    "babble": _babble,
    "lie": _lie,
    "peek": _peek,
}


def pair(
    photo: Path, output: Path, payload: Mapping[str, Any], threads: int, progress: Progress
) -> dict[str, Any]:
    """Makes two files of what was uploaded; claims that `payload["extra"]` is the second."""
    target, second = output / "result.bin", output / "second.png"
    target.write_bytes(photo.read_bytes())
    beside = sorted(path for path in photo.parent.iterdir() if path.name.endswith("_matte"))
    second.write_bytes(b" ".join(path.read_bytes() for path in beside))
    if "extra" in payload:
        name = payload["extra"]
        (output / "link").symlink_to("/etc/hostname")
        (output / "hard link").hardlink_to(photo)
        told = {"path": "result.bin", "mime": "application/octet-stream"}
        told["extras"] = {"mattes": {"path": name, "mime": "image/png"}}
        os.write(3, json.dumps({"facts": told}).encode())
        os._exit(0)
    return {
        "path": str(target),
        "mime": "application/octet-stream",
        "extras": {"mattes": {"path": str(second), "mime": "image/png"}},
    }
