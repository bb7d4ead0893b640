"""Made-up aeroplanes: the labelled sets have next to none, and so none that flies in a bare sky."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.cache import U8

F32 = NDArray[np.float32]

# Outlines in units of half the plane's length: nose to the right, upwards is negative.
FIN = ((-0.72, -0.05), (-0.98, -0.36), (-0.86, -0.36), (-0.52, -0.07))
TAIL = ((-0.72, 0.0), (-1.04, 0.1), (-0.9, 0.1), (-0.55, 0.03))
NEAR_WING = ((-0.22, 0.03), (-0.5, 0.5), (-0.32, 0.5), (0.2, 0.05))
FAR_WING = ((-0.12, -0.05), (-0.26, -0.3), (-0.14, -0.3), (0.2, -0.04))
# Points of a fuselage's outline, and drawing at so many times the size.
ROUND, FINER = 48, 2


def _fuselage(slim: float) -> F32:
    """A spindle, blunt at the nose and drawn out towards the tail, float32 (N, 2)."""
    around = np.linspace(0, 2 * np.pi, ROUND, endpoint=False)
    x, y = np.cos(around), np.sin(around)
    taper = np.where(x < 0, 1 + 0.75 * x, 1.0)
    return np.stack([x, slim * y * taper], axis=1).astype(np.float32)


def _parts(rng: np.random.Generator) -> list[tuple[F32, float]]:
    """Outlines from back to front, and how bright each is."""
    slim = float(rng.uniform(0.08, 0.17))
    light = float(rng.uniform(0.55, 0.95))
    span = float(rng.uniform(0.15, 1.3))

    def outline(points: tuple[tuple[float, float], ...], high: float) -> F32:
        wobble = rng.normal(0, 0.015, (len(points), 2))
        return (np.float32(points) * [1, high] + wobble).astype(np.float32)

    parts = [(outline(FAR_WING, span), light * 0.8), (outline(TAIL, span), light * 0.75)]
    parts += [(outline(FIN, float(rng.uniform(0.8, 1.2))), light), (_fuselage(slim), 1.0)]
    parts += [(outline(NEAR_WING, span), light * 0.85)]
    for _ in range(int(rng.integers(0, 3))):
        middle = (rng.uniform(-0.3, 0.35), rng.uniform(0.06, 0.3))
        parts.append((_fuselage(0.35) * np.float32(0.11) + np.float32(middle), light * 0.7))
    return parts


def plane(size: int, rng: np.random.Generator) -> tuple[U8, U8]:
    """An aeroplane: uint8 RGB (size, size, 3) and its coverage, uint8 (size, size)."""
    side = FINER * size
    half = side * float(np.exp(rng.uniform(np.log(0.04), np.log(0.45))))
    centre = side * rng.uniform(0.2, 0.8, 2)
    angle = rng.normal(0, 0.25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    body, paint = rng.uniform(20, 250, 3), rng.uniform(20, 250, 3)
    if rng.random() < 0.6:
        body = np.full(3, rng.uniform(30, 250)) + rng.normal(0, 6, 3)
    rgb = np.zeros((side, side, 3), np.uint8)
    cover = np.zeros((side, side), np.uint8)
    for number, (outline, light) in enumerate(_parts(rng)):
        points = np.rint((outline @ turn.T) * half + centre).astype(np.int32)
        tint = paint if number == 2 and rng.random() < 0.6 else body
        shown = [float(c) for c in np.clip(tint * light, 0, 255)]
        cv2.fillPoly(rgb, [points], shown)
        cv2.fillPoly(cover, [points], 255)
    # Lit from above.
    rows = np.linspace(1.2, 0.8, side)[:, None, None] ** (side / half / 8)
    rgb = np.clip(rgb * rows, 0, 255).astype(np.uint8)
    _stripe(rgb, cover, turn, half, centre, paint, rng)
    small = (cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA) for part in (rgb, cover))
    coloured, covered = small
    return np.asarray(coloured, np.uint8), np.asarray(covered, np.uint8)


def _stripe(
    rgb: U8,
    cover: U8,
    turn: NDArray[np.float64],
    half: float,
    centre: NDArray[np.float64],
    paint: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """A row of windows or a stripe along the fuselage."""
    along = np.linspace(-0.6, 0.75, int(rng.integers(2, 40)))
    points = np.stack([along, np.full_like(along, rng.uniform(-0.03, 0.03))], axis=1)
    places = np.rint((points @ turn.T) * half + centre).astype(int)
    thick = max(1, round(half * float(rng.uniform(0.008, 0.03))))
    colour = [float(c) for c in paint]
    if rng.random() < 0.5:
        for x, y in places:
            cv2.circle(rgb, (int(x), int(y)), thick, colour, -1)
    else:
        cv2.line(rgb, tuple(map(int, places[0])), tuple(map(int, places[-1])), colour, thick)
    rgb[cover == 0] = 0
