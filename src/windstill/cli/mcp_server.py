"""The tool `animate_photo` for assistants, each call in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ContentBlock, ResourceLink, TextContent, ToolAnnotations
from pydantic import Field

from windstill import __version__
from windstill.errors import InvalidOption
from windstill.options import Format, Operation, Options, Strength
from windstill.video.formats import container

_ABOUT = (
    "Turns one photo into a short, seamlessly looping video in which the sky drifts, or the hair "
    "sways, or both, and nothing else moves. Writes the result beside the photo and says what "
    "moves."
)


class Folders:
    """Where an assistant may read and write. folders: they must exist."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [Path(os.path.realpath(folder)) for folder in folders]

    def inside(self, name: str) -> Path:
        """The path that a name means, links followed; a relative one begins in the first folder.

        Raises `ToolError` for one outside of all folders.
        """
        if "\0" in name:
            raise ToolError("The path has a null character.")
        real = Path(os.path.realpath(self._folders[0] / Path(name).expanduser()))
        if not any(real.is_relative_to(folder) for folder in self._folders):
            allowed = ", ".join(str(folder) for folder in self._folders)
            raise ToolError(f"{name} is outside of the folders that may be used: {allowed}.")
        return real


def server(folders: Sequence[Path], jobs: int) -> MCPServer:
    """The server. jobs: how many photos are worked on at a time."""
    allowed = Folders(folders)
    places = asyncio.Semaphore(jobs)
    app = MCPServer("windstill", version=__version__, log_level="WARNING")

    async def animate_photo(
        photo: Annotated[str, Field(description="Path of the photo: JPEG, PNG, WebP, AVIF, ...")],
        operation: Annotated[
            Operation, Field(description="What moves: 1 the sky, 10 the hair, 11 both")
        ] = "auto",
        strength: Annotated[Strength, Field(description="How strong the wind is")] = "normal",
        seconds: Annotated[float, Field(ge=2, le=12, description="Length of the loop")] = 4.0,
        format: Annotated[
            Format,
            Field(description="mp4 plays everywhere; html is a page that paints the loop itself"),
        ] = "mp4",
        output: Annotated[
            str | None, Field(description="Path of the result; by default beside the photo")
        ] = None,
    ) -> list[ContentBlock]:
        source = allowed.inside(photo)
        if not source.is_file():
            raise ToolError(f"{photo}: there is no such file.")
        try:
            options = Options(
                operation=operation, strength=strength, seconds=seconds, format=format
            )
        except InvalidOption as error:
            raise ToolError(error.message) from None
        ending = container(options.format).ending
        target = allowed.inside(output or str(source.with_name(f"{source.stem}-loop{ending}")))
        async with places:
            return _told(await _animated(source, target, options), target)

    app.add_tool(
        animate_photo,
        description=_ABOUT,
        annotations=ToolAnnotations(
            title="Animate a photo", read_only_hint=False, destructive_hint=False
        ),
        structured_output=False,
    )
    return app


async def _animated(photo: Path, output: Path, options: Options) -> dict[str, Any]:
    """What the command line says of one photo. Ends its process when the call is cancelled."""
    flags = [
        f"--{name}={getattr(options, name)}"
        for name in ("operation", "strength", "seconds", "format")
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "windstill.cli", "animate", str(photo), "-o", str(output), "--json",
        "--quiet", *flags,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        printed, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = said.decode(errors="replace").strip().removeprefix("error: ")
        raise ToolError(words or f"It failed with status {process.returncode}.")
    found: dict[str, Any] = json.loads(printed)
    return found


def _told(facts: dict[str, Any], path: Path) -> list[ContentBlock]:
    moves = [f"{each['element']}: {each['motion']}" for each in facts["moved"]]
    remarks = " ".join(each["message"] for each in facts["warnings"])
    text = (
        f"{path}: {facts['width']}x{facts['height']}, {facts['seconds']:g} s; {', '.join(moves)}. "
        f"{remarks}"
    )
    content: list[ContentBlock] = [TextContent(type="text", text=text.strip())]
    if path.is_file():
        content.append(
            ResourceLink(
                type="resource_link",
                name=path.name,
                uri=path.as_uri(),
                mime_type=facts["mime"],
                size=path.stat().st_size,
            )
        )
    return content
