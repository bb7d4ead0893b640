"""Where the hair grows from: the heads in a picture and their scalps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

_THUMB_SIDE = 256
_MIN_AREA = 0.0004
"""Smaller faces and heads of hair, as a share of the picture, are no heads."""
_TALLEST = 1.3
"""Hair straight above a face is no taller than this many times the face's width."""

_SEEN = 0.5
"""Where the picture's edge leaves less than this of a side of a face, that side says nothing."""

_GAP, _HOLE = 0.14, 0.25
"""Gaps in a face are narrower than twice the first (of the root of its area); its holes are
smaller than the second (of the largest face's area)."""
_BIT = 0.1
"""What is smaller than this share of the largest face has no gaps worth closing."""
_SPECK = 0.3
"""What is smaller than this share of the largest head, and has no face of its own, is no head."""
_WIDEST = 1.12
"""A face is no wider than this many times the largest circle in it."""
_MOST_HAIR = 8.0
"""In squares of its size, more hair than any head carries: a face behind somebody else's hair."""
_FEATURE = 0.5
"""A smaller "face" on a head than this share of it is a part of that head."""


@dataclass(frozen=True)
class Head:
    """A head, in pixels.

    size: from chin to crown. x, y: centre of the oval whose hair lies on the scalp. radius_x,
    above, below: its half axes, one across the head, two from the centre to crown and chin. up:
    from chin to crown, of length 1.
    """

    size: float
    x: float
    y: float
    radius_x: float
    above: float
    below: float
    up: tuple[float, float] = (0.0, -1.0)

    def covers(self, positions: F32) -> Mask:
        """Which positions (..., 2) lie on the scalp."""
        across, down = self._from_centre(positions)
        across /= self.radius_x
        down /= np.where(down < 0, self.above, self.below)
        return np.asarray(across * across + down * down <= 1)

    def above_it(self, positions: F32) -> Mask:
        """Which positions (..., 2) are straight above the scalp's centre, within a head or so."""
        across, down = self._from_centre(positions)
        beside = np.abs(across) <= 0.62 * self.size
        return np.asarray((down < 0) & beside & (down >= -1.1 * self.size))

    def below_it(self, positions: F32) -> Mask:
        """Which positions (..., 2) are below the chin."""
        return np.asarray(self._from_centre(positions)[1] > 0.55 * self.size)

    def near(self, positions: F32) -> Mask:
        """Which positions (..., 2) may be of the head or face, rather than of the body."""
        across, down = self._from_centre(positions)
        return np.asarray(np.hypot(across, down - 0.15 * self.size) <= 0.75 * self.size)

    def shrunk(self, share: float) -> Head:
        """The same head with a scalp whose radii are `share` of its own."""
        radii = self.radius_x * share, self.above * share, self.below * share
        return Head(self.size, self.x, self.y, *radii, self.up)

    def moved(self, scale: float, left: float = 0.0, top: float = 0.0) -> Head:
        """The same head after scaling the picture, then taking (left, top) as its origin."""
        return Head(
            self.size * scale,
            self.x * scale - left,
            self.y * scale - top,
            self.radius_x * scale,
            self.above * scale,
            self.below * scale,
            self.up,
        )

    def turned(self, height: int) -> Head:
        """The same head after a quarter turn, clockwise, of a picture so high."""
        up = -self.up[1], self.up[0]
        return replace(self, x=height - 1 - self.y, y=self.x, up=up)

    def _from_centre(self, positions: F32) -> tuple[F32, F32]:
        """How far positions (..., 2) are from the scalp's centre, across the head and down."""
        dx, dy = positions[..., 0] - self.x, positions[..., 1] - self.y
        up_x, up_y = self.up
        return dy * up_x - dx * up_y, -dx * up_x - dy * up_y


def find_heads(hair: F32, face: F32, turns: int = 0) -> list[Head]:
    """The heads that carry hair.

    hair, face: mattes, float32 (H, W). turns: of a quarter, counter-clockwise, that set the heads
    upright. A face with hair above and on both sides tells where its head is. Other hair, as seen
    from behind or from the side, has its head in the widest disc that fits under its top; faces
    beside it count as part of the head's shape, since skin of the neck or of an ear says little.
    """
    heads = _upright_heads(*(np.rot90(matte, turns) for matte in (hair, face)))
    for turn in range(turns, 0, -1):
        height = np.rot90(hair, turn).shape[0]
        heads = [head.turned(height) for head in heads]
    return heads


