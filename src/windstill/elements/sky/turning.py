"""What the two streams show at one moment: `turning.c`, called with arrays."""

from __future__ import annotations

import ctypes
from functools import partial

import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.drift import Drift
from windstill.elements.sky.painting import Stream
from windstill.elements.sky.streams import LARGEST_GAIN, Moments, Turns
from windstill.imaging.compiled import Kept, load

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_TURN = load("elements/sky", "turning").windstill_turn
_TURN.argtypes = [ctypes.c_void_p, *[ctypes.c_float] * 4, ctypes.c_void_p]
_STREAMS = 2


class _Turning(ctypes.Structure):
    _fields_ = [
        ("cells", ctypes.c_int32),
        ("periods", ctypes.c_int32),
        ("offsets", ctypes.c_void_p),
        ("fade", ctypes.c_void_p),
        ("early", ctypes.c_void_p),
        ("late", ctypes.c_void_p),
        ("both", ctypes.c_void_p),
        ("floor", ctypes.c_float),
        ("largest_gain", ctypes.c_float),
        ("base", ctypes.c_void_p),
        ("first", ctypes.c_void_p),
        ("second", ctypes.c_void_p),
        ("third", ctypes.c_void_p),
        ("wander", ctypes.c_void_p),
        ("wanted", ctypes.c_void_p),
    ]


class _Stream(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("origins", "shape", "detail", "fine")]


class Turning:
    """The copies of one sky, which take turns."""

    def __init__(
        self, turns: Turns, moments: Moments, drift: Drift, wander: F32, wanted: U8
    ) -> None:
        """wander: float32 (periods, rows, columns, 2), what each copy is displaced by beside its
        drift. wanted: uint8 (rows, columns), 0 for cells that are not looked at: there both
        streams rest, unseen. Raises ValueError unless all is of one lattice."""
        self._kept = Kept()
        self._periods = turns.periods
        shape = rows, columns = turns.offsets.shape
        places = rows, columns, 2
        first, second, third = drift.coefficients
        given = partial(self._kept.address, dtype=np.float32)
        self._turning = _Turning(
            cells=rows * columns,
            periods=turns.periods,
            offsets=given(turns.offsets, shape=shape),
            fade=given(turns.fade, shape=shape),
            early=given(moments.early, shape=shape),
            late=given(moments.late, shape=shape),
            both=given(moments.both, shape=shape),
            floor=moments.floor,
            largest_gain=LARGEST_GAIN,
            base=given(drift.base, shape=places),
            first=given(first, shape=places),
            second=given(second, shape=places),
            third=given(third, shape=places),
            wander=given(wander, shape=(turns.periods, *places)),
            wanted=self._kept.address(wanted, np.uint8, shape),
        )
        self._streams = [_unseen(drift.base) for _ in range(_STREAMS)]
        self._targets = (_Stream * _STREAMS)(*map(_pointers, self._streams))

    def streams(self, time: float, crispness: float) -> list[Stream]:
        """The streams that are seen anywhere at `time` (loops); valid until the next call.

        crispness: what the detail of whatever has moved is raised by.
        """
        elapsed = time * self._periods
        # Time is folded before it meets float32, so that frame 0 is exactly at age 0.
        even, odd = ((elapsed - parity + 1) % 2.0 - 1 for parity in range(_STREAMS))
        seen = _TURN(ctypes.byref(self._turning), even, odd, elapsed, crispness, self._targets)
        return [stream for k, stream in enumerate(self._streams) if seen >> k & 1]


def _unseen(base: F32) -> Stream:
    weights = (np.zeros(base.shape[:2], np.int16) for _ in range(3))
    return Stream(base.copy(), *weights)


def _pointers(stream: Stream) -> _Stream:
    arrays = stream.origins, stream.shape, stream.detail, stream.fine
    return _Stream(*(array.ctypes.data for array in arrays))
