"""A run over a set: every figure there, taken up where it stopped, on one page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests import pictures
from windstill.bench import picture_set, quality_report, quality_run
from windstill.bench.picture_set import Picture
from windstill.bench.quality import Row


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "set" / "sky").mkdir(parents=True)
    small = Image.fromarray(pictures.china()).resize((240, 160))
    small.save(tmp_path / "set" / "sky" / "temple.png")
    return tmp_path


def measured(folder: Path, baselines_on: int = 0) -> list[Row]:
    here, _ = picture_set.locate(picture_set.load(folder / "set"), [folder / "set"])
    journal, cells = folder / "figures.jsonl", folder / "cells"
    return list(quality_run.run(here, journal, baselines_on=baselines_on, cells=cells))


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped(folder: Path) -> None:
    (alone,) = measured(folder)
    journal = folder / "figures.jsonl"
    kept = journal.read_text()
    assert measured(folder) == [alone]
    assert journal.read_text() == kept
    both = measured(folder, baselines_on=1)
    assert both[0] == alone
    assert [row["method"] for row in both] == ["windstill", "eulerian", "flow_map"]
    quality_run.sheet([Picture("sky", "data", "temple.png")], folder / "cells", folder / "s.jpg")
    with Image.open(folder / "s.jpg") as joined:
        assert joined.width > 1000
    page = quality_report.markdown(both)
    assert "| temple" in page
    assert "eulerian" in page
    json.dumps(quality_report.summary(both), allow_nan=False)


def row(picture: str, **figures: float | None) -> Row:
    filled: Row = {column.name: 1.0 for column in quality_report.COLUMNS}
    return {"picture": picture, "moves": "sky", "method": "windstill", "motion": "drift"} | (
        filled | figures
    )


def test_the_worst_case_is_the_worst_way_round() -> None:
    rows = [row("a", sharp_min_dec=0.8, seam_dec=1.1), row("b", sharp_min_dec=0.97, seam_dec=1.5)]
    found = quality_report.summary(rows)["sky windstill"]
    assert found["sharp_min_dec"]["worst"] == 0.8
    assert found["seam_dec"] == {"mean": pytest.approx(1.3), "worst": 1.5, "pictures": 2}


def test_a_missed_goal_is_bold_and_what_could_not_be_measured_is_left_out() -> None:
    rows = [row("a", seam_dec=1.5), row("b", seam_dec=1.0, fidelity_dec=None)]
    page = quality_report.markdown(rows)
    assert "**1.50**" in page
    second = next(line for line in page.splitlines() if line.startswith("| b"))
    assert second.startswith("| b | 1.00 |")
    assert quality_report.summary(rows)["sky windstill"]["fidelity_dec"]["pictures"] == 1
