"""Animates two photos that scikit-learn and scikit-image ship, into the folder `out`."""

from __future__ import annotations

from pathlib import Path

from skimage.data import astronaut
from sklearn.datasets import load_sample_image

import windstill

PHOTOS = {
    # A temple under a pale sky (scikit-learn's china.jpg, CC BY 2.0, Guillaume Payen).
    "temple": load_sample_image("china.jpg"),
    # Eileen Collins (scikit-image's astronaut.png, public domain, NASA).
    "astronaut": astronaut(),
}


def main() -> None:
    """Writes `out/NAME.mp4` for each photo and says what moves in it."""
    folder = Path("out")
    folder.mkdir(exist_ok=True)
    for name, photo in PHOTOS.items():
        loop = windstill.animate(photo, output=folder / f"{name}.mp4")
        spent = sum(loop.timings.values())
        print(f"{loop.path}: {loop.width}x{loop.height}, {loop.frames} frames, {spent:.1f} s")
        for movement in loop.moved:
            print(f"  {movement.element}: {movement.share:.0%} of the frame, {movement.motion}")
        for notice in loop.warnings:
            print(f"  {notice.message}")


if __name__ == "__main__":
    main()
