"""The live preview shows what the video will show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests import pictures
from tests.preview.agreement import likeness, psnr
from tests.preview.browser import Probe
from tests.preview.scenes import clear_day, landscape, mirror_lake, portrait
from windstill import Mattes, Options, frames
from windstill.elements.hair.halo import HALO_REACH
from windstill.perceive import perceive
from windstill.preview import make_preview

U8 = NDArray[np.uint8]
Scene = tuple[U8, Mattes]
BASE = Options(fps=12)
STEP = 4


def show(browser: Probe, scene: Scene, options: Options = BASE) -> None:
    photo, mattes = scene
    preview = make_preview(photo, mattes=mattes, options=options)
    browser.serve(photo, preview.mattes_png, preview.motion)
    browser.load()
    browser.update(strength=options.strength, wind="auto", sky=True, hair=True)


@cache
def rendered(make: Callable[[], Scene], options: Options) -> list[U8]:
    photo, mattes = make()
    return list(frames(photo, options, mattes=mattes))


def agree(
    browser: Probe, make: Callable[[], Scene], options: Options, moments: tuple[int, ...]
) -> None:
    _, mattes = make()
    real = rendered(make, options)
    count = len(real)
    moving = (mattes.sky > 0) | (mattes.hair > 0)
    inside = (mattes.sky > 0.9) | (mattes.hair > 0.9)
    for moment in moments:
        now, soon = (browser.frame(at / count) for at in (moment, moment + STEP))
        then = real[(moment + STEP) % count]
        found = likeness((now, soon), (real[moment], then), inside)
        assert found.direction > 0.93
        assert 0.85 < found.amplitude < 1.15
        assert psnr(now, real[moment], moving) > 38
        assert psnr(now, real[moment], ~moving) > 44
    assert browser.problems() == []


@pytest.mark.parametrize("make", [landscape, portrait])
def test_preview_and_video_move_alike(browser: Probe, make: Callable[[], Scene]) -> None:
    show(browser, make())
    agree(browser, make, BASE, (0, 9, 20, 31, 42))


def test_still_water_follows_the_sky_as_in_the_video(browser: Probe) -> None:
    photo, mattes = mirror_lake()
    show(browser, (photo, mattes))
    agree(browser, mirror_lake, BASE, (9, 20, 31))
    water = np.arange(len(photo)) >= len(photo) / 2
    moved = [np.abs(frame.astype(int) - photo)[water] for frame in
             (browser.frame(20 / 48), rendered(mirror_lake, BASE)[20])]  # fmt: skip
    shares = [(change.max(axis=2) > 6).mean() for change in moved]
    assert shares[1] > 0.03
    assert shares[0] == pytest.approx(shares[1], rel=0.2)


@pytest.mark.parametrize(("strength", "wind"), [("windy", "60"), ("calm", "0")])
def test_another_wind_needs_no_other_package(browser: Probe, strength: str, wind: str) -> None:
    show(browser, portrait())
    browser.update(strength=strength, wind=int(wind))
    options = Options.parse({"fps": 12, "strength": strength, "wind": wind})
    agree(browser, portrait, options, (5, 30))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "unlabelled/budgie_cc0/roman-colosseum.jpg",
        "eval/sky/dpst/in46.webp",
        "eval/hair/figaro/Frame00010.webp",
        "unlabelled/interfaces_cc0/049.jpg",
    ],
)
def test_real_photos_move_alike(browser: Probe, name: str) -> None:
    photo = pictures.from_data(name, 480)
    scene = photo.rgb, perceive(photo.rgb)

    def make() -> Scene:
        return scene

    show(browser, scene)
    agree(browser, make, BASE, (0, 10, 26, 40))


@pytest.mark.parametrize("exact", [False, True])
def test_the_veil_of_a_clear_sky_is_the_videos(browser: Probe, exact: bool) -> None:
    options = replace(BASE, exact_first_frame=exact, strength="windy")
    photo, mattes = clear_day()
    show(browser, (photo, mattes), options)
    real = rendered(clear_day, options)
    sky = mattes.sky > 0.99
    for moment in (0, 11, 24, 37):
        found = browser.frame(moment / len(real))
        assert np.array_equal(found[~sky], photo[~sky])
        added, wanted = (_haze(frame, photo, sky) for frame in (found, real[moment]))
        if exact and moment == 0:
            assert max(abs(added).max(), abs(wanted).max()) < 1
            continue
        assert wanted.std() > 0.15
        assert np.corrcoef(added, wanted)[0, 1] > 0.93
        # Both are rounded to whole levels, and the video's grain is another one.
        assert (added - wanted).std() < 0.1 * wanted.std() + 0.15
    assert browser.problems() == []


def _haze(frame: U8, photo: U8, sky: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What a veil adds to the sky, levels; grain blurred away."""
    change = (frame.astype(np.float32) - photo).mean(axis=2)
    return cv2.GaussianBlur(change, (0, 0), 2)[sky]


