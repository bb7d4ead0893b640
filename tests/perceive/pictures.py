"""Pictures for these tests: plain ones made here, labelled ones beside the repository."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.pictures import DATA, astronaut

U8 = NDArray[np.uint8]


def plain(height: int, width: int, colour: tuple[int, int, int]) -> U8:
    """One colour with a little noise, as a wall."""
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 2, (height, width, 3))
    return np.clip(noise + colour, 0, 255).astype(np.uint8)


def labelled(folder: str, count: int) -> Iterator[tuple[U8, U8]]:
    """The first pictures of an evaluation set with their labels; skips where it is absent."""
    photos = sorted((DATA / "eval" / folder).glob("*.webp"))
    if not photos:
        pytest.skip("the evaluation pictures are not here")
    for photo in photos[:: max(1, len(photos) // count)][:count]:
        bgr = cv2.imread(str(photo))
        label = cv2.imread(str(photo.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
        yield np.asarray(bgr[..., ::-1].copy(), np.uint8), np.asarray(label, np.uint8)


GROUP = [(90 + 40 * (place % 2), 40 + 150 * place) for place in range(5)]


def group() -> U8:
    """Five heads, 110 pixels each, before a wall; `GROUP` are their (top, left)."""
    rgb = plain(480, 800, (120, 140, 120))
    head = cv2.resize(astronaut()[:256, 96:352], (110, 110), interpolation=cv2.INTER_AREA)
    for y, x in GROUP:
        rgb[y : y + 110, x : x + 110] = head
    return rgb
