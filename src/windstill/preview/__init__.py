"""What a browser needs to show an animation before it is rendered.

A preview is small: mattes as a picture, and a motion package from which a browser repaints the
same motion that the renderer would render, in any wind, without asking again.
"""

from windstill.preview.make import MAX_SIDE, Preview, make_preview
from windstill.web.package import VERSION, MotionPackage

__all__ = ["MAX_SIDE", "VERSION", "MotionPackage", "Preview", "make_preview"]
