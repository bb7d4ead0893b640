import numpy as np

from windstill.imaging.guided import evaluate, guided_coefficients


def two_colours(height: int, width: int, edge: int) -> np.ndarray:
    rgb = np.full((height, width, 3), (200, 210, 230), np.uint8)
    rgb[:, edge:] = (60, 50, 20)
    return rgb


def test_a_rough_map_takes_the_edge_of_the_picture() -> None:
    rgb = two_colours(300, 400, 203)
    small = two_colours(75, 100, 51)
    rough = np.zeros((75, 100), np.float32)
    rough[:, :48] = 1
    coefficients = guided_coefficients(small.astype(np.float32) / 255, rough, 8, 1e-4)
    out = np.full((300, 400), np.nan, np.float32)
    evaluate(coefficients, rgb, 0.2, 0.8, out)
    assert np.all(out[:, 203 - 14 : 203] > 0.5)
    assert np.all(out[:, 203:] < 0.1)
    assert np.all(out[:, :100] == 1)
    assert np.all(out[:, 300:] == 0)


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
