"""What a whole job costs, stage by stage, beside what encoders alone need for its frames."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from windstill import video
from windstill.bench import yardstick
from windstill.imaging.planes import Planes
from windstill.options import Options
from windstill.photo import read_photo
from windstill.pipeline import animate, perceived, stage_of
from windstill.render import paint_all

SIZES = {"1280x720": (1280, 720), "1920x1280": (1920, 1280), "1999x1999": (1999, 1999)}
OPERATIONS = ("1", "10", "11")


@dataclass(frozen=True)
class Cost:
    """Medians over the runs of one job.

    stages: wall seconds of each; stage_cpu: CPU seconds; stage_peak_mb: largest resident memory of
    the process by the end of each. wall, cpu: seconds of the whole job, file closed. encoder,
    encoder_cpu: wall and CPU seconds of the same encoder for the same finished frames, held in
    memory; yardstick, yardstick_cpu: of the fixed one of yardstick.py. ratio, yardstick_ratio: the
    median of each run's wall over the encoder's, and the yardstick's, next to it;
    yardstick_cpu_ratio: the same of CPU seconds, which a busy machine changes least. peak_mb:
    largest resident memory of a process that does nothing but this job. size_kb,
    yardstick_size_kb: of the files.
    """

    size: str
    operation: str
    frames: int
    stages: dict[str, float]
    stage_cpu: dict[str, float]
    stage_peak_mb: dict[str, float]
    wall: float
    cpu: float
    encoder: float
    encoder_cpu: float
    ratio: float
    yardstick: float
    yardstick_cpu: float
    yardstick_ratio: float
    yardstick_cpu_ratio: float
    size_kb: float
    yardstick_size_kb: float
    peak_mb: float
    moved: dict[str, float]


def scene(size: tuple[int, int]) -> NDArray[np.uint8]:
    """A photo with sky and hair, uint8 RGB of `size` (width, height), from packages' pictures.

    A temple under a wide sky (scikit-learn), and in front of it an astronaut's portrait
    (scikit-image), as a picture in the picture.
    """
    import cv2
    from skimage.data import astronaut
    from sklearn.datasets import load_sample_image

    width, height = size
    background = load_sample_image("china.jpg")
    scale = max(width / background.shape[1], height / background.shape[0])
    enlarged = cv2.resize(background, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    rgb = np.ascontiguousarray(enlarged[:height, :width])
    side = round(0.75 * height)
    portrait = astronaut()[:300, 60:360]
    rgb[height - side :, width - side :] = cv2.resize(
        portrait, (side, side), interpolation=cv2.INTER_CUBIC
    )
    return rgb


def cost(size: str, operation: str, runs: int = 5, seconds: float = 4.0) -> Cost:
    """Measures one kind of job in a process of its own."""
    command = [sys.executable, "-m", __name__, size, operation, str(runs), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return Cost(**json.loads(done.stdout))


def _measure(size: str, operation: str, runs: int, seconds: float) -> Cost:
    rgb = scene(SIZES[size])
    options = Options.parse({"operation": operation, "seconds": seconds})
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "loop.mp4")
        first = _Watch()
        animate(rgb, options, output=target, progress=first)
        peak = _peak_mb()
        jobs, alone, fixed, watches = [], [], [], []
        finished = _finished_frames(rgb, options)
        encode = partial(
            video.encode, finished, frame_count=len(finished), fps=options.fps, output=target
        )
        measure = Path(folder, "yardstick.mp4")
        for _ in range(runs):
            watch = _Watch()
            watches.append(watch)
            # partial, since a lambda would see the watch of a later run.
            jobs.append(_timed(partial(animate, rgb, options, output=target, progress=watch)))
            alone.append(_timed(encode))
            fixed.append(_timed(partial(yardstick.encode, finished, options.fps, measure)))
        stages = [job.result.timings for job in jobs]
        last = jobs[-1].result
        sizes = [path.stat().st_size / 1024 for path in (target, measure)]
    return Cost(
        size=size,
        operation=operation,
        frames=last.frames,
        stages={name: statistics.median(run[name] for run in stages) for name in stages[0]},
        stage_cpu={
            name: statistics.median(watch.cpu[name] for watch in watches) for name in stages[0]
        },
        stage_peak_mb=first.peak_mb,
        wall=statistics.median(job.wall for job in jobs),
        cpu=statistics.median(job.cpu for job in jobs),
        encoder=statistics.median(run.wall for run in alone),
        encoder_cpu=statistics.median(run.cpu for run in alone),
        ratio=statistics.median(j.wall / a.wall for j, a in zip(jobs, alone, strict=True)),
        yardstick=statistics.median(run.wall for run in fixed),
        yardstick_cpu=statistics.median(run.cpu for run in fixed),
        yardstick_ratio=statistics.median(
            j.wall / f.wall for j, f in zip(jobs, fixed, strict=True)
        ),
        yardstick_cpu_ratio=statistics.median(
            j.cpu / f.cpu for j, f in zip(jobs, fixed, strict=True)
        ),
        size_kb=sizes[0],
        yardstick_size_kb=sizes[1],
        peak_mb=peak,
        moved={movement.element: movement.share for movement in last.moved},
    )


class _Watch:
    """A progress callback that notes each stage's CPU seconds and the memory after it."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.peak_mb: dict[str, float] = {}
        self._begun: dict[str, float] = {}

    def __call__(self, stage: str, fraction: float) -> None:
        if fraction == 0.0:
            self._begun[stage] = time.process_time()
        elif fraction == 1.0:
            # The last frame and the file's end both report 1; the later one counts.
            self.cpu[stage] = time.process_time() - self._begun[stage]
            self.peak_mb[stage] = _peak_mb()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(frozen=True)
class _Timed:
    result: Any
    wall: float
    cpu: float


def _timed(work: Callable[[], Any]) -> _Timed:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return _Timed(result, time.perf_counter() - wall, time.process_time() - cpu)


def _finished_frames(rgb: NDArray[np.uint8], options: Options) -> list[Planes]:
    stage = stage_of(*perceived(read_photo(rgb), options, None, None), options)
    return [canvas.copy() for canvas in paint_all(stage)]


if __name__ == "__main__":
    size, operation, runs, seconds = sys.argv[1:]
    print(json.dumps(asdict(_measure(size, operation, int(runs), float(seconds)))))
