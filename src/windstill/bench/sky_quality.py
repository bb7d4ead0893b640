"""How a sky drifts as a viewer sees it: whether it travels, which way, and what falls apart.

Everything is measured on frames alone, shrunk to a longer side of `LONG` pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from windstill.bench.metrics import Frames, Mask

F32 = NDArray[np.float32]

LONG = 640
# Pieces that are looked for: of a cloud's detail, and large enough to be found again; and how far
# apart they lie. Pixels.
BLOCK, BLOCK_STRIDE = 20, 20
PIECE, PIECE_STRIDE = 32, 16
# How far around its place a block may come from (share of `LONG`), and a piece may have gone.
REACH, FARTHEST = 0.05, 32
# Moments of the loop that are looked at.
MOMENTS, STARTS = 12, 4
# A block that differs by more levels from all that the photo has nearby is torn or doubled: an eye
# sees tears from about 12 levels on, and below 8 none.
SEEN = 8.0
# Changes of a block's brightness that nobody takes for a fault, levels.
BRIGHTNESS = 3.0
# Pieces of less contrast (levels) look alike everywhere.
CONTRAST = 4.0
# Frames from one to the next of a pair whose flow is measured.
FLOW_STEP = 4


def figures(frames: Frames, sky: Mask, fps: float) -> dict[str, float]:
    """unexplained, travel and steady of luma frames, uint8 (N, H, W), in `sky`, bool (H, W)."""
    small, inside = _shrunk(frames, sky)
    return {
        "unexplained": unexplained(small, inside),
        "travel": travel(small, inside, round(2 * fps)),
        "steady": steadiness(small, inside),
    }


def unexplained(frames: list[F32], inside: Mask) -> float:
    """The share of blocks, at all moments, that are like no nearby piece of the first frame.

    Torn, doubled, vanished and mirrored things are; whole pieces that moved are not. A cloud that
    grows or erodes is like nothing before, too, and is no fault.
    """
    reach = int(REACH * LONG)
    places = _places(inside, BLOCK, BLOCK_STRIDE)
    if not places:
        return 0.0
    around = cv2.copyMakeBorder(
        frames[0], reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=-1e4
    )
    left = []
    for moment in range(MOMENTS):
        frame = frames[moment * len(frames) // MOMENTS]
        for y, x in places:
            block = np.ascontiguousarray(frame[y : y + BLOCK, x : x + BLOCK])
            window = around[y : y + BLOCK + 2 * reach, x : x + BLOCK + 2 * reach]
            errors = cv2.matchTemplate(window, block, cv2.TM_SQDIFF)
            _, _, (left_of, above), _ = cv2.minMaxLoc(errors)
            left.append(_apart(block, window[above : above + BLOCK, left_of : left_of + BLOCK]))
    return float(np.mean(np.array(left) > SEEN))


def travel(frames: list[F32], inside: Mask, later: int) -> float:
    """The median way of pieces that are found again `later` frames on, % of the longer side.

    Texture that streams through outlines that stand has a flow, but does not travel. 0 if the sky
    has no piece of enough contrast.
    """
    height, width = frames[0].shape
    places = [
        (y, x)
        for y, x in _places(inside, PIECE, PIECE_STRIDE)
        if FARTHEST <= y <= height - PIECE - FARTHEST
        and FARTHEST <= x <= width - PIECE - FARTHEST
        and frames[0][y : y + PIECE, x : x + PIECE].std() > CONTRAST
    ]
    ways = []
    for start in range(0, len(frames), max(1, len(frames) // STARTS)):
        then = frames[(start + later) % len(frames)]
        for y, x in places:
            piece = np.ascontiguousarray(frames[start][y : y + PIECE, x : x + PIECE])
            window = then[y - FARTHEST : y + PIECE + FARTHEST, x - FARTHEST : x + PIECE + FARTHEST]
            match = cv2.matchTemplate(window, piece, cv2.TM_CCOEFF_NORMED)
            _, _, _, (across, down) = cv2.minMaxLoc(match)
            ways.append(np.hypot(across - FARTHEST, down - FARTHEST) / LONG * 100)
    return float(np.median(ways)) if ways else 0.0


def steadiness(frames: list[F32], inside: Mask) -> float:
    """How much of the path that the optical flow measures leads one way: 1 drifts, 0 rocks."""
    if not inside.any():
        return 0.0
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    levels = [np.rint(frame).clip(0, 255).astype(np.uint8) for frame in frames]
    total, path = np.zeros((*inside.shape, 2), np.float32), np.zeros(inside.shape, np.float32)
    for start in range(0, len(frames), max(1, len(frames) // MOMENTS)):
        flow = search.calc(levels[start], levels[(start + FLOW_STEP) % len(frames)], None)
        total += flow
        path += np.hypot(flow[..., 0], flow[..., 1])
    way = np.hypot(total[..., 0], total[..., 1])
    return float(way[inside].sum() / max(float(path[inside].sum()), 1e-6))


def _shrunk(frames: Frames, sky: Mask) -> tuple[list[F32], Mask]:
    height, width = sky.shape
    scale = LONG / max(height, width)
    size = round(width * scale), round(height * scale)
    small = [
        cv2.resize(frame.astype(np.float32), size, interpolation=cv2.INTER_AREA) for frame in frames
    ]
    share = cv2.resize(sky.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return small, np.asarray(share > 0.8)


def _places(inside: Mask, side: int, stride: int) -> list[tuple[int, int]]:
    """Rows and columns of squares of `side` pixels that lie in the sky."""
    height, width = inside.shape
    return [
        (y, x)
        for y in range(0, height - side + 1, stride)
        for x in range(0, width - side + 1, stride)
        if inside[y : y + side, x : x + side].all()
    ]


def _apart(block: F32, best: F32) -> float:
    """How unlike two blocks are, levels, small changes of brightness forgiven."""
    shift = float(block.mean() - best.mean())
    shape = (block - best) - shift
    return float(np.sqrt((shape**2).mean() + max(0.0, abs(shift) - BRIGHTNESS) ** 2))
