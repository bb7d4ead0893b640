"""The nodes: frames, the encoded file, and mattes as masks in and out.

ComfyUI's `IMAGE` is a float tensor (B, H, W, 3) in 0 to 1, its `MASK` one (B, H, W)
(https://docs.comfy.org/custom-nodes/backend/images_and_masks). One photo is animated: the first of
a batch.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import windstill
from windstill.options import Options, describe
from windstill.video.formats import ENCODED, container

CATEGORY = "image/animation"
_SHOWN = ("operation", "seconds", "fps", "strength", "wind", "seed", "max_side")


class AnimatePhoto:
    """A photo in, the frames of its loop out. 4 seconds at 1920x1080 take 2.4 GB as a tensor."""

    RETURN_TYPES = ("IMAGE", "INT")
    RETURN_NAMES = ("frames", "fps")
    FUNCTION = "animate"
    CATEGORY = CATEGORY
    DESCRIPTION = "A seamless loop in which the sky drifts or the hair sways, as frames."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """What the node takes."""
        return _inputs(_SHOWN)

    def animate(
        self, image: torch.Tensor, sky: Any = None, hair: Any = None, **options: Any
    ) -> tuple[torch.Tensor, int]:
        """The frames, float (N, H, W, 3), and how many a second."""
        chosen = Options.parse({**options, "format": "png"})
        frames = windstill.frames(_photo(image), chosen, mattes=_given(sky, hair))
        tensors = [torch.from_numpy(frame).float().div_(255) for frame in frames]
        return torch.stack(tensors), chosen.fps


class AnimateToFile:
    """A photo in, the path of its encoded loop out, in ComfyUI's output folder."""

    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("path",)
    FUNCTION = "animate"
    CATEGORY = CATEGORY
    OUTPUT_NODE = True
    DESCRIPTION = "A seamless loop in which the sky drifts or the hair sways, as a file."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """What the node takes."""
        inputs = _inputs((*_SHOWN, "quality"))
        inputs["required"]["format"] = (list(ENCODED), {"default": "mp4"})
        inputs["required"]["filename_prefix"] = ("STRING", {"default": "windstill"})
        return inputs

    def animate(
        self,
        image: torch.Tensor,
        filename_prefix: str,
        sky: Any = None,
        hair: Any = None,
        **options: Any,
    ) -> dict[str, Any]:
        """The file's path, and what ComfyUI shows of it."""
        chosen = Options.parse(options)
        folder = _output_folder()
        name = _free_name(folder, filename_prefix, container(chosen.format).extension)
        windstill.animate(
            _photo(image), chosen, output=os.path.join(folder, name), mattes=_given(sky, hair)
        )
        shown = {"filename": name, "subfolder": "", "type": "output"}
        return {
            "ui": {"images": [shown], "animated": (True,)},
            "result": (os.path.join(folder, name),),
        }


class FindMattes:
    """A photo in, where its sky, its hair and its faces are out, as masks."""

    RETURN_TYPES = ("MASK", "MASK", "MASK")
    RETURN_NAMES = ("sky", "hair", "face")
    FUNCTION = "find"
    CATEGORY = "mask"
    DESCRIPTION = "Soft mattes of sky, hair and faces."

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """What the node takes."""
        return {"required": {"image": ("IMAGE",)}}

    def find(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Three masks, float (1, H, W)."""
        found = windstill.mattes(_photo(image))
        return tuple(
            torch.from_numpy(matte.copy())[None] for matte in (found.sky, found.hair, found.face)
        )


def _inputs(names: tuple[str, ...]) -> dict[str, Any]:
    """The photo, options of these names as widgets, and mattes."""
    required = {"image": ("IMAGE",)}
    required |= {each["name"]: _widget(each) for each in describe() if each["name"] in names}
    return {"required": required, "optional": {"sky": ("MASK",), "hair": ("MASK",)}}


def _widget(option: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    told = {"default": option["default"], "tooltip": option["help"]}
    if "choices" in option:
        return list(option["choices"]), told
    if option["type"] == "str":
        return "STRING", told
    kind = {"int": "INT", "float": "FLOAT"}[option["type"]]
    return kind, {**told, "min": option["low"], "max": option["high"]}


def _photo(image: torch.Tensor) -> NDArray[np.uint8]:
    """The first picture of a batch, uint8 RGB (H, W, 3)."""
    levels = (image[0, ..., :3].detach().cpu().clamp(0, 1) * 255).round()
    return np.ascontiguousarray(levels.to(torch.uint8).numpy())


def _given(sky: torch.Tensor | None, hair: torch.Tensor | None) -> windstill.GivenMattes | None:
    if sky is None and hair is None:
        return None
    return windstill.GivenMattes(sky=_matte(sky), hair=_matte(hair))


def _matte(mask: torch.Tensor | None) -> NDArray[np.float32] | None:
    """The first mask of a batch, float32 (H, W)."""
    if mask is None:
        return None
    first = mask if mask.ndim == 2 else mask[0]
    return np.ascontiguousarray(first.detach().cpu().float().clamp(0, 1).numpy())


def _output_folder() -> str:
    """ComfyUI's; the working folder outside of it."""
    try:
        import folder_paths
    except ModuleNotFoundError:
        return os.getcwd()
    return str(folder_paths.get_output_directory())


def _free_name(folder: str, prefix: str, ending: str) -> str:
    """A name that no file has yet; of the prefix only its last part counts."""
    stem = os.path.basename(prefix.rstrip("/\\")) or "windstill"
    number = 1
    while os.path.lexists(os.path.join(folder, f"{stem}_{number:05}{ending}")):
        number += 1
    return f"{stem}_{number:05}{ending}"
