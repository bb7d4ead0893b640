"""How a matte depends on colour near the border of an element: `edges.c`, called with arrays.

Two filters in a row. The fast colour guided filter (He, Sun and Tang, "Guided Image Filtering",
2013, in the subsampled form of He and Sun, "Fast Guided Filter", 2015): a small window of the
result is an affine function of the picture's colour; the functions are found on a small copy,
enlarged, and applied to the picture at its full size.

Then, where they can be told, two colours per place: what the element and what lies beside it look
like around each pixel. The share of the element in a pixel is how far its colour lies on the way
from the one to the other (the compositing equation of Porter and Duff, "Compositing Digital
Images", 1984, solved along that line). Twigs and strands that the network can't see as such come
out this way, and the gaps between them too.
"""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from windstill.imaging.compiled import address, load

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

# Loaded now: a service that runs keeps the library that belongs to it while another is installed.
_EDGE = load("perceive", "edges").windstill_edge
# Rows of sums are kept for so many planes, and planes of the picture's size for so many values.
_PLANES, _FUNCTION = 13, 4


class _Edge(ctypes.Structure):
    _fields_ = [
        ("guide", ctypes.c_void_p),
        ("guess", ctypes.c_void_p),
        ("height", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("radius", ctypes.c_int32),
        ("blur", ctypes.c_int32),
        ("epsilon", ctypes.c_float),
        ("contrast", ctypes.c_float),
        ("passes", ctypes.c_int32),
        ("colours", ctypes.c_void_p),
        ("functions", ctypes.c_void_p),
        ("spare", ctypes.c_void_p),
        ("alpha", ctypes.c_void_p),
        ("better", ctypes.c_void_p),
        ("rows", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
    ]


def edge_functions(
    guide: U8, guess: F32, radius: int, epsilon: float, contrast: float, passes: int
) -> F32:
    """Affine functions from colours in [0, 1] to the matte, float32 (h, w, 4): three slopes and an
    offset per pixel.

    guide: uint8 (h, w, 3). guess: float32 (h, w), the matte before the picture is asked. radius: of
    the windows, in pixels. epsilon: variance of colour below which a window counts as flat.
    contrast: the square of the distance of two colours that counts half. passes: how often
    colours and matte are improved by each other; 0 for the guided filter alone. Raises
    ValueError unless guide and guess have one size and radius is at least 1.
    """
    height, width = guess.shape
    if radius < 1:
        raise ValueError(f"a radius of {radius}")
    guide, guess = np.ascontiguousarray(guide), np.ascontiguousarray(guess)
    blur = max(1, radius // 3)
    planes = {"colours": 3, "functions": _FUNCTION, "spare": _FUNCTION, "alpha": 1, "better": 1}
    work = {name: np.empty((count, height, width), np.float32) for name, count in planes.items()}
    rows = np.empty(_PLANES * (5 * width + 2 * radius + 1), np.float32)
    out = np.empty((height, width, _FUNCTION), np.float32)
    edge = _Edge(
        guide=address(guide, np.uint8, (height, width, 3)),
        guess=address(guess, np.float32),
        height=height,
        width=width,
        radius=radius,
        blur=blur,
        epsilon=epsilon,
        contrast=contrast,
        passes=passes,
        rows=address(rows, np.float32),
        out=address(out, np.float32),
        **{name: address(plane, np.float32) for name, plane in work.items()},
    )
    _EDGE(ctypes.byref(edge))
    return out
