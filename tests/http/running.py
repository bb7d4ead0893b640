"""A real server process for tests: started, watched, stopped; its clock can be moved."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ANIMATE = "/api/image/effects/image-fine-tuning"
SMALL_LOOPS = {"seconds": 2, "fps": 8, "slots": 2, "queue_length": 64}
NO_LIMITS = {"rate_limit": 0, "job_limit": 0}
"""Tests send more, and quicker, than one client would; those of the limits set their own."""
START_SECONDS = 60.0

_LAUNCH = """
import sys, time
from pathlib import Path
shift, real, known = Path(sys.argv.pop(1)), time.time, [0.0]
def now():
    try:
        known[0] = float(shift.read_text() or known[0])
    except OSError:  # no handle is left
        pass
    return real() + known[0]
time.time = now
from windstill.cli import main
main(["serve"])
"""


@dataclass
class RunningServer:
    """A server that listens. address: its root. key: the first key's secret."""

    process: subprocess.Popen[str]
    data: Path
    address: str
    key: str
    output: str
    log: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"ailabapi-api-key": self.key}

    def client(self, **kwargs: Any) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=60, **kwargs)

    def animate(self, photo: bytes, operation: str = "11", **kwargs: Any) -> httpx.Response:
        kwargs.setdefault("headers", self.headers)
        return httpx.post(
            self.address + ANIMATE,
            files={"image": ("photo.jpg", photo)},
            data={"operation": operation},
            timeout=60,
            **kwargs,
        )

    def move_clock(self, seconds: float) -> None:
        """Sets how far the server's clock is ahead."""
        (self.data.parent / "clock").write_text(str(seconds))

    def records(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one event so far."""
        lines = [json.loads(line) for line in list(self.log) if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def files(self) -> list[Path]:
        """Uploads, results and working files that lie in the data folder, half-written ones too."""
        folders = (self.data / "blobs", self.data / "work")
        found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return [path for path in found if path.name != "lock"]

    def stop(self, timeout: float = 30) -> int:
        """Asks the server to end, and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not end") from None
        finally:
            _close(self.process)


def start_server(folder: Path, *, ahead: float = 0.0, **settings: object) -> RunningServer:
    """Starts `windstill serve` on a free port with a data folder under `folder`.

    ahead: how far its clock is, in seconds.
    """
    data = folder / "data"
    (folder / "clock").write_text(str(ahead))
    given = {**SMALL_LOOPS, **NO_LIMITS, "data": data, **settings, "port": 0}
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, str(folder / "clock")],
        env={**_environment(), **{f"WINDSTILL_{k.upper()}": str(v) for k, v in given.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    log: list[str] = []
    threading.Thread(target=_collect, args=(process.stderr, log), daemon=True).start()
    printed: list[str] = []
    threading.Thread(target=_collect, args=(process.stdout, printed), daemon=True).start()
    until(lambda: any("curl" in line for line in printed) or process.poll() is not None)
    output = "".join(printed)
    if process.poll() is not None:
        _close(process)
        raise AssertionError(f"the server did not start:\n{output}{''.join(log)}")
    address = re.search(r"listens on (\S+)", output)
    key = re.search(r"only now: (\w+)", output)
    assert address is not None
    return RunningServer(
        process, Path(str(given["data"])), address[1], key[1] if key else "", output, log
    )


def until(happened: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Waits until something has happened, and fails when it does not in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


def _close(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("WINDSTILL_")}


def _collect(stream: Any, lines: list[str]) -> None:
    try:
        for line in stream:
            lines.append(line)
    except ValueError:  # closed while it was read, at the server's end
        pass
