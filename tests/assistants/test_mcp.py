"""`windstill mcp`, with the real clients for Python and Node.

They are installed by `make clients`, the server's library among them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http import photos
from tests.http.running import until
from tests.servers.ports import free_port

CLIENTS = Path(__file__).parents[2] / ".venv-clients"
NODE = CLIENTS / "node" / "node_modules" / "@modelcontextprotocol"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CLIENTS / "mcp")}
SERVER = (sys.executable, "-m", "windstill.cli", "mcp")

pytestmark = pytest.mark.skipif(not (CLIENTS / "mcp").exists(), reason="make clients did not run")

PYTHON = """
import asyncio, json, os, sys
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

async def main(where, calls):
    if where.startswith("http"):
        transport = where
    else:
        command = json.loads(where)
        program = {"command": command[0], "args": command[1:], "env": dict(os.environ)}
        transport = stdio_client(StdioServerParameters(**program))
    async with Client(transport) as client:
        tools = await client.list_tools()
        found = [[tool.name for tool in tools.tools]]
        for call in calls:
            answer = await client.call_tool("animate_photo", call)
            blocks = [block.model_dump(mode="json") for block in answer.content]
            found.append([bool(answer.is_error), blocks])
        print(json.dumps(found))

asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
"""
JAVASCRIPT = """
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
const [where, calls] = process.argv.slice(1);
const client = new Client({ name: "test", version: "1" });
if (where.startsWith("http")) {
  await client.connect(new StreamableHTTPClientTransport(new URL(where)));
} else {
  const [command, ...args] = JSON.parse(where);
  await client.connect(new StdioClientTransport({ command, args, env: process.env }));
}
const found = [(await client.listTools()).tools.map((tool) => tool.name)];
for (const call of JSON.parse(calls)) {
  const answer = await client.callTool({ name: "animate_photo", arguments: call });
  found.push([Boolean(answer.isError), answer.content]);
}
console.log(JSON.stringify(found));
await client.close();
"""


def asked(client: str, where: str, *calls: dict[str, Any]) -> list[Any]:
    """The names of the tools, and for each call whether it failed, and its content."""
    if client == "node":
        if shutil.which("node") is None or not NODE.exists():
            pytest.skip("Node.js or its clients are not installed")
        program = ("node", "--input-type=module", "-e", JAVASCRIPT)
    else:
        program = (sys.executable, "-c", textwrap.dedent(PYTHON))
    done = subprocess.run(
        (*program, where, json.dumps(calls)),
        cwd=CLIENTS / "node" if client == "node" else None,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "photos"
    found.mkdir()
    (found / "sea.jpg").write_bytes(photos.jpeg(240, 160))
    (tmp_path / "secret.jpg").write_bytes(photos.jpeg())
    (found / "way-out.jpg").symlink_to(tmp_path / "secret.jpg")
    return found


@contextmanager
def over_http(folder: Path) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        (*SERVER, str(folder), "--http", str(port)), env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}/mcp"

    def answers() -> bool:
        try:
            return httpx.get(address).status_code > 0
        except httpx.TransportError:
            return False

    try:
        until(answers)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("client", ["python", "node"])
@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_an_assistant_makes_a_loop(folder: Path, client: str, transport: str) -> None:
    call = {"photo": "sea.jpg", "operation": "1", "seconds": 2}
    if transport == "stdio":
        found = asked(client, json.dumps([*SERVER, str(folder)]), call)
    else:
        with over_http(folder) as address:
            found = asked(client, address, call)
    tools, (failed, content) = found
    assert tools == ["animate_photo"]
    assert not failed, content
    assert "240x160, 2 s; sky: " in content[0]["text"]
    assert content[1]["uri"] == (folder / "sea-loop.mp4").as_uri()
    assert (folder / "sea-loop.mp4").stat().st_size == content[1]["size"]


def test_refusals_are_told_and_nothing_outside_is_touched(folder: Path) -> None:
    outside = folder.parent / "out.mp4"
    (folder / "words.jpg").write_bytes(b"no photo at all")
    (folder / "taken.mp4").write_bytes(b"mine")
    calls = [
        ({"photo": "../secret.jpg"}, "outside of the folders"),
        ({"photo": str(folder.parent / "secret.jpg")}, "outside of the folders"),
        ({"photo": "way-out.jpg"}, "outside of the folders"),
        ({"photo": "sea.jpg", "output": str(outside)}, "outside of the folders"),
        ({"photo": "nothing.jpg"}, "no such file"),
        ({"photo": "words.jpg"}, "words.jpg"),
        ({"photo": "sea.jpg", "output": "taken.mp4"}, "exists"),
        ({"photo": "sea.jpg", "seconds": 90}, "seconds"),
        ({"photo": "sea.jpg", "format": "html", "output": "a.gif"}, "a.gif"),
    ]
    _, *answers = asked("python", json.dumps([*SERVER, str(folder)]), *(call for call, _ in calls))
    for (call, words), (failed, content) in zip(calls, answers, strict=True):
        assert failed, call
        assert words in content[0]["text"], content
    assert not outside.exists()
    assert (folder / "taken.mp4").read_bytes() == b"mine"
    assert {path.name for path in folder.iterdir()} == {
        "sea.jpg", "words.jpg", "way-out.jpg", "taken.mp4",
    }  # fmt: skip


def test_other_pages_of_a_browser_are_refused(folder: Path) -> None:
    with over_http(folder) as address:
        answer = httpx.post(
            address,
            json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            headers={
                "origin": "https://evil.example",
                "accept": "application/json, text/event-stream",
            },
        )
    assert answer.status_code in (400, 403, 421)


def test_without_the_extra_it_says_how_to_add_it(folder: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run((*SERVER, str(folder)), env=plain, capture_output=True, text=True)
    assert done.returncode != 0
    assert "[mcp]" in done.stderr
