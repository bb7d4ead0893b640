"""Making a preview of a photo's animation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from windstill.imaging.threads import thread_limit
from windstill.options import Options
from windstill.perceive.given import GivenMattes
from windstill.perceive.mattes import Mattes
from windstill.photo import Limits, PhotoSource, read_photo
from windstill.pipeline import perceived, stage_of
from windstill.web.motion import pack_motion
from windstill.web.package import png

MAX_SIDE = 1024
"""Longest side of a preview in pixels."""


@dataclass(frozen=True)
class Preview:
    """What a browser needs to show an animation before it is rendered.

    width, height: of the preview; photo_width, photo_height: of the photo, upright. found: share
    of the picture that is sky, hair and face. mattes_png: 8-bit RGB PNG of the preview's size; its
    channels are the mattes of the sky, the hair and the face. motion: see
    `windstill.web.package`.
    """

    width: int
    height: int
    photo_width: int
    photo_height: int
    found: dict[str, float]
    mattes_png: bytes
    motion: bytes

    def facts(self) -> dict[str, Any]:
        """All but the bytes, for JSON."""
        return {
            "width": self.width,
            "height": self.height,
            "photo_width": self.photo_width,
            "photo_height": self.photo_height,
            "found": self.found,
        }


def make_preview(
    photo: PhotoSource,
    *,
    mattes: Mattes | GivenMattes | None = None,
    options: Options | None = None,
    limits: Limits | None = None,
    threads: int | None = None,
) -> Preview:
    """Prepares the preview of a photo's animation.

    photo, mattes, limits, threads: see `windstill.animate`. options: those of the animation; its
    operation, fps and format do not matter, and strength and wind can be changed in the browser.
    Raises the errors of `windstill.errors`.
    """
    options = options or Options()
    seen = replace(
        options, operation="auto", format="mp4", max_side=min(MAX_SIDE, options.max_side)
    )
    with thread_limit(threads):
        whole = read_photo(photo, limits or Limits())
        still, found = perceived(whole, seen, mattes, threads)
        shares = {
            "sky": float(found.sky.mean()),
            "hair": float(found.hair.mean()),
            "faces": float(found.face.mean()),
        }
        stacked = np.stack([found.sky, found.hair, found.face], axis=2)
        return Preview(
            still.width,
            still.height,
            whole.width,
            whole.height,
            {name: round(share, 4) for name, share in shares.items()},
            png(np.rint(stacked * 255).astype(np.uint8)),
            pack_motion(still, found, stage_of(still, found, seen), seen).finish(),
        )
