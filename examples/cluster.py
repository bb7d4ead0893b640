"""Runs Windstill as on many machines, on this one: PostgreSQL, RabbitMQ, an object store, two
services and some workers, as plain processes on loopback. Ctrl-C ends all of them.

    python -m examples.cluster --services 2 --workers 2
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.servers.cluster import Cluster, cluster, missing

_ENDS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Starts everything, says where it is, and waits for the end."""
    asked = _arguments()
    absent = missing()
    if absent is not None:
        print(f"{absent} is not installed; on Debian: apt-get install postgresql rabbitmq-server")
        return 1
    for number in _ENDS:
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="windstill-cluster-"))
    try:
        with cluster(folder, broker=not asked.without_broker) as running:
            running.add(services=asked.services, workers=asked.workers, slots=asked.slots)
            print(welcome(running), flush=True)
            _wait()
        print("All ended.")
    except KeyboardInterrupt:
        print("Ended before all had started.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _wait() -> None:
    """Returns at Ctrl-C or SIGTERM; a second one shall not break off the tidying up."""
    try:
        signal.pause()
    except KeyboardInterrupt:
        for number in _ENDS:
            signal.signal(number, signal.SIG_IGN)


def welcome(running: Cluster) -> str:
    """Where everything is, and a first call."""
    service = running.services[0].address
    lines = [
        f"PostgreSQL     {running.postgres.url}",
        f"RabbitMQ       {running.rabbitmq.url if running.rabbitmq else 'none'}",
        f"Object store   {running.store.endpoint if running.store else 'none'}",
        *(f"{member.name:<14} {member.address}" for member in running.members),
        f"Logs           {running.folder}/*.log",
        f"Key            {running.key}",
        "",
        f"Open {service}/#key={running.key}, or",
        f"  curl -H 'ailabapi-api-key: {running.key}' -F image=@photo.jpg -F operation=11 "
        f"{service}/api/image/effects/image-fine-tuning",
        "Ctrl-C ends everything.",
    ]
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n\n")[0])
    parser.add_argument("--services", type=int, default=2, metavar="N")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--slots", type=int, default=1, metavar="N", help="of each worker")
    parser.add_argument("--without-broker", action="store_true", help="queue in the database")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
