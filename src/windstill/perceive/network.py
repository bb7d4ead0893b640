"""The networks: probabilities of sky, hair and face of a photo, probabilities of hair and face
around a head, and boxes of faces, from one forward pass each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.errors import PerceptionError

WEIGHTS = "windstill-mattes.onnx"
HEADS_WEIGHTS = "windstill-heads.onnx"
FACES_WEIGHTS = "windstill-faces.onnx"
# The network halves its maps five times.
MULTIPLE = 32

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


def working_size(height: int, width: int, long_side: int) -> tuple[int, int]:
    """(rows, columns) nearest to the photo's shape that the network can take."""
    scale = long_side / max(height, width)
    rows, columns = (
        max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (height, width)
    )
    return rows, columns


@dataclass(frozen=True)
class Look:
    """What the network says about a picture, at its working size.

    probability: of sky, hair and face, float32 (3, h, w) in [0, 1]. sky_evidence: float32
    (h / 8, w / 8); its mean over a region is the log-odds that the region as a whole is sky.
    """

    probability: F32
    sky_evidence: F32

    def mirrored(self) -> Look:
        """The same of the mirror image."""
        return Look(self.probability[..., ::-1], self.sky_evidence[..., ::-1])


def shown(rgb: U8, long_side: int) -> U8:
    """The picture as the network sees it, uint8 (h, w, 3); the longer side is about `long_side`."""
    height, width = rgb.shape[:2]
    rows, columns = working_size(height, width, long_side)
    shrinks = rows * columns < height * width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, (columns, rows), interpolation=how), np.uint8)


def infer(rgb: U8, *, long_side: int, threads: int | None = None, mirrored: bool = False) -> Look:
    """What the network says about a picture.

    rgb: uint8 (H, W, 3), of any size. The answer covers the same picture at the network's working
    size, whose longer side is about `long_side`. threads: of the processor; None for all. mirrored:
    show the network the picture's mirror image; the answer still covers the picture itself.
    Raises PerceptionError when the network is missing, damaged or fails.
    """
    small = shown(rgb, long_side)
    if mirrored:
        small = cv2.flip(small, 1)
    mattes, evidence = _answers(WEIGHTS, ["mattes", "evidence"], small, threads)
    look = Look(mattes[0], evidence[0, 0])
    return look.mirrored() if mirrored else look


def look_at_head(rgb: U8, *, long_side: int, threads: int | None = None) -> F32:
    """What the network for heads says about a picture of one: probabilities of hair and face,
    float32 (2, h, w) in [0, 1]. Everything else is as for `infer`."""
    (heads,) = _answers(HEADS_WEIGHTS, ["heads"], shown(rgb, long_side), threads)
    return np.asarray(heads[0])


def face_map(rgb: U8, *, long_side: int, threads: int | None = None) -> F32:
    """The output of the face detector, float32 (5, h / 4, w / 4) for a picture resized to (h, w).

    For each cell of 4 x 4 pixels: the score of a face whose centre lies in it, 0 to 1; the
    logarithms of the face's height and width, in cells; the offsets of the centre in the cell, down
    and across. Everything else is as for `infer`.
    """
    (cells,) = _answers(FACES_WEIGHTS, ["faces"], shown(rgb, long_side), threads)
    return np.asarray(cells[0])


def agreed(first: F32, second: F32) -> F32:
    """What two probabilities of the same thing come to: their odds' geometric mean. In [0, 1]."""
    likely = np.sqrt(first * second)
    return np.asarray(likely / (likely + np.sqrt((1 - first) * (1 - second)) + 1e-9), np.float32)


def _answers(weights: str, outputs: list[str], small: U8, threads: int | None) -> list[F32]:
    """A network's outputs for a picture of its working size."""
    session = _session(weights, threads)
    try:
        found = session.run(outputs, {"rgb": small[None]})
    except Exception as error:
        raise PerceptionError(f"the matte network failed: {error}") from error
    return [np.asarray(each, np.float32) for each in found]


@lru_cache(maxsize=4)
def _session(weights: str, threads: int | None) -> Any:
    # From 1.29 on the runtime reports its use to its maker, unless this is set before it loads.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # Imported here: it takes a third of a second, and `import windstill` must take none.
    try:
        import onnxruntime
    except ImportError as error:
        raise PerceptionError("onnxruntime is not installed") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Idle threads must not spin: the renderer and the encoder need the processor next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena would keep the peak of the first photo for the life of the process.
    options.enable_cpu_mem_arena = False
    path = resources.files("windstill.perceive").joinpath("weights", weights)
    try:
        return onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise PerceptionError(f"the matte network can't be loaded: {error}") from error
