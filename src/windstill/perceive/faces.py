"""Face detection: boxes around the faces of a photo.

At the size at which the matte network sees a photo, heads of a group are ten or twenty pixels
large. The face detector, CenterFace (Xu et al., "CenterFace: Joint Face Detection and Alignment
Using Face as Point", 2019), finds faces of six pixels and more. It only says where to look: the
matte networks decide which pixels are hair and face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.perceive.network import face_map, shown

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

# Longer side of the picture that the detector sees, in pixels: at 640 it finds as many of the
# heads of hair/difficult (`training.difficult`), in 1.6 times the time.
DETECTION_SIDE = 512
# The same while the photo's orientation is looked for.
ORIENTATION_SIDE = 320
# The photo counts as turned if the detector's scores of the turned photo add up to this much more.
ORIENTATION_MARGIN = 0.5
# Least score of a face; two boxes whose IoU is larger than this are one face.
MIN_SCORE, NMS_IOU = 0.4, 0.3


@dataclass(frozen=True)
class Face:
    """The box around a face, from forehead to chin: its centre (x, y) and its size, in pixels;
    score: how sure the detector is, 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    score: float

    @property
    def size(self) -> float:
        """The geometric mean of both sides, in pixels."""
        return float(np.sqrt(self.width * self.height))

    def cropped(self, left: float, top: float, x_scale: float, y_scale: float) -> Face:
        """The same face in a crop of the photo that begins at (left, top) and is then scaled."""
        return Face(
            (self.x - left) * x_scale,
            (self.y - top) * y_scale,
            self.width * x_scale,
            self.height * y_scale,
            self.score,
        )


def quarter_turns(rgb: U8, *, threads: int | None = None) -> int:
    """The number of quarter turns counter-clockwise (as of `numpy.rot90`) that set the people of a
    photo upright; 0 where no orientation has plainly more faces than the given one.

    rgb: uint8 (H, W, 3). Raises PerceptionError as `detect_faces` does.
    """
    small = shown(rgb, ORIENTATION_SIDE)
    scores = []
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(small, turns))
        faces = detect_faces(turned, long_side=ORIENTATION_SIDE, threads=threads)
        scores.append(sum(face.score for face in faces))
    best = int(np.argmax(scores))
    return best if scores[best] > scores[0] + ORIENTATION_MARGIN else 0


def detect_faces(
    rgb: U8, *, long_side: int = DETECTION_SIDE, threads: int | None = None
) -> list[Face]:
    """The faces of a photo, the largest first, in its pixels.

    rgb: uint8 (H, W, 3). long_side: of the picture that the detector sees, in pixels. threads: of
    the processor; None for all. Raises PerceptionError when the detector's weights are missing or
    damaged, or when it fails.
    """
    outputs = face_map(rgb, long_side=long_side, threads=threads)
    scores = outputs[0]
    peaks = (scores > MIN_SCORE) & (scores >= cv2.dilate(scores, np.ones((3, 3))))
    rows, columns = np.nonzero(peaks)
    log_height, log_width, y_offset, x_offset = outputs[1:, rows, columns]
    y_scale, x_scale = rgb.shape[0] / scores.shape[0], rgb.shape[1] / scores.shape[1]
    boxes = np.stack(
        [
            (columns + x_offset + 0.5) * x_scale,
            (rows + y_offset + 0.5) * y_scale,
            np.exp(log_width) * x_scale,
            np.exp(log_height) * y_scale,
            scores[rows, columns],
        ],
        axis=1,
    )
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:4] / 2, boxes[:, 2:4]], axis=1)
    kept = cv2.dnn.NMSBoxes(corners.tolist(), boxes[:, 4].tolist(), MIN_SCORE, NMS_IOU)
    faces = [Face(*map(float, boxes[index])) for index in np.ravel(kept).astype(int)]
    return sorted(faces, key=lambda face: -face.size)
