"""A breeze that repeats exactly, and how a lock of hair answers it.

The wind's force has only whole numbers of cycles per loop, so everything it drives is periodic
(Chuang et al. 2005, "Animating pictures with stochastic motion textures").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
_Real = TypeVar("_Real", F32, NDArray[np.float64])

_HERTZ = (0.25, 0.45, 0.7, 0.95, 1.25, 1.55, 1.85, 2.15)
"""Tones, before they are rounded to whole cycles; faster sway of hair reads as shaking."""
_DAMPING = 0.42
_BREEZE = 0.35
"""Mean speed, m/s, in the power spectrum of wind near the ground: (1 + f / speed) ** (-5/3)."""
_FLUTTER_HERTZ, _FLUTTER_BAND = 1.35, 0.5
"""The frequency at which wisps flutter most, and the width of their band, in powers of e."""


@dataclass(frozen=True)
class Gusts:
    """The wind as a sum of tones.

    cycles: int (K,), whole cycles per loop. force: complex (K,), amplitude and phase of what moves
    the mass of hair. flutter: the same of what moves its wisps. seconds: length of the loop.
    """

    cycles: NDArray[np.int64]
    force: NDArray[np.complex128]
    flutter: NDArray[np.complex128]
    seconds: float

    @property
    def hertz(self) -> NDArray[np.float64]:
        """Frequency of each tone."""
        return self.cycles / self.seconds

    def turns(self, moments: NDArray[np.float64]) -> F32:
        """cos and sin of each tone at `moments` (loops), float32 (..., 2K)."""
        angle = 2 * np.pi * np.multiply.outer(moments, self.cycles)
        return np.concatenate([np.cos(angle), np.sin(angle)], axis=-1).astype(np.float32)


def gusts(seconds: float, natural: float, rng: np.random.Generator) -> Gusts:
    """The wind for a loop of `seconds` and hair whose natural frequency is `natural` Hz."""
    cycles = np.unique(np.maximum(1, np.rint(np.array(_HERTZ) * seconds).astype(np.int64)))
    hertz = cycles / seconds
    force = (1 + hertz / _BREEZE) ** (-5 / 6)
    real, imaginary = response(hertz, np.full_like(hertz, natural))
    answer = real + 1j * imaginary
    phases = _steady_phases(cycles, np.asarray(force * answer), rng)
    band = np.exp(-np.square(np.log(hertz / _FLUTTER_HERTZ) / _FLUTTER_BAND))
    flutter = band / np.hypot.reduce(band) * np.exp(2j * np.pi * rng.random(cycles.size))
    return Gusts(cycles, force * phases / np.hypot.reduce(np.abs(force * answer)), flutter, seconds)


def _steady_phases(
    cycles: NDArray[np.int64], answer: NDArray[np.complex128], rng: np.random.Generator
) -> NDArray[np.complex128]:
    """Random phases, of several draws those whose sum peaks least: a breeze, no squall."""
    moments = np.exp(2j * np.pi * np.outer(np.arange(128) / 128, cycles))
    draws = np.exp(2j * np.pi * rng.random((16, cycles.size)))
    peaks = np.abs(np.einsum("mk,dk->md", moments, answer * draws).real).max(axis=0)
    return np.asarray(draws[np.argmin(peaks)])


def response(hertz: _Real, natural: _Real) -> tuple[_Real, _Real]:
    """Real and imaginary part of the answer of damped oscillators of `natural` Hz to a force of
    `hertz`; 1 at 0 Hz."""
    ratio = hertz / natural
    inert, damped = 1 - ratio * ratio, _DAMPING * ratio
    size = inert * inert + damped * damped
    return inert / size, -damped / size


def natural_frequency(relative_length: float) -> float:
    """Hz at which hair of a length (in head sizes) swings by itself: a hanging chain, slowed."""
    return float(np.clip(0.62 / np.sqrt(max(relative_length, 1e-3)), 0.5, 1.1))
