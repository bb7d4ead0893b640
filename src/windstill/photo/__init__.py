"""From what a caller has - a file, bytes, pixels - to an upright sRGB picture within limits.

Everything here takes its input for hostile: a type is recognised by content alone, sizes are
checked before a pixel is decoded, a container is walked by our own bounded reader, and a decoder -
Pillow, libheif for HEIC, our own for bitmaps - sees nothing but the coded pixels. What a file means
is what browsers take it for, as the tests beside Chromium say.
"""

from windstill.photo.limits import COMPATIBLE_LIMITS, EXTENSIONS, FORMATS, Limits
from windstill.photo.photo import Photo, PhotoSource, read_photo

__all__ = [
    "COMPATIBLE_LIMITS",
    "EXTENSIONS",
    "FORMATS",
    "Limits",
    "Photo",
    "PhotoSource",
    "read_photo",
]
