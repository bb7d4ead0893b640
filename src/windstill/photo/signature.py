"""What kind of file some bytes are, by their signature; names and endings are never asked."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib.util import find_spec

from PIL import features

from windstill.errors import NotAPhoto, UnsupportedFormat
from windstill.photo.limits import Limits

_PNG = b"\x89PNG\r\n\x1a\n"
_DIB_HEADER_SIZES = {12, *range(16, 65), 108, 124}

# Other kinds of pictures, films and pages, by what they start with (offset, bytes).
_OTHERS: tuple[tuple[str, int, bytes], ...] = (
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    ("Canon raw", 8, b"CR\x02\x00"),
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("BigTIFF", 0, b"II+\x00"),
    ("BigTIFF", 0, b"MM\x00+"),
    ("JPEG XR", 0, b"II\xbc"),
    ("Olympus raw", 0, b"IIRO"),
    ("Olympus raw", 0, b"IIRS"),
    ("Panasonic raw", 0, b"IIU\x00"),
    ("Fujifilm raw", 0, b"FUJIFILMCCD-RAW"),
    ("Photoshop", 0, b"8BPS"),
    ("ICO", 0, b"\x00\x00\x01\x00"),
    ("CUR", 0, b"\x00\x00\x02\x00"),
    ("ICNS", 0, b"icns"),
    ("PDF", 0, b"%PDF-"),
    ("PostScript", 0, b"%!PS"),
    ("EPS", 0, b"\xc5\xd0\xd3\xc6"),
    ("JPEG 2000", 0, b"\x00\x00\x00\x0cjP  "),
    ("JPEG 2000", 0, b"\xff\x4f\xff\x51"),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("JPEG XL", 0, b"\x00\x00\x00\x0cJXL "),
    ("JPEG-LS", 0, b"\xff\xd8\xff\xf7"),
    ("MNG", 0, b"\x8aMNG\r\n\x1a\n"),
    ("JNG", 0, b"\x8bJNG\r\n\x1a\n"),
    ("BPG", 0, b"BPG\xfb"),
    ("FLIF", 0, b"FLIF"),
    ("QOI", 0, b"qoif"),
    ("OpenEXR", 0, b"v/1\x01"),
    ("Radiance HDR", 0, b"#?RADIANCE"),
    ("Radiance HDR", 0, b"#?RGBE"),
    ("DDS", 0, b"DDS "),
    ("XCF", 0, b"gimp xcf"),
    ("DjVu", 0, b"AT&TFORM"),
    ("FITS", 0, b"SIMPLE  ="),
    ("DICOM", 128, b"DICM"),
    ("WMF", 0, b"\xd7\xcd\xc6\x9a"),
    ("EMF", 40, b" EMF"),
    ("Sun raster", 0, b"\x59\xa6\x6a\x95"),
    ("XPM", 0, b"/* XPM */"),
    ("OS/2 bitmap array", 0, b"BA"),
    ("AVI video", 8, b"AVI LIST"),
    ("Matroska or WebM video", 0, b"\x1a\x45\xdf\xa3"),
    ("Flash video", 0, b"FLV\x01"),
    ("Ogg", 0, b"OggS"),
    ("Windows Media", 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("MPEG video", 0, b"\x00\x00\x01\xba"),
    ("MPEG video", 0, b"\x00\x00\x01\xb3"),
    ("MP4 or QuickTime video", 4, b"moov"),
    ("MP4 or QuickTime video", 4, b"mdat"),
    ("MP4 or QuickTime video", 4, b"wide"),
)
# What servers and programs hand out in a photo's place, by its start in lower case.
_NO_PICTURES = (
    ("a web page (HTML)", b"<!doctype html"),
    ("a web page (HTML)", b"<html"),
    ("JSON", b"{"),
    ("a ZIP archive", b"pk\x03\x04"),
    ("compressed with gzip", b"\x1f\x8b"),
)
_NETPBM = re.compile(rb"P[1-7]\s+[#\dW]|P[Ff]\s+\d")
_SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml\b|<!--|<!DOCTYPE svg\b|<svg[\s>])", re.I)
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"miaf"}


def accepted_format(data: bytes, limits: Limits) -> str:
    """The name, out of `FORMATS`, of what `data` are.

    Raises `UnsupportedFormat` for another kind of picture, film or page, or one that the limits
    exclude; `NotAPhoto` for anything else.
    """
    name = identify(data)
    allowed = limits.allowed_formats
    if name is None:
        found = _taken_for_a_photo(data) or "not an image"
        raise NotAPhoto(f"The file is {found}; allowed are {allowed}.")
    if name not in limits.formats:
        raise UnsupportedFormat(f"The file is of the kind {name}; allowed are {allowed}.")
    if not decodable(name):
        raise UnsupportedFormat(
            f"{name} can't be decoded by what is installed here ({_decoder(name)}); send another "
            "format."
        )
    return name


def identify(data: bytes) -> str | None:
    """The kind of file, as words for a person; one of `FORMATS` if it can be decoded."""
    if data.startswith(_PNG) or (data[1:4] == b"PNG" and b"IHDR" in data[:24]):
        # A transfer in text mode changes exactly what this signature holds for the purpose.
        return "PNG"
    if data[4:8] == b"ftyp":
        return _base_media(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith(b"BM") and _looks_like_bmp(data):
        return "BMP"
    for name, offset, signature in _OTHERS:
        if data.startswith(signature, offset):
            return name
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if _NETPBM.match(data):
        return "Netpbm"
    if _SVG.match(data) and b"<svg" in data[:4096].lower():
        return "SVG"
    return None


def _taken_for_a_photo(data: bytes) -> str | None:
    """What clients send by mistake, in words; None for anything else."""
    head = data[:512].lstrip()
    if head.startswith(b"data:") and b";base64," in head[:80]:
        return "a data URL, that is text, and not an image: send the bytes that it stands for"
    for name, start in _NO_PICTURES:
        if head[: len(start)].lower() == start:
            return f"{name} and not an image"
    try:
        decoded = base64.b64decode(head[:64], validate=True)
    except ValueError:
        return None
    if len(head) >= 64 and identify(decoded) is not None:
        return "base64, that is text, and not an image: send the bytes that it stands for"
    return None


def _looks_like_bmp(data: bytes) -> bool:
    """Two letters prove little: text may start with them."""
    return len(data) >= 18 and int.from_bytes(data[14:18], "little") in _DIB_HEADER_SIZES


def _base_media(data: bytes) -> str:
    """AVIF, HEIF or a film: ISO base media files tell by their brands (ISO 14496-12, 4.3)."""
    end = min(max(int.from_bytes(data[:4], "big"), 16), 4096)
    major = data[8:12]
    brands = {major, *(data[at : at + 4] for at in range(16, min(end, len(data)), 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if major == b"crx ":
        return "Canon raw"
    if brands & _HEIF_BRANDS:
        return "HEIC"
    return "MP4 or QuickTime video"


def _decoder(name: str) -> str:
    return "the package pillow-heif is missing" if name == "HEIC" else "Pillow"


@cache
def decodable(name: str) -> bool:
    """Whether files of the format `name`, out of `FORMATS`, can be decoded here."""
    if name == "HEIC":
        return find_spec("pillow_heif") is not None
    feature = {"JPEG": "jpg", "PNG": "zlib", "WEBP": "webp", "AVIF": "avif"}.get(name)
    return feature is None or bool(features.check(feature))