def test_the_loop_starts_at_the_photo(browser: Probe) -> None:
    photo, mattes = portrait()
    show(browser, (photo, mattes))
    still = browser.frame(0)
    assert psnr(still, photo, np.ones(mattes.shape, bool)) > 48
    side = 2 * HALO_REACH + 1
    near = cv2.dilate(mattes.hair, np.ones((side, side), np.uint8)) > 0
    away = ~near & (mattes.sky == 0) & (np.arange(320)[:, None] > 290)
    assert np.array_equal(browser.frame(0.4)[away], photo[away])


def test_elements_can_be_left_out(browser: Probe) -> None:
    photo, mattes = portrait()
    show(browser, (photo, mattes))
    sky, hair = mattes.sky > 0.99, mattes.hair > 0.99
    browser.update(sky=False)
    moved = np.abs(browser.frame(0.4).astype(int) - photo).max(axis=2)
    far = sky & (np.hypot(*np.meshgrid(np.arange(280) - 140, np.arange(320) - 160)) > 150)
    assert not moved[far].any()
    assert moved[hair].mean() > 1
    browser.update(sky=True, hair=False)
    moved = np.abs(browser.frame(0.4).astype(int) - photo).max(axis=2)
    assert not moved[hair].any()
    assert moved[sky].mean() > 1


@pytest.mark.slow
def test_heads_of_a_crowd_are_lifted_one_after_the_other(browser: Probe) -> None:
    photo = pictures.from_data("looking/hair/stockgroup.webp", 700).rgb
    mattes = perceive(photo)
    show(browser, (photo, mattes))
    assert browser.page.evaluate("probe.preview._assets.motion.header.hair.patches.length") > 2
    # Where one's hair was another's as well, it was counted twice: 26 dB.
    assert psnr(browser.frame(0), photo, mattes.hair > 0) > 40


def test_edited_mattes_count_at_once(browser: Probe) -> None:
    photo, mattes = landscape()
    show(browser, (photo, mattes))
    browser.page.evaluate(
        """async () => {
          const edited = document.createElement("canvas");
          [edited.width, edited.height] = [321, 200];
          const context = edited.getContext("2d");
          context.fillStyle = "#f00";
          context.fillRect(160, 0, 161, 130);
          await probe.preview.setMattes(edited);
        }"""
    )
    moved = np.abs(browser.frame(0.4).astype(int) - photo).max(axis=2)
    assert not moved[:, :160].any()
    assert moved[:120, 170:].mean() > 1


def test_a_lost_context_comes_back(browser: Probe) -> None:
    show(browser, landscape())
    before = browser.frame(0.3)
    browser.page.evaluate(
        """async () => {
          const { canvas } = probe.Renderer.shared();
          const loser = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
          const event = (name) => new Promise((done) => {
            canvas.addEventListener(name, () => setTimeout(done), { once: true });
          });
          const lost = event("webglcontextlost");
          loser.loseContext();
          await lost;
          probe.preview.draw(0.1);
          const back = event("webglcontextrestored");
          loser.restoreContext();
          await back;
        }"""
    )
    assert np.array_equal(browser.frame(0.3), before)


def test_it_runs_and_stops(browser: Probe) -> None:
    show(browser, landscape())
    count = browser.page.evaluate(
        """async () => {
          let painted = 0;
          const draw = probe.preview.draw;
          probe.preview.draw = function (time) { painted++; draw.call(this, time); };
          const frame = () => new Promise(requestAnimationFrame);
          probe.preview.start();
          while (painted < 3) await frame();
          probe.preview.stop();
          const before = painted;
          for (let i = 0; i < 3; i++) await frame();
          delete probe.preview.draw;
          return painted - before;
        }"""
    )
    assert count == 0


def test_the_canvas_serves_another_preview(browser: Probe) -> None:
    show(browser, landscape())
    before = browser.frame(0.3)
    browser.page.evaluate("probe.preview.destroy(); probe.preview = new probe.Player(probe.canvas)")
    show(browser, landscape())
    assert np.array_equal(browser.frame(0.3), before)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("probe.preview.load({ motion: new ArrayBuffer(40) })", "motion package of version 2"),
        ("probe.preview.update({ strength: 'stormy' })", "calm, normal, windy"),
        ("probe.preview.update({ wind: 'up' })", "degrees, or auto"),
    ],
)
def test_mistakes_are_named(browser: Probe, call: str, words: str) -> None:
    said = browser.page.evaluate(
        f"(async () => {{ try {{ await {call}; }} catch (error) {{ return error.message; }} }})()"
    )
    assert words in said


def test_a_photo_in_which_nothing_moves_is_shown(browser: Probe) -> None:
    photo, _ = landscape()
    show(browser, (photo, Mattes.empty((photo.shape[0], photo.shape[1]))))
    assert np.array_equal(browser.frame(0.5), photo)
