"""Photos that carry their loop, read as galleries and phones read them."""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from PIL import Image

import windstill
from tests.http.photos import coded, jpeg, scene
from tests.video.clips import FPS, FRAMES, drift
from windstill.errors import InvalidOption
from windstill.photo import read_photo
from windstill.video import encode
from windstill.video.jpeg_segments import as_jpeg, is_plain_jpeg

CLIENTS = Path(__file__).parents[2] / ".venv-clients"
EXIFTOOL = CLIENTS / "node/node_modules/exiftool-vendored.pl/bin/exiftool"
CONTAINER = "{http://ns.google.com/photos/1.0/container/}"
ITEM = "{http://ns.google.com/photos/1.0/container/item/}"
GCAMERA = "{http://ns.google.com/photos/1.0/camera/}"
SHORT = {"operation": "1", "seconds": 2, "fps": 8}


def encoded(format: str, **options) -> bytes:
    return encode(drift(), frame_count=FRAMES, fps=FPS, format=format, **options).data


def packet(data: bytes) -> ElementTree.Element:
    """The XMP of a JPEG, in the first segment behind JFIF's."""
    at = 4 + struct.unpack(">H", data[4:6])[0]
    assert data[at : at + 2] == b"\xff\xe1"
    length = struct.unpack(">H", data[at + 2 : at + 4])[0]
    mark, _, xmp = data[at + 4 : at + 2 + length].partition(b"\0")
    assert mark == b"http://ns.adobe.com/xap/1.0/"
    return ElementTree.fromstring(xmp.decode("utf-8").strip().lstrip("\ufeff"))


def film_of(data: bytes) -> bytes:
    """The film of a Motion Photo, cut as its readers cut it: so many bytes from the end."""
    items = list(packet(data).iter(f"{CONTAINER}Item"))
    assert [item.get(f"{ITEM}Semantic") for item in items] == ["Primary", "MotionPhoto"]
    assert [item.get(f"{ITEM}Mime") for item in items] == ["image/jpeg", "video/mp4"]
    return data[-int(items[1].get(f"{ITEM}Length", "0")) :]


def pair_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {Path(name).suffix: archive.read(name) for name in archive.namelist()}


def frames_of(data: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(data)) as file:
        return [frame.to_ndarray() for frame in file.decode(video=0)]


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)))


def exiftool(path: Path, *arguments: str) -> list[str]:
    """What each exiftool that is there prints: the system's, and the newest."""
    commands = [["exiftool"]] if shutil.which("exiftool") else []
    if EXIFTOOL.exists() and shutil.which("perl"):
        commands.append(["perl", str(EXIFTOOL)])
    if not commands:
        pytest.skip("exiftool is not installed")
    return [
        subprocess.run(
            [*command, *arguments, path], capture_output=True, check=True, text=True
        ).stdout
        for command in commands
    ]


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_a_motion_photo_is_a_picture_with_its_film_behind_it(codec: str) -> None:
    data = encoded("motion_photo", codec=codec)
    film = film_of(data)
    assert film == encoded("mp4", codec=codec)
    description = next(
        packet(data).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    )
    assert description.get(f"{GCAMERA}MotionPhoto") == "1"
    assert description.get(f"{GCAMERA}MotionPhotoPresentationTimestampUs") == "0"
    # Android's reader compares these as text.
    for literal in (
        b"GCamera:MotionPhoto=",
        b"Container:Directory>",
        b"<Container:Item Item:Mime=",
    ):
        assert literal in data
    picture = np.asarray(Image.open(io.BytesIO(data)))
    assert picture.shape == (*drift_shape(), 3)
    assert read_photo(data).rgb.shape == picture.shape
    first = np.asarray(Image.fromarray(frames_rgb(film)[0]), int)
    assert np.abs(first - picture).mean() < 3


def drift_shape() -> tuple[int, int]:
    return next(drift()).shape


