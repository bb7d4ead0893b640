"""The sky's part of a motion package.

What the wind decides is not in it: a reader computes that from these, as the renderer does, for
whatever wind it likes. Positions are luma pixels of `region`; cells are those of
`windstill.elements.sky.lattice`, with their rim.

    region      top, left, bottom, right in the picture
    shore       the first row of the water that mirrors the sky, or null
    cell, rim   pixels of a cell; cells around the region
    veil        whether what drifts is a veil added to a clear sky, and not in the photo
    winds       {strength: {periods, step, margin}}: copies per loop, pixels from one to the next,
                and how many cells the lattice of its eddies has more on every side
    velocity    {margin, stride}: of the array below
    path        {steps, span, fit}: how paths are followed, see `drift._path_cubics`
    edge, eddy, window, floor, gain, fade, alike, hard_speed, change
                constants of `windstill.elements.sky`: EDGE, EDDY_SHARE, WINDOW, FLOOR,
                LARGEST_GAIN, FADE, (ALIKE, UNLIKE), (HARD_SPEED, HARDEST),
                and those of `crossfade.py` and `dilations.py`; whether clouds are dark
    crispness   what detail is raised by, at the middles of equal parts of the loop
    shifts      of the channels of the coarse band; `fine_shift` of the fine one or null
    halving     the filter that halves the luma

Arrays: `velocity` (4, rows, columns): x and y of the drift in wind blowing to 0 and to 90 degrees,
of any unit, on every `stride`-th cell of the lattice that is `margin` cells wider; in wind to d
degrees it is cos d times the first and sin d times the second. `eddies-STRENGTH` (2, ...) on that
wind's widened lattice, `offsets`, `roughness`, `cover` (how much of a cell is sky), `shown` (how
much of one is painted), `fine` (how much of the fine detail moves) on the lattice.

Images: `coarse` and `shape`, the first three channels of the coarse band at rest and the fourth,
plus 128, in the units that `shifts` tell; `sky-reflection`: how much of the sky's change the
picture shows from the shore down, at half size, if it does; `sky-still`: how freely each pixel of
the half-size plane may move, and whether it is known to be sky.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Breeze, Scene
from windstill.elements.sky import (
    bands,
    crossfade,
    crossfade_statistics,
    dilations,
    drift,
    element,
)
from windstill.elements.sky.drift_rate import DriftRate, drift_rate
from windstill.elements.sky.lattice import CELL, Lattice
from windstill.elements.sky.layer import SkyLayer
from windstill.elements.sky.random_fields import RandomFields, sample_random_fields
from windstill.elements.sky.reflection import ReflectionLayer
from windstill.options import Options, Strength
from windstill.render import Stage
from windstill.web.package import PackageWriter

F32 = NDArray[np.float32]

VELOCITY_STRIDE = 4
_ROUGHNESS_STEP = 1 / 8
"""How far a change has come at its middle, and with it where an outline lies, errs by 1/64."""


def pack_sky(
    package: PackageWriter,
    stage: Stage,
    options: Options,
    degrees: float,
    strengths: tuple[Strength, ...],
) -> dict[str, Any] | None:
    """Adds the sky's arrays and images; its part of the header, None if it does not move."""
    layer = next((layer for layer in stage.layers if isinstance(layer, SkyLayer)), None)
    if layer is None:
        return None
    scene = Scene(stage.backdrop, stage.mattes)
    is_veil = any(moved.motion == "procedural" for moved in stage.movements)
    winds = _pack_winds(package, scene, layer, is_veil, options, degrees, strengths)
    span = winds.pop("span")
    margin = max(wind["margin"] for wind in winds.values())
    package.array("velocity", _velocity(scene, layer, margin), "int16", by_first=True)
    _pack_bands(package, layer)
    cover = layer.lattice.reduce(scene.mattes.sky[layer.region.luma])
    package.array("cover", cover, "uint8")
    painted = (layer.chroma_matte > 128).astype(np.float32)
    package.array("shown", layer.lattice.reduce(painted), "uint8")
    shore = _pack_reflection(package, stage)
    region = layer.region
    return {
        "shore": shore,
        "region": [region.top, region.left, region.bottom, region.right],
        "cell": CELL,
        "rim": layer.lattice.rim,
        "veil": is_veil,
        "at_rest": bool(layer.coarse.rest.any()),
        "winds": winds,
        "velocity": {"margin": margin, "stride": VELOCITY_STRIDE},
        "path": {
            "steps": drift.PATH_STEPS,
            "span": span,
            "fit": drift.path_fit(span).tolist(),
        },
        "edge": drift.EDGE,
        "eddy": drift.EDDY_SHARE,
        "window": crossfade_statistics.WINDOW,
        "floor": crossfade_statistics.FLOOR,
        "gain": crossfade.LARGEST_GAIN,
        "fade": element.FADE,
        "alike": [element.ALIKE, element.UNLIKE],
        "hard_speed": [element.HARD_SPEED, element.HARDEST / 100],
        "change": {
            "reach": crossfade.REACH,
            "eagerness": crossfade.EAGERNESS,
            "faint": crossfade.FAINT,
            "hard": crossfade.HARD,
            "contrast": crossfade.CONTRAST,
            "levels": dilations.LEVELS,
            "step": dilations.STEP,
            "smooth": dilations.SMOOTH,
            "finest": dilations.FINEST,
            "surroundings": element.SURROUNDINGS * max(scene.mattes.shape),
            "sobel": dilations.SOBEL,
            "flat": dilations.FLAT,
            "edge": dilations.EDGE,
            "dark": layer.dilations.dark,
        },
        "crispness": layer.crispness.tolist(),
        "shifts": list(layer.coarse.shifts),
        "fine_shift": None if layer.fine is None else layer.fine.shift,
        "halving": bands.HALVING.tolist(),
    }