def _upright_heads(hair: F32, face: F32) -> list[Head]:
    scale = _THUMB_SIDE / max(hair.shape)
    size = max(1, round(hair.shape[1] * scale)), max(1, round(hair.shape[0] * scale))
    thumb = cv2.resize(hair, size, interpolation=cv2.INTER_AREA) > 0.5
    skin = cv2.resize(face, size, interpolation=cv2.INTER_AREA) > 0.5
    skin = _filled(skin)
    blobs = _blobs(_joined(skin, thumb))
    of_faces = [head for blob in blobs if (head := _head_of_face(blob, skin, thumb)) is not None]
    heads: list[Head] = []
    for head in sorted(of_faces, key=lambda head: -head.size):
        if not any(_is_feature(head, larger) for larger in heads):
            heads.append(head)
    for own in _blobs(thumb):
        if not any(_belongs(own, head) for head in heads):
            beside = [blob for blob in blobs if _touches(own, blob)]
            head = _head_of_shape(own, np.logical_or.reduce([own, *beside]))
            if head.size >= _SPECK * max((other.size for other in heads), default=0.0):
                heads.append(head)
    return [head.moved(1 / scale) for head in heads]


def _filled(skin: Mask) -> Mask:
    """The faces without holes: glasses, teeth, shadows that perception was not sure of."""
    blobs = _blobs(skin)
    if not blobs:
        return skin
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~skin).astype(np.uint8))
    if count <= 2:
        return skin
    hole = stats[:, cv2.CC_STAT_AREA] < _HOLE * blobs[0].sum()
    hole[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = False
    hole[0] = False
    return np.asarray(skin | hole[labels])


def _joined(skin: Mask, hair: Mask) -> Mask:
    """The faces with their gaps and bays closed where there is no hair in them, and filled."""
    blobs = _blobs(skin)
    if not blobs:
        return skin
    areas = [float(blob.sum()) for blob in blobs]
    border = int(_GAP * np.sqrt(areas[0])) + 2
    away = _distance(np.pad(~skin, border, constant_values=True))
    joined = skin.copy()
    for blob, area in zip(blobs, areas, strict=True):
        if area >= _BIT * areas[0]:
            radius = max(1.0, _GAP * float(np.sqrt(area)))
            closed = (_distance(away <= radius) > radius)[border:-border, border:-border]
            near = _distance(~blob) <= radius if len(blobs) > 1 else True
            joined |= closed & ~hair & near
    return _filled(joined)


def _distance(mask: Mask) -> F32:
    """Pixels from each set pixel to the nearest that is not."""
    found: F32 = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    return found


def _blobs(mask: Mask) -> list[Mask]:
    """Connected parts that are large enough, the largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    order = sorted(range(1, count), key=lambda label: -areas[label])
    return [labels == label for label in order if areas[label] >= _MIN_AREA * mask.size]


def _head_of_face(face: Mask, skin: Mask, hair: Mask) -> Head | None:
    """The head of a face seen from the front; None if the hair around does not look like it.

    skin: what of all faces was seen before gaps were closed.
    """
    x, y, width, top, chin = _face_box(face)
    hair_above = _run(~hair[int(top) :: -1, int(x)], 0)[1] + 1
    hair_above = _run(hair[int(top) - hair_above :: -1, int(x)], 0)[1]
    # The nape below a bob is framed as a face is, but by more hair than a face carries.
    # So is it when its gaps are closed: what was seen has to be framed, too.
    parts = _blobs(face & skin) if (face & ~skin).any() else [face]
    if not parts:
        return None
    seen_x, seen_y, seen_width, _, _ = _face_box(parts[0])
    framed = _framed(hair, x, y, width) and _framed(hair, seen_x, seen_y, seen_width)
    if not framed or hair_above > _TALLEST * min(width, seen_width):
        return None
    # A fringe may hide half of the face, and hair its sides: both measures are needed.
    height = chin - top
    size = float(np.clip(1.42 * width, 1.2 * height, 1.7 * height))
    near = np.abs(np.arange(hair.shape[1]) - x) <= 0.5 * width
    above = np.flatnonzero(hair[:, near].any(axis=1))
    above = above[above <= chin - 0.3 * size]
    crown = max(chin - size, float(above[0])) if above.size else chin - size
    size = chin - crown
    return Head(
        size,
        _middle(hair | face, x, crown, size),
        crown + 0.37 * size,
        0.38 * size,
        0.38 * size,
        0.38 * size,
    )


def _face_box(face: Mask) -> tuple[float, float, float, float, float]:
    """Centre x and y, width, top and chin of a face that may run on into neck and shoulders."""
    padded = np.pad(face, 1).astype(np.uint8)
    radius = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    rows = np.flatnonzero(face.any(axis=1))
    down = (np.arange(face.shape[0]) - rows[0]) / (rows[-1] - rows[0] + 1)
    y, x = np.unravel_index(np.argmax(radius * (1 - 0.5 * down[:, None])), face.shape)
    r = max(float(radius[y, x]), 1.0)
    widths = [_run(face[row], int(x)) for row in range(int(y - 0.2 * r), int(y + 0.2 * r) + 1)]
    left, right = np.median(widths, axis=0)
    if left + right + 1 > _WIDEST * 2 * r:
        # It runs on into what is beside it.
        left = right = r
    above, below = _run(face[:, x], int(y))
    return (
        float(x + (right - left) / 2),
        float(y),
        float(left + right + 1),
        float(y - min(above, 1.7 * r)),
        float(y + min(below, 1.7 * r)),
    )


def _run(line: Mask, start: int) -> tuple[int, int]:
    """How far the set pixels go on before and after `start`."""
    before = np.flatnonzero(~line[: start + 1])
    after = np.flatnonzero(~line[start:])
    return (
        start - int(before[-1]) - 1 if before.size else start,
        int(after[0]) - 1 if after.size else line.size - 1 - start,
    )


def _framed(hair: Mask, x: float, y: float, width: float) -> bool:
    """Whether there is hair above a face, and on both sides of it, as far as the picture shows."""
    sides = (-0.35, 0.35, -1.4, -0.3), (-1.1, -0.4, -1.0, 0.4), (0.4, 1.1, -1.0, 0.4)
    for left, right, top, bottom in sides:
        box = hair[
            max(0, int(y + top * width)) : max(0, int(y + bottom * width)) + 1,
            max(0, int(x + left * width)) : max(0, int(x + right * width)) + 1,
        ]
        cut_off = box.size < _SEEN * (right - left) * (bottom - top) * width * width
        if not cut_off and (box.size == 0 or box.mean() < 0.08):
            return False
    return bool(hair.any())


def _middle(head: Mask, x: float, crown: float, size: float) -> float:
    """Centre of the cranium: the mean over its rows of the middle of their extent."""
    low = max(0, int(x - 0.7 * size))
    rows = slice(max(0, int(crown)), max(0, int(crown + 0.45 * size)) + 1)
    window = head[rows, low : int(x + 0.7 * size) + 1]
    window = window[window.any(axis=1)]
    if window.shape[0] == 0:
        return x
    first = window.argmax(axis=1)
    last = window.shape[1] - 1 - window[:, ::-1].argmax(axis=1)
    return float(low + (first + last).mean() / 2)


def _head_of_shape(hair: Mask, head: Mask) -> Head:
    """The head whose outline, hair and skin together, is `head`."""
    # What the picture's edge cuts goes on beyond it.
    border = max(head.shape) // 2
    padded = cv2.copyMakeBorder(
        head.astype(np.uint8), border, border, border, border, cv2.BORDER_REPLICATE
    )
    padded[:border] = 0
    filled = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    radius = cv2.distanceTransform(filled, cv2.DIST_L2, 5)[border:-border, border:-border]
    top = np.flatnonzero(hair.any(axis=1))[0]
    gap = np.maximum(np.arange(head.shape[0])[:, None] - radius - top, 0)
    # A knot on top is no head: somewhat lower is fine if much wider.
    y, x = np.unravel_index(np.argmax(np.where(head, radius - 0.5 * gap, -1)), head.shape)
    r = max(float(radius[y, x]), 1.0)
    # The crown's outline is scalp too; lower down hair hangs loose over the nape.
    return Head(2.4 * r, float(x), float(y) - 0.1 * r, 1.1 * r, 1.2 * r, 0.5 * r)


def _is_feature(small: Head, large: Head) -> bool:
    """Whether the smaller of two faces is a part of the larger one's head."""
    away = float(np.hypot(small.x - large.x, small.y - large.y))
    return small.size < _FEATURE * large.size and away < 1.25 * large.size


def _belongs(hair: Mask, head: Head) -> bool:
    """Whether hair lies so near to a head that it must be that head's, and is not too much."""
    rows, columns = np.nonzero(hair)
    distance = np.hypot(columns - head.x, rows - head.y) / head.size
    return bool(distance.min() < 0.9 and rows.size < _MOST_HAIR * head.size**2)


def _touches(hair: Mask, skin: Mask) -> bool:
    """Whether skin adjoins hair, and is a good part of what the two show."""
    around = cv2.dilate(skin.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return bool((around & hair).any() and skin.sum() > 0.05 * hair.sum())
