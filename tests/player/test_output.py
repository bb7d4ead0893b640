"""Loops for web pages as files: a page, a zip, a folder."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import windstill
from tests.player.loops import FILES, made
from tests.preview.scenes import landscape, portrait
from windstill import Options
from windstill.cli import main
from windstill.errors import InvalidOption, OutputError
from windstill.web.bundle import bundle
from windstill.web.package import MotionPackage


def test_a_page_has_everything_in_it() -> None:
    found = made("html")
    assert (found.format, found.mime, found.width, found.height) == ("html", "text/html", 321, 200)
    page = found.read().decode()
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    [script] = re.findall(r"<script>(.*)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    photo, motion = (
        base64.b64decode(re.findall(rf'"data:{mime};base64,([^"]+)"', page)[0])
        for mime in ("image/jpeg", "application/octet-stream")
    )
    assert Image.open(io.BytesIO(photo)).size == (321, 200)
    assert MotionPackage.parse(motion).header["moved"]["sky"]["motion"] == "drift"


def test_a_folder_has_the_files_that_a_zip_has(tmp_path: Path) -> None:
    path = windstill.animate(
        landscape()[0], Options(format="web"), mattes=landscape()[1], output=tmp_path / "lake-loop"
    ).path
    assert path == tmp_path / "lake-loop"
    with zipfile.ZipFile(io.BytesIO(made("web").read())) as archive:
        names = set(archive.namelist())
        assert names == FILES == {entry.name for entry in path.iterdir()}
        for name in names - {"index.html"}:
            assert archive.read(name) == (path / name).read_bytes()
    assert "<title>lake</title>" in (path / "index.html").read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_photo_gives_the_same_bytes() -> None:
    assert made("web").read() == made("web").read()


def test_a_photo_that_is_a_plain_jpeg_stays_as_it_is() -> None:
    stream = io.BytesIO()
    Image.fromarray(landscape()[0]).save(stream, "JPEG", quality=80)
    jpeg = stream.getvalue()
    data = windstill.animate(jpeg, Options(format="web")).read()
    assert zipfile.ZipFile(io.BytesIO(data)).read("photo.jpg") == jpeg


@pytest.mark.parametrize("scene", [landscape, portrait])
def test_a_loop_is_small(scene: object) -> None:
    """At 1,024 pixels."""
    photo, mattes = landscape(683, 1024) if scene is landscape else portrait(1024, 896)
    data = windstill.animate(photo, Options(format="web"), mattes=mattes).read()
    assert len(zipfile.ZipFile(io.BytesIO(data)).read("photo.loop")) <= 150_000
    assert len(gzip.compress(bundle().encode())) <= 25_000


def test_a_larger_photo_is_scaled_down_for_pages() -> None:
    photo = np.full((20, 2000, 3), 90, np.uint8)
    found = windstill.animate(photo, Options(format="html"))
    assert (found.width, found.moves) == (1280, False)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    photo, mattes = landscape()
    target = tmp_path / "mine"
    for _ in range(2):  # its own files give way
        windstill.animate(photo, Options(format="web"), mattes=mattes, output=target)
    (target / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        windstill.animate(photo, Options(format="web"), mattes=mattes, output=target)
    assert {entry.name for entry in target.iterdir()} == FILES | {"thesis.txt"}
    (tmp_path / "note").write_text("a file")
    with pytest.raises(OutputError, match="not a folder"):
        windstill.animate(photo, Options(format="web"), mattes=mattes, output=tmp_path / "note")
    with pytest.raises(OutputError, match="does not exist"):
        windstill.animate(photo, Options(format="web"), mattes=mattes, output=tmp_path / "a" / "b")


@pytest.mark.parametrize(
    ("given", "field"),
    [({"fps": 30}, "fps"), ({"loops": 2}, "loops"), ({"repeat_to": 9}, "repeat_to")],
)
def test_options_of_films_are_refused(given: dict[str, int], field: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        Options.parse({"format": "web", **given})
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("flags", "made_there"),
    [
        (["-f", "web"], "lake-loop"),
        (["-f", "html"], "lake-loop.html"),
        (["-o", "out/x.html"], "out/x.html"),
        (["-f", "web", "-o", "x.html"], "x.html"),
        (["-f", "web", "-o", "x.zip"], "x.zip"),
        (["-f", "web", "-o", "pages/"], "pages/lake-loop"),
    ],
)
def test_the_command_names_what_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], made_there: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((40, 60, 3), 120, np.uint8)).save("lake.png")
    run = CliRunner().invoke(main, ["animate", "lake.png", *flags], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    path = tmp_path / made_there
    assert path.is_dir() == (path.suffix == "")
    again = CliRunner().invoke(main, ["animate", "lake.png", *flags])
    assert again.exit_code == 4


def test_folders_of_loops_hold_no_photos(tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 60, 3), 120, np.uint8)).save(tmp_path / "lake.png")
    for _ in range(2):
        run = CliRunner().invoke(main, ["animate", str(tmp_path), "-r", "-f", "web", "-q"])
        assert run.exit_code == 0, run.output
    assert {entry.name for entry in tmp_path.iterdir()} == {"lake.png", "lake-loop"}
