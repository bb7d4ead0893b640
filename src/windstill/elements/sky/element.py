"""Lifting the sky off a scene and making it drift."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from windstill.elements.base import Breeze, Lifted, Movement, Notice, Scene
from windstill.elements.sky.bands import (
    CoarseBand,
    FineBand,
    coarse_band,
    fine_band,
)
from windstill.elements.sky.bounds import Bounds, bounds_of
from windstill.elements.sky.crispness import even_crispness
from windstill.elements.sky.crossfade import REACH, CrossfadeSchedule
from windstill.elements.sky.crossfade_statistics import crossfade_statistics
from windstill.elements.sky.dilations import clouds_are_dark, dilations_of
from windstill.elements.sky.drift import Drift, drift_of
from windstill.elements.sky.drift_rate import drift_rate
from windstill.elements.sky.frame import sky_region
from windstill.elements.sky.lattice import Lattice
from windstill.elements.sky.layer import SkyLayer
from windstill.elements.sky.open_sky import OpenSky, open_sky, under_a_veil
from windstill.elements.sky.painting import DITHER_SIDE
from windstill.elements.sky.plate import explained
from windstill.elements.sky.random_fields import sample_random_fields
from windstill.elements.sky.reflection import reflection_of
from windstill.elements.sky.veil import texture
from windstill.imaging.threads import at_once

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
U8 = NDArray[np.uint8]

LEAST_SHARE = 0.002
# Periods that a change of copies takes. Shorter changes are seen as such.
FADE = 0.8
# How much of the speed a sky keeps whose hardest fiftieth differs, where copies meet, by as much as
# UNLIKE, levels; a sky of less than ALIKE keeps all of it. The farther apart two copies of a hard
# outline are, the more of it has to erode: half the speed leaves half as much to be seen.
ALIKE, UNLIKE = 8.0, 26.0
HARD_SPEED, HARDEST = 0.4, 98
# Clouds stand out from what is around them within this share of the longer side (sigma).
SURROUNDINGS = 0.05
# Blur that parts the sky's shapes from their detail, as a share of the longer side.
DETAIL = 0.005
# Less texture than the first of these (levels) cannot be seen moving, than the second hardly.
UNSEEN, CLEAR = 1.4, 2.0


class Sky:
    """The sky: it drifts with the wind, in perspective, for ever."""

    name = "sky"

    def lift(self, scene: Scene, breeze: Breeze) -> Lifted:
        """See `windstill.elements.base.Element`.

        Notices: `no_sky`; `clear_sky` where nothing in the sky could be seen moving, and so a
        veil was added, or nothing moves.
        """
        share = float(scene.mattes.sky.mean())
        region = sky_region(scene)
        if region is None or share < LEAST_SHARE:
            notice = Notice("no_sky", "No sky was found in the photo.")
            return Lifted(None, scene, Movement("sky", share, "none"), (notice,))
        heaven = open_sky(scene, region)
        seen = texture(heaven.moving, heaven.known)
        may_veil = breeze.options.clear_sky == "veil" and not heaven.is_night
        if seen < UNSEEN and not may_veil:
            notice = Notice("clear_sky", "The sky has hardly any clouds, so it stands still.")
            return Lifted(None, scene, Movement("sky", share, "none"), (notice,))
        clear = seen < CLEAR and may_veil
        if clear:
            heaven = under_a_veil(heaven, np.ascontiguousarray(scene.mattes.sky[region.luma]))
        layer = _layer(scene, breeze, heaven, clear=clear)
        if not clear:
            even_crispness(layer, scene.planes, scene.mattes.sky)
        travel = layer.drift.travel(1.0) * layer.schedule.periods
        water = reflection_of(scene)
        if not clear:
            movement = Movement("sky", share, "drift", travel)
            return Lifted(layer, scene, movement, follower=water)
        notice = Notice("clear_sky", "The sky has hardly any clouds; a faint veil was added.")
        movement = Movement("sky", share, "procedural", travel)
        return Lifted(layer, scene, movement, (notice,), water)


def _layer(scene: Scene, breeze: Breeze, heaven: OpenSky, *, clear: bool) -> SkyLayer:
    matte = scene.mattes.sky
    region = heaven.region
    lattice = Lattice(*region.shape)
    rng = breeze.rng("sky")
    longer = max(matte.shape)
    rate = drift_rate(breeze.options.seconds, breeze.options.strength, longer)
    fields = sample_random_fields(
        lattice,
        longer,
        rate,
        FADE,
        veiled(heaven.known, heaven.colour) if clear else None,
        rng,
    )
    drift = drift_of(
        matte,
        region,
        lattice,
        degrees=breeze.degrees,
        step=rate.step,
        span=fields.span,
        eddy=fields.eddy,
    )
    detail = DETAIL * longer
    if fields.veil is None:
        bands = _clouds(scene, heaven, drift, detail)
    else:
        whole = breeze.options.exact_first_frame
        bands = _veil(fields.veil, heaven, detail, over_nothing=not whole)
    statistics = crossfade_statistics(bands.coarse, drift, fields.offsets, lattice)
    hardness = hardness_of(statistics.difference, lattice.reduce(heaven.known))
    if hardness > 0:
        drift = drift.slowed(1 - (1 - HARD_SPEED) * hardness)
        statistics = crossfade_statistics(bands.coarse, drift, fields.offsets, lattice)
    surroundings = SURROUNDINGS * longer
    dark = clouds_are_dark(bands.luma, heaven.known, surroundings / 2)
    reach = REACH * 2 * drift.travel(0.5)
    return SkyLayer(
        region=region,
        lattice=lattice,
        frames=breeze.frames,
        drift=drift,
        schedule=CrossfadeSchedule(fields.offsets, FADE, fields.roughness, rate.periods),
        statistics=statistics,
        dilations=dilations_of(bands.luma, reach, surroundings, dark=dark),
        coarse=bands.coarse,
        fine=bands.fine,
        luma_matte=heaven.luma_matte,
        chroma_matte=heaven.chroma_matte,
        free=_levels(heaven.free),
        known=_levels(heaven.known),
        colour=heaven.colour,
        dither=_dither(rng),
        bounds=bands.bounds,
    )


class _Bands(NamedTuple):
    """What drifts, its luma at half size (levels, float32), and the bounds of the change that it
    makes to Y, U and V."""

    luma: F32
    coarse: CoarseBand
    fine: FineBand | None
    bounds: tuple[Bounds | None, Bounds | None, Bounds | None]


def _clouds(scene: Scene, heaven: OpenSky, drift: Drift, detail: float) -> _Bands:
    """The sky's own clouds. detail: the finest of the coarse band, pixels."""
    planes, lattice = scene.planes.crop(heaven.region), Lattice(*heaven.region.shape)
    matte, known = heaven.chroma_matte, heaven.known

    def coarse() -> tuple[F32, CoarseBand]:
        plate = explained(heaven.moving, matte, *heaven.feasible)
        luma = np.ascontiguousarray(plate[..., 0])
        return luma, coarse_band(plate, matte > 0, detail)

    def others() -> tuple[FineBand | None, tuple[Bounds, Bounds, Bounds]]:
        share = matte.astype(np.float32) / np.float32(256)
        return (
            fine_band(planes.y, heaven.half_luma, known, lattice),
            bounds_of(planes, share, known, drift.travel(1.0)),
        )

    (fine, bounds), (luma, band) = at_once(others, coarse)
    return _Bands(luma, band, fine, bounds)


