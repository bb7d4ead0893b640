"""Which photos are accepted: bytes, sides, pixels and formats."""

from __future__ import annotations

from dataclasses import dataclass

from windstill.errors import FileTooLarge, InvalidOption, PhotoTooLarge, PhotoTooSmall

FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "AVIF", "HEIC")
"""Every format that can be decoded; HEIC where the package pillow-heif is installed."""

EXTENSIONS = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".jfi",
        ".jif",
        ".pjpeg",
        ".pjp",
        ".png",
        ".apng",
        ".bmp",
        ".dib",
        ".webp",
        ".avif",
        ".avifs",
        ".heic",
        ".heics",
        ".heif",
        ".heifs",
        ".hif",
    ]
)
"""What the names of such files end with, for choosing them in a folder; the content decides."""

_SPELLINGS = {"JPG": "JPEG"}
_MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a photo may be; creating it checks the limits themselves (`InvalidOption`).

    max_bytes: of the file. min_side, max_side: pixels, both ends allowed. max_pixels: width times
    height. formats: names out of `FORMATS`, in any case.
    """

    max_bytes: int = 64 * _MIB
    min_side: int = 16
    max_side: int = 16384
    max_pixels: int = 64_000_000
    formats: tuple[str, ...] = FORMATS

    def __post_init__(self) -> None:
        for name in ("max_bytes", "min_side", "max_side", "max_pixels"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidOption(
                    f"{name} is {value!r}; allowed: a whole number from 1.", field=name
                )
        if self.min_side > self.max_side:
            raise InvalidOption(
                f"min_side is {self.min_side}; allowed: at most max_side, {self.max_side}.",
                field="min_side",
            )
        formats = tuple(_SPELLINGS.get(name.upper(), name.upper()) for name in self.formats)
        if not formats or not set(formats) <= set(FORMATS):
            raise InvalidOption(
                f"formats is {self.formats!r}; allowed: one or more of {', '.join(FORMATS)}.",
                field="formats",
            )
        object.__setattr__(self, "formats", formats)

    @property
    def allowed_formats(self) -> str:
        """The formats as words, such as "JPEG, PNG or BMP"."""
        *rest, last = self.formats
        return f"{', '.join(rest)} or {last}" if rest else last

    def check_bytes(self, count: int, *, at_least: bool = False) -> None:
        """Raises `FileTooLarge`; `at_least` says that `count` is only what was read so far."""
        if count > self.max_bytes:
            more = "more than " if at_least else ""
            found = self.max_bytes if at_least else count
            raise FileTooLarge(
                f"The photo's file has {more}{_size(found)}; at most {_size(self.max_bytes)} "
                "are allowed."
            )

    def check_size(self, width: int, height: int) -> None:
        """Raises `PhotoTooSmall` or `PhotoTooLarge` for a photo of that size in pixels."""
        found = f"The photo is {width}x{height} pixels"
        if min(width, height) < self.min_side:
            raise PhotoTooSmall(f"{found}; each side must have at least {self.min_side}.")
        if max(width, height) > self.max_side:
            raise PhotoTooLarge(f"{found}; each side may have at most {self.max_side}.")
        if width * height > self.max_pixels:
            raise PhotoTooLarge(
                f"{found}, {width * height:,} in all; at most {self.max_pixels:,} are allowed."
            )


COMPATIBLE_LIMITS = Limits(
    max_bytes=3 * _MIB,
    min_side=33,
    max_side=1999,
    max_pixels=1999 * 1999,
    formats=("JPEG", "PNG", "BMP"),
)
"""Those of the retired API: sides larger than 32 and smaller than 2000 pixels, at most 3 MB."""


def _size(count: int) -> str:
    if count < _MIB:
        return f"{count:,} bytes"
    return f"{count / _MIB:.4g} MiB ({count:,} bytes)"
