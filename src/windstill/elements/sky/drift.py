"""How clouds on a level layer drift in a picture, and where each came from.

A layer of cloud at height h over a pinhole camera of focal length f projects to u = f h / Z above
the horizon and x = f X / Z beside the centre. Wind (w_x, w_z) along the layer, w_z > 0 towards
the camera, moves the picture by

    dx/dt = (u / h) w_x + x u w_z / (f h),        du/dt = u^2 w_z / (f h),

so everything slows towards the horizon. A weak divergence-free eddy field is added, by which the
clouds change shape (Bridson et al. 2007, "Curl-noise for procedural fluid flow").
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.elements.sky.lattice import CELL, Lattice
from windstill.imaging.noise import smooth_noise
from windstill.imaging.planes import Region

F32 = NDArray[np.float32]

# Eddies' speed as a share of the drift's; above 0.15 the clouds look stirred.
EDDY_SHARE = 0.12
EDDY_WAVELENGTHS = ((0.25, 1.0), (0.1, 0.35))
# Speed at the horizon line as if this share of the frame's height above it.
HORIZON_LIFT = 0.06
# How far below the lowest sky of a landscape its true horizon is taken to be.
HIDDEN_HORIZON = 0.12
# Looking up there is no horizon to be seen; a far one keeps a little perspective.
FAR_HORIZON = 1.0
PATH_STEPS = 6
# Within so many times a period's travel of the region's edge, the drift across the edge slows down
# to nothing, so that no copy shows what lies beyond it. Steeper would squeeze the clouds there.
EDGE = 1.6


@dataclass(frozen=True)
class View:
    """Which way is up in the picture, and where its horizon lies.

    up: unit vector (x, y) in the picture that points away from the horizon. horizon: distance
    of the horizon line from the picture's origin along `up`. centre: the vanishing column,
    along the axis across `up`. extent: the frame's height along `up`. focal: pixels.
    """

    up: tuple[float, float]
    horizon: float
    centre: float
    extent: float
    focal: float

    @property
    def across(self) -> tuple[float, float]:
        """Unit vector (x, y) along the horizon."""
        return -self.up[1], self.up[0]


def view_of(matte: F32) -> View:
    """The view that a sky matte, float32 (H, W), suggests.

    A sky that touches the frame's top lies above its horizon; one that only touches the bottom
    or a side belongs to a photo that was turned.
    """
    height, width = matte.shape
    # A few pixels tell as much as all of them.
    step = max(1, min(height, width) // 256)
    few = matte[step // 2 :: step, step // 2 :: step]
    small = cv2.resize(few, (64, 64), interpolation=cv2.INTER_AREA) > 0.5
    up = _up(small)
    along_rows = up[0] == 0
    towards_top = small if along_rows else small.T
    if up in ((0.0, 1.0), (1.0, 0.0)):
        towards_top = towards_top[::-1]
    extent, breadth = (height, width) if along_rows else (width, height)
    has_sky = towards_top.any(axis=0)
    lowest = towards_top.shape[0] - np.argmax(towards_top[::-1], axis=0)
    bottom = float(np.percentile(lowest[has_sky], 98)) / 64 if has_sky.any() else 0.5
    looks_up = bool(towards_top[-1].mean() > 0.3)
    drop = FAR_HORIZON if looks_up else HIDDEN_HORIZON
    below_top = (bottom + drop) * extent
    top = {(0.0, -1.0): 0.0, (0.0, 1.0): height, (-1.0, 0.0): 0.0, (1.0, 0.0): width}[up]
    return View(
        up=up,
        horizon=top - below_top,
        centre=breadth / 2 if up in ((0.0, -1.0), (1.0, 0.0)) else -breadth / 2,
        extent=float(extent),
        focal=0.9 * min(max(height, width), 1.6 * min(height, width)),
    )


def _up(small: NDArray[np.bool_]) -> tuple[float, float]:
    sides = {
        (0.0, -1.0): small[:2].mean(),
        (0.0, 1.0): small[-2:].mean(),
        (-1.0, 0.0): small[:, :2].mean(),
        (1.0, 0.0): small[:, -2:].mean(),
    }
    if sides[0.0, -1.0] > 0.1:
        return 0.0, -1.0
    best = max(sides, key=lambda side: float(sides[side]))
    return best if sides[best] > 0.5 else (0.0, -1.0)


def drift_velocity(view: View, degrees: float, x: F32, y: F32) -> tuple[F32, F32]:
    """Velocity (x, y) at picture positions, in units of the wind over the layer's height."""
    direction = np.cos(np.deg2rad(degrees)), -np.sin(np.deg2rad(degrees))
    wind_x = float(np.dot(direction, view.across))
    wind_z = float(np.dot(direction, view.up))
    height = x * view.up[0] + y * view.up[1] - view.horizon
    u = np.maximum(height, 0.0) + HORIZON_LIFT * view.extent
    beside = x * view.across[0] + y * view.across[1] - view.centre
    along = u * wind_x + beside * u * (wind_z / view.focal)
    rise = u * u * (wind_z / view.focal)
    return (
        (along * view.across[0] + rise * view.up[0]).astype(np.float32),
        (along * view.across[1] + rise * view.up[1]).astype(np.float32),
    )


