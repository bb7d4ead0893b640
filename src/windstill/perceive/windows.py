"""Windows: parts of the photo around heads, for the networks to look at again.

Each detected face has a window of its own. It covers the face and those pixels of the first look's
hair and face that are nearer to this face than to any other. Distances to a face are measured in
sizes of that face. Connected hair without a face has a window too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.perceive.faces import Face

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

# A head is large from this part of the picture's longer side on, and too small to move below
# `SMALLEST` pixels of the photo.
LARGE = 0.34
SMALLEST = 24
# Faces smaller than this part of the largest one belong to passers-by; they are skipped.
PASSER_BY = 0.25
# The largest heads are looked at, up to this number. With more than `CROWD` of them each is shown
# to the networks at a smaller size, which takes about half the time.
MOST_HEADS, CROWD = 24, 6
# Heads lack faces if these parts of the likely pixels and of the picture belong to none.
FACELESS_SHARE, FACELESS_AREA = 0.25, 0.003
# How much wider than the head the window is: the network needs shoulders and background.
MARGIN = 1.8
# Longer side of the window that the network sees.
LOOK_AT_CROWD, LOOK_AT_SMALL, LOOK_AT_LARGE = 192, 256, 352
# A window without a face whose middle lies in another one is left out, unless it is so much
# smaller.
MUCH_SMALLER = 3
# First looks at small heads are unsure; what is no head is sorted out at the second look.
HINT = 0.35
# The first look is all but certain above this.
LIKELY = 0.85
# A head extends beyond its face's box by these parts of the box: to each side, up and down. With
# .35, .6 and .15 six heads fewer of hair/difficult are found (`training.difficult`).
AROUND_FACE, ABOVE_FACE, BELOW_FACE = 0.2, 0.4, 0.05
# Hair is at most this far from the centre of its face, in sizes of the face.
LONGEST_HAIR = 6.0
# Windows of neighbours overlap up to this ratio of distances, so that no seam shows between them.
SHARED = 1.25


@dataclass(frozen=True)
class Window:
    """A part of a photo around a head: rows [top, bottom) and columns [left, right), in pixels.

    `long_side`: of the picture that the networks see, in pixels. `photo`: the photo's (H, W).
    `hint`: where the first look saw the head, bool (h, w), at the network's size. `likely`: whether
    it was all but certain of it. `large`: whether the first look saw it well. `face`: the detected
    face, if there is one; `others`: the photo's other faces.
    """

    top: int
    bottom: int
    left: int
    right: int
    long_side: int
    photo: tuple[int, int]
    hint: Bool
    likely: bool
    large: bool
    face: Face | None = None
    others: tuple[Face, ...] = ()

    @property
    def side(self) -> int:
        """The longer one, in pixels of the photo."""
        return max(self.bottom - self.top, self.right - self.left)

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing the photo."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def of_first_look(self, plane: F32, size: tuple[int, int]) -> F32:
        """The part of a plane of the first look, float32 (h, w), that this window covers, at
        another `size` (rows, columns)."""
        down, across = plane.shape[0] / self.photo[0], plane.shape[1] / self.photo[1]
        y_scale = (self.bottom - self.top) * down / size[0]
        x_scale = (self.right - self.left) * across / size[1]
        # From pixels' centres to pixels' centres.
        x = self.left * across + x_scale / 2 - 0.5
        y = self.top * down + y_scale / 2 - 0.5
        matrix = np.array([[x_scale, 0, x], [0, y_scale, y]], np.float32)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        part = cv2.warpAffine(plane, matrix, size[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(part, np.float32)

    def in_window(self, face: Face, size: tuple[int, int]) -> Face:
        """A face of the photo in pixels of this window, resized to `size` (rows, columns)."""
        across = size[1] / (self.right - self.left)
        down = size[0] / (self.bottom - self.top)
        return face.cropped(self.left, self.top, across, down)

    def own(self, size: tuple[int, int]) -> Bool:
        """The pixels that can belong to this head, bool `size`: all but those that are clearly
        nearer to another face."""
        if self.face is None or not self.others:
            return np.ones(size, bool)
        faces = [self.in_window(face, size) for face in (self.face, *self.others)]
        rows, columns = np.ogrid[: size[0], : size[1]]
        own, *others = (_distance(face, rows, columns) for face in faces)
        return np.asarray(own <= SHARED * np.minimum.reduce(others))

    def face_mask(self, size: tuple[int, int]) -> Bool | None:
        """The ellipse inside the face's box, bool `size`; None without a face."""
        if self.face is None:
            return None
        face = self.in_window(self.face, size)
        rows, columns = np.ogrid[: size[0], : size[1]]
        x, y = (columns + 0.5 - face.x) / face.width, (rows + 0.5 - face.y) / face.height
        return np.asarray(x * x + y * y < 0.25)


