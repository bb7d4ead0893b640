"""The elements that can move, front to back."""

from __future__ import annotations

from windstill.elements.base import Element
from windstill.elements.hair import Hair
from windstill.elements.sky import Sky

FRONT_TO_BACK: tuple[Element, ...] = (Hair(), Sky())
