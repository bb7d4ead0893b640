"""Everything that moves in a photo, as one motion package."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np

from windstill.elements.base import Scene
from windstill.elements.wind import wind_degrees
from windstill.imaging import planes, warp
from windstill.options import Options, Strength
from windstill.perceive.mattes import Mattes
from windstill.photo import Photo
from windstill.render import Stage
from windstill.web.hair import pack_hair
from windstill.web.package import PackageWriter
from windstill.web.sky import pack_sky


def pack_motion(
    still: Photo,
    found: Mattes,
    stage: Stage,
    options: Options,
    strengths: tuple[Strength, ...] = get_args(Strength),
) -> PackageWriter:
    """The motion package of a photo whose mattes are `found` and whose layers are `stage`'s.

    strengths: of the winds in which it can be played. Its header has `size` (width, height),
    `seconds` of the loop, `strengths`, `strength` and `wind` (degrees) as asked for, `moved` and
    `notices` as of `windstill.Animation`, and what `windstill.web.sky` and `windstill.web.hair`
    say. `to_yuv`, `to_rgb`, `double`: the renderer's matrices and filters.
    """
    picture = planes.from_rgb(still.rgb)
    scene = Scene(picture, found.padded(picture.shape))
    degrees = wind_degrees(scene, options)
    package = PackageWriter(
        {
            "size": [still.width, still.height],
            "seconds": options.seconds,
            "strengths": list(strengths),
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
    package.header["sky"] = pack_sky(package, stage, options, degrees, strengths)
    package.header["hair"] = pack_hair(package, scene, stage, options, degrees, strengths)
    return package


def add_mattes(package: PackageWriter, found: Mattes) -> None:
    """Adds `found` as the images `matte-sky` and `matte-hair`, of what moves."""
    for name, matte in (("sky", found.sky), ("hair", found.hair)):
        if package.header[name]:
            package.image(f"matte-{name}", np.rint(matte * 255).astype(np.uint8), is_mask=True)