def head_windows(
    hair: F32, face: F32, faces: Sequence[Face], shape: tuple[int, int]
) -> list[Window]:
    """Windows of the photo, of `shape` (H, W), around heads; the largest heads first.

    hair, face: probabilities at the network's size, float32 (h, w). faces: the detected ones, in
    pixels of the photo, the largest first.
    """
    likely = cv2.max(hair, face)
    scale = (likely.shape[0] / shape[0], likely.shape[1] / shape[1])
    faces = [each for each in faces if each.size > PASSER_BY * faces[0].size]
    seen = [each.cropped(0, 0, scale[1], scale[0]) for each in faces]
    hints, rest = _split(likely > HINT, seen)
    windows = []
    for index, (found, own, hint) in enumerate(zip(faces, seen, hints, strict=True)):
        others = (*faces[:index], *faces[index + 1 :])
        window = _around(_box(hint, own), shape, hint, likely, found, others)
        windows.append(window)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8))
    for label in range(1, count):
        left, top, width, height = (int(value) for value in stats[label, :4])
        box = (left, top, left + width, top + height)
        windows.append(_around(box, shape, labels == label, likely, None, tuple(faces)))
    large_first = sorted((w for w in windows if w is not None), key=lambda w: -w.side)
    return _apart(large_first)


def largest(windows: list[Window]) -> list[Window]:
    """The windows that are looked at, of those of all heads, the largest first; of a crowd at a
    smaller size."""
    chosen = windows[:MOST_HEADS]
    if len(chosen) <= CROWD:
        return chosen
    return [w if w.large else replace(w, long_side=LOOK_AT_CROWD) for w in chosen]


def lacks_faces(hair: F32, face: F32, faces: Sequence[Face], shape: tuple[int, ...]) -> bool:
    """Whether many pixels of hair and face belong to no detected face, as they do in photos
    that lie on their sides. Arguments are those of `head_windows`."""
    likely = cv2.max(hair, face)
    scale = (likely.shape[0] / shape[0], likely.shape[1] / shape[1])
    hints = likely > HINT
    _, rest = _split(hints, [each.cropped(0, 0, scale[1], scale[0]) for each in faces])
    faceless = np.count_nonzero(rest)
    return bool(
        faceless > FACELESS_AREA * rest.size and faceless > FACELESS_SHARE * np.count_nonzero(hints)
    )


def _distance(face: Face, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> F32:
    """Distances of pixels from the centre of a face, in sizes of the face."""
    away = np.hypot(columns + 0.5 - face.x, rows + 0.5 - face.y)
    return np.asarray(away / face.size, np.float32)


def _split(hints: Bool, faces: Sequence[Face]) -> tuple[list[Bool], Bool]:
    """The hints that belong to each face, bool (h, w) each, and those that belong to none.

    A hint belongs to the nearest face if its connected component touches any face.
    """
    count, labels = cv2.connectedComponents(hints.astype(np.uint8), connectivity=8)
    if not faces:
        return [], hints
    rows, columns = np.nonzero(hints)
    distances = np.stack([_distance(face, rows, columns) for face in faces])
    nearest, away = distances.argmin(axis=0), distances.min(axis=0)
    with_face = np.zeros(count, bool)
    with_face[labels[rows, columns][away < 1]] = True
    owned = with_face[labels[rows, columns]] & (away < LONGEST_HAIR)
    split = np.full(hints.shape, -1, np.int32)
    split[rows, columns] = np.where(owned, nearest, -1)
    own = [split == index for index in range(len(faces))]
    return own, hints & (split < 0)


def _box(hint: Bool, face: Face) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a head: the bounding box of its hint and its face."""
    left, right = (face.x + side * (0.5 + AROUND_FACE) * face.width for side in (-1, 1))
    top = face.y - (0.5 + ABOVE_FACE) * face.height
    bottom = face.y + (0.5 + BELOW_FACE) * face.height
    rows, columns = (np.flatnonzero(hint.any(axis=axis)) for axis in (1, 0))
    if len(rows):
        left, right = min(left, columns[0]), max(right, columns[-1] + 1)
        top, bottom = min(top, rows[0]), max(bottom, rows[-1] + 1)
    size = hint.shape
    return max(0.0, left), max(0.0, top), min(size[1], right), min(size[0], bottom)


def _around(
    box: tuple[float, float, float, float],
    shape: tuple[int, int],
    hint: Bool,
    likely: F32,
    face: Face | None,
    others: tuple[Face, ...],
) -> Window | None:
    """The window around a head's box, in pixels of the first look; None if it is too small."""
    left, top, right, bottom = box
    down, across = shape[0] / hint.shape[0], shape[1] / hint.shape[1]
    head = max(right - left, bottom - top)
    if head * down < SMALLEST:
        return None
    large = head >= LARGE * max(hint.shape)
    half = head * down * MARGIN / 2
    y, x = (top + bottom) / 2 * down, (left + right) / 2 * across
    return Window(
        max(0, int(y - half)),
        min(shape[0], int(np.ceil(y + half))),
        max(0, int(x - half)),
        min(shape[1], int(np.ceil(x + half))),
        LOOK_AT_LARGE if large else LOOK_AT_SMALL,
        shape,
        hint,
        bool(hint.any() and likely[hint].max() > LIKELY),
        large,
        face,
        others,
    )


def _apart(windows: list[Window]) -> list[Window]:
    """Without those that have no face and whose centre lies in an earlier one: it has been looked
    at already."""
    kept: list[Window] = []
    for window in windows:
        if window.face is not None or not any(_covers(earlier, window) for earlier in kept):
            kept.append(window)
    return kept


def _covers(earlier: Window, window: Window) -> bool:
    y, x = (window.top + window.bottom) / 2, (window.left + window.right) / 2
    inside = earlier.top <= y < earlier.bottom and earlier.left <= x < earlier.right
    return inside and earlier.side < MUCH_SMALLER * window.side
