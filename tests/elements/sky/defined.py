"""What changing from one copy of a sky to the next is defined as, with arrays of floats."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.crossfade import (
    CONTRAST,
    EAGERNESS,
    FAINT,
    HARD,
    LARGEST_GAIN,
    CrossfadeSchedule,
)
from windstill.elements.sky.crossfade_statistics import FLOOR, CrossfadeStatistics
from windstill.elements.sky.dilations import LEVELS, Dilations
from windstill.elements.sky.drift import Drift
from windstill.elements.sky.lattice import Lattice

F32 = NDArray[np.float32]


class Shown(NamedTuple):
    """One stream at one moment.

    turn: float32, periods since its copy was half-way through its turn. age: since it passed the
    photo's place. copy: int32, which of the loop's copies it is. ramp: how far it is there.
    """

    turn: F32
    age: F32
    copy: NDArray[np.int32]
    ramp: F32


def stream_at(offsets: F32, fade: float, periods: int, time: float, parity: int) -> Shown:
    """The even (parity 0) or the odd copies at `time` (loops)."""
    now = (time * periods - parity + 1) % 2.0 - 1
    turn = np.float32(now) - offsets
    turn += np.where(turn < -1, np.float32(2), np.float32(0))
    turn -= np.where(turn >= 1, np.float32(2), np.float32(0))
    ramp = np.clip((np.float32(0.5) - np.abs(turn)) / fade + np.float32(0.5), 0, 1)
    age = turn + offsets
    copy = np.rint(np.float32(time * periods) - age).astype(np.int32) % periods
    return Shown(turn, age, copy, ramp)


def dilated(dilations: Dilations, places: F32, steps: F32) -> F32:
    """The shape at `places`, luma pixels (..., 2), dilated by `steps`."""
    height, width = dilations.planes.shape[:2]
    at = (places + 0.5) * dilations.scale - 0.5
    x, y = np.clip(at[..., 0], 0, width - 1), np.clip(at[..., 1], 0, height - 1)
    left, top = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    level = np.clip(steps, 0, LEVELS - 1)
    low = np.minimum(level.astype(int), LEVELS - 2)

    def plane(down: int, across: int) -> F32:
        both = dilations.planes[top + down, left + across].astype(float)
        first, second = (
            np.take_along_axis(both, (low + more)[..., None], -1)[..., 0] for more in (0, 1)
        )
        return first + (second - first) * (level - low)

    upper, lower = (
        plane(down, 0) + (plane(down, 1) - plane(down, 0)) * (x - left) for down in (0, 1)
    )
    return upper + (lower - upper) * (y - top)


def share_of_late(dilations: Dilations, early: F32, late: F32, come: F32, roughness: F32) -> F32:
    """How much of the later copy is seen at each node; early, late: where both are read, luma
    pixels."""
    middle, plain = come * (1 - come), come * come * (3 - 2 * come)
    rough = np.clip(come + middle * roughness, 0, 1)
    nothing = np.zeros_like(come)
    goes, comes = dilated(dilations, early, nothing), dilated(dilations, late, nothing)
    kept = dilated(dilations, late, dilations.steps * (1 - EAGERNESS * rough))
    grown = dilated(dilations, early, dilations.steps * (1 - EAGERNESS * (1 - rough)))
    shown = np.maximum(np.minimum(goes, kept), np.minimum(comes, grown))
    apart = np.where(middle > 0, comes - goes, 0)
    faint, hard = (FAINT / dilations.unit) ** 2, (HARD / dilations.unit) ** 2
    line = np.array([1, 2, 3, 2, 1]) / 9
    total, square = (
        cv2.sepFilter2D(np.float64(each), -1, line, line, borderType=cv2.BORDER_REPLICATE)
        for each in (apart * (shown - goes), apart**2)
    )
    share = (total + faint * plain) / (square + faint)
    share = 0.5 + (share - 0.5) * (1 + CONTRAST * square / (square + hard))
    return np.clip(plain + (share - plain) * np.minimum(16 * middle, 1), 0, 1)


def gain(statistics: CrossfadeStatistics, early: F32, late: F32) -> F32:
    """Factor on both weights that keeps the variance of the blend."""
    kept = early * statistics.early + late * statistics.late + FLOOR
    blended = (
        early * early * statistics.early
        + late * late * statistics.late
        + 2 * early * late * statistics.both
        + FLOOR
    )
    ratio: F32 = np.sqrt(kept / np.maximum(blended, 1e-3 * kept))
    return ratio.clip(1.0, LARGEST_GAIN)


def uncorrelated_gain(early: F32, late: F32) -> F32:
    """Factor on both weights that keeps the variance of two copies with nothing in common."""
    found: F32 = np.reciprocal(np.sqrt(early * early + late * late))
    return found


class Weights(NamedTuple):
    """Of one stream: where it is read, on the lattice, and its weights at the nodes."""

    origins: F32
    shape: F32
    detail: F32
    fine: F32


def streams_at(
    lattice: Lattice,
    schedule: CrossfadeSchedule,
    statistics: CrossfadeStatistics,
    dilations: Dilations,
    drift: Drift,
    time: float,
    crispness: float,
) -> list[Weights]:
    """Both streams at `time` (loops)."""
    fade = schedule.fade
    offsets, roughness = (
        lattice.to_nodes(field) for field in (schedule.offsets, schedule.roughness)
    )
    statistics = CrossfadeStatistics(
        *(
            lattice.to_nodes(field)
            for field in (statistics.early, statistics.late, statistics.both, statistics.difference)
        )
    )
    nodes = [stream_at(offsets, fade, schedule.periods, time, parity) for parity in (0, 1)]
    origins, places = [], []
    for parity in (0, 1):
        cells = stream_at(schedule.offsets, schedule.fade, schedule.periods, time, parity)
        origins.append(drift.origins(cells.age))
        places.append(
            np.stack([lattice.to_nodes(origins[-1][..., axis]) for axis in (0, 1)], axis=2)
        )
    even_is_older = nodes[0].turn > nodes[1].turn
    older = np.where(even_is_older[..., None], places[0], places[1])
    younger = np.where(even_is_older[..., None], places[1], places[0])
    come = np.where(even_is_older, nodes[1].ramp, nodes[0].ramp)
    late = share_of_late(dilations, older, younger, come, roughness)
    coarse, fine = gain(statistics, 1 - late, late), uncorrelated_gain(1 - late, late)
    found = []
    for parity in (0, 1):
        weight = np.where(even_is_older == (parity == 0), 1 - late, late)
        age = np.abs(nodes[parity].age)
        moved = np.where(nodes[parity].copy == 0, np.minimum(age * 20, 1), 1)
        sharper = weight * (1 + crispness * moved)
        found.append(Weights(origins[parity], weight, sharper * coarse, sharper * fine))
    return found
