"""A service to be killed: submits `total` jobs, each with an idempotency key of its own, and ends
when all of them are finished. Run as a program: DATA TOTAL DO, where DO names what all jobs do
and then stay at, if it is not empty.
"""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path

from windstill.adapters.embedded import open_engine
from windstill.jobs.engine import Engine, Submission
from windstill.jobs.errors import QueueFull

ENDS = ("work", "work", "work", "refuse", "crash", "breed")


def payload(number: int, do: str) -> dict[str, object]:
    """What job `number` does: the same at every attempt."""
    if do:
        return {"do": do, "stay": True}
    drawn = random.Random(number)
    return {"do": ENDS[number % len(ENDS)], "seconds": drawn.uniform(0.0, 0.3)}


def main(data: Path, total: int, do: str) -> None:
    engine = open_engine(
        data,
        task="tests.jobs.tasks:behave",
        preload=("tests.jobs.tasks",),
        slots=2,
        cpus=2,
        queue_size=8,
        job_limit=None,
        attempts=1000,
        patience=3600,
        grace=0.1,
        reachable=(data.parent,),
    )
    engine.start()
    keys = engine.keys.list()
    key = keys[0] if keys else engine.keys.create("tester", credits=15 * total)[0]
    print("started", flush=True)
    jobs = [_submit(engine, key.id, number, do) for number in range(total)]
    for job_id in jobs:
        engine.wait(job_id)
    engine.close()
    print("done", flush=True)


def _submit(engine: Engine, key_id: str, number: int, do: str) -> str:
    turn = threading.Event()
    while True:
        request = Submission(
            key_id=key_id,
            photo=b"photo %d" % number,
            payload=payload(number, do),
            kind="test",
            idempotency_key=str(number),
        )
        try:
            return engine.submit(request).id
        except QueueFull:
            turn.wait(0.02)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
