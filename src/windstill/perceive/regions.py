"""What is there and what is not, decided per region instead of per pixel.

The rules, all of them here:

- A region is a connected set of pixels with probability above `LIKELY`; it counts only if its
  most certain pixel passes `Rule.certain` and its mean `Rule.mean`.
- A region of sky counts by the network's evidence for the region as a whole: so a white wall goes,
  however sure each of its pixels is, and a real sky keeps its hazy end.
- In a portrait the sky must be surer, too: a backdrop out of focus looks much like one.
- Regions smaller than `Rule.speck` of the picture go. If all that is left is smaller than
  `Rule.least`, the element is not there.
- A hole that is not clearly something else (mean probability above `Rule.hole`) and small is
  filled.
- Hair must touch a face, by a weaker rule if the face detector saw it, or be so large and so
  certain that it can be a head seen from behind.
- What has been found in the whole photo is there; a closer look at a large head only says where.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

LIKELY = 0.5
# Clouds and dark skies beside an accepted sky are often no likelier than this; ground is at
# nearly nought.
DOUBTFUL, DOUBTFUL_MEAN = 0.3, 0.4
RIM = 0.01
FACE_REACH = 0.02


@dataclass(frozen=True)
class Rule:
    """When a region counts. Areas are parts of the picture's area."""

    certain: float
    mean: float
    speck: float
    least: float
    hole: float
    largest_hole: float


SKY = Rule(0.7, 0.5, speck=0.0004, least=0.002, hole=0.25, largest_hole=0.03)
SKY_OF_PORTRAIT = replace(SKY, certain=0.9, mean=0.77)
HAIR = Rule(0.85, 0.72, speck=0.0003, least=0.0006, hole=0.2, largest_hole=0.002)
# Beside a detected face hair passes with less certainty if its area is at least this part of the
# face's: smaller parts were microphones and hat brims.
EXPECTED_HAIR, EXPECTED_AREA = replace(HAIR, certain=0.75, mean=0.62), 0.25
FACE = Rule(0.7, 0.65, speck=0.0003, least=0.0003, hole=0.0, largest_hole=0.01)

# Hair without a face: at least this part of the picture, this sure.
FACELESS_AREA = 0.004
FACELESS_MEAN = 0.81
# Faces of this part of the picture make it a portrait, whose backdrop is easily taken for sky.
PORTRAIT = 0.02
# What a second look finds must lie at least this much where the first look saw something.
OVERLAP = 0.25


def sky_region(probability: F32, evidence: F32, face: Bool) -> Bool:
    """The sky, bool (h, w).

    probability: float32 (h, w). evidence: float32, coarser; see `network.Look`. face: bool (h, w).
    """
    portrait = np.count_nonzero(face) > PORTRAIT * face.size
    rule = SKY_OF_PORTRAIT if portrait else SKY
    likely = probability > LIKELY
    parts = _parts(likely, np.asarray(cv2.resize(evidence, likely.shape[::-1]), np.float32))
    sky = _accepted(probability, parts.chosen(parts.mean > 0), rule)
    return _settled(probability, _grown(probability, sky), rule)


def face_region(probability: F32, known: Bool | None = None) -> Bool:
    """The faces, bool (h, w). known: those found before, bool (h, w)."""
    faces = _accepted(probability, probability > LIKELY, FACE)
    return _settled(probability, faces | _known_parts(probability, known), FACE)


def hair_region(
    probability: F32, face: Bool, known: Bool | None = None, box: Bool | None = None
) -> Bool:
    """The hair that can belong to a head, bool (h, w). face: bool (h, w). known: the hair found
    before, bool (h, w). box: the detected face, bool (h, w); the rule for hair beside it is
    weaker."""
    reach = max(2, round(FACE_REACH * float(np.hypot(*face.shape))))
    accepted = _accepted(probability, probability > LIKELY, HAIR)
    if box is not None:
        face = face | box
        expected = _parts(_accepted(probability, probability > LIKELY, EXPECTED_HAIR), probability)
        accepted |= expected.chosen(expected.area > EXPECTED_AREA * np.count_nonzero(box))
    near = cv2.dilate(face.astype(np.uint8), disc(reach)) > 0
    parts = _parts(accepted, probability)
    by_face = parts.touching(near)
    from_behind = (parts.area > FACELESS_AREA * face.size) & (parts.mean > FACELESS_MEAN)
    hair = parts.chosen(by_face | from_behind) | _known_parts(probability, known)
    return _settled(probability, hair, HAIR)


