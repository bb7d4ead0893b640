from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import windstill
from tests import pictures
from windstill import Mattes, Options, errors
from windstill.bench.speed import scene
from windstill.photo import read_photo
from windstill.pipeline import perceived, stage_of
from windstill.render import paint_all

SHORT = Options(seconds=2, fps=8, max_side=320)


def sky_above(height: int, width: int, horizon: float) -> Mattes:
    sky = np.zeros((height, width), np.float32)
    sky[: int(height * horizon)] = 1
    return Mattes(sky, np.zeros_like(sky), np.zeros_like(sky))


def cloudy(height: int, width: int) -> np.ndarray:
    """A made landscape: soft clouds above, sharp ground below."""
    rng = np.random.default_rng(7)
    small = Image.fromarray(rng.integers(150, 256, (12, 16, 3), np.uint8))
    rgb = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).copy()
    ground = rng.integers(0, 90, (height, width, 3), np.uint8)
    rgb[height // 2 :] = ground[height // 2 :]
    return rgb


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, windstill; "
        "heavy = {'numpy', 'cv2', 'PIL', 'av', 'onnxruntime'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_exists() -> None:
    for name in windstill.__all__:
        assert getattr(windstill, name) is not None


def test_a_frame_is_the_same_whatever_frame_was_painted_before() -> None:
    """Only what layers may touch is put back between frames."""
    photo = read_photo(scene((480, 320)))
    options = Options(seconds=2, fps=8)
    stage = stage_of(*perceived(photo, options, None, None), options)
    assert len(stage.layers) == 2
    for index, frame in enumerate(paint_all(stage)):
        alone = stage.backdrop.copy()
        alone.y[:], alone.u[:], alone.v[:] = 7, 7, 7
        stage.paint(index, alone)
        for painted, expected in zip(
            (frame.y, frame.u, frame.v), (alone.y, alone.u, alone.v), strict=True
        ):
            assert (painted == expected).all()


def test_every_kind_of_source_gives_the_same_frames(tmp_path: Path) -> None:
    rgb = pictures.china()
    picture = Image.fromarray(rgb)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    path = tmp_path / "photo.png"
    path.write_bytes(buffer.getvalue())
    sources = [rgb, picture, buffer.getvalue(), io.BytesIO(buffer.getvalue()), path, str(path)]
    first = [next(windstill.frames(source, SHORT)) for source in sources]
    for frame in first[1:]:
        assert (frame == first[0]).all()


def test_a_photo_becomes_a_file_and_says_what_moved(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    loop = windstill.animate(
        pictures.china(),
        Options(operation="1", seconds=2, fps=8),
        output=tmp_path / "loop.mp4",
        progress=lambda stage, part: told.append((stage, part)),
    )
    assert loop.path == tmp_path / "loop.mp4"
    assert (loop.width, loop.height, loop.frames, loop.seconds) == (640, 428, 16, 2.0)
    assert [movement.element for movement in loop.moved] == ["sky"]
    assert loop.moves
    assert 0.2 < loop.moved[0].share < 0.6
    assert list(loop.timings) == ["photo", "mattes", "motion", "video"]
    assert {stage for stage, _ in told} == set(loop.timings)
    assert all(0 <= part <= 1 for _, part in told)
    assert told[-1] == ("video", 1.0)
    with av.open(str(loop.path)) as container:
        assert len(list(container.decode(video=0))) == 16


def test_without_an_output_the_bytes_come_back(tmp_path: Path) -> None:
    loop = windstill.animate(cloudy(120, 160), SHORT, mattes=sky_above(120, 160, 0.5))
    assert loop.path is None
    assert loop.read()[4:8] == b"ftyp"
    assert loop.save(tmp_path / "saved.mp4").read_bytes() == loop.read()
    with pytest.raises(errors.OutputError):
        loop.save(tmp_path / "nowhere" / "saved.mp4")


def test_the_same_request_gives_the_same_bytes_and_another_seed_others() -> None:
    rgb, mattes = cloudy(120, 160), sky_above(120, 160, 0.5)
    one, two = (windstill.animate(rgb, SHORT, mattes=mattes).read() for _ in range(2))
    other = windstill.animate(rgb, Options(seconds=2, fps=8, seed=5), mattes=mattes).read()
    assert one == two
    assert one != other


@pytest.mark.parametrize("size", [(97, 131), (96, 131), (97, 130)])
def test_frames_have_the_photos_size_and_the_still_part_its_very_pixels(
    size: tuple[int, int],
) -> None:
    rgb = cloudy(*size)
    count = 0
    for frame in windstill.frames(rgb, SHORT, mattes=sky_above(*size, 0.4)):
        assert frame.shape == rgb.shape
        assert frame.dtype == np.uint8
        assert (frame[size[0] // 2 :] == rgb[size[0] // 2 :]).all()
        count += 1
    assert count == SHORT.frame_count


def test_the_first_frame_can_be_the_photo() -> None:
    rgb = cloudy(120, 160)
    options = Options(seconds=2, fps=8, exact_first_frame=True)
    loop = windstill.frames(rgb, options, mattes=sky_above(120, 160, 0.5))
    assert (next(loop) == rgb).all()
    assert (next(loop) != rgb).any()


def test_absence_is_said_not_raised() -> None:
    loop = windstill.animate(pictures.indoors(), SHORT)
    assert not loop.moves
    assert {notice.code for notice in loop.warnings} >= {"no_sky", "no_hair"}
    assert all(movement.share == 0 for movement in loop.moved)


def test_large_photos_are_scaled_down_and_their_mattes_with_them() -> None:
    rgb = cloudy(300, 400)
    options = Options(seconds=2, fps=8, max_side=200)
    frame = next(windstill.frames(rgb, options, mattes=sky_above(300, 400, 0.5)))
    assert frame.shape == (150, 200, 3)


@pytest.mark.parametrize(
    ("mattes", "wrong"),
    [
        (sky_above(50, 60, 0.5), r"50, 60"),
        (Mattes(*[np.full((120, 160), 2, np.float32)] * 3), "0"),
        (Mattes(*[np.full((120, 160), np.nan, np.float32)] * 3), "0"),
    ],
)
def test_mattes_that_do_not_fit_are_refused(mattes: Mattes, wrong: str) -> None:
    with pytest.raises(errors.InvalidMatte, match=wrong):
        windstill.animate(cloudy(120, 160), SHORT, mattes=mattes)


def test_a_request_can_be_cancelled_and_leaves_nothing(tmp_path: Path) -> None:
    def stop(stage: str, part: float) -> None:
        if stage == "video" and part > 0.3:
            raise errors.Cancelled("stopped")

    with pytest.raises(errors.Cancelled):
        windstill.animate(
            cloudy(120, 160),
            SHORT,
            mattes=sky_above(120, 160, 0.5),
            output=tmp_path / "loop.mp4",
            progress=stop,
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("side", [300, 400, 512, 900])
def test_a_portrait_moves_at_any_size(side: int) -> None:
    portrait = Image.fromarray(pictures.astronaut()).resize((side, side))
    loop = windstill.animate(portrait, options=Options(operation="10", seconds=2, fps=8))
    assert [movement.motion for movement in loop.moved] == ["sway"]
