"""One call of `windstill animate`: all its photos, what is said about them, and the report."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from windstill.cli import report
from windstill.cli.bar import Bar
from windstill.cli.crew import Crew
from windstill.cli.targets import Task
from windstill.cli.work import Manner, Outcome, Work
from windstill.errors import OutputError, UnreadablePhoto
from windstill.options import Options


@dataclass(frozen=True)
class Voice:
    """How much is said about each photo, and where."""

    json: bool
    quiet: bool
    stdout_taken: bool

    def tell(self, outcome: Outcome) -> Outcome:
        """Says what came of one photo; an outcome that can't be told is returned as a failure."""
        try:
            self._tell(outcome)
            sys.stdout.flush()
        except OutputError as error:
            click.echo(f"error: {outcome.task.photo}: {error}", err=True)
            status = max(outcome.exit_status, error.exit_status)
            return replace(outcome, exit_status=status)
        return outcome

    def _tell(self, outcome: Outcome) -> None:
        photo = outcome.task.photo
        if self.json:
            click.echo(json.dumps(report.as_dict(outcome)))
        if outcome.error is not None:
            click.echo(f"error: {photo}: {outcome.error['message']}", err=True)
        if self.quiet:
            return
        for message in outcome.warnings:
            click.echo(f"warning: {photo}: {message}", err=True)
        if outcome.state == "skipped" and not self.json:
            click.echo(f"{photo}: {outcome.task.output} exists; skipped")
        if outcome.sentence and not self.json:
            click.echo(outcome.sentence, err=self.stdout_taken)


@dataclass
class Run:
    """Works through tasks, and remembers what came of each.

    resumes: tasks whose result exists are skipped.
    """

    options: Options
    manner: Manner
    jobs: int | None
    voice: Voice
    report_file: str | None
    resumes: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    begin: float = field(default_factory=time.monotonic)

    def once(self, tasks: list[Task]) -> int:
        """Works through the tasks; the exit status."""
        complete = False
        try:
            self._work([tasks])
            complete = True
        finally:
            self._close(complete, summary=len(tasks) > 1)
        return self._status()

    def watch(self, plan: Callable[[], list[Task]]) -> int:
        """Works through what `plan` lists, and what it lists later, until interrupted."""
        from windstill.cli.watching import Watch

        if not self.voice.quiet:
            click.echo("watching for photos; Ctrl-C ends it", err=True)
        try:
            self._work(Watch(_patient(plan)).batches())
        except KeyboardInterrupt:
            if not self.voice.quiet:
                click.echo("stopped watching", err=True)
        finally:
            self._close(complete=True, summary=True)
        return self._status()

    def _work(self, batches: Iterable[list[Task]]) -> None:
        bar = Bar(quiet=self.voice.quiet)
        try:
            with Crew(bar.tell) as crew:
                for tasks in batches:
                    bar.expect(len(tasks))
                    for outcome in self._outcomes(tasks, crew):
                        bar.finish(outcome)
                        bar.clear()
                        self.outcomes.append(self.voice.tell(outcome))
        finally:
            bar.clear()

    def _outcomes(self, tasks: list[Task], crew: Crew) -> Iterator[Outcome]:
        from windstill.cli.shares import sizes

        finished = {task for task in tasks if self.resumes and os.path.exists(task.output)}
        yield from (Outcome(task, "skipped") for task in tasks if task in finished)
        rest = [task for task in tasks if task not in finished]
        side = self.options.max_side
        processes, threads = sizes(self.jobs, len(rest), side, self.manner.threads)
        manner = replace(self.manner, threads=threads)
        yield from crew.run([Work(task, self.options, manner) for task in rest], processes)

    def _close(self, complete: bool, summary: bool) -> None:
        seconds = time.monotonic() - self.begin
        self.outcomes.sort(key=lambda outcome: str(outcome.task.photo))
        if summary and not self.voice.quiet:
            click.echo(report.summary(self.outcomes, seconds), err=True)
        if self.report_file is not None:
            report.write(Path(self.report_file), self.outcomes, seconds, complete=complete)

    def _status(self) -> int:
        return max((outcome.exit_status for outcome in self.outcomes), default=0)


def _patient(plan: Callable[[], list[Task]]) -> Callable[[], list[Task]]:
    """Takes a folder without photos, or one that is away for the moment, for what may come."""

    def listed() -> list[Task]:
        try:
            return plan()
        except (UnreadablePhoto, OSError):
            return []

    return listed
