"""A container file being written, whose handle is closed whatever happens."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream


class _Output:
    """A file that remembers its first failure, and takes everything after it without writing.

    FFmpeg goes on for a while after a failure; PyAV would print what fails then.
    """

    def __init__(self, path: Path) -> None:
        # FFmpeg opens the file again under this name, to move an MP4's index to the front; so
        # nothing may wait in a buffer here.
        self.name = str(path)
        self.failure: OSError | None = None
        self._raw = path.open("w+b", buffering=0)

    @property
    def closed(self) -> bool:
        return self._raw.closed

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            while rest and self.failure is None:
                written = self._raw.write(rest)
                if not written:
                    raise OSError(errno.EIO, "nothing was written")
                rest = rest[written:]
        except OSError as error:
            self.failure = error
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def close(self) -> None:
        with suppress(OSError):
            self._raw.close()


class Muxer:
    """An output container on a file of our own.

    When FFmpeg opens the file itself and fails to write its header, PyAV never closes it.
    """

    def __init__(self, path: Path, name: str, options: Mapping[str, str]) -> None:
        self._output = _Output(path)
        try:
            self.container: OutputContainer = av.open(
                self._output, "w", format=name, container_options=dict(options)
            )
        except BaseException:
            self._output.close()
            raise

    def write(self, packet: Packet[VideoStream]) -> None:
        """Adds a packet. Raises `OSError` when the file can't be written."""
        self.container.mux(packet)
        self._check()

    def finish(self) -> None:
        """Writes the index and closes the file. Raises `OSError` as `write` does."""
        self.container.close()
        self._output.close()
        self._check()

    def abort(self) -> None:
        """Closes the file as it is."""
        self._output.close()
        # With its file closed the container writes no index any more.
        with suppress(av.FFmpegError, OSError, ValueError):
            self.container.close()

    def _check(self) -> None:
        if self._output.failure is not None:
            raise self._output.failure