def _pack_reflection(package: PackageWriter, stage: Stage) -> int | None:
    """Adds the water that mirrors the sky; its first row, None if there is none."""
    water = next((layer for layer in stage.layers if isinstance(layer, ReflectionLayer)), None)
    if water is None:
        return None
    height, width = stage.backdrop.shape
    rows, columns = water.chroma_share.shape
    share = np.zeros(((height - water.region.top) // 2, width // 2), np.uint8)
    share[:rows, :columns] = np.minimum(water.chroma_share, 255)
    package.image("sky-reflection", share)
    return water.region.top


def _pack_winds(
    package: PackageWriter,
    scene: Scene,
    layer: SkyLayer,
    is_veil: bool,
    options: Options,
    degrees: float,
    strengths: tuple[Strength, ...],
) -> dict[str, Any]:
    longer = max(scene.mattes.shape)
    winds: dict[str, Any] = {}
    for strength in strengths:
        breeze = Breeze(options.frame_count, degrees, replace(options, strength=strength))
        rate = drift_rate(options.seconds, strength, longer)
        fields = sample_random_fields(
            layer.lattice,
            longer,
            rate,
            element.FADE,
            element.veiled(layer.known, layer.colour) if is_veil else None,
            breeze.rng("sky"),
        )
        winds[strength] = _pack_wind(package, strength, layer.lattice, rate, fields)
        winds["span"] = fields.span
    # These are drawn first, so they are the same in every wind.
    package.array("offsets", fields.offsets, "int8")
    package.array("roughness", fields.roughness, "int8", step=_ROUGHNESS_STEP)
    return winds


def _pack_wind(
    package: PackageWriter,
    strength: Strength,
    lattice: Lattice,
    rate: DriftRate,
    fields: RandomFields,
) -> dict[str, Any]:
    package.array(f"eddies-{strength}", np.stack(fields.eddy), "int8")
    margin = drift.widened(lattice, rate.step, fields.span)[1]
    return {"periods": rate.periods, "step": rate.step, "margin": margin}


def _velocity(scene: Scene, layer: SkyLayer, margin: int) -> F32:
    """Drift velocities (x, y, x, y) in winds to 0 and 90 degrees, of which all are made up."""
    lattice = layer.lattice
    wide = Lattice(lattice.height, lattice.width, lattice.rim + margin)
    rows, columns = (-(-(side - 1) // VELOCITY_STRIDE) + 1 for side in wide.shape)
    first_x, first_y = (axis[0, 0] for axis in wide.positions())
    stride = CELL * VELOCITY_STRIDE
    x, y = np.meshgrid(
        np.arange(columns, dtype=np.float32) * stride + first_x + layer.region.left,
        np.arange(rows, dtype=np.float32) * stride + first_y + layer.region.top,
    )
    view = drift.view_of(scene.mattes.sky)
    fields = [*drift.drift_velocity(view, 0, x, y), *drift.drift_velocity(view, 90, x, y)]
    return np.stack(fields)


def _pack_bands(package: PackageWriter, layer: SkyLayer) -> None:
    # Every other sample of the doubled plane is one of the plane itself.
    plane = layer.coarse.plane[::2, ::2]
    # Not a JPEG: what it changes would stand still, as it is taken from the photo and not moved.
    package.image("coarse", np.ascontiguousarray(plane[..., :3]))
    package.image("shape", np.ascontiguousarray(plane[..., 3]))
    still = np.stack([layer.free, layer.known, np.zeros_like(layer.known)], axis=2)
    package.image("sky-still", still, is_mask=True)
    if layer.fine is not None:
        package.array("fine", layer.fine.strength, "uint8")
