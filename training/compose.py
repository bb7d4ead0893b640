"""Pictures that no set has: other skies behind the same roofs, people in front of skies.

Compositing uses soft edges, so that the network sees a plausible border and the labels keep the
true coverage.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import View
from training.cache import U8
from training.planes import plane
from training.sources import FACE, HAIR, SKY


def blend(front: U8, back: U8, alpha: U8) -> U8:
    """`front` over `back` (uint8 RGB) by coverage `alpha` uint8 (H, W)."""
    weight = alpha.astype(np.float32)[..., None] * np.float32(1 / 255)
    return np.asarray(back + (front.astype(np.float32) - back) * weight, np.uint8)


def _stretched(sky: U8, size: int, rng: np.random.Generator) -> U8:
    """A random part of a sky texture, (size, size, 3)."""
    side = int(sky.shape[0] * rng.uniform(0.5, 1))
    y, x = rng.integers(0, sky.shape[0] - side + 1, 2)
    part = sky[y : y + side, x : x + side]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    return np.asarray(cv2.resize(np.ascontiguousarray(part), (size, size)), np.uint8)


def replace_sky(view: View, sky: U8, rng: np.random.Generator) -> View:
    """The same view under another sky, with the light of the old one kept at times."""
    size = view.rgb.shape[0]
    cover = view.values[..., SKY]
    if int(np.count_nonzero(cover)) < size * size // 100:
        return view
    alpha = cv2.GaussianBlur(cover, (0, 0), float(rng.uniform(0.4, 1.2)))
    texture = _stretched(sky, size, rng)
    if rng.random() < 0.3:
        # Keeping part of the old sky keeps its real noise, haze and branches.
        texture = cv2.addWeighted(texture, 0.6, view.rgb, 0.4, 0)
    return View(blend(texture, view.rgb, np.asarray(alpha, np.uint8)), view.values, view.known)


def adrift(rgb: U8, sky: View, rng: np.random.Generator) -> View:
    """A sky without ground; in it often a plane, or a thing of any shape, filled with `rgb`."""
    roll = rng.random()
    if roll < 0.2:
        return sky
    if roll < 0.6:
        shown, cover = plane(rgb.shape[0], rng)
        # Planes are drawn before nothing; what is beside them would darken their outlines.
        shown = np.where(cover[..., None] > 0, shown, sky.rgb)
        return _before(np.asarray(shown, np.uint8), cover, sky, rng)
    return _before(rgb, _shape(rgb.shape[0], rng), sky, rng)


def _shape(size: int, rng: np.random.Generator) -> U8:
    """The coverage of something with a few corners, uint8 (size, size)."""
    count = int(rng.integers(3, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = size * rng.uniform(0.03, 0.35) * rng.uniform(0.3, 1, count)
    centre = rng.uniform(0.15, 0.85, 2) * size
    flat = rng.uniform(0.25, 1)
    outline = centre + np.stack([np.cos(angles) * radii, np.sin(angles) * radii * flat], axis=1)
    shape: NDArray[np.uint8] = np.zeros((size, size), np.uint8)
    cv2.fillPoly(shape, [outline.astype(np.int32)], 255, cv2.LINE_AA)
    return shape


def _before(rgb: U8, cover: U8, sky: View, rng: np.random.Generator) -> View:
    """What covers so much of each pixel, before a sky."""
    alpha = np.asarray(cv2.GaussianBlur(cover, (0, 0), float(rng.uniform(0.4, 1))), np.uint8)
    values = sky.values.copy()
    values[..., SKY] = cv2.min(values[..., SKY], 255 - alpha)
    known = sky.known.copy()
    # What the thing shows may be hair or a face; nobody says.
    known[alpha > 0, HAIR] = known[alpha > 0, FACE] = 0
    return View(blend(rgb, sky.rgb, alpha), values, known)


def _person(values: U8, rng: np.random.Generator) -> U8:
    """Coverage of hair, face and, below the chin, a made-up neck and shoulders."""
    size = values.shape[0]
    person = cv2.max(values[..., HAIR], values[..., FACE])
    ys, xs = np.nonzero(values[..., FACE] > 127)
    if len(ys) == 0:
        return np.asarray(person, np.uint8)
    left, right, chin = xs.min(), xs.max(), ys.max()
    width, centre = right - left, (left + right) / 2
    neck, shoulder = width * rng.uniform(0.28, 0.36), width * rng.uniform(0.8, 1.3)
    top, slope = chin - 0.25 * width, chin + rng.uniform(0.15, 0.35) * width
    outline = np.array(
        [
            (centre - neck, top),
            (centre - neck, chin + 0.05 * width),
            (centre - shoulder, slope),
            (centre - shoulder * 1.3, size + 2),
            (centre + shoulder * 1.3, size + 2),
            (centre + shoulder, slope),
            (centre + neck, chin + 0.05 * width),
            (centre + neck, top),
        ]
    )
    torso: NDArray[np.uint8] = np.zeros((size, size), np.uint8)
    cv2.fillPoly(torso, [outline.astype(np.int32)], 255)
    return np.asarray(cv2.max(person, torso), np.uint8)


def person_before(portrait: View, scene: View, rng: np.random.Generator) -> View:
    """The head of `portrait` (hair and face labelled) in front of `scene`."""
    person = _person(portrait.values, rng)
    # Beyond the portrait's frame there is nobody to cut out.
    person = cv2.min(person, cv2.min(portrait.known[..., HAIR], portrait.known[..., FACE]))
    alpha = np.asarray(cv2.GaussianBlur(person, (0, 0), float(rng.uniform(0.5, 1.4))), np.uint8)
    rgb = blend(portrait.rgb, scene.rgb, alpha)
    rest = 255 - alpha
    values = np.empty_like(scene.values)
    values[..., SKY] = cv2.min(scene.values[..., SKY], rest)
    values[..., HAIR] = cv2.max(
        cv2.min(portrait.values[..., HAIR], alpha), cv2.min(scene.values[..., HAIR], rest)
    )
    values[..., FACE] = cv2.max(
        cv2.min(portrait.values[..., FACE], alpha), cv2.min(scene.values[..., FACE], rest)
    )
    inside = (alpha > 127)[..., None]
    known = np.where(inside, np.uint8(255), scene.known)
    return View(rgb, values, np.asarray(known, np.uint8))