def frames_rgb(data: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(data)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def test_a_live_photo_is_a_pair_of_one_identifier(tmp_path: Path) -> None:
    encode(drift(), frame_count=FRAMES, fps=FPS, format="live_photo", output=tmp_path / "sea.zip")
    with zipfile.ZipFile(tmp_path / "sea.zip") as archive:
        assert archive.namelist() == ["sea.jpg", "sea.mov"]
    pair = pair_of((tmp_path / "sea.zip").read_bytes())
    (identifier,) = re.findall(rb"Apple iOS\0\0\x01MM.{18}([0-9A-F-]{36})\0", pair[".jpg"], re.S)
    with av.open(io.BytesIO(pair[".mov"])) as film:
        assert film.metadata["com.apple.quicktime.content.identifier"] == identifier.decode()
        assert film.metadata["major_brand"] == "qt  "
        assert [stream.type for stream in film.streams] == ["video", "data"]
    # Not coded again: the frames are those of the film by itself.
    for one, other in zip(frames_of(pair[".mov"]), frames_of(encoded("mp4")), strict=True):
        assert np.array_equal(one, other)
    assert Image.open(io.BytesIO(pair[".jpg"])).size == drift_shape()[::-1]
    assert read_photo(pair[".jpg"]).orientation == 1


@pytest.mark.parametrize("format", ["motion_photo", "live_photo"])
def test_the_same_frames_give_the_same_bytes_and_others_do_not(format: str) -> None:
    assert encoded(format) == encoded(format)
    assert encoded(format) != encoded(format, still=as_jpeg(np.zeros((64, 64, 3), np.uint8)))


def test_exiftool_finds_nothing_wrong(tmp_path: Path) -> None:
    files = {"motion.jpg": encoded("motion_photo")}
    pair = pair_of(encoded("live_photo"))
    files |= {"live.jpg": pair[".jpg"], "live.mov": pair[".mov"]}
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        for told in exiftool(path, "-validate", "-warning", "-error", "-a", "-s3"):
            assert told.split() == ["OK"], name
    for told in exiftool(tmp_path / "live.mov", "-ee", "-s3", "-StillImageTime"):
        assert told.split() == ["0"]
    identifiers = {
        told.strip()
        for name in ("live.jpg", "live.mov")
        for told in exiftool(tmp_path / name, "-s3", "-ContentIdentifier", "-MediaGroupUUID")
    }
    assert len(identifiers) == 1


def test_the_newest_exiftool_takes_the_film_out(tmp_path: Path) -> None:
    if not EXIFTOOL.exists() or shutil.which("perl") is None:
        pytest.skip("needs make clients, and perl")
    path = tmp_path / "motion.jpg"
    path.write_bytes(encoded("motion_photo"))
    command = ("perl", str(EXIFTOOL), "-b", "-MotionPhotoVideo", str(path))
    assert subprocess.run(command, capture_output=True, check=True).stdout == encoded("mp4")


def test_motionminer_takes_the_film_out(tmp_path: Path) -> None:
    readers = CLIENTS / "readers"
    if not (readers / ".ready").exists():
        pytest.skip("motionminer is not installed: make clients")
    (tmp_path / "motion.jpg").write_bytes(encoded("motion_photo"))
    program = (
        "from motionminer.extractor import MotionPhotoExtractor; from pathlib import Path;"
        "it, photo = MotionPhotoExtractor(), Path('motion.jpg');"
        "start, size = it.find_mp4_in_jpg(photo);"
        "it.save_mp4_final(it.extract_mp4_data(photo, start, size), Path('film.mp4'))"
    )
    subprocess.run(
        (sys.executable, "-c", program),
        cwd=tmp_path,
        env={"PYTHONPATH": str(readers), "PYTHONIOENCODING": "utf-8"},
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "film.mp4").read_bytes() == encoded("mp4")


def test_what_a_plain_jpeg_is() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    picture = scene()
    assert is_plain_jpeg(jpeg())
    assert is_plain_jpeg(coded(picture, "JPEG", progressive=True))
    for other in (
        coded(picture, "JPEG", exif=exif),
        coded(picture, "JPEG", comment=b"mine"),
        coded(picture, "JPEG", icc_profile=b"x" * 200),
        coded(picture.convert("L"), "JPEG"),
        coded(picture.convert("CMYK"), "JPEG"),
        coded(picture, "PNG"),
        jpeg() + b"more",
        jpeg()[:-2],
        jpeg()[:30],
        b"",
    ):
        assert not is_plain_jpeg(other)


@pytest.mark.parametrize("format", ["motion_photo", "live_photo"])
def test_the_still_is_the_photo_itself_at_its_own_size(tmp_path: Path, format: str) -> None:
    photo = jpeg(480, 320)
    options = windstill.Options(**SHORT, format=format, max_side=240)
    data = windstill.animate(photo, options).data
    still, film = photo, None
    if format == "motion_photo":
        film, carried = film_of(data), data
    else:
        pair = pair_of(data)
        film, carried = pair[".mov"], pair[".jpg"]
    # All but what was put in is the photo's own bytes.
    assert carried.startswith(still[:20])
    assert still[20:] in carried
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(carried))), np.asarray(Image.open(io.BytesIO(photo)))
    )
    assert frames_of(film)[0].shape[1] == 240


