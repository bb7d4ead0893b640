"""What is said about finished animations, each and all together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windstill.cli.work import Outcome

if TYPE_CHECKING:
    from windstill.animation import Animation
    from windstill.elements.base import Movement, Notice
    from windstill.options import Options

_VERBS = {"drift": "drifts", "sway": "sways", "procedural": "drifts (a faint veil)"}


def sentence(photo: str, output: str, animation: Animation, options: Options) -> str:
    """One line for people."""
    spent = sum(animation.timings.values())
    return (
        f"{photo} -> {output}: {_what_moved(animation)}; wind {options.strength}; "
        f"{animation.width}x{animation.height}, {animation.frames} frames, "
        f"{animation.seconds:g} s{_times(animation)}; took {spent:.1f} s"
    )


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """What came of one photo, for programs."""
    told: dict[str, Any] = {"photo": str(outcome.task.photo), "state": outcome.state}
    if outcome.state == "skipped":
        told["path"] = str(outcome.task.output)
    if outcome.error is not None:
        told["error"] = outcome.error
    return {**told, **outcome.facts}


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """The whole in words: how many, and which failed."""
    counts = Counter(outcome.state for outcome in outcomes)
    skipped = f", {counts['skipped']} skipped as finished before" if counts["skipped"] else ""
    photos = "1 photo" if len(outcomes) == 1 else f"{len(outcomes)} photos"
    lines = [
        f"{photos}: {counts['done']} animated{skipped}, {counts['failed']} failed; "
        f"took {seconds:.1f} s"
    ]
    lines += [f"  failed: {outcome.task.photo}" for outcome in outcomes if outcome.error]
    return "\n".join(lines)


def write(path: Path, outcomes: Sequence[Outcome], seconds: float, *, complete: bool) -> None:
    """The whole as a JSON file. Raises `OutputError`."""
    from windstill import __version__
    from windstill.video.part_file import output_error, part_file

    counts = Counter(outcome.state for outcome in outcomes)
    facts = {
        "windstill": __version__,
        "complete": complete,
        "exit_status": max((outcome.exit_status for outcome in outcomes), default=0),
        "seconds": round(seconds, 3),
        "counts": {state: counts[state] for state in ("done", "skipped", "failed")},
        "photos": [{**as_dict(each), "took": round(each.seconds, 3)} for each in outcomes],
    }
    with part_file(path) as part:
        try:
            part.write_text(json.dumps(facts, indent=2) + "\n")
        except OSError as error:
            raise output_error(path, error) from error


def worth_telling(animation: Animation, options: Options) -> list[Notice]:
    """The warnings without those that an element is absent which nobody asked for by name."""
    if options.operation != "auto" or not animation.moves:
        return list(animation.warnings)
    return [notice for notice in animation.warnings if not notice.code.startswith("no_")]


def _times(animation: Animation) -> str:
    return "" if animation.repeats == 1 else f", {animation.repeats} times"


def _what_moved(animation: Animation) -> str:
    if not animation.moves:
        return "nothing moves"
    return ", ".join(_phrase(movement) for movement in animation.moved if movement.share > 0)


def _phrase(movement: Movement) -> str:
    verb = _VERBS.get(movement.motion, "stands still")
    return f"{movement.element} {verb} ({movement.share:.1%} of the frame)"