def _veil(veil: F32, heaven: OpenSky, detail: float, *, over_nothing: bool) -> _Bands:
    """A made-up veil, which is brighter than anything in its sky."""
    coarse = coarse_band(veil, heaven.chroma_matte > 0, detail)
    band = coarse.over_nothing() if over_nothing else coarse
    return _Bands(np.ascontiguousarray(veil[..., 0]), band, None, (None, None, None))


def veiled(
    known: F32 | U8, colour: tuple[float, float, float]
) -> tuple[tuple[int, int], tuple[float, float, float]]:
    """What a veil has to fit: the shape of the half-size sky, and its colour."""
    height, width = known.shape
    return (height, width), colour


def _levels(share: F32) -> U8:
    return np.rint(share * 255).clip(0, 255).astype(np.uint8)


def hardness_of(difference: F32, cover: F32) -> float:
    """How hard-edged a sky is, in [0, 1]. difference, cover: float32 on the lattice, by how many
    levels the copies that meet differ, and how much of each cell is sky."""
    found = difference[cover > 0.5]
    if not found.size:
        return 0.0
    most = float(np.percentile(found, HARDEST))
    return float(np.clip((most - ALIKE) / (UNLIKE - ALIKE), 0, 1))


def _dither(rng: np.random.Generator) -> I8:
    """Half a level plus fixed high-frequency noise of up to a quarter, in 1/64 level, to be
    repeated; int8 (DITHER_SIDE, DITHER_SIDE).

    Enough against moving steps in a smooth sky; twice as much would be seen as grain.
    """
    white = rng.random((DITHER_SIDE, DITHER_SIDE)).astype(np.float32)
    around = [np.roll(white, step, axis) for axis in (0, 1) for step in (-2, -1, 1, 2)]
    blue = white - np.mean(around, axis=0)
    ranks = np.argsort(np.argsort(blue, axis=None)).reshape(blue.shape) / blue.size
    pattern: I8 = (16 + np.floor(ranks * 33)).astype(np.int8)
    return pattern
