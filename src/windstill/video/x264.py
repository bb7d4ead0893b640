"""libx264 itself, for what FFmpeg's interface to it leaves out: which macroblocks stand still.

x264's interface has a number, 165, which is part of the name of the function that opens an
encoder and of the library's file: another interface is another name, and is not found. Options
are given by name and as text. Only three numbers are written where they lie in a structure
(width, height, whether there is `mb_info`), between neighbours whose places are proved first.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Mapping
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int64, c_uint8, c_void_p
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from windstill.imaging.planes import Planes

BUILD = 165
"""x264's number of the interface that is described here (X264_BUILD in its x264.h)."""

_I420 = 2
_CONSTANT = np.uint8(1)  # X264_MBINFO_CONSTANT
_PARAMETER_SETS = (7, 8)  # NAL unit types of SPS and PPS, ITU-T H.264, table 7-1
_SEI = 6
_PARAMETERS_SIZE = 4096
"""Bytes to keep for x264's parameters, which take about 1,000."""

# Places in x264's parameters, in bytes, of what is written there.
_WIDTH, _HEIGHT, _MB_INFO = 28, 32, 628
# Their neighbours: option, text, place, and the number that has to be found there.
_NEIGHBOURS = (
    (b"threads", b"3", 4, 3),
    (b"sync-lookahead", b"17", 24, 17),  # width, height
    (b"level", b"31", 44, 31),
    (b"psy", b"0", 624, 0),  # mb_info, whether it is updated
    (b"deadzone-inter", b"13", 636, 13),
    (b"deadzone-intra", b"9", 640, 9),
)
_COLOUR_SPACE = 36


# What x264 needs to skip a macroblock: no lookahead, no weights, no B-frames (encoder/analyse.c).
_PLAIN = {"bframes": "0", "weightp": "0", "scenecut": "0", "mbtree": "0", "rc-lookahead": "0"}
_SKIPPED = 24
"""Bytes that a tiny picture of skipped macroblocks takes at most; one of noise takes thousands."""


class Unavailable(Exception):
    """The library is not there, or not the one that is known here; the message says how so."""


class _Nal(ctypes.Structure):
    _fields_ = [
        ("priority", c_int),
        ("type", c_int),
        ("long_start_code", c_int),
        ("first_macroblock", c_int),
        ("last_macroblock", c_int),
        ("size", c_int),
        ("payload", POINTER(c_uint8)),
        ("padding", c_int),
    ]


class _Image(ctypes.Structure):
    _fields_ = [
        ("colour_space", c_int),
        ("planes", c_int),
        ("strides", c_int * 4),
        ("pixels", c_void_p * 4),
    ]


class _Properties(ctypes.Structure):
    _fields_ = [
        ("quantiser_offsets", c_void_p),
        ("quantiser_offsets_free", c_void_p),
        ("mb_info", c_void_p),
        ("mb_info_free", c_void_p),
        ("ssim", c_double),
        ("psnr_average", c_double),
        ("psnr", c_double * 3),
        ("crf_average", c_double),
    ]


class _Picture(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("quantiser_plus_1", c_int),
        ("structure", c_int),
        ("keyframe", c_int),
        ("pts", c_int64),
        ("dts", c_int64),
        ("parameters", c_void_p),
        ("image", _Image),
        ("properties", _Properties),
        ("timing", c_double * 4),
        ("sei_count", c_int),
        ("sei_payloads", c_void_p),
        ("sei_free", c_void_p),
        ("opaque", c_void_p),
    ]


