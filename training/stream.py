"""The endless stream of training batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from training.augment import View, degrade, place, recolour
from training.cache import U8, Sample
from training.compose import adrift, person_before, replace_sky
from training.crowds import crowd
from training.moods import framed, in_a_mood, latticed
from training.skies import sky_bank
from training.sources import ALOFT, FACE, SKY
from training.water import flood

EDGE_WEIGHT = 3
OTHER_SKY = 0.3
OTHER_SKY_ALOFT = 0.75
WATER = 0.35
# Parts of the views that are shown in another mood: of those with a labelled sky, and of others.
MOOD_OF_SKIES, MOOD = 0.4, 0.12
FRAMED = 0.06
LATTICED = 0.07

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Mix:
    """What a network is shown: parts of the views that are skies without ground and people put
    before other scenes, one or many; and the narrowest and widest views of heads in the street, in
    heads."""

    whole_skies: float
    people_before_scenes: float
    crowds: float
    widths: tuple[float, float]


WHOLE_PHOTOS = Mix(0.08, 0.07, 0.13, (1.5, 9))
HEADS = Mix(0.0, 0.20, 0.0, (1.2, 3.5))


@dataclass(frozen=True)
class Recipe:
    """Size of views in pixels (a multiple of 32), pictures per batch, and the seed."""

    size: int
    batch: int
    seed: int
    mix: Mix = WHOLE_PHOTOS


class Stream:
    """Batches as uint8 tensors: rgb (N, S, S, 3), target and weight (N, S, S, 3).

    Target is 0 to 255; weight is 0 where the class is unknown, 3 near its edge, 1 elsewhere.
    """

    def __init__(self, samples: list[Sample], recipe: Recipe) -> None:
        self.samples = samples
        self.recipe = recipe
        shares = np.array([sample.item.share for sample in samples])
        self.cumulative = np.cumsum(shares / shares.sum())
        self.faces = [s for s in samples if s.item.masks[FACE] is not None]
        self.scenes = [s for s in samples if s.item.masks[SKY] is not None]
        self.cloths = [s for s in samples if s.item.group == "empty/clothes_cc0"]
        self.skies = sky_bank(self.scenes, 160, 384, recipe.seed)

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng(self.recipe.seed)
        while True:
            parts = [self._example(rng) for _ in range(self.recipe.batch)]
            yield tuple(torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True))  # type: ignore[misc]

    def _pick(self, rng: np.random.Generator) -> Sample:
        return self.samples[int(np.searchsorted(self.cumulative, rng.random()))]

    def _sky(self, rng: np.random.Generator) -> U8:
        return self.skies[int(rng.integers(len(self.skies)))]

    def _scene(self, rng: np.random.Generator) -> View:
        roll = rng.random()
        size = self.recipe.size
        if roll < 0.12 or not self.scenes:
            return self._whole_sky(rng)
        view = place(self.scenes[int(rng.integers(len(self.scenes)))], size, rng)
        return replace_sky(view, self._sky(rng), rng) if roll < 0.5 else view

    def _whole_sky(self, rng: np.random.Generator) -> View:
        size = self.recipe.size
        values = np.zeros((size, size, 3), np.uint8)
        values[..., SKY] = 255
        rgb = np.asarray(cv2.resize(self._sky(rng), (size, size)), np.uint8)
        return View(rgb, values, np.full((size, size, 3), 255, np.uint8))

    def _view(self, rng: np.random.Generator) -> View:
        size, mix = self.recipe.size, self.recipe.mix
        roll = rng.random()
        if roll < mix.whole_skies:
            thing = place(self._pick(rng), size, rng)
            return adrift(thing.rgb, self._whole_sky(rng), rng)
        if roll < mix.whole_skies + mix.people_before_scenes and self.faces:
            portrait = place(self.faces[int(rng.integers(len(self.faces)))], size, rng)
            tinted = View(recolour(portrait.rgb, rng), portrait.values, portrait.known)
            return person_before(tinted, self._scene(rng), rng)
        if rng.random() < mix.crowds and self.faces:
            return self._crowd(rng)
        sample = self._pick(rng)
        view = place(sample, size, rng, mix.widths)
        if sample.item.masks[SKY] is None:
            return view
        aloft = sample.item.group == ALOFT
        if rng.random() < (OTHER_SKY_ALOFT if aloft else OTHER_SKY):
            view = replace_sky(view, self._sky(rng), rng)
        if rng.random() < LATTICED:
            view = latticed(view, rng)
        return flood(view, rng) if not aloft and rng.random() < WATER else view

    def _crowd(self, rng: np.random.Generator) -> View:
        def one_of(samples: list[Sample], size: int) -> View:
            return place(samples[int(rng.integers(len(samples)))], size, rng)

        cloths = self.cloths or self.samples
        return crowd(
            lambda size: one_of(self.faces, size),
            lambda size: one_of(cloths, max(24, size)).rgb,
            self._background(rng),
            rng,
        )

    def _background(self, rng: np.random.Generator) -> View:
        """What a crowd stands before: anything, with or without people of its own."""
        if rng.random() < 0.4:
            return self._scene(rng)
        return place(self._pick(rng), self.recipe.size, rng, self.recipe.mix.widths)

    def _example(self, rng: np.random.Generator) -> tuple[U8, U8, U8]:
        view = self._view(rng)
        if rng.random() < (MOOD_OF_SKIES if view.values[..., SKY].any() else MOOD):
            view = in_a_mood(view, rng)
        if rng.random() < FRAMED:
            view = framed(view, rng)
        rgb = degrade(recolour(view.rgb, rng), rng)
        return rgb, view.values, weights(view)


def weights(view: View) -> U8:
    """How much each pixel counts for each class, uint8 (S, S, 3)."""
    reach = max(3, view.rgb.shape[0] // 48) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    edge = cv2.morphologyEx(view.values, cv2.MORPH_GRADIENT, kernel) > 64
    return np.asarray((view.known > 250) * np.where(edge, EDGE_WEIGHT, 1), np.uint8)
