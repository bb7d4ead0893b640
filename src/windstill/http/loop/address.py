"""The address of a loop: what it asks for, and of which photo.

    /loop/SIGNATURE/NAME:VALUE/.../plain/SOURCE[@FORMAT]
    /loop/SIGNATURE/NAME:VALUE/.../BASE64URL(SOURCE)[.FORMAT]

as imgproxy's (https://docs.imgproxy.net/usage/processing). Options are those of
`windstill.options`, by their names or the short ones of `SHORT`, and some of imgproxy's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal
from urllib.parse import unquote

from windstill.errors import InvalidOption
from windstill.http.numbers import whole_number
from windstill.http.refusals import Reason, RequestRefused
from windstill.options import Options

Shown = Literal["loop", "poster", "sky", "hair"]

SHORT = {
    "op": "operation",
    "st": "strength",
    "wi": "wind",
    "sec": "seconds",
    "f": "format",
    "ext": "format",
    "ql": "quality",
}
SHOWN: tuple[Shown, ...] = ("loop", "poster", "sky", "hair")
"""What of a photo's result is given: the loop, its first frame, or a matte."""
PRESETS: Mapping[str, Mapping[str, str]] = {
    **{name: {"strength": name} for name in ("calm", "normal", "windy")},
    "sky": {"operation": "1"},
    "hair": {"operation": "10"},
    "small": {"quality": "small"},
    "best": {"quality": "best"},
    "poster": {"show": "poster"},
}
"""Names for `pr`, for signers that know imgproxy's options alone."""
_OPTIONS = tuple(spec.name for spec in fields(Options))
_SIZES = {"w": 0, "width": 0, "h": 0, "height": 0, "s": 0, "size": 0, "rs": 1, "resize": 1}
"""Where the sizes begin among the arguments; the longer one is the result's longest side."""
_WITHOUT_EFFECT = ("g", "gravity", "rt", "resizing_type", "el", "enlarge", "fn", "filename")
_EXPIRES = ("exp", "expires")
_FRESH = ("cb", "cachebuster")
_MOST_SIDE = 100_000
_LAST_TIME = 10**12


@dataclass(frozen=True)
class LoopAddress:
    """What an address asks for. source: the photo's address. expires: seconds since the epoch, when
    the address ends; None: never. fresh: a word that makes another result of the same.
    """

    source: str
    options: Options
    show: Shown
    expires: int | None
    fresh: str

    @property
    def is_matte(self) -> bool:
        """Whether a matte is asked for, which no option changes."""
        return self.show in ("sky", "hair")

    @property
    def result_name(self) -> str:
        """A name for the job whose result this shows, however the address was written."""
        options = {} if self.is_matte else self.options.as_dict()
        asked = json.dumps([self.source, self.is_matte, options, self.fresh], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()


def read_address(path: str) -> LoopAddress:
    """What the part of a path behind the signature asks for.

    path: percent-encoded, beginning with a slash. Raises `RequestRefused` and `InvalidOption`.
    """
    segments = path[1:].split("/")
    count = next(
        (index for index, each in enumerate(segments) if each == "plain" or ":" not in each),
        len(segments),
    )
    asked: dict[str, str] = {}
    for segment in segments[:count]:
        _read_option(unquote(segment), asked)
    source, extension = _source(segments[count:])
    if extension:
        asked["format"] = extension
    expires, fresh = asked.pop("expires", None), asked.pop("fresh", "")
    show = asked.pop("show", "loop")
    if show not in SHOWN:
        raise InvalidOption(f"show is {show[:40]!r}; allowed: {', '.join(SHOWN)}.", field="show")
    return LoopAddress(
        source, Options.parse(asked), show, None if expires is None else int(expires), fresh
    )


def _read_option(text: str, asked: dict[str, str]) -> None:
    name, _, value = text.partition(":")
    if name in SHORT or name in _OPTIONS:
        asked[SHORT.get(name, name)] = value
    elif name == "show":
        asked["show"] = value
    elif name in _SIZES:
        _read_size(name, value.split(":")[_SIZES[name] :], asked)
    elif name in _EXPIRES:
        if whole_number(value, 0, _LAST_TIME) is None:
            raise InvalidOption("exp is not a time in whole seconds since 1970.", field="exp")
        asked["expires"] = value
    elif name in _FRESH:
        asked["fresh"] = value
    elif name in ("pr", "preset"):
        for word in value.split(":"):
            if word not in PRESETS:
                raise InvalidOption(
                    f"pr is {word[:40]!r}; allowed: {', '.join(PRESETS)}.", field="pr"
                )
            asked.update(PRESETS[word])
    elif name not in _WITHOUT_EFFECT:
        allowed = ", ".join((*SHORT, *_OPTIONS, "show", "w", "h", "rs", "exp", "cb", "pr"))
        raise InvalidOption(f"Unknown option {name[:40]!r}; allowed: {allowed}.", field=name[:40])


def _read_size(name: str, texts: list[str], asked: dict[str, str]) -> None:
    sides = [whole_number(text or "0", 0, _MOST_SIDE) for text in texts[:2]]
    if None in sides:
        raise InvalidOption(
            f"{name} is not a size in whole pixels from 0 to {_MOST_SIDE}.", field=name
        )
    longest = max([int(asked.get("max_side", "0")), *(side or 0 for side in sides)])
    if longest:
        asked["max_side"] = str(longest)


def _source(segments: list[str]) -> tuple[str, str]:
    """The photo's address, and the extension behind it."""
    if not "".join(segments[segments[:1] == ["plain"] :]):
        raise RequestRefused(
            Reason.MISSING_PART,
            "The photo's address is missing: end with plain/ADDRESS, or the address in base64url.",
            field="source",
        )
    if segments[0] == "plain":
        written, _, extension = _split("/".join(segments[1:]), "@")
        return unquote(written), extension
    # Signers may break long ones by slashes.
    written, _, extension = _split("".join(segments), ".")
    try:
        padded = written + "=" * (-len(written) % 4)
        return base64.b64decode(padded, b"-_", validate=True).decode("ascii"), extension
    except (binascii.Error, ValueError):
        raise RequestRefused(
            Reason.INVALID_FIELD,
            "The photo's address is not base64url; a plain one has plain/ before it.",
            field="source",
        ) from None


def _split(text: str, mark: str) -> tuple[str, str, str]:
    before, found, after = text.rpartition(mark)
    return (before, found, after) if found else (text, "", "")