def eddies(shape: tuple[int, int], size: float, rng: np.random.Generator) -> tuple[F32, F32]:
    """A divergence-free velocity (x, y) on a lattice of `shape`; its speed is about 1.

    size: the frame's longer side in pixels.
    """
    stream = np.zeros(shape, np.float32)
    for share, weight in EDDY_WAVELENGTHS:
        wavelength = share * size / CELL
        stream += smooth_noise(shape, wavelength / 2, rng) * np.float32(weight * wavelength)
    down, right = np.gradient(stream)
    speed = max(float(np.sqrt((down**2 + right**2).mean())), 1e-6)
    return (down / speed).astype(np.float32), (-right / speed).astype(np.float32)


@dataclass(frozen=True)
class Drift:
    """Where the cloud now at a cell was, as a cubic of time.

    coefficients: three float32 (rows, columns, 2), so that the position `s` periods ago (ahead
    if negative) is base - s c1 - s^2 c2 - s^3 c3. base: the cells' own positions. All in luma
    pixels of the region.
    """

    base: F32
    coefficients: tuple[F32, F32, F32]

    def slowed(self, share: float) -> Drift:
        """The same paths, travelled at `share` of the speed."""
        first, second, third = self.coefficients
        one = np.float32(share)
        return Drift(self.base, (first * one, second * one**2, third * one**3))

    def origins(self, ages: F32) -> F32:
        """Positions (rows, columns, 2) of what is shown at age `ages` (rows, columns)."""
        age = cv2.merge([ages, ages])
        first, second, third = self.coefficients
        moved: F32 = cv2.multiply(age, third)
        for coefficient in (second, first):
            cv2.add(moved, coefficient, dst=moved)
            cv2.multiply(moved, age, dst=moved)
        np.subtract(self.base, moved, out=moved)
        return moved

    def travel(self, span: float) -> float:
        """The largest displacement at ages up to `span` periods either way, in pixels."""
        ages = np.full(self.base.shape[:2], span, np.float32)
        ends = [self.origins(ages) - self.base, self.origins(-ages) - self.base]
        return max(float(np.sqrt((end**2).sum(axis=2)).max()) for end in ends)


def widened(lattice: Lattice, step: float, span: float) -> tuple[Lattice, int]:
    """The lattice that holds all that is ever shown on `lattice`, and how many cells it adds.

    step, span: see `drift_of`.
    """
    margin = int(np.ceil(1.5 * step * span / CELL)) + 2
    return Lattice(lattice.height, lattice.width, lattice.rim + margin), margin


