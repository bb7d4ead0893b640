"""The page that plays clips beside each other."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from windstill.bench.compare_page import Clip, page
from windstill.cli import main

CLIPS = [Clip(f"{name}.mp4", "video/mp4", name.encode() * 9) for name in ("one", "two", "three")]


def held(html: str) -> dict[str, Any]:
    found = re.search(r"^const given = (.*);$", html, re.MULTILINE)
    assert found
    holding: dict[str, Any] = json.loads(found[1])
    return holding


def names(html: str) -> list[str]:
    return [base64.b64decode(clip["name"]).decode() for clip in held(html)["clips"]]


def test_the_page_holds_the_clips_whole_and_in_order() -> None:
    html = page(CLIPS, blind=False)
    assert names(html) == [clip.name for clip in CLIPS]
    assert [base64.b64decode(c["data"]) for c in held(html)["clips"]] == [c.data for c in CLIPS]
    assert "http" not in html.replace("http-equiv", "")


def test_a_blind_page_tells_no_name_and_shuffles_by_the_seed() -> None:
    orders = {tuple(names(page(CLIPS, blind=True, seed=seed))) for seed in range(8)}
    assert len(orders) > 1
    html = page(CLIPS, blind=True, seed=3)
    assert html == page(CLIPS, blind=True, seed=3)
    assert held(html)["blind"] is True
    assert not any(clip.name in html for clip in CLIPS)


def test_a_hostile_name_stays_text() -> None:
    odd = Clip("</script><script>alert(1)</script>.mp4", "video/mp4", b"x")
    html = page([odd, CLIPS[0]], blind=False)
    assert "alert(1)" not in html
    assert names(html)[0] == odd.name


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_the_command_writes_the_page_once(tmp_path: Path) -> None:
    files = [tmp_path / clip.name for clip in CLIPS]
    for file, clip in zip(files, CLIPS, strict=True):
        file.write_bytes(clip.data)
    target = tmp_path / "page.html"
    assert run("compare", *files, "-o", target) == 0
    assert len(names(target.read_text())) == 3
    assert run("compare", *files, "-o", target) != 0
    assert run("compare", *files, "-o", target, "--force", "--blind") == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [*(c.name for c in CLIPS), "page.html"]
    )


@pytest.mark.parametrize("given", [["one.mp4"], ["one.mp4", "notes.txt"], ["one.mp4", "no.mp4"]])
def test_what_can_not_be_compared_is_refused(
    tmp_path: Path, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.mp4").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("x")
    assert run("compare", *(tmp_path / name for name in given), "-o", tmp_path / "p.html") == 2
    assert "clips" in capsys.readouterr().err
    assert not (tmp_path / "p.html").exists()
