"""The sky: a cloud layer that drifts in perspective, and everything in it that stays."""

from windstill.elements.sky.element import Sky

__all__ = ["Sky"]
