"""Groups: many small heads before one scene, beside and before each other.

The labelled portraits show one large head each; of groups and full-body pictures, which people
bring as often, there are next to no labels.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training.augment import View, recolour
from training.cache import U8
from training.compose import person_before
from training.sources import FACE, HAIR

# How large a portrait is in the view, of the view's size: a head is about half of it.
SMALLEST, LARGEST = 0.16, 0.55
MOST = 7


def crowd(
    portrait: Callable[[int], View],
    cloth: Callable[[int], U8],
    scene: View,
    rng: np.random.Generator,
) -> View:
    """Heads in front of a scene; the lower ones stand before the upper ones.

    portrait: gives a view of somebody, of a size in pixels, with hair and face labelled. cloth:
    gives uint8 (size, size, 3) of what they can be dressed in.
    """
    size = scene.rgb.shape[0]
    count = int(rng.integers(2, MOST + 1))
    about = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
    row = rng.uniform(0.1, 0.6)
    places = [
        ((number + 0.5) / count + rng.normal(0, 0.06), row + rng.normal(0, 0.12))
        for number in range(count)
    ]
    for x, y in sorted(places, key=lambda place: place[1]):
        side = int(size * about * rng.uniform(0.8, 1.25))
        person = _put(portrait(max(24, side)), cloth(side), scene, x, y, rng)
        scene = person_before(person, scene, rng)
    return scene


def _put(
    person: View, cloth: U8, scene: View, x: float, y: float, rng: np.random.Generator
) -> View:
    """A portrait in a view as large as the scene, its middle at (x, y), parts of the size; where
    it isn't, nothing is known. Nobody's shoulders end in mid-air: below it the cloth begins."""
    size, side = scene.rgb.shape[0], person.rgb.shape[0]
    matrix = np.float32([[1, 0, x * size - side / 2], [0, 1, y * size - side / 2]])
    rgb = cv2.warpAffine(
        recolour(person.rgb, rng), matrix, (size, size), borderMode=cv2.BORDER_REPLICATE
    )
    values = cv2.warpAffine(person.values, matrix, (size, size))
    known = cv2.warpAffine(person.known, matrix, (size, size))
    bottom = int(np.clip(y * size + side / 2 - 1, 0, size))
    left, right = (int(np.clip(x * size + part * side / 2, 0, size)) for part in (-1, 1))
    known[bottom:, left:right] = 255
    if rng.random() < 0.8 and bottom < size and left < right:
        fitted = (right - left, size - bottom)
        rgb[bottom:, left:right] = cv2.resize(cloth, fitted, interpolation=cv2.INTER_AREA)
    known[..., [HAIR, FACE]] = cv2.min(known[..., HAIR], known[..., FACE])[..., None]
    return View(*(np.asarray(part, np.uint8) for part in (rgb, values, known)))
