"""Planar YUV 4:2:0 pictures, the form in which everything is rendered and encoded."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Planes:
    """One I420 picture, BT.709 limited range.

    y: uint8 (H, W); u, v: uint8 (H/2, W/2); H and W even. Chroma is sited between its four
    luma pixels (the centre, as JPEG does).
    """

    y: U8
    u: U8
    v: U8

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the luma plane."""
        height, width = self.y.shape
        return height, width

    def copy(self) -> Planes:
        """The same picture in memory of its own."""
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())

    def copy_from(self, other: Planes) -> None:
        """Overwrites this picture's pixels with `other`'s, without allocating."""
        np.copyto(self.y, other.y)
        np.copyto(self.u, other.u)
        np.copyto(self.v, other.v)

    def crop(self, region: Region) -> Planes:
        """The views of the planes inside `region`."""
        return Planes(self.y[region.luma], self.u[region.chroma], self.v[region.chroma])


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture with even edges, so that it is one in every plane."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def luma(self) -> tuple[slice, slice]:
        """Rows and columns of the luma plane."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def chroma(self) -> tuple[slice, slice]:
        """Rows and columns of the chroma planes."""
        return (
            slice(self.top // 2, self.bottom // 2),
            slice(self.left // 2, self.right // 2),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in luma pixels."""
        return self.bottom - self.top, self.right - self.left

    @staticmethod
    def around(mask: NDArray[np.bool_], margin: int = 0) -> Region | None:
        """The smallest even region that holds all of `mask` (bool, (H, W)); None if it is empty."""
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return None
        columns = np.flatnonzero(mask.any(axis=0))
        height, width = mask.shape
        return Region(
            max(0, int(rows[0]) - margin) & ~1,
            max(0, int(columns[0]) - margin) & ~1,
            min(height, (int(rows[-1]) + 2 + margin) & ~1),
            min(width, (int(columns[-1]) + 2 + margin) & ~1),
        )


def alike(plane: F32) -> F32:
    """A plane, float32 (H, W), as all three of a picture, (H, W, 3): NumPy takes ten times as long
    for pictures and planes that it has to match."""
    picture: F32 = cv2.merge([plane] * 3)
    return picture


# BT.709, R'G'B' 0-255 to Y' 16-235 and Cb, Cr 16-240 (ITU-R BT.709-6, section 3).
_KR, _KG, _KB = 0.2126, 0.7152, 0.0722
TO_YUV = np.array(
    [
        [_KR * 219 / 255, _KG * 219 / 255, _KB * 219 / 255, 16],
        [
            -_KR / (2 * (1 - _KB)) * 224 / 255,
            -_KG / (2 * (1 - _KB)) * 224 / 255,
            0.5 * 224 / 255,
            128,
        ],
        [
            0.5 * 224 / 255,
            -_KG / (2 * (1 - _KR)) * 224 / 255,
            -_KB / (2 * (1 - _KR)) * 224 / 255,
            128,
        ],
    ],
    dtype=np.float32,
)
TO_RGB = np.linalg.inv(TO_YUV[:, :3])
TO_RGB = np.column_stack([TO_RGB, -TO_RGB @ TO_YUV[:, 3]]).astype(np.float32)


def from_rgb(rgb: U8) -> Planes:
    """sRGB picture, uint8 (H, W, 3), to planes; an odd edge is doubled to make the size even."""
    height, width = rgb.shape[:2]
    if height % 2 or width % 2:
        rgb = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    yuv = cv2.transform(rgb, TO_YUV)
    size = yuv.shape[1] // 2, yuv.shape[0] // 2
    return Planes(
        np.ascontiguousarray(yuv[..., 0]),
        cv2.resize(np.ascontiguousarray(yuv[..., 1]), size, interpolation=cv2.INTER_AREA),
        cv2.resize(np.ascontiguousarray(yuv[..., 2]), size, interpolation=cv2.INTER_AREA),
    )


def to_rgb(planes: Planes) -> U8:
    """Planes to an sRGB picture, uint8 (H, W, 3); chroma is interpolated linearly."""
    height, width = planes.shape
    chroma = [
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        for plane in (planes.u, planes.v)
    ]
    rgb: U8 = cv2.transform(cv2.merge([planes.y, *chroma]), TO_RGB)
    return rgb
