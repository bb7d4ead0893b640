"""`windstill doctor`: whether everything needed works on this machine."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from windstill.cli.doctor_services import services_of
from windstill.errors import EncoderError
from windstill.settings import load

_PACKAGES = ("av", "click", "numpy", "onnxruntime", "opencv-python-headless", "pillow")
COMPILED = (
    ("elements/hair", "locks"),
    ("elements/hair", "painting"),
    ("elements/hair", "poses"),
    ("elements/sky", "crossfade"),
    ("elements/sky", "painting"),
    ("imaging", "geodesic"),
    ("imaging", "marching"),
    ("perceive", "edges"),
    ("video", "changes"),
)
"""Folder and name of everything compiled."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--config", "config_file", metavar="FILE", help="The service's settings.")
def doctor(as_json: bool, config_file: str | None) -> int:
    """Check the libraries, the encoders, the network's file, and make a tiny loop.

    Also the database, the broker and the object store, where the settings name them. Exit
    status 5 if anything fails.

    Example: windstill doctor
    """
    settings = load(file=config_file).settings
    chosen = _CHECKS | services_of(settings)
    results = {name: _outcome(check) for name, check in chosen.items()}
    healthy = all(passed for passed, _ in results.values())
    if as_json:
        checks = {name: {"ok": ok, "detail": detail} for name, (ok, detail) in results.items()}
        click.echo(json.dumps({"ok": healthy, "checks": checks}))
    else:
        for name, (passed, detail) in results.items():
            click.echo(f"{'ok    ' if passed else 'FAILED'}  {name:<10} {detail}")
    return 0 if healthy else EncoderError.exit_status


def _outcome(check: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, check()
    except Exception as error:  # whatever is broken is what this command is to find
        return False, f"{type(error).__name__}: {error}"


def _versions() -> str:
    from windstill import __version__

    found = [f"windstill {__version__}", f"python {platform.python_version()}"]
    for library in _PACKAGES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            raise RuntimeError(f"{library} is not installed") from None
    return ", ".join(found)


def _processors() -> str:
    return f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} usable"


def _encoders() -> str:
    from av.codec import Codec

    from windstill.video.settings import CODECS

    for name, settings in CODECS.items():
        try:
            Codec(settings.encoder, "w")
        except ValueError:
            raise RuntimeError(f"{settings.encoder}, for {name}, is missing in PyAV") from None
    return ", ".join(sorted(CODECS))


def _h264() -> str:
    from windstill.video import x264

    try:
        return f"{x264.library().file.name}, told what stands still"
    except x264.Unavailable as reason:
        return f"FFmpeg's encoder, which takes up to twice as long: {reason}"


def _isolation() -> str:
    """What job processes are kept from, beside their limits."""
    from windstill.jobs.supervise import sandbox

    with tempfile.TemporaryDirectory() as folder:
        found = sandbox.offered(Path(folder))
    kept = {
        "seccomp": ("no network and no other programs", "jobs can reach the network"),
        "Landlock": (
            "no files but their own",
            "jobs can read what the service's user can, its database and secrets too",
        ),
    }
    told = [yes if part in found else f"{no}: no {part} here" for part, (yes, no) in kept.items()]
    return "; ".join(told)


def _network() -> str:
    import numpy as np

    import windstill
    from windstill.perceive.network import look_at_head

    begin = time.perf_counter()
    grey = np.full((64, 96, 3), 128, np.uint8)
    windstill.mattes(grey)
    # `mattes` runs the network for heads on photos with heads only.
    look_at_head(grey, long_side=96)
    return f"loaded and run in {time.perf_counter() - begin:.2f} s"


def _photos() -> str:
    from windstill.photo import FORMATS
    from windstill.photo.signature import decodable

    missing = [name for name in FORMATS if not decodable(name)]
    if set(missing) - {"HEIC"}:
        raise RuntimeError(f"Pillow can't decode {', '.join(missing)}")
    heic = "; HEIC needs the package pillow-heif" if missing else ""
    return f"reads {', '.join(name for name in FORMATS if name not in missing)}{heic}"


def _formats() -> str:
    import numpy as np

    from windstill.imaging.planes import from_rgb
    from windstill.video import encode
    from windstill.video.formats import ENCODED

    still = from_rgb(np.full((64, 96, 3), 128, np.uint8))
    for name in ENCODED:
        encode([still] * 4, format=name, frame_count=4, fps=8)
    return f"wrote {', '.join(ENCODED)}"


def _compiled() -> str:
    from windstill.imaging.compiled import library_file, load

    for folder, name in COMPILED:
        load(folder, name)
    return f"loaded {', '.join(library_file(*each).name for each in COMPILED)}"


def _loop() -> str:
    import numpy as np

    import windstill

    rows = np.linspace(80, 255, 64, dtype=np.uint8)[:, None, None]
    begin = time.perf_counter()
    made = windstill.animate(
        np.broadcast_to(rows, (64, 96, 3)).copy(), windstill.Options(seconds=2, fps=8)
    )
    return f"{len(made.read())} bytes in {time.perf_counter() - begin:.2f} s"


_CHECKS: dict[str, Callable[[], str]] = {
    "versions": _versions,
    "processors": _processors,
    "isolation": _isolation,
    "encoders": _encoders,
    "h264": _h264,
    "photos": _photos,
    "formats": _formats,
    "network": _network,
    "compiled": _compiled,
    "loop": _loop,
}
