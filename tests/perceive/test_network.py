import cv2
import numpy as np
import pytest

from tests import pictures
from windstill.perceive.network import agreed, infer, working_size


@pytest.mark.parametrize(
    ("shape", "size"),
    [((720, 1280), (224, 416)), ((2000, 2000), (416, 416)), ((10, 1000), (32, 416))],
)
def test_the_working_size_is_one_the_network_takes(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    assert working_size(*shape, 416) == size


def test_a_mirrored_look_is_of_the_picture_itself() -> None:
    rgb = cv2.resize(pictures.china(), (320, 224))
    found = infer(rgb, long_side=320, threads=1, mirrored=True)
    other = infer(np.ascontiguousarray(rgb[:, ::-1]), long_side=320, threads=1)
    assert np.abs(found.probability - other.probability[..., ::-1]).max() < 1e-3
    assert np.abs(found.sky_evidence - other.sky_evidence[:, ::-1]).max() < 1e-2
    plain = infer(rgb, long_side=320, threads=1)
    assert np.abs(found.probability - plain.probability).mean() < 0.05


def test_evidence_tells_a_sky_from_a_wall() -> None:
    landscape = infer(pictures.china(), long_side=416, threads=1)
    sky = cv2.resize(landscape.probability[0], landscape.sky_evidence.shape[::-1]) > 0.9
    assert landscape.sky_evidence[sky].mean() > 0
    indoors = infer(pictures.indoors(), long_side=416, threads=1)
    assert indoors.sky_evidence.mean() < landscape.sky_evidence[sky].mean() - 1


def test_two_of_one_mind_are_believed_and_opposites_leave_doubt() -> None:
    first = np.float32([[0.0, 1.0, 0.9, 0.9, 0.5]])
    second = np.float32([[0.0, 1.0, 0.9, 0.1, 0.5]])
    both = agreed(first, second)
    assert both.dtype == np.float32
    assert np.allclose(both, [[0.0, 1.0, 0.9, 0.5, 0.5]], atol=1e-5)


def test_the_surer_of_two_counts_more() -> None:
    assert agreed(np.float32([0.99]), np.float32([0.3]))[0] > 0.8