def test_a_photo_with_metadata_is_coded_again_without_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    photo = coded(scene(480, 320), "JPEG", exif=exif, quality=95)
    data = windstill.animate(photo, windstill.Options(**SHORT, format="motion_photo")).data
    assert b"maker" not in data
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (320, 480)
    assert np.abs(np.asarray(picture, int) - read_photo(photo).rgb).mean() < 1


def test_what_can_not_be_is_refused() -> None:
    for change, field in (
        ({"format": "live_photo", "codec": "av1"}, "codec"),
        ({"format": "motion_photo", "codec": "vp9"}, "codec"),
        ({"format": "motion_photo", "loops": 2}, "loops"),
    ):
        with pytest.raises(InvalidOption) as refused:
            windstill.Options(**change)
        assert refused.value.field == field


def test_a_loop_can_be_repeated_in_its_photo() -> None:
    data = encoded("motion_photo", repeats=2)
    assert len(frames_of(film_of(data))) == 2 * FRAMES


NAMES = {
    "loop.avi": "avi",
    "LOOP.WEBM": "webm",
    "loop.gif": "gif",
    "loop.zip": "png",
    "beachMP.jpg": "motion_photo",
    "beach.MP.JPEG": "motion_photo",
    "loop.mp4": "mp4",
    "loop": "mp4",
    "loop.m4v": "mp4",
}


@pytest.mark.parametrize(("name", "format"), NAMES.items())
def test_the_library_goes_by_the_name(tmp_path: Path, name: str, format: str) -> None:
    made = windstill.animate(jpeg(), windstill.Options(**SHORT), output=tmp_path / name)
    assert made.format == format
    assert made.path == tmp_path / name
    by_option = windstill.animate(jpeg(), windstill.Options(**SHORT, format=format))
    if format != "live_photo":
        assert made.read() == by_option.data


def test_a_name_that_contradicts_the_format_is_refused(tmp_path: Path) -> None:
    options = windstill.Options(**SHORT, format="webm")
    with pytest.raises(InvalidOption, match=r"loop\.avi") as refused:
        windstill.animate(jpeg(), options, output=tmp_path / "loop.avi")
    assert refused.value.field == "output"
    with pytest.raises(InvalidOption, match="codec"):
        windstill.animate(
            jpeg(), windstill.Options(**SHORT, codec="h264"), output=tmp_path / "loop.webm"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_zip_is_of_the_kind_that_was_asked_for(tmp_path: Path) -> None:
    options = windstill.Options(**SHORT, format="live_photo")
    made = windstill.animate(jpeg(), options, output=tmp_path / "sea.zip")
    assert made.format == "live_photo"
    assert made.mime == "application/zip"
