"""AVIF (AV1 in HEIF; ISO 14496-12 and 23008-12): its primary still picture."""

from __future__ import annotations

from windstill.photo.containers.av1 import coded_sizes
from windstill.photo.containers.base import Admit, Container, Damaged, NotDecodable
from windstill.photo.containers.base_media import contents, encoding_of_primary, read_still


def read(data: bytes, admit: Admit) -> Container:
    """Checks the size of every coded picture in the file, not only the size it states.

    A file may state a small size for a picture coded with a large one; a decoder then fills
    gigabytes before it scales. The ICC profile and the properties that turn the picture are left
    to the decoder. See the package; raises `Damaged` or `NotDecodable`.
    """
    still = read_still(data)
    items = still.items
    if not items.sizes and still.film:
        raise NotDecodable("an AVIF sequence without a still picture")
    if not items.sizes:
        raise Damaged("it states no size")
    size = max(items.sizes, key=lambda each: each[0] * each[1])
    admit(*size)
    for stream in contents(data, items, items.of_kind(b"av01")):
        for width, height in coded_sizes(stream):
            admit(max(size[0], width), max(size[1], height))
    return Container(size, still.payload, encoding=encoding_of_primary(data, items))
