import numpy as np

from windstill.perceive.windows import MOST_HEADS, Window, head_windows

PHOTO = (400, 600)
LOOK = (100, 150)


def seen(*heads: tuple[int, int, int], sure: float = 0.9) -> np.ndarray:
    """Probabilities, (100, 150), of round heads: (row, column, radius) each."""
    rows, columns = np.mgrid[: LOOK[0], : LOOK[1]]
    found = np.zeros(LOOK, np.float32)
    for y, x, radius in heads:
        found[np.hypot(rows - y, columns - x) <= radius] = sure
    return found


def windows(*heads: tuple[int, int, int], sure: float = 0.9) -> list[Window]:
    return head_windows(seen(*heads, sure=sure), np.zeros(LOOK, np.float32), PHOTO)


def test_a_window_holds_its_head_with_room_around_it() -> None:
    (window,) = windows((40, 60, 12))
    assert window.top < 4 * 28 - 20 < 4 * 52 + 20 < window.bottom
    assert window.left < 4 * 48 - 20 < 4 * 72 + 20 < window.right
    assert window.likely
    assert not window.large


def test_a_head_that_fills_the_photo_is_large_and_its_window_stays_inside() -> None:
    (window,) = windows((50, 75, 45))
    assert window.large
    assert (window.top, window.left) == (0, 0)
    assert window.bottom <= PHOTO[0]
    assert window.right <= PHOTO[1]


def test_specks_are_no_heads_and_crowds_are_left_to_the_first_look() -> None:
    assert windows((40, 60, 1)) == []
    crowd = [(20, 12 + 30 * place, 6) for place in range(5)]
    assert len(windows(*crowd)) == MOST_HEADS


def test_a_small_head_in_a_large_ones_window_has_its_own() -> None:
    large, small = windows((45, 45, 30), (20, 110, 6))
    assert large.large
    assert small.top >= large.top
    assert small.bottom <= large.bottom
    assert not (small.hint & large.hint).any()


def test_a_face_of_its_own_beside_hair_is_the_same_head() -> None:
    assert len(windows((30, 60, 10), (44, 60, 3))) == 1


def test_doubtful_heads_are_not_likely() -> None:
    (window,) = windows((40, 60, 12), sure=0.5)
    assert not window.likely


def test_the_part_of_the_first_look_lies_where_the_window_does() -> None:
    rows, columns = np.mgrid[: LOOK[0], : LOOK[1]].astype(np.float32)
    (window,) = windows((40, 60, 12))
    size = (64, 96)
    for plane, low, high in (
        (rows, window.top / 4, window.bottom / 4),
        (columns, window.left / 4, window.right / 4),
    ):
        part = window.of_first_look(plane, size)
        assert part.shape == size
        # Pixels of the first look are where their middles are.
        steps = (high - low) / size[0 if plane is rows else 1]
        assert np.isclose(part.min(), low + steps / 2 - 0.5, atol=0.05)
        assert np.isclose(part.max(), high - steps / 2 - 0.5, atol=0.05)
