from __future__ import annotations

import numpy as np

from windstill.imaging.affine import evaluate


def test_constants_stay_exact_at_any_size() -> None:
    rng = np.random.default_rng(3)
    for height, width in ((1, 1), (7, 500), (131, 64), (333, 257)):
        rgb = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        for value in (0.0, 1.0):
            coefficients = np.zeros((9, 11, 4), np.float32)
            coefficients[..., 3] = value
            out = np.full((height, width), np.nan, np.float32)
            evaluate(coefficients, rgb, 0.1, 0.9, out)
            assert np.all(out == value)


def test_strips_fit_together() -> None:
    rng = np.random.default_rng(5)
    rgb = np.full((400, 90, 3), 128, np.uint8)
    coefficients = rng.random((20, 9, 4)).astype(np.float32)
    out = np.zeros((400, 90), np.float32)
    evaluate(coefficients * np.float32(0.25), rgb, 0.0, 1.0, out)
    steps = np.abs(np.diff(out, axis=0)).max(axis=1)
    assert steps.max() < 0.05
