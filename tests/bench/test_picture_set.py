"""The set of pictures: listed, found unchanged, and refused when it is none."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from windstill.bench import picture_set
from windstill.errors import InvalidOption

MANIFEST = Path(__file__).resolve().parents[2] / "benchmarks" / "pictures.json"


def test_the_committed_set_is_large_enough() -> None:
    found = picture_set.load(MANIFEST)
    for moves in ("sky", "hair"):
        assert sum(picture.moves == moves for picture in found) >= 16
    assert all(picture.sha256 and len(picture.sha256) == 64 for picture in found)
    names = [(picture.moves, picture.name) for picture in found]
    assert len(set(names)) == len(names)


def test_pictures_of_packages_are_found() -> None:
    pytest.importorskip("sklearn")
    china = next(p for p in picture_set.load(MANIFEST) if p.source == "pip:scikit-learn")
    assert china.find([]) is not None


def test_a_folder_is_a_set(tmp_path: Path) -> None:
    (tmp_path / "sky").mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "sky" / "a.png")
    (tmp_path / "sky" / "notes.txt").write_text("no picture")
    here, absent = picture_set.locate(picture_set.load(tmp_path), [tmp_path])
    assert [(p.moves, path.name) for p, path in here] == [("sky", "a.png")]
    assert absent == []


def test_a_changed_picture_is_not_the_sets(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"other")
    digest = hashlib.sha256(b"original").hexdigest()
    listed = [{"moves": "sky", "source": "data", "path": "a.png", "sha256": digest}]
    (tmp_path / "set.json").write_text(json.dumps(listed))
    here, absent = picture_set.locate(picture_set.load(tmp_path / "set.json"), [tmp_path])
    assert here == []
    assert [picture.path for picture in absent] == ["a.png"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '[{"moves": "sea", "source": "data", "path": "a"}]', "[1]"]
)
def test_what_is_no_set_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "set.json").write_text(text)
    with pytest.raises(InvalidOption, match="set"):
        picture_set.load(tmp_path / "set.json")