class Library:
    """x264's functions, with the types of what they take. Raises `Unavailable` if one is missing
    or a structure is not as it is described here. file: the library's.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        lib = ctypes.CDLL(str(file))
        nals = (c_void_p, POINTER(POINTER(_Nal)), POINTER(c_int))
        picture = POINTER(_Picture)
        try:
            self.open = lib[f"x264_encoder_open_{BUILD}"]
            self.default_preset = lib["x264_param_default_preset"]
            self.parse = lib["x264_param_parse"]
            self.picture_init = lib["x264_picture_init"]
            self.headers = lib["x264_encoder_headers"]
            self.encode = lib["x264_encoder_encode"]
            self.delayed_frames = lib["x264_encoder_delayed_frames"]
            self.most_delayed_frames = lib["x264_encoder_maximum_delayed_frames"]
            self.close = lib["x264_encoder_close"]
        except AttributeError as error:
            raise Unavailable(f"libx264 lacks a function: {error}") from None
        self.open.restype, self.open.argtypes = c_void_p, (c_void_p,)
        self.default_preset.argtypes = self.parse.argtypes = (c_void_p, c_char_p, c_char_p)
        self.picture_init.argtypes = (picture,)
        self.headers.argtypes = nals
        self.encode.argtypes = (*nals, picture, picture)
        for function in (self.delayed_frames, self.most_delayed_frames, self.close):
            function.argtypes = (c_void_p,)
        self._prove_layout()

    def defaults(self, preset: str) -> ctypes.Array[ctypes.c_char]:
        """x264's parameters as a preset sets them."""
        parameters = ctypes.create_string_buffer(_PARAMETERS_SIZE)
        if self.default_preset(parameters, preset.encode(), None):
            raise Unavailable(f"libx264 has no preset {preset}")
        return parameters

    def _prove_layout(self) -> None:
        """Has x264 itself write what lies beside the three numbers that are written here."""
        parameters = self.defaults("superfast")
        if _number(parameters, _COLOUR_SPACE).value != _I420:
            raise Unavailable("libx264's parameters lie elsewhere: colour space")
        for name, text, place, expected in _NEIGHBOURS:
            refused = self.parse(parameters, name, text)
            if refused or _number(parameters, place).value != expected:
                raise Unavailable(f"libx264's parameters lie elsewhere: {name.decode()}")


@cache
def library() -> Library:
    """libx264 of PyAV's wheel, which PyAV has loaded already.

    Raises `Unavailable` where PyAV uses another one, or what is proved of it is not so.
    """
    folder = Path(av.__file__).parents[1] / "av.libs"
    found = sorted(folder.glob(f"libx264-*.so.{BUILD}"))
    if len(found) != 1:
        raise Unavailable(f"PyAV has no libx264 {BUILD} of its own")
    try:
        lib = Library(found[0])
    except OSError as error:
        raise Unavailable(f"libx264 can't be loaded: {error}") from None
    _prove_map(lib)
    return lib


def _prove_map(lib: Library) -> None:
    """Sees that x264 looks at the map: a picture of noise that it calls unchanged costs nothing."""
    rng = np.random.default_rng(0)
    encoder = Encoder(lib, 32, 32, Fraction(24), "superfast", {"qp": "10", **_PLAIN}, threads=1)
    try:
        for unchanged in (None, np.ones((2, 2), np.uint8)):
            y, u, v = (rng.integers(16, 235, (side, side), np.uint8) for side in (32, 16, 16))
            encoder.encode(Planes(y, u, v), unchanged)
        coded = encoder.flush()
    finally:
        encoder.close()
    if coded is None or len(coded.data) > _SKIPPED:
        raise Unavailable("libx264 doesn't heed what stands still")


def _number(parameters: ctypes.Array[ctypes.c_char], place: int) -> c_int:
    return c_int.from_buffer(parameters, place)


@dataclass(frozen=True)
class Coded:
    """One coded picture. data: its NAL units, each after a start code (Annex B)."""

    data: bytes
    pts: int
    dts: int
    keyframe: bool


