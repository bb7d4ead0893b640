"""The bytes of a photo, from wherever the caller has them, and no more than the limit."""

from __future__ import annotations

import os
import stat
from typing import IO, Protocol, cast

from windstill.errors import EmptyPhoto, InvalidPhoto, NotAPhoto, UnreadablePhoto
from windstill.photo.limits import Limits

_CHUNK = 1 << 20


class BinaryFile(Protocol):
    """Anything whose `read(size)` returns bytes."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes; none at the end."""


BytesSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryFile


def read_bytes(source: object, limits: Limits) -> bytes:
    """All bytes of `source`: a path, a bytes-like object, or a binary file from where it stands.

    A file given is neither closed nor rewound. Raises `UnreadablePhoto` for a path or file that
    can't be read, `EmptyPhoto`, `FileTooLarge` (before the whole is read), and `NotAPhoto` for
    an object of another kind.
    """
    if isinstance(source, (str, os.PathLike)):
        data = _from_path(source, limits)
    elif hasattr(source, "read"):
        data = _from_file(cast(BinaryFile, source), limits)
    else:
        data = _from_buffer(source, limits)
    if not data:
        raise EmptyPhoto(f"The photo is empty; send a {limits.allowed_formats} file.")
    return data


def _from_path(path: str | os.PathLike[str], limits: Limits) -> bytes:
    name = os.fsdecode(path)
    shown = repr(name if len(name) <= 200 else name[:197] + "...")
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                limits.check_bytes(status.st_size)
            return _from_file(file, limits)
    except FileNotFoundError:
        problem = "there is no such file"
    except IsADirectoryError:
        problem = "it is a folder"
    except PermissionError:
        problem = "reading it is not permitted"
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except ValueError:
        problem = "no file can have that name"
    raise UnreadablePhoto(
        f"Can't read {shown}: {problem}; name a {limits.allowed_formats} file."
    ) from None


def _from_file(file: BinaryFile | IO[bytes], limits: Limits) -> bytes:
    chunks: list[bytes] = []
    count = 0
    while True:
        try:
            chunk = file.read(min(_CHUNK, limits.max_bytes + 1 - count))
        except InvalidPhoto:
            raise
        except Exception as error:
            # A caller's file may be a socket, an archive member, a wrapper of any kind.
            raise UnreadablePhoto(
                f"Can't read the photo's file ({type(error).__name__}: {error}); "
                f"give a {limits.allowed_formats} file opened in binary mode."
            ) from error
        if not chunk:
            return b"".join(chunks)
        if not isinstance(chunk, (bytes, bytearray, memoryview)):
            raise NotAPhoto(
                f"The photo's file yields {type(chunk).__name__} instead of bytes; "
                "open it in binary mode."
            )
        count += len(chunk)
        limits.check_bytes(count, at_least=True)
        chunks.append(bytes(chunk))


def _from_buffer(source: object, limits: Limits) -> bytes:
    if isinstance(source, bytes):
        limits.check_bytes(len(source))
        return source
    try:
        view = memoryview(source)  # type: ignore[arg-type]
    except TypeError:
        raise NotAPhoto(
            f"A photo can't be a {type(source).__name__}; allowed are a path, bytes, a binary "
            "file, a PIL image, or a uint8 array (H, W, 3)."
        ) from None
    limits.check_bytes(view.nbytes)
    return view.tobytes()
