"""The libraries of our own that this machine can run."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import cv2

from windstill.imaging.compiled import AVX2


def libraries(module: ModuleType, name: str) -> list[Path]:
    """One for each kind of processor that this one stands in for, beside `module`."""
    found = sorted(Path(str(module.__file__)).parent.glob(f"_{name}*.so"))
    if not cv2.checkHardwareSupport(AVX2):
        found = [path for path in found if "avx2" not in path.name]
    assert found
    return found
