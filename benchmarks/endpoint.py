"""How long the compatible endpoint takes, from the request to the link, and in which stages.

    python benchmarks/endpoint.py PHOTO [--repeat 5]

Starts a service of its own with the default settings, sends the photo at two sizes one after the
other, and prints the median and the longest time, and the seconds of each stage, as a table.
"""

from __future__ import annotations

import argparse
import io
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

SIZES = ((1280, 720), (1999, 1999))
ANIMATE = "/api/image/effects/image-fine-tuning"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Help)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "windstill.cli", "serve", "--port", "0", "--data", folder]
        with subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server:
            try:
                report(server, given.photo, given.repeat)
            finally:
                server.terminate()


def report(server: subprocess.Popen[bytes], photo: Path, repeat: int) -> None:
    assert server.stdout is not None
    printed = ""
    while "curl" not in printed:
        printed += server.stdout.readline().decode()
    address = re.search(r"listens on (\S+)", printed)
    key = re.search(r"only now: (\w+)", printed)
    assert address is not None
    assert key is not None
    with httpx.Client(
        base_url=address[1], headers={"ailabapi-api-key": key[1]}, timeout=120
    ) as client:
        print("| photo | median s | longest s | stages, mean s |")
        print("| --- | --- | --- | --- |")
        for size in SIZES:
            body = resized(photo, size)
            send(client, body)
            before = stages(client)
            times = [send(client, body) for _ in range(repeat)]
            spent = {
                name: (seconds - before.get(name, 0)) / repeat
                for name, seconds in stages(client).items()
            }
            parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in spent.items())
            print(
                f"| {size[0]}x{size[1]}, {len(body):,} bytes | {statistics.median(times):.2f} "
                f"| {max(times):.2f} | {parts} |"
            )


def send(client: httpx.Client, photo: bytes) -> float:
    begin = time.perf_counter()
    response = client.post(ANIMATE, files={"image": photo}, data={"operation": "11"})
    spent = time.perf_counter() - begin
    assert response.status_code == 200, response.text
    return spent


def stages(client: httpx.Client) -> dict[str, float]:
    """Seconds spent in each stage since the service was started."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        sample.labels["stage"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "windstill_stage_seconds_sum"
    }


def resized(photo: Path, size: tuple[int, int]) -> bytes:
    """The photo as a JPEG of that size, within the limit of 3 MiB."""
    stream = io.BytesIO()
    with Image.open(photo) as picture:
        picture.convert("RGB").resize(size).save(stream, "JPEG", quality=88)
    return stream.getvalue()


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the example's line."""


if __name__ == "__main__":
    main()
