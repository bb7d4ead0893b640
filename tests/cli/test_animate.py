"""`windstill animate` inside this process."""

from __future__ import annotations

import json
import shutil
import zipfile

import av
import pytest
from click.testing import CliRunner

from tests.cli.conftest import QUICK
from windstill.cli import main


def run(*args, stdin=None):
    result = CliRunner().invoke(main, ["animate", *map(str, args), *QUICK], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def length_of(path):
    with av.open(str(path)) as file:
        return file.format.name, sum(1 for _ in file.decode(video=0))


def test_result_lies_beside_the_photo_and_is_described(photo):
    result = run(photo)
    assert result.exit_code == 0, result.stderr
    assert length_of(photo.with_name("china-loop.mp4"))[1] == 16
    assert "sky drifts" in result.stdout
    assert "240x160, 16 frames, 2 s" in result.stdout
    assert "%" in result.stdout
    assert "#" not in result.stderr


def test_json_is_one_object_for_each_photo(photo, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not really")
    result = run(photo, tmp_path / "broken.jpg", "-o", tmp_path / "out", "--json")
    told = map(json.loads, result.stdout.splitlines())
    good, bad = sorted(told, key=lambda facts: facts["state"])
    assert good["path"] == str(tmp_path / "out" / "china-loop.mp4")
    assert (good["width"], good["height"], good["frames"], good["fps"]) == (240, 160, 16, 8)
    assert good["moved"][0].keys() >= {"element", "share", "motion", "travel"}
    assert good["timings"].keys() >= {"photo", "mattes", "motion", "video"}
    assert good["options"]["seconds"] == 2
    assert bad["photo"].endswith("broken.jpg")
    assert bad["error"]["code"]
    assert result.exit_code == 3


def test_one_bad_photo_does_not_stop_the_others(photo, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    result = run(tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 3
    assert f"error: {tmp_path / 'a.jpg'}: " in result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["china-loop.mp4"]


@pytest.mark.parametrize("name", ["webm", "avi", "gif", "webp"])
def test_format_follows_the_extension(photo, name):
    target = photo.with_name(f"loop.{name.upper()}")
    assert run(photo, "-o", target).exit_code == 0
    container, _ = length_of(target) if name != "webp" else ("webp", 0)
    assert name in container
    assert target.stat().st_size > 100


def test_wallpaper_in_av1(photo):
    target = photo.with_name("wallpaper.mp4")
    result = run(photo, "-o", target, "--codec", "av1", "--repeat-to", "5")
    assert "16 frames, 2 s, 3 times" in result.stdout
    with av.open(str(target)) as file:
        assert file.streams.video[0].codec_context.name in {"av1", "libdav1d"}
    assert length_of(target)[1] == 48


def test_pictures_in_a_zip_file(photo):
    assert run(photo, "-o", photo.with_name("frames.zip")).exit_code == 0
    with zipfile.ZipFile(photo.with_name("frames.zip")) as file:
        assert len(file.namelist()) == 16


def test_folder_with_its_subfolders(photo, tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for place in ("in/b.jpg", "in/sub/a.jpg", "in/.hidden.jpg", "in/old-loop.webp"):
        shutil.copy(photo, tmp_path / place)
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    assert run(tmp_path / "in", "-r", "-o", tmp_path / "out").exit_code == 0
    made = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*"))
    assert made == ["b-loop.mp4", "sub/a-loop.mp4"]


def test_photos_of_one_name_get_two_results(photo, tmp_path, china):
    china.save(tmp_path / "china.png")
    assert run(photo, tmp_path / "china.png").exit_code == 0
    assert {path.name for path in tmp_path.glob("*.mp4")} == {
        "china-jpg-loop.mp4",
        "china-png-loop.mp4",
    }


def test_results_are_replaced_by_force_only(photo):
    target = photo.with_name("china-loop.mp4")
    target.write_bytes(b"older")
    refused = run(photo)
    assert refused.exit_code == 4
    assert "exists; --force replaces it" in refused.stderr
    assert target.read_bytes() == b"older"
    assert run(photo, "--force").exit_code == 0
    assert length_of(target)[1] == 16


def test_photo_is_never_replaced(photo):
    before = photo.read_bytes()
    result = run(photo, "-o", photo, "--format", "mp4", "--force")
    assert result.exit_code == 2 or "is the photo itself" in result.stderr
    assert photo.read_bytes() == before


def test_nothing_to_move(nothing_there, tmp_path):
    told = run(nothing_there)
    assert told.exit_code == 0
    assert "nothing moves" in told.stdout
    assert "warning: " in told.stderr
    strict = run(nothing_there, "--strict", "-o", tmp_path / "strict.mp4")
    assert strict.exit_code == 6
    assert "Nothing in the photo can move" in strict.stderr
    assert not (tmp_path / "strict.mp4").exists()
    assert not list(tmp_path.glob(".*"))


def test_strict_still_writes_what_moves(photo):
    target = photo.with_name("loop.mp4")
    assert run(photo, "--strict", "-o", target).exit_code == 0
    assert length_of(target)[1] == 16


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["--strength", "storm"], 2, "calm"),
        (["--seconds", "99"], 2, "2 to 12"),
        (["--fps", "x"], 2, "--fps"),
        (["--wind", "sideways"], 2, "left"),
        (["--operation", "7"], 2, "10"),
        (["-o", "loop.mov"], 2, ".mp4"),
        (["-o", "loop.webm", "--codec", "h264"], 2, "auto, vp9, av1"),
        (["--loops", "2"], 2, "gif and webp"),
        (["-f", "gif", "--repeat-to", "9"], 2, "mp4, webm, avi"),
        (["-o", "loop.gif", "--format", "mp4"], 2, "gif"),
        (["--nonsense"], 2, "--nonsense"),
        (["-o", "/proc/none/loop.mp4"], 4, "/proc/none"),
        (["-o", "-", "--json"], 2, "standard output"),
    ],
)
def test_wrong_usage_says_what_is_allowed(photo, args, status, message):
    result = CliRunner().invoke(main, ["animate", str(photo), *args])
    assert result.exit_code == status
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_missing_photo_and_empty_folder(tmp_path):
    missing = run(tmp_path / "none.jpg")
    assert (missing.exit_code, "no such file" in missing.stderr) == (3, True)
    (tmp_path / "empty").mkdir()
    empty = run(tmp_path / "empty")
    assert (empty.exit_code, "no photos" in empty.stderr) == (3, True)


def test_several_photos_need_a_folder(photo, china, tmp_path):
    china.save(tmp_path / "other.png")
    (tmp_path / "loop.mp4").write_bytes(b"")
    result = run(photo, tmp_path / "other.png", "-o", tmp_path / "loop.mp4")
    assert result.exit_code == 2
    assert "need a folder" in result.stderr


def test_quiet_says_nothing(photo):
    result = run(photo, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_same_options_give_same_bytes(photo):
    one, two = photo.with_name("one.mp4"), photo.with_name("two.mp4")
    assert run(photo, "-o", one).exit_code == run(photo, "-o", two).exit_code == 0
    assert one.read_bytes() == two.read_bytes()
