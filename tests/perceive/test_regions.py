import numpy as np

from windstill.perceive.regions import (
    face_region,
    hair_region,
    overlapping,
    sky_region,
    without_rejected,
)

NOBODY = np.zeros((200, 300), bool)
BELIEVED = np.full((7, 10), 1.5, np.float32)


def probabilities(height: int = 200, width: int = 300) -> np.ndarray:
    return np.full((height, width), 0.02, np.float32)


def test_a_sure_region_stays_with_its_hazy_end() -> None:
    p = probabilities()
    p[:60] = 0.97
    p[60:80] = 0.6
    assert sky_region(p, BELIEVED, NOBODY)[:80].all()


def test_a_dim_cloud_beside_a_sure_sky_is_sky() -> None:
    p = probabilities()
    p[:60] = 0.97
    p[60:100, :150] = 0.4
    found = sky_region(p, BELIEVED, NOBODY)
    assert found[:100, :150].mean() > 0.99
    assert not found[64:, 156:].any()


def test_a_white_wall_that_the_network_does_not_believe_goes() -> None:
    p = probabilities()
    p[:100, :140] = 0.97
    p[:60, 160:] = 0.8
    evidence = BELIEVED.copy()
    evidence[:, :5] = -2
    found = sky_region(p, evidence, NOBODY)
    assert not found[:, :150].any()
    assert found[:60, 160:].all()


def test_a_portrait_s_backdrop_must_be_surer() -> None:
    p = probabilities()
    p[:60] = 0.7
    p[:6] = 0.95
    face = NOBODY.copy()
    face[80:140, 100:160] = True
    assert sky_region(p, BELIEVED, NOBODY)[:60].all()
    assert not sky_region(p, BELIEVED, face).any()


def test_specks_go_and_small_doubtful_holes_are_filled() -> None:
    p = probabilities()
    p[:80] = 0.97
    p[150:152, 100:102] = 0.99
    p[30:36, 50:56] = 0.4
    found = sky_region(p, BELIEVED, NOBODY)
    assert found[:80].all()
    assert not found[80:].any()


def test_a_bird_is_no_hole_to_fill() -> None:
    p = probabilities()
    p[:80] = 0.97
    p[30:36, 50:56] = 0.01
    assert not sky_region(p, BELIEVED, NOBODY)[30:36, 50:56].any()


def test_too_little_is_nothing() -> None:
    p = probabilities()
    p[:10, :10] = 0.99
    assert not sky_region(p, BELIEVED, NOBODY).any()


def test_hair_needs_a_face_unless_it_is_large_and_certain() -> None:
    small, large = slice(20, 40), slice(100, 180)
    hair, face = probabilities(), probabilities()
    hair[small, 20:30] = 0.95
    assert not hair_region(hair, face_region(face)).any()
    face[40:60, 18:32] = 0.95
    assert hair_region(hair, face_region(face))[small, 20:30].all()
    hair[large, 150:220] = 0.95
    assert hair_region(hair, face_region(face))[large, 150:220].all()


def test_overlapping_keeps_whole_parts() -> None:
    region = np.zeros((20, 20), bool)
    region[:5, :5] = region[10:15, 10:15] = True
    mask = np.zeros((20, 20), bool)
    mask[0, 0] = mask[12:15] = True
    found = overlapping(region, mask)
    assert found[10:15, 10:15].all()
    assert found.sum() == 25


def test_what_was_rejected_beside_a_region_is_no_soft_edge_of_it() -> None:
    p = probabilities()
    p[:100] = 0.9
    p[40:44, 40:44] = 0.3
    p[104:108, 150:160] = 0.9
    p[100:104] = 0.2
    region = np.zeros(p.shape, bool)
    region[:100] = True
    near = np.zeros(p.shape, bool)
    near[:120] = True
    soft = without_rejected(p, region, near)
    assert np.all(soft[40:44, 40:44] == 1)
    assert np.all(soft[104:108, 150:160] == 0)
    assert np.all(soft[100:104] == np.float32(0.2))
    assert np.all(soft[120:] == 0)


def test_hair_found_before_needs_neither_a_face_nor_to_be_so_certain() -> None:
    p = probabilities()
    p[60:140, 100:200] = 0.78
    p[90:100, 120:130] = 0.9
    nobody = np.zeros(p.shape, bool)
    assert not hair_region(p, nobody).any()
    known = np.zeros(p.shape, bool)
    known[50:120, 90:190] = True
    assert hair_region(p, nobody, known)[100, 150]
    elsewhere = np.zeros(p.shape, bool)
    elsewhere[150:, :50] = True
    assert not hair_region(p, nobody, elsewhere).any()


def test_a_face_found_before_is_still_one() -> None:
    p = probabilities()
    p[60:140, 100:200] = 0.6
    assert not face_region(p).any()
    assert face_region(p, p > 0.5)[100, 150]
