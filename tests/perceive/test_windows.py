import numpy as np

from windstill.perceive.faces import Face
from windstill.perceive.windows import (
    LOOK_AT_CROWD,
    MOST_HEADS,
    Window,
    head_windows,
    lacks_faces,
    largest,
)

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
    return head_windows(seen(*heads, sure=sure), np.zeros(LOOK, np.float32), [], PHOTO)


def face(row: float, column: float, size: float = 40) -> Face:
    """A face in pixels of the photo."""
    return Face(column, row, size, size, 0.9)


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


def test_specks_are_no_heads() -> None:
    assert windows((40, 60, 1)) == []


def test_a_crowd_is_looked_at_smaller_and_only_so_many_of_it() -> None:
    crowd = [(10 + 20 * row, 8 + 15 * place, 4) for row in range(4) for place in range(9)]
    found = largest(windows(*crowd))
    assert len(found) == MOST_HEADS
    assert {window.long_side for window in found} == {LOOK_AT_CROWD}


def test_touching_heads_have_a_window_for_each_face() -> None:
    hair = seen((40, 50, 14), (40, 72, 14))
    left, right = (face(160, 200), face(160, 288))
    found = head_windows(hair, np.zeros(LOOK, np.float32), [left, right], PHOTO)
    assert [window.face for window in found] == [left, right]
    first, second = (window.hint for window in found)
    assert not (first & second).any()
    assert first[40, 45]
    assert second[40, 77]
    assert np.array_equal(first | second, hair > 0)


def test_a_face_that_the_first_look_missed_has_a_window() -> None:
    nothing = np.zeros(LOOK, np.float32)
    (window,) = head_windows(nothing, nothing, [face(200, 300)], PHOTO)
    assert not window.hint.any()
    assert window.top < 180 < 220 < window.bottom
    assert window.left < 280 < 320 < window.right


def test_passers_by_are_skipped() -> None:
    nothing = np.zeros(LOOK, np.float32)
    near, middle, far = face(200, 150, 120), face(200, 350, 60), face(200, 500, 25)
    found = head_windows(nothing, nothing, [near, middle, far], PHOTO)
    assert [window.face for window in found] == [near, middle]


def test_hair_nearer_to_another_face_is_not_its_own() -> None:
    nothing = np.zeros(LOOK, np.float32)
    window, _ = head_windows(nothing, nothing, [face(200, 260), face(200, 300)], PHOTO)
    own = window.own((100, 100))
    other = window.in_window(face(200, 300), (100, 100))
    mine = window.in_window(face(200, 260), (100, 100))
    assert own[int(mine.y), int(mine.x)]
    assert not own[int(other.y), int(other.x)]


def test_hair_far_from_every_face_suggests_that_the_photo_is_turned() -> None:
    nothing = np.zeros(LOOK, np.float32)
    head = seen((40, 60, 12))
    assert lacks_faces(head, nothing, [], PHOTO)
    assert not lacks_faces(head, nothing, [face(160, 240)], PHOTO)
    assert lacks_faces(head, nothing, [face(380, 580)], PHOTO)
    assert not lacks_faces(nothing, nothing, [], PHOTO)


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
