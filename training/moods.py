"""The same views in other moods: storms, black and white, nights, paintings, frames, lattices.

Exactly labelled skies are few and most of them are fair; a network that has seen each in ten moods
knows that a sky is one by what is around it, not by its colour.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import View
from training.cache import U8
from training.skies import fractal_noise
from training.sources import SKY

F32 = NDArray[np.float32]
Mood = Callable[[View, np.random.Generator], U8]

# The widest border around a view, as part of its size.
WIDEST_BORDER = 0.22


def _grey(rgb: U8) -> U8:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def storm(view: View, rng: np.random.Generator) -> U8:
    """Local contrast driven up, as tone mapping does, colours mostly gone, darker at the top."""
    lab = cv2.cvtColor(view.rgb, cv2.COLOR_RGB2LAB)
    tiles = int(rng.integers(2, 9))
    clahe = cv2.createCLAHE(float(rng.uniform(2, 9)), (tiles, tiles))
    lab = cv2.merge([clahe.apply(np.ascontiguousarray(lab[..., 0])), lab[..., 1], lab[..., 2]])
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    rgb = cv2.addWeighted(rgb, keep := float(rng.uniform(0.1, 1.6)), _grey(rgb), 1 - keep, 0)
    size = rgb.shape[0]
    dark = np.linspace(rng.uniform(0.35, 1), 1, size, dtype=np.float32)[:, None, None]
    return np.asarray(rgb * dark * rng.uniform(0.6, 1), np.uint8)


def monochrome(view: View, rng: np.random.Generator) -> U8:
    """One channel mix in grey, at times toned, with any contrast; a red filter darkens skies."""
    mix = rng.dirichlet((1, 1, 1))
    grey = (view.rgb @ mix.astype(np.float32)) / 255
    centre = rng.uniform(0.3, 0.7)
    grey = np.clip(centre + (grey - centre) * rng.uniform(0.6, 2.2), 0, 1) ** rng.uniform(0.6, 1.7)
    tone = np.float32([1, 1, 1])
    if rng.random() < 0.4:
        tone = np.float32(rng.choice([[1, 0.9, 0.72], [0.85, 0.93, 1], [1, 0.82, 0.8]]))
    return np.asarray(grey[..., None] * tone * 255, np.uint8)


def night(view: View, rng: np.random.Generator) -> U8:
    """Dark and blue, at times with stars in the sky."""
    dim = rng.uniform(0.13, 0.5) * np.float32([rng.uniform(0.5, 1), rng.uniform(0.6, 1), 1.1])
    rgb = view.rgb.astype(np.float32) ** rng.uniform(0.9, 1.1) * dim
    rgb += rng.uniform(0, 14) * np.float32([0.5, 0.6, 1])
    if rng.random() < 0.6:
        size = view.rgb.shape[0]
        share = rng.uniform(0.0005, 0.006)
        stars = np.where(rng.random((size, size)) < share, rng.uniform(40, 255), 0)
        lit = cv2.GaussianBlur(stars.astype(np.float32), (0, 0), float(rng.uniform(0.3, 0.8)))
        rgb += (lit * 2 * (view.values[..., SKY] / 255.0))[..., None]
    return np.asarray(np.clip(rgb, 0, 255), np.uint8)


def dusk(view: View, rng: np.random.Generator) -> U8:
    """Light parts take the colours of a low sun, dark parts become a silhouette."""
    light = cv2.cvtColor(view.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    light = np.clip((light - rng.uniform(0, 0.35)) * rng.uniform(0.9, 1.8), 0, 1)
    size = view.rgb.shape[0]
    low = np.float32([rng.uniform(150, 255), rng.uniform(70, 190), rng.uniform(30, 200)])
    high = np.float32([rng.uniform(20, 230), rng.uniform(20, 150), rng.uniform(50, 210)])
    ramp = np.linspace(0, 1, size, dtype=np.float32)[:, None, None] ** rng.uniform(0.5, 2)
    toned = (high + (low - high) * ramp) * light[..., None]
    kept = rng.uniform(0, 0.6)
    return np.asarray(np.clip(toned * (1 - kept) + view.rgb * kept, 0, 255), np.uint8)


def painted(view: View, rng: np.random.Generator) -> U8:
    """Flat patches with few tones, as posters and cartoons have them."""
    rgb = view.rgb
    for _ in range(int(rng.integers(1, 4))):
        rgb = cv2.medianBlur(rgb, int(rng.choice([3, 5, 7, 9])))
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV).astype(np.int32)
    hsv[..., 0] = (hsv[..., 0] + int(rng.normal(0, 25))) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.8, 2.2) + rng.uniform(0, 40), 0, 255)
    rgb = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    if rng.random() < 0.6:
        step = 256 // int(rng.integers(4, 14))
        table = (np.arange(256) // step * step + step // 2).clip(0, 255).astype(np.uint8)
        rgb = cv2.LUT(rgb, table)
    return np.asarray(rgb, np.uint8)


def strange(view: View, rng: np.random.Generator) -> U8:
    """Colours of infrared film and of filters: channels changed places or turned around."""
    rgb = view.rgb[..., rng.permutation(3)]
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int32) + int(rng.integers(180))) % 180
        rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return np.ascontiguousarray(rgb)


def haze(view: View, rng: np.random.Generator) -> U8:
    """A veil that takes the contrast, mostly of what lies far: what is high up in the view."""
    size = view.rgb.shape[0]
    far = np.linspace(1, rng.uniform(0, 1), size, dtype=np.float32)[:, None, None]
    veil = far * rng.uniform(0.3, 0.85)
    colour = rng.uniform(120, 235) + rng.normal(0, 10, 3)
    hazy = view.rgb + (colour.astype(np.float32) - view.rgb) * veil
    return np.asarray(np.clip(hazy, 0, 255), np.uint8)


MOODS: tuple[Mood, ...] = (storm, monochrome, night, dusk, painted, strange, haze)


def in_a_mood(view: View, rng: np.random.Generator) -> View:
    """The view in one of the moods, drawn at random."""
    mood = MOODS[int(rng.integers(len(MOODS)))]
    return View(np.ascontiguousarray(mood(view, rng)), view.values, view.known)


def framed(view: View, rng: np.random.Generator) -> View:
    """The view with borders, as scans, screens and upright videos have them; they are nothing."""
    size = view.rgb.shape[0]
    sides = [
        int(size * rng.uniform(0.01, WIDEST_BORDER)) if rng.random() < 0.6 else 0 for _ in range(4)
    ]
    if rng.random() < 0.5:
        sides = [sides[0], sides[0], 0, 0] if rng.random() < 0.5 else [0, 0, sides[2], sides[2]]
    top, bottom, left, right = sides
    inner = (size - left - right, size - top - bottom)
    rgb = _border(view.rgb, rng)
    values, known = np.zeros_like(view.values), np.full_like(view.known, 255)
    here = (slice(top, size - bottom), slice(left, size - right))
    for whole, part in ((rgb, view.rgb), (values, view.values), (known, view.known)):
        how = cv2.INTER_AREA if part is view.rgb else cv2.INTER_LINEAR
        whole[here] = cv2.resize(part, inner, interpolation=how)
    return View(rgb, values, known)


def _border(rgb: U8, rng: np.random.Generator) -> U8:
    """What a border is made of: mostly one colour, else the picture itself, blurred."""
    size, roll = rgb.shape[0], rng.random()
    if roll < 0.25:
        wide = cv2.GaussianBlur(rgb, (0, 0), size * float(rng.uniform(0.03, 0.1)))
        return np.asarray(wide * rng.uniform(0.4, 1), np.uint8)
    colour = rng.integers(0, 256, 3) if roll < 0.5 else np.full(3, rng.choice([0, 0, 255, 240, 20]))
    border = np.empty_like(rgb)
    border[:] = colour.astype(np.uint8)
    if rng.random() < 0.25:
        grain = 8 * fractal_noise(size, rng)[..., None]
        return np.asarray(np.clip(border + grain, 0, 255), np.uint8)
    return np.asarray(border, np.uint8)


def latticed(view: View, rng: np.random.Generator) -> View:
    """The view behind wires, a truss or a fence: straight, thin and regular, and no sky."""
    size = view.rgb.shape[0]
    cover = np.zeros((size, size), np.uint8)
    roll = rng.random()
    if roll < 0.4:
        _wires(cover, rng)
    elif roll < 0.8:
        _truss(cover, rng)
    else:
        _wheel(cover, rng)
    shade = rng.integers(0, 120, 3) if rng.random() < 0.75 else rng.integers(120, 256, 3)
    weight = cover.astype(np.float32)[..., None] / 255
    rgb = view.rgb + (shade.astype(np.float32) - view.rgb) * weight
    values = cv2.min(view.values, cv2.merge([255 - cover] * 3))
    return View(np.asarray(rgb, np.uint8), np.asarray(values, np.uint8), view.known)


def _line(cover: U8, a: NDArray[np.float64], b: NDArray[np.float64], width: int) -> None:
    cv2.line(cover, a.astype(int).tolist(), b.astype(int).tolist(), 255, width, cv2.LINE_AA)


def _wires(cover: U8, rng: np.random.Generator) -> None:
    size = cover.shape[0]
    x = np.linspace(0, size, 24)
    y, slope, gap = rng.uniform(0, 0.7) * size, rng.normal(0, 0.25), rng.uniform(0.03, 0.12) * size
    sag = rng.uniform(0, 0.1) * size
    for number in range(int(rng.integers(1, 7))):
        drop = y + number * gap + slope * x + sag * (1 - (2 * x / size - 1) ** 2)
        points = np.stack([x, drop], axis=1).astype(np.int32)
        cv2.polylines(cover, [points], False, 255, int(rng.integers(1, 3)), cv2.LINE_AA)


def _truss(cover: U8, rng: np.random.Generator) -> None:
    """A mast or a girder: two chords, and diagonals between them."""
    size = cover.shape[0]
    start = rng.uniform(0, 1, 2) * size
    angle = rng.choice([np.pi / 2, 0]) + rng.normal(0, 0.15)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]]) * rng.uniform(0.02, 0.14) * size
    step, count = float(np.hypot(*across)) * rng.uniform(0.8, 1.6), int(rng.integers(4, 20))
    taper, width = rng.uniform(0, 1), int(rng.integers(1, 4))
    for number in range(count):
        a, b = (start + along * step * n for n in (number, number + 1))
        wide = across * (taper + (1 - taper) * number / count)
        _line(cover, a - wide, b - wide, width)
        _line(cover, a + wide, b + wide, width)
        _line(cover, a - wide, b + wide, max(1, width - 1))
        _line(cover, a + wide, b - wide, max(1, width - 1))


def _wheel(cover: U8, rng: np.random.Generator) -> None:
    size = cover.shape[0]
    centre = rng.uniform(0.2, 0.8, 2) * size
    radius, spokes = rng.uniform(0.15, 0.5) * size, int(rng.integers(8, 33))
    width = int(rng.integers(1, 4))
    for part in (1, rng.uniform(0.7, 0.95)):
        cv2.circle(cover, centre.astype(int).tolist(), int(radius * part), 255, width, cv2.LINE_AA)
    for turn in np.linspace(0, 2 * np.pi, spokes, endpoint=False):
        _line(cover, centre, centre + radius * np.array([np.cos(turn), np.sin(turn)]), 1)
