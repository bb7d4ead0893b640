"""Changing from one displaced copy of a sky to the next: `crossfade.c`, called with arrays.

A copy of the sky drifts from where it comes to where it goes, and passes its place in the photo in
the middle. Half a period later the next copy, which lies a period's travel behind, takes its place:
where the two are alike they fade, and elsewhere clouds erode and grow (see `dilations.py`).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.crossfade_statistics import FLOOR, CrossfadeStatistics
from windstill.elements.sky.dilations import LEVELS, Dilations
from windstill.elements.sky.drift import Drift
from windstill.elements.sky.lattice import Lattice
from windstill.elements.sky.painting import Stream
from windstill.imaging.compiled import Kept, load

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

# No blend's detail is raised by more.
LARGEST_GAIN = 1.42
# Of its time a change takes 1 / EAGERNESS to erode what goes, and as long to grow what comes. More
# than 1: two copies of a small cloud are not both seen.
EAGERNESS = 1.5
# The dilations reach this many times as far as the copies that meet are apart, as the drift is not
# quite the same everywhere.
REACH = 1.15
# Copies that differ by less than about this fade plainly; where they differ by more than that, what
# erodes and grows has a sharp front. Levels.
FAINT, HARD = 4.0, 30.0
CONTRAST = 4.0

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_CROSSFADE = load("elements/sky", "crossfade").windstill_crossfade
_CROSSFADE.argtypes = [ctypes.c_void_p, *[ctypes.c_float] * 4, ctypes.c_void_p]
_STREAMS = 2
# Parts of a dilations' unit that crossfade.c counts.
_FRACTION = 64
# Rows of nodes, and planes of them, that crossfade.c works in.
_ROWS, _PLANES = 7, 2


@dataclass(frozen=True)
class CrossfadeSchedule:
    """When each place changes to the next copy.

    offsets: float32 on the lattice, periods. fade: how long it takes, periods in (0, 1].
    roughness: as `offsets`, how unevenly clouds erode and grow. periods: copies per loop.
    """

    offsets: F32
    fade: float
    roughness: F32
    periods: int


class _Crossfade(ctypes.Structure):
    _fields_ = [
        ("rows", ctypes.c_int32),
        ("columns", ctypes.c_int32),
        ("periods", ctypes.c_int32),
        ("offsets", ctypes.c_void_p),
        ("base", ctypes.c_void_p),
        ("first", ctypes.c_void_p),
        ("second", ctypes.c_void_p),
        ("third", ctypes.c_void_p),
        ("fade", ctypes.c_float),
        ("node_offsets", ctypes.c_void_p),
        ("early", ctypes.c_void_p),
        ("late", ctypes.c_void_p),
        ("both", ctypes.c_void_p),
        ("roughness", ctypes.c_void_p),
        ("wanted", ctypes.c_void_p),
        ("floor", ctypes.c_float),
        ("largest_gain", ctypes.c_float),
        ("dilations", ctypes.c_void_p),
        ("dilated_rows", ctypes.c_int32),
        ("dilated_columns", ctypes.c_int32),
        ("dilated_scale", ctypes.c_float),
        ("reach", ctypes.c_float),
        ("eagerness", ctypes.c_float),
        ("faint", ctypes.c_float),
        ("hard", ctypes.c_float),
        ("contrast", ctypes.c_float),
        ("work", ctypes.c_void_p),
    ]


class _Stream(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("origins", "shape", "detail", "fine")]


class Crossfade:
    """The copies of one sky at any moment of its loop."""

    def __init__(
        self,
        lattice: Lattice,
        schedule: CrossfadeSchedule,
        statistics: CrossfadeStatistics,
        dilations: Dilations,
        drift: Drift,
        wanted: U8,
    ) -> None:
        """wanted: uint8 `Lattice.node_shape`, 0 for nodes that are not looked at: there both
        streams rest, unseen. Raises ValueError unless all is of one lattice."""
        self._kept = Kept()
        self._periods = schedule.periods
        rows, columns = shape = lattice.shape
        nodes = lattice.node_shape
        first, second, third = drift.coefficients
        place = partial(self._kept.address, dtype=np.float32, shape=(rows, columns, 2))
        at_nodes = partial(self._kept.address, dtype=np.float32, shape=nodes)
        self._crossfade = _Crossfade(
            rows=rows,
            columns=columns,
            periods=schedule.periods,
            offsets=self._kept.address(schedule.offsets, np.float32, shape),
            base=place(drift.base),
            first=place(first),
            second=place(second),
            third=place(third),
            node_offsets=at_nodes(lattice.to_nodes(schedule.offsets)),
            fade=schedule.fade,
            early=at_nodes(lattice.to_nodes(statistics.early)),
            late=at_nodes(lattice.to_nodes(statistics.late)),
            both=at_nodes(lattice.to_nodes(statistics.both)),
            roughness=at_nodes(lattice.to_nodes(schedule.roughness)),
            wanted=self._kept.address(wanted, np.uint8, nodes),
            floor=FLOOR,
            largest_gain=LARGEST_GAIN,
            dilations=self._kept.address(
                dilations.planes, np.uint8, (*dilations.planes.shape[:2], LEVELS)
            ),
            dilated_rows=dilations.planes.shape[0],
            dilated_columns=dilations.planes.shape[1],
            dilated_scale=dilations.scale,
            reach=dilations.steps,
            eagerness=EAGERNESS,
            faint=(_FRACTION * FAINT / dilations.unit) ** 2,
            hard=(_FRACTION * HARD / dilations.unit) ** 2,
            contrast=CONTRAST,
            work=self._kept.address(_room_to_work(nodes), np.float32),
        )
        self._streams = [_unseen(drift.base, nodes) for _ in range(_STREAMS)]
        self._targets = (_Stream * _STREAMS)(*map(_pointers, self._streams))

    def streams(self, time: float, crispness: float) -> list[Stream]:
        """The streams that are seen anywhere at `time` (loops); valid until the next call.

        crispness: what the detail of whatever has moved is raised by.
        """
        elapsed = time * self._periods
        # Time is folded before it meets float32, so that frame 0 is exactly at age 0.
        even, odd = ((elapsed - parity + 1) % 2.0 - 1 for parity in range(_STREAMS))
        seen = _CROSSFADE(
            ctypes.byref(self._crossfade), even, odd, elapsed, crispness, self._targets
        )
        return [stream for k, stream in enumerate(self._streams) if seen >> k & 1]


def _room_to_work(nodes: tuple[int, int]) -> F32:
    rows, columns = nodes
    return np.zeros((_ROWS + _PLANES * rows, columns), np.float32)


def _unseen(base: F32, nodes: tuple[int, int]) -> Stream:
    weights = (np.zeros(nodes, np.int16) for _ in range(3))
    return Stream(base.copy(), *weights)


def _pointers(stream: Stream) -> _Stream:
    arrays = stream.origins, stream.shape, stream.detail, stream.fine
    return _Stream(*(array.ctypes.data for array in arrays))
