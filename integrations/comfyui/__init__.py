"""Windstill's nodes for ComfyUI. Copy or link this folder into ComfyUI's `custom_nodes`, and
install `windstill` into its Python.
"""

from __future__ import annotations

from .nodes import AnimatePhoto, AnimateToFile, FindMattes

NODE_CLASS_MAPPINGS = {
    "WindstillAnimate": AnimatePhoto,
    "WindstillAnimateToFile": AnimateToFile,
    "WindstillMattes": FindMattes,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "WindstillAnimate": "Animate sky and hair (Windstill)",
    "WindstillAnimateToFile": "Animate sky and hair to a file (Windstill)",
    "WindstillMattes": "Mattes of sky and hair (Windstill)",
}

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
