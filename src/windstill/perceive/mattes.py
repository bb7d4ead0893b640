"""Where the elements of a photo are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.errors import InvalidMatte

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Mattes:
    """How much of each pixel belongs to sky, to hair, and to a face.

    Each is float32 (H, W) in [0, 1]: exactly 0 away from the element, exactly 1 inside it, soft
    at tree lines and strands. sky + hair + face is at most 1. What is not in the photo is 0
    everywhere. `face` is what must never move. `skipped_heads`: how many heads of a crowd were
    detected but are in no matte, because there were larger ones enough.
    """

    sky: F32
    hair: F32
    face: F32
    skipped_heads: int = 0
    turns: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        height, width = self.sky.shape
        return height, width

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Mattes:
        """Mattes of a photo with nothing in it."""
        sky, hair, face = (np.zeros(shape, np.float32) for _ in range(3))
        return cls(sky, hair, face)

    def check(self, shape: tuple[int, int]) -> None:
        """Raises `InvalidMatte` unless all three are float32 of `shape` within [0, 1]."""
        for name in ("sky", "hair", "face"):
            matte = getattr(self, name)
            if not isinstance(matte, np.ndarray) or matte.dtype != np.float32:
                raise InvalidMatte(f"the {name} matte must be a float32 array")
            if matte.shape != shape:
                raise InvalidMatte(
                    f"the {name} matte is {matte.shape}, the photo {shape}; they must be equal"
                )
            # The comparison is also false for NaN.
            if matte.size and not (matte.min() >= 0.0 and matte.max() <= 1.0):
                raise InvalidMatte(f"the {name} matte must lie between 0 and 1")

    def resized(self, shape: tuple[int, int]) -> Mattes:
        """The mattes at another size (H, W); the same object where nothing changes."""
        if shape == self.shape:
            return self
        return self._each(lambda matte: stretched(matte, shape))

    def turned(self, quarters: int) -> Mattes:
        """The mattes of the photo after `quarters` quarter turns counter-clockwise."""
        turned = self._each(lambda matte: np.ascontiguousarray(np.rot90(matte, quarters)))
        return replace(turned, turns=(self.turns - quarters) % 4)

    def padded(self, shape: tuple[int, int]) -> Mattes:
        """The mattes continued at the right and bottom up to `shape`, as the edge has them."""
        down, right = shape[0] - self.shape[0], shape[1] - self.shape[1]
        if down == 0 and right == 0:
            return self
        return self._each(lambda matte: np.pad(matte, ((0, down), (0, right)), mode="edge"))

    def _each(self, change: Callable[[F32], F32]) -> Mattes:
        return replace(self, sky=change(self.sky), hair=change(self.hair), face=change(self.face))


def stretched(matte: F32, shape: tuple[int, int]) -> F32:
    """A matte, float32 (H, W) in [0, 1], at the size `shape`; itself where nothing changes."""
    if matte.shape == shape:
        return matte
    smaller = shape[0] <= matte.shape[0] and shape[1] <= matte.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    changed = cv2.resize(matte, shape[::-1], interpolation=how)
    # Averaging ones may fall a rounding error short of one.
    changed[changed > 1 - 1e-6] = 1
    return np.asarray(np.maximum(changed, 0), np.float32)
