"""Making a preview of a photo's animation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from windstill.elements.base import Scene
from windstill.elements.wind import wind_degrees
from windstill.imaging import planes, warp
from windstill.imaging.threads import thread_limit
from windstill.options import Options
from windstill.perceive.given import GivenMattes
from windstill.perceive.mattes import Mattes
from windstill.photo import Limits, Photo, PhotoSource, read_photo
from windstill.pipeline import perceived, stage_of
from windstill.preview.hair import pack_hair
from windstill.preview.package import PackageWriter, png
from windstill.preview.sky import pack_sky

MAX_SIDE = 1024
"""Longest side of a preview in pixels."""


@dataclass(frozen=True)
class Preview:
    """What a browser needs to show an animation before it is rendered.

    width, height: of the preview; photo_width, photo_height: of the photo, upright. found: share
    of the picture that is sky, hair and face. mattes_png: 8-bit RGB PNG of the preview's size; its
    channels are the mattes of the sky, the hair and the face. motion: see
    `windstill.preview.package`.
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
            _motion(still, found, seen),
        )


def _motion(still: Photo, found: Mattes, options: Options) -> bytes:
    picture = planes.from_rgb(still.rgb)
    scene = Scene(picture, found.padded(picture.shape))
    stage = stage_of(still, found, options)
    degrees = wind_degrees(scene, options)
    package = PackageWriter(
        {
            "size": [still.width, still.height],
            "seconds": options.seconds,
            "strength": options.strength,
            "wind": {
                "asked": degrees,
                "auto": wind_degrees(scene, replace(options, wind="auto")),
            },
            "to_yuv": planes.TO_YUV.tolist(),
            "to_rgb": planes.TO_RGB.tolist(),
            "double": {"plain": warp.KERNEL.tolist(), "crisp": warp.CRISP_KERNEL.tolist()},
        }
    )
    package.header["moved"] = {
        moved.element: {"motion": moved.motion, "travel": round(moved.travel, 1)}
        for moved in stage.movements
    }
    package.header["notices"] = [
        {"code": notice.code, "message": notice.message} for notice in stage.notices
    ]
    package.header["sky"] = pack_sky(package, stage, options, degrees)
    package.header["hair"] = pack_hair(package, scene, stage, options, degrees)
    return package.finish()
