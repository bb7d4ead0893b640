"""What every reader of a file format returns and raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from windstill.photo.encoding import Encoding

Admit = Callable[[int, int], None]
"""Called with width and height in pixels; raises if the limits forbid them."""

MAX_PARTS = 10_000
"""Segments, chunks or boxes in one file; photographs have tens, tilings of large ones thousands."""

MAX_PROFILE = 4 << 20
"""Bytes of a colour profile; larger ones are ignored. Printing profiles have up to 2 MiB."""


class Damaged(ValueError):
    """The structure of the file is broken; the text completes "The file is damaged: "."""


def incomplete(share: float) -> Damaged:
    """The error for a file that ends before all of its pixels; `share` of them, 0 to 1, are there.

    Rounded down, so that nothing incomplete is called 100 %.
    """
    return Damaged(f"only {int(100 * min(share, 0.99))} % of its pixels are there")


class NotDecodable(ValueError):
    """A rare variant of the format; the text completes "The file is " or names the variant."""


@dataclass(frozen=True)
class Container:
    """What a reader found.

    size: width and height in pixels as stored. payload: the file reduced to what is needed for
    its pixels. orientation: EXIF, 1 to 8. profile: the ICC profile. encoding: what the
    numbers mean as light, if the file says so and it is not sRGB. coarse:
    if it is not empty, two coarse versions of the picture that are the same if no pixel is missing.
    """

    size: tuple[int, int]
    payload: bytes
    orientation: int = 1
    profile: bytes | None = None
    encoding: Encoding | None = None
    coarse: tuple[bytes, ...] = ()
