"""What a caller can choose, with its ranges: the one source for flags, form fields and docs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from windstill.errors import InvalidOption

Operation = Literal["auto", "1", "01", "10", "11"]
Strength = Literal["calm", "normal", "windy"]
Format = Literal[
    "mp4", "webm", "avi", "gif", "webp", "png", "motion_photo", "live_photo", "html", "web"
]
Codec = Literal["auto", "h264", "vp9", "av1", "mpeg4"]
Quality = Literal["small", "normal", "best"]
ClearSky = Literal["veil", "still"]

ELEMENT_BITS = {"sky": 1, "hair": 2}
"""The retired API's operation codes are binary numbers with these bits."""

CODECS: dict[str, tuple[str, ...]] = {
    "mp4": ("h264", "av1"),
    "webm": ("vp9", "av1"),
    "avi": ("h264", "mpeg4"),
    "motion_photo": ("h264", "av1"),
    "live_photo": ("h264",),
}
"""What a film of each format can be coded with, its usual codec first; the other formats leave no
choice. Films are what can be repeated without rendering again."""

COUNTING = ("gif", "webp")
"""Formats that say how often they want to be played."""

PAINTED = ("html", "web")
"""Formats without frames: a browser paints the loop at its display's rate."""

WITHOUT_QUALITY = ("gif", "png")
"""Formats that leave no choice between fidelity and size: 256 colours, and no loss at all."""

_FPS = 24
_NAMED_WINDS = {"right": 0.0, "left": 180.0}


_NUMBER = re.compile(r"[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})([eE][+-]?[0-9]{1,3})?")
"""A number as people write it."""


def _option(default: Any, help: str, **rule: Any) -> Any:
    return field(default=default, metadata={"help": help, **rule})


@dataclass(frozen=True, kw_only=True)
class Options:
    """One request's choices; creating it checks every one.

    Raises `InvalidOption`, which names the field and what is allowed.
    """

    operation: Operation = _option(
        "auto",
        "What moves: 1 or 01 the sky, 10 the hair, 11 both; auto moves whatever is there.",
        choices=get_args(Operation),
    )
    seconds: float = _option(4.0, "Length of one loop in seconds.", low=2, high=12)
    fps: int = _option(_FPS, "Frames per second.", low=8, high=60)
    strength: Strength = _option("normal", "How strong the wind is.", choices=get_args(Strength))
    wind: str = _option(
        "auto",
        "Where the wind blows to in the picture: left, right, degrees counter-clockwise from "
        "the right (90 is up: clouds come nearer), or auto.",
        low=-360,
        high=360,
        words=("auto", *_NAMED_WINDS),
    )
    seed: int = _option(0, "Varies everything that is drawn by chance.", low=0, high=2**32 - 1)
    format: Format = _option(
        "mp4",
        "What the result is: a film (mp4, webm, avi), an animated picture (gif, webp), the photo "
        "itself with its film in it (motion_photo, of Android) or beside it (live_photo, of Apple: "
        "a zip file of both), png (a zip file with every frame), or what a browser paints itself: "
        "one page (html), or files for pages of your own (web).",
        choices=get_args(Format),
    )
    codec: Codec = _option(
        "auto",
        "How a film is coded: h264 (mp4, avi), vp9 (webm), av1 (mp4, webm: the smallest files), "
        "mpeg4 (avi, for very old players); auto is the format's usual one.",
        choices=get_args(Codec),
    )
    quality: Quality = _option(
        "normal",
        "Fidelity against size: normal looks like the frames that were rendered, small takes less "
        "than half of its bytes, best keeps the finest grain. gif and png leave no choice.",
        choices=get_args(Quality),
    )
    loops: int = _option(
        0, "How often a gif or webp plays; 0 is for ever. Others hold no count.", low=0, high=65535
    )
    repeat_to: float = _option(
        0.0,
        "Repeat the loop within a film, in whole, until it lasts at least so many seconds, as for "
        "a live wallpaper; 0 is one loop.",
        low=0,
        high=300,
    )
    exact_first_frame: bool = _option(
        False,
        "Start exactly at the photo even where a veil is added to a clear sky; all else does so "
        "anyway.",
    )
    clear_sky: ClearSky = _option(
        "veil",
        "What a sky without any texture gets: a faint procedural veil, or nothing.",
        choices=get_args(ClearSky),
    )
    max_side: int = _option(
        2048,
        "Longest side of the result in pixels; larger photos are scaled down.",
        low=64,
        high=4096,
    )

    def __post_init__(self) -> None:
        for spec in fields(self):
            object.__setattr__(self, spec.name, _checked(spec, getattr(self, spec.name)))
        self._check_format()

    def _check_format(self) -> None:
        """Refuses what the format can't do, lest it be ignored."""
        codecs = ("auto", *CODECS.get(self.format, ()))
        if self.codec not in codecs:
            raise InvalidOption(
                f"codec is {self.codec!r}; allowed with {self.format}: {', '.join(codecs)}.",
                field="codec",
            )
        if self.quality != "normal" and self.format in WITHOUT_QUALITY:
            raise InvalidOption(
                f"quality is {self.quality!r}; {self.format} leaves no choice; allowed here: "
                "normal.",
                field="quality",
            )
        if self.loops and self.format not in COUNTING:
            raise InvalidOption(
                f"loops is {self.loops}; {self.format} holds no count, {' and '.join(COUNTING)} "
                "do; allowed here: 0.",
                field="loops",
            )
        if self.format in PAINTED and self.fps != _FPS:
            raise InvalidOption(
                f"fps is {self.fps}; {self.format} plays at the display's rate; allowed here: "
                f"{_FPS}.",
                field="fps",
            )
        if self.repeat_to and self.format not in CODECS:
            raise InvalidOption(
                f"repeat_to is {self.repeat_to:g}; only {', '.join(CODECS)} can be repeated; "
                "allowed here: 0.",
                field="repeat_to",
            )

    @property
    def frame_count(self) -> int:
        """Frames of one loop; even, so that two half-loop streams share their phases."""
        return max(2, round(self.seconds * self.fps / 2) * 2)

    @property
    def repeats(self) -> int:
        """How often the loop follows itself within the file."""
        return max(1, math.ceil(self.repeat_to * self.fps / self.frame_count - 1e-9))

    @property
    def wind_degrees(self) -> float | None:
        """Direction the wind blows to, degrees counter-clockwise from +x; None for auto."""
        if self.wind == "auto":
            return None
        if self.wind in _NAMED_WINDS:
            return _NAMED_WINDS[self.wind]
        return float(self.wind)

    def wants(self, element: str) -> bool:
        """Whether the operation asks for `element`, "sky" or "hair"."""
        if self.operation == "auto":
            return True
        return bool(int(self.operation, 2) & ELEMENT_BITS[element])

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> Options:
        """Options from text such as form fields or flags; unknown names are refused."""
        known = {spec.name for spec in fields(cls)}
        for name in values:
            if name not in known:
                raise InvalidOption(
                    f"Unknown option {name!r}; allowed are {', '.join(sorted(known))}.", field=name
                )
        return cls(**values)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, object]:
        """Every option by name; `parse` takes it back."""
        return asdict(self)


