"""Photos worked on in processes of their own, several at a time."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType, TracebackType
from typing import cast

from windstill.cli.work import Outcome, Unexpected, Work, attempt

_PATIENCE = 3.0

Told = Callable[[Work, str, float], None]
"""Called with a work, its stage and the part of the stage that is done."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    work: Work | None = None


class Crew:
    """Processes that are started when needed and kept for the next works.

    Inside a `with` block; leaving it in any way ends them. A process that dies takes only its own
    photo along.
    """

    def __init__(self, told: Told) -> None:
        self._told = told
        self._workers: list[_Worker] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.pipe.close()  # whoever waits for work ends
            if worker.work is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_PATIENCE)
            while worker.process.is_alive():
                # Python drops what a signal raises inside a destructor: once more, then.
                worker.process.terminate()
                worker.process.join(_PATIENCE)
        self._workers.clear()

    def run(self, works: Sequence[Work], at_once: int) -> Iterator[Outcome]:
        """The outcome of each work, as they are finished; one at a time in this process itself."""
        if at_once == 1:
            for work in works:
                yield attempt(work, lambda *step, work=work: self._told(work, *step))
            return
        waiting = deque(works)
        while waiting or any(worker.work for worker in self._workers):
            self._hand_out(waiting, at_once)
            yield from self._gathered()

    def _hand_out(self, waiting: deque[Work], at_once: int) -> None:
        idle = [worker for worker in self._workers if worker.work is None]
        while waiting and (idle or len(self._workers) < at_once):
            worker = idle.pop() if idle else self._hired()
            worker.work = waiting.popleft()
            with suppress(BrokenPipeError):  # it died idle: found below
                worker.pipe.send(worker.work)

    def _hired(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        # Multiprocessing's own helper, which would lift the block when it is started.
        resource_tracker.ensure_running()
        # Inherited: Ctrl-C may come before the process is far enough to ignore it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _gathered(self) -> Iterator[Outcome]:
        """Waits until some worker says something."""
        busy = {worker.pipe: worker for worker in self._workers if worker.work}
        for pipe in wait(list(busy)):
            worker = busy[cast(Connection, pipe)]
            try:
                message = worker.pipe.recv()
            except (EOFError, ConnectionResetError):
                message = self._lost(worker)
            if isinstance(message, Outcome):
                worker.work = None
                yield message
            elif worker.work is not None:
                self._told(worker.work, *message)

    def _lost(self, worker: _Worker) -> Outcome | None:
        """What came of the work of a process that has died."""
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        if worker.work is None:
            return None
        code = worker.process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"status {code}"
        problem = Unexpected(f"the process that worked on it ended with {how}")
        return Outcome.failed(worker.work.task, problem)


def _serve(pipe: Connection) -> None:
    """What a process of the crew does until its pipe is closed."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    # Ctrl-C reaches the whole group; whoever leads the crew decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, SystemExit):
        while True:
            work = pipe.recv()
            pipe.send(attempt(work, lambda stage, fraction: pipe.send((stage, fraction))))
    # What the exception held on to is gone now, and with it everything half-written; threads of
    # libraries may not hold up the end.
    gc.collect()
    os._exit(0)