class Encoder:
    """One stream being encoded.

    options: x264's own, by name, on top of `preset`. in_band: whether key frames carry the
    parameter sets; else they are in `headers` only. Must be closed. Raises `Unavailable` for
    options that x264 refuses.
    """

    def __init__(
        self,
        lib: Library,
        width: int,
        height: int,
        fps: Fraction,
        preset: str,
        options: Mapping[str, str],
        *,
        threads: int = 1,
        in_band: bool = False,
    ) -> None:
        self._lib = lib
        parameters = self._lib.defaults(preset)
        self._in_band = in_band
        self._shape = height, width
        fixed = {
            "fps": f"{fps.numerator}/{fps.denominator}",
            "threads": str(threads),
            "log": "-1",
            "annexb": "1",
            "repeat-headers": "1",
        }
        for name, value in {**options, **fixed}.items():
            if self._lib.parse(parameters, name.encode(), value.encode()):
                raise Unavailable(f"libx264 refuses {name}={value}")
        _number(parameters, _WIDTH).value, _number(parameters, _HEIGHT).value = width, height
        _number(parameters, _MB_INFO).value = 1
        self._handle: int | None = self._lib.open(parameters)
        if not self._handle:
            raise Unavailable("libx264 opens no encoder")
        # Threads of x264 read the maps of pictures that were given to it some calls ago.
        kept = self._lib.most_delayed_frames(self._handle) + threads + 2
        self._maps: deque[NDArray[np.uint8]] = deque(maxlen=kept)
        self._count = 0

    def headers(self) -> bytes:
        """The parameter sets, each after a start code."""
        nals, count = POINTER(_Nal)(), c_int()
        if self._lib.headers(self._handle, byref(nals), byref(count)) < 0:
            raise Unavailable("libx264 gives no headers")
        return self._joined(nals, count.value, only=_PARAMETER_SETS)

    def encode(self, planes: Planes, unchanged: NDArray[np.uint8] | None) -> Coded | None:
        """Encodes one picture; returns the next one that is ready.

        planes: contiguous, of the stream's size; they may be reused at once. unchanged: uint8
        (ceil(H / 16), ceil(W / 16)), 1 for macroblocks in which not one sample differs from the
        picture before; None if that is not known. Raises ValueError for other sizes.
        """
        if planes.shape != self._shape:
            raise ValueError(f"a picture of {planes.shape} in place of {self._shape}")
        picture = _Picture()
        self._lib.picture_init(byref(picture))
        picture.image.colour_space, picture.image.planes = _I420, 3
        for index, plane in enumerate((planes.y, planes.u, planes.v)):
            picture.image.strides[index] = plane.strides[0]
            picture.image.pixels[index] = plane.ctypes.data
        picture.pts = self._count
        self._count += 1
        if unchanged is not None:
            blocks = tuple(-(-side // 16) for side in self._shape)
            if unchanged.shape != blocks or unchanged.dtype != np.uint8:
                raise ValueError(f"a map of {unchanged.shape} in place of {blocks}")
            kept = np.ascontiguousarray(unchanged) & _CONSTANT
            self._maps.append(kept)
            picture.properties.mb_info = kept.ctypes.data
        return self._encoded(picture)

    def flush(self) -> Coded | None:
        """The next picture that x264 still holds; None once it holds none."""
        while self._lib.delayed_frames(self._handle) > 0:
            coded = self._encoded(None)
            if coded is not None:
                return coded
        return None

    def close(self) -> None:
        """Ends the encoder; may be called again."""
        if self._handle:
            self._lib.close(self._handle)
        self._handle = None

    def _encoded(self, picture: _Picture | None) -> Coded | None:
        nals, count, out = POINTER(_Nal)(), c_int(), _Picture()
        given = byref(picture) if picture is not None else None
        size = self._lib.encode(self._handle, byref(nals), byref(count), given, byref(out))
        if size < 0:
            raise OSError("libx264 failed")
        if size == 0:
            return None
        return Coded(self._joined(nals, count.value), out.pts, out.dts, bool(out.keyframe))

    def _joined(
        self, nals: ctypes._Pointer[_Nal], count: int, only: tuple[int, ...] | None = None
    ) -> bytes:
        """The NAL units that belong into the stream: no remark (SEI) about x264's settings."""
        left_out = (_SEI,) if self._in_band else (_SEI, *_PARAMETER_SETS)
        units = [nals[index] for index in range(count)]
        return b"".join(
            ctypes.string_at(unit.payload, unit.size)
            for unit in units
            if (unit.type in only if only else unit.type not in left_out)
        )