def drift_of(
    matte: F32,
    region: Region,
    lattice: Lattice,
    *,
    degrees: float,
    step: float,
    span: float,
    eddy: tuple[F32, F32],
) -> Drift:
    """The drift of a sky.

    matte: float32 (H, W), the whole frame's. step: pixels that the fast part of the sky (90th
    percentile) travels in one period. span: the largest age that is ever asked for, periods.
    eddy: of the widened lattice.
    """
    view = view_of(matte)
    wide, margin = widened(lattice, step, span)
    x, y = wide.positions()
    speed_x, speed_y = drift_velocity(view, degrees, x + region.left, y + region.top)
    inside = slice(margin, -margin)
    sky = lattice.reduce(matte[region.luma]) > 0.5
    speed = np.hypot(speed_x, speed_y)
    shown = speed[inside, inside][sky] if sky.any() else speed
    scale = np.float32(step / max(float(np.percentile(shown, 90)), 1e-6))
    eddy_x, eddy_y = eddy
    stir = np.float32(EDDY_SHARE) * speed
    velocity = cv2.merge(
        [
            _held_inside(scale * (speed_x + stir * eddy_x), x, lattice.width),
            _held_inside(scale * (speed_y + stir * eddy_y), y, lattice.height),
        ]
    )
    velocity /= np.float32(CELL)
    base, coefficients = _path_cubics(velocity, margin, lattice, span)
    return Drift(base, coefficients)


def _held_inside(speed: F32, position: F32, size: int) -> F32:
    """A speed across two edges, pixels a period, that no path crosses them with.

    position: of each cell, pixels; the edges lie at 0 and `size` - 1.
    """
    distance = np.minimum(position, np.float32(size - 1) - position)
    way = np.maximum(np.float32(EDGE) * np.abs(speed), np.float32(1))
    return np.asarray(speed * np.clip(distance / way, 0, 1), np.float32)


def _path_cubics(
    velocity: F32, margin: int, lattice: Lattice, span: float
) -> tuple[F32, tuple[F32, F32, F32]]:
    """Cubics fitted to the paths that Runge-Kutta integration finds, forward and back: where they
    begin, and the coefficients; see `Drift`."""
    rows, columns = lattice.shape
    start = np.stack(
        np.meshgrid(
            np.arange(columns, dtype=np.float32) + margin,
            np.arange(rows, dtype=np.float32) + margin,
        ),
        axis=2,
    )
    moved: list[F32] = []
    for sign in (1.0, -1.0):
        place = start
        for _ in range(PATH_STEPS):
            place = _runge_kutta(velocity, place, -sign * span / PATH_STEPS)
            moved.append((start - place) * np.float32(CELL))
    flat = np.stack(moved).reshape(len(moved), -1)
    # Not NumPy's product: its threads would wait for more for a while, and take time from others.
    fitted = cv2.gemm(path_fit(span), flat, 1, None, 0)
    first, second, third = fitted.reshape(3, rows, columns, 2)
    x, y = lattice.positions()
    return np.stack([x, y], axis=2), (first, second, third)


def path_fit(span: float) -> F32:
    """Weights, (3, 2 * PATH_STEPS), that fit a cubic to the displacements at the steps of a path:
    first those back to age `span`, then those ahead to age -`span`."""
    ages = np.linspace(0, span, PATH_STEPS + 1)[1:]
    ages = np.concatenate([ages, -ages])
    powers = np.stack([ages, ages**2, ages**3], axis=1)
    fit: F32 = np.linalg.pinv(powers).astype(np.float32)
    return fit


def _runge_kutta(velocity: F32, place: F32, step: float) -> F32:
    def at(positions: F32) -> F32:
        found: F32 = cv2.remap(
            velocity, positions, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return found

    k1 = at(place)
    k2 = at(place + np.float32(step / 2) * k1)
    k3 = at(place + np.float32(step / 2) * k2)
    k4 = at(place + np.float32(step) * k3)
    return place + np.float32(step / 6) * (k1 + 2 * k2 + 2 * k3 + k4)
