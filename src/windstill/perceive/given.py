"""Mattes of which the caller made some: the network finds the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from windstill.errors import InvalidMatte, InvalidPhoto
from windstill.perceive import perceive
from windstill.perceive.mattes import Mattes, stretched
from windstill.photo import Limits, PhotoSource, read_photo

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

MatteSource = PhotoSource | F32 | NDArray[np.bool_]
"""A picture as `windstill.read_photo` takes it, white where the element is; or an array (h, w):
uint8 in 0 to 255, float32 in 0 to 1, or bool. Of any size: it is stretched to the photo."""

# A matte may be far smaller than a photo, down to one pixel.
_LIMITS = Limits(min_side=1)


@dataclass(frozen=True, eq=False)
class GivenMattes:
    """The caller's own mattes; what is None is left to the network."""

    sky: MatteSource | None = None
    hair: MatteSource | None = None

    def on(self, rgb: U8, *, threads: int | None = None) -> Mattes:
        """The mattes of the photo `rgb`; see `with_given`."""
        return with_given(rgb, sky=self.sky, hair=self.hair, threads=threads)


def with_given(
    rgb: U8,
    *,
    sky: MatteSource | None = None,
    hair: MatteSource | None = None,
    threads: int | None = None,
) -> Mattes:
    """The mattes of a photo, of which the given ones replace those that the network finds.

    rgb: uint8 (H, W, 3). Whoever made a matte has the last word: where theirs is, there is
    neither face nor what the network found; hair is in front of the sky. Raises `InvalidMatte`,
    whose field is `sky_matte` or `hair_matte`, and `PerceptionError`.
    """
    shape = (rgb.shape[0], rgb.shape[1])
    # Read before the network runs: a useless file is refused at once.
    own_sky, own_hair = _read(sky, "sky", shape), _read(hair, "hair", shape)
    if own_sky is not None and own_hair is not None:
        own_sky = np.minimum(own_sky, 1 - own_hair)
    room = np.ones(shape, np.float32)
    for own in (own_sky, own_hair):
        if own is not None:
            room -= own
    found = perceive(rgb, threads=threads)
    return Mattes(
        face=_within(room, found.face),
        hair=_within(room, found.hair) if own_hair is None else own_hair,
        sky=_within(room, found.sky) if own_sky is None else own_sky,
        skipped_heads=found.skipped_heads if own_hair is None else 0,
        turns=found.turns,
    )


def _within(room: F32, found: F32) -> F32:
    """What of `found` there is room for; it takes that room."""
    taken = np.minimum(found, np.maximum(room, 0))
    room -= taken
    return taken


def _read(source: MatteSource | None, name: str, shape: tuple[int, int]) -> F32 | None:
    """The matte in `source` as float32 of `shape`. Raises `InvalidMatte`."""
    if source is None:
        return None
    if isinstance(source, np.ndarray) and source.dtype != np.uint8:
        return stretched(_checked(source, name), shape)
    try:
        rgb = read_photo(cast(PhotoSource, source), _LIMITS).rgb
    except InvalidPhoto as error:
        raise _refusal(name, f"is no usable picture: {error}") from error
    return stretched(rgb.max(axis=2).astype(np.float32) / np.float32(255), shape)


def _checked(array: NDArray[np.generic], name: str) -> F32:
    if array.dtype not in (np.float32, np.float64, np.bool_) or array.ndim != 2 or not array.size:
        raise _refusal(name, f"is {array.dtype} of shape {array.shape}.")
    matte = np.asarray(array, np.float32)
    # The comparison is also false for NaN.
    if not (matte.min() >= 0 and matte.max() <= 1):
        raise _refusal(name, "has levels outside 0 to 1.")
    return matte


def _refusal(name: str, problem: str) -> InvalidMatte:
    return InvalidMatte(
        f"The {name} matte {problem} Allowed is a picture of any size, white where the {name} "
        "is; or an array (H, W), uint8 in 0 to 255, float32 in 0 to 1, or bool.",
        field=f"{name}_matte",
    )
