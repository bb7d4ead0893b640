"""Hair that sways in a breeze: rooted at the scalp, free at the tips."""

from windstill.elements.hair.element import Hair

__all__ = ["Hair"]