def describe() -> list[dict[str, object]]:
    """Name, default, help and rule of every option, in order; for flags, forms and docs."""
    return [
        {
            "name": spec.name,
            "type": type(spec.default).__name__,
            "default": spec.default,
            **spec.metadata,
        }
        for spec in fields(Options)
    ]


def _checked(spec: Field[Any], value: object) -> object:
    if isinstance(value, str):
        value = value.strip()
    if "words" in spec.metadata:
        return _checked_word_or_number(spec, value)
    if "choices" in spec.metadata:
        return _checked_choice(spec, value)
    if isinstance(spec.default, bool):
        return _checked_bool(spec, value)
    return _checked_number(spec, value)


def _checked_choice(spec: Field[Any], value: object) -> object:
    choices = spec.metadata["choices"]
    if value not in choices:
        raise _refusal(spec, value, f"one of {', '.join(choices)}")
    return value


def _checked_bool(spec: Field[Any], value: object) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise _refusal(spec, value, "true or false")


def _checked_word_or_number(spec: Field[Any], value: object) -> str:
    if isinstance(value, str) and value in spec.metadata["words"]:
        return value
    number = _checked_number(spec, value)
    return f"{number:g}"


def _checked_number(spec: Field[Any], value: object) -> float:
    low, high = spec.metadata["low"], spec.metadata["high"]
    kind = int if isinstance(spec.default, int) else float
    words = "".join(f"{word}, " for word in spec.metadata.get("words", ()))
    allowed = f"{words}{'a whole number' if kind is int else 'a number'} from {low} to {high}"
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            raise ValueError  # float takes the digits of every script, and underscores
        number = float(value)
        if kind is int and number != int(number):
            raise ValueError
    except (ValueError, OverflowError):
        raise _refusal(spec, value, allowed) from None
    if not low <= number <= high:
        raise _refusal(spec, value, allowed)
    return kind(number)


def _refusal(spec: Field[Any], value: object, allowed: str) -> InvalidOption:
    shown = repr(value)
    if len(shown) > 40:
        shown = shown[:37] + "..."
    return InvalidOption(f"{spec.name} is {shown}; allowed: {allowed}.", field=spec.name)