def overlapping(region: Bool, mask: Bool) -> Bool:
    """The connected parts of a region of which enough lies in `mask`; all bool (h, w)."""
    parts = _parts(region, mask.astype(np.float32))
    return parts.chosen(parts.mean > OVERLAP)


def grown_from(ground: Bool, stems: Bool, length: int) -> Bool:
    """The parts of `stems` that touch `ground`, but for a pixel, and reach `length` pixels in
    rows or columns: what is shorter is the texture of a cloud or a pullover. All bool (h, w).
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(stems.astype(np.uint8), connectivity=8)
    chosen = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= length
    beside = cv2.dilate(ground.astype(np.uint8), disc(2)) > 0
    rooted = np.zeros(len(stats), bool)
    rooted[labels[beside]] = True
    chosen &= rooted
    chosen[0] = False
    return np.asarray(chosen[labels])


def without_rejected(probability: F32, region: Bool, near: Bool) -> F32:
    """The probability where it is `near` a region; 0 elsewhere, and 1 in the region's holes.

    What was rejected near an accepted region goes too: it is no soft edge of that region.
    """
    rejected = (probability > LIKELY) & ~region
    kept = np.where(near & ~rejected, probability, np.float32(0))
    return np.asarray(np.where(region & (probability <= LIKELY), np.float32(1), kept), np.float32)


def disc(radius: int) -> U8:
    """A round structuring element."""
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _known_parts(probability: F32, known: Bool | None) -> Bool:
    """The likely parts of which enough has been found before."""
    likely = probability > LIKELY
    return np.zeros_like(likely) if known is None else overlapping(likely, known)


def _accepted(probability: F32, likely: Bool, rule: Rule) -> Bool:
    """The connected parts of `likely` that the rule counts."""
    parts = _parts(likely, probability)
    certain = parts.touching(probability > rule.certain)
    counted = parts.area > rule.speck * probability.size
    return parts.chosen(certain & counted & (parts.mean > rule.mean))


def _grown(probability: F32, region: Bool) -> Bool:
    """The region and the doubtful parts beside it: what is no sky at all is not doubtful."""
    if not region.any():
        return region
    beside = cv2.dilate(region.astype(np.uint8), disc(3)) > 0
    doubtful = ((probability > DOUBTFUL) & ~region).astype(np.uint8)
    # Along every edge the probability falls through the doubtful: only what is wide counts.
    width = max(2, round(RIM * float(np.hypot(*region.shape))))
    wide = cv2.morphologyEx(doubtful, cv2.MORPH_OPEN, disc(width)) > 0
    parts = _parts(wide, probability)
    return region | parts.chosen(parts.touching(beside) & (parts.mean > DOUBTFUL_MEAN))


def _settled(probability: F32, region: Bool, rule: Rule) -> Bool:
    """The region with its small, doubtful holes filled; empty if it is too small to be there."""
    if np.count_nonzero(region) < rule.least * region.size:
        return np.zeros(region.shape, bool)
    holes = _parts(~region, probability)
    small = holes.area < rule.largest_hole * region.size
    return region | holes.chosen(small & (holes.mean > rule.hole))


@dataclass(frozen=True)
class _Parts:
    """The connected parts of a mask: pixels and mean probability of each; part 0 is the rest, of
    which nothing is known."""

    labels: NDArray[np.int32]
    area: NDArray[np.int64]
    mean: NDArray[np.float64]

    def touching(self, mask: Bool) -> Bool:
        """Which parts share a pixel with `mask`."""
        hit = np.zeros(len(self.area), bool)
        hit[self.labels[mask]] = True
        return hit

    def chosen(self, which: Bool) -> Bool:
        """The mask of the parts chosen."""
        table = which.copy()
        table[0] = False
        return np.asarray(table[self.labels])


def _parts(mask: Bool, probability: F32) -> _Parts:
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    # Nothing asks about the rest: it isn't counted.
    inside = labels[mask]
    area = np.bincount(inside, minlength=count)
    total = np.bincount(inside, weights=probability[mask], minlength=count)
    return _Parts(np.asarray(labels, np.int32), area, total / np.maximum(area, 1))
