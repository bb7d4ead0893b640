"""The mean of several trained networks: `python -m training.soup a.pt b.pt --out soup.pt`.

Wortsman et al., "Model soups" (2022): networks that were trained on from the same weights lie in
one valley, and their mean is as good as the mean of their answers, at the cost of one.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor


def soup(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each tensor; counters come from the first. All must have the same names."""
    first = states[0]
    if any(state.keys() != first.keys() for state in states):
        raise KeyError("the networks differ in their layers")
    return {
        name: torch.stack([state[name] for state in states]).mean(0)
        if tensor.dtype.is_floating_point
        else tensor
        for name, tensor in first.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    averages = [
        torch.load(path, map_location="cpu", weights_only=True)["ema"] for path in args.checkpoints
    ]
    torch.save({"ema": soup(averages)}, args.out)
    print(f"{args.out}: the mean of {len(averages)} networks")


if __name__ == "__main__":
    main()
