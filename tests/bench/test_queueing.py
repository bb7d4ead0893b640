"""The simulation of workers, held to Erlang's formulas, and the tables made of it."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def loaded(name: str) -> ModuleType:
    """A module beside the benchmarks, which are no package."""
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


queueing = loaded("queueing")
capacity = loaded("capacity")


def exponential(mean: float) -> np.ndarray:
    """Times whose distribution is exponential, evenly drawn."""
    return -mean * np.log1p(-(np.arange(20_000) + 0.5) / 20_000)


def erlang_c(workers: int, load: float) -> float:
    """Share of the jobs that wait (Erlang, 1917)."""
    offered = workers * load
    block = 1.0
    for count in range(1, workers + 1):
        block = offered * block / (count + offered * block)
    return block / (1 - load * (1 - block))


@pytest.mark.parametrize(("workers", "load"), [(1, 0.5), (1, 0.8), (5, 0.8), (50, 0.9)])
def test_random_service_waits_as_erlang_says(workers: int, load: float) -> None:
    mean = 2.0
    runs = [queueing.simulate(exponential(mean), workers, load, 300_000, seed) for seed in range(5)]
    waiting = erlang_c(workers, load)
    assert np.mean([run.waited for run in runs]) == pytest.approx(waiting, rel=0.03)
    rate = workers * (1 - load) / mean
    for quantile, name in ((0.5, "median"), (0.95, "p95"), (0.99, "p99")):
        expected = max(0.0, math.log(waiting / (1 - quantile)) / rate)
        found = np.mean([getattr(run, name) for run in runs])
        assert found == pytest.approx(expected, rel=0.1, abs=0.02)


def test_equal_service_waits_half_as_long_as_random() -> None:
    equal = queueing.several(np.full(10, 2.0), 1, 0.8, runs=3)
    random = queueing.several(exponential(2.0), 1, 0.8, runs=3)
    assert 0.4 < equal.p95 / random.p95 < 0.65


def test_many_workers_stand_a_higher_load() -> None:
    loads = tuple(float(load) for load in np.arange(0.1, 1, 0.1).round(1))
    found = [queueing.load_within(exponential(1.0), count, 1.0, loads) for count in (1, 10, 100)]
    assert found == sorted(found)
    assert found[0] < 0.5 < found[-1]


def test_nobody_waits_for_idle_workers() -> None:
    found = queueing.simulate(np.full(3, 1.0), 100, 0.1, 20_000, seed=1)
    assert (found.median, found.p99, found.waited) == (0.0, 0.0, 0.0)


def test_costs_are_those_of_the_cores_used() -> None:
    cell = capacity.Cell("512x512", "1", 10.0, [1.7, 1.9], 0.2, 2)
    table = capacity.costs([cell], price=0.05).splitlines()
    assert table[-1] == "| 512x512 | 1 | 2.00 | 1,800 | 0.028 |"


def test_the_mixture_has_each_size_as_often_as_it_says() -> None:
    sizes = dict.fromkeys(capacity.MIX)
    cells = [
        capacity.Cell(size, "1", 1.0, [float(place)] * 3, 0.0, 3)
        for place, size in enumerate(sizes)
    ]
    mixture = capacity.mixed(cells)
    counts = [int((mixture == place).sum()) for place in range(len(sizes))]
    assert counts == [144 * weight for weight in capacity.MIX.values()]


def test_a_report_is_made_of_what_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "WORKERS", (1, 3))
    monkeypatch.setattr(capacity, "LOADS", (0.3, 0.5, 0.7, 0.8, 0.9, 0.95))
    monkeypatch.setattr(capacity, "FINE_LOADS", (0.3, 0.6))
    monkeypatch.setattr(queueing, "MOST_JOBS", 2_000)
    cells = [
        {"size": size, "operation": "1", "wall": 1.0, "processes": [0.5], "engine": 0.0, "moved": 1}
        for size in capacity.MIX
    ]
    (tmp_path / "measured.json").write_text(json.dumps(cells))
    capacity.report(tmp_path / "measured.json", 0.04, tmp_path / "plot.png")
    printed = capsys.readouterr().out
    assert "| 1280x720 | 1 | 0.50 | 7,200 | 0.006 |" in printed
    with Image.open(tmp_path / "plot.png") as plot:
        assert plot.width == 3 * capacity.PANEL[0]
