"""The nodes for ComfyUI, by their mapping and by what they return. ComfyUI itself is not needed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import pytest

from tests.preview.scenes import landscape

torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
FOLDER = Path(__file__).parents[2] / "integrations" / "comfyui"
QUICK = {"operation": "1", "seconds": 2.0, "fps": 8, "max_side": 2048}


@pytest.fixture(scope="module")
def nodes() -> ModuleType:
    """The folder, imported as ComfyUI imports it: by its path."""
    place = FOLDER / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        "windstill_comfyui", place, submodule_search_locations=[str(FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def image() -> Any:
    return torch.from_numpy(landscape()[0]).float()[None] / 255


def node(nodes: ModuleType, name: str) -> Any:
    return nodes.NODE_CLASS_MAPPINGS[name]()


def test_every_node_is_what_comfyui_expects(nodes: ModuleType) -> None:
    assert nodes.NODE_CLASS_MAPPINGS.keys() == nodes.NODE_DISPLAY_NAME_MAPPINGS.keys()
    for made in nodes.NODE_CLASS_MAPPINGS.values():
        inputs = made.INPUT_TYPES()
        assert inputs["required"]["image"] == ("IMAGE",)
        for kind, *told in inputs["required"].values():
            assert isinstance(kind, list) or kind in ("IMAGE", "INT", "FLOAT", "STRING")
            if isinstance(kind, list):
                assert told[0]["default"] in kind
        assert len(made.RETURN_TYPES) == len(made.RETURN_NAMES)
        assert callable(getattr(made, made.FUNCTION))
        assert made.CATEGORY


def test_frames_are_a_batch_of_pictures(nodes: ModuleType) -> None:
    frames, fps = node(nodes, "WindstillAnimate").animate(image(), **QUICK)
    assert (tuple(frames.shape), frames.dtype, fps) == ((16, 200, 321, 3), torch.float32, 8)
    assert 0 <= float(frames.min()) <= float(frames.max()) <= 1
    assert np.abs((frames[0] * 255).numpy() - landscape()[0]).max() <= 1
    assert float((frames[8] - frames[0]).abs().max()) > 0.05


def test_mattes_are_masks_in_and_out(nodes: ModuleType) -> None:
    sky, hair, face = node(nodes, "WindstillMattes").find(image())
    for mask in (sky, hair, face):
        assert (tuple(mask.shape), mask.dtype) == ((1, 200, 321), torch.float32)
    left = torch.zeros(1, 200, 321)
    left[:, :120, :160] = 1
    frames, _ = node(nodes, "WindstillAnimate").animate(image(), sky=left, **QUICK)
    change = (frames[6] - frames[0]).abs().amax(-1)
    assert float(change[:100, :140].max()) > 0.02
    assert float(change[:, 170:].max()) == 0


def test_the_file_lies_in_the_output_folder(
    nodes: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = node(nodes, "WindstillAnimateToFile")
    paths = [
        made.animate(image(), "../../sea", format="mp4", **QUICK)["result"][0] for _ in range(2)
    ]
    assert paths == [str(tmp_path / f"sea_0000{number}.mp4") for number in (1, 2)]
    with av.open(paths[0]) as film:
        assert sum(1 for _ in film.decode(video=0)) == 16
