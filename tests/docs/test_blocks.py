"""Every block of code in the pages runs, in order, against a service that runs.

A comment on the line before a block says what is special about it:

    <!-- not run: WHY -->    it is left out; the reason is for the reader of the source
    <!-- file: NAME -->      it is saved under this name, for the blocks after it
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.docs.blocks import Block, blocks
from tests.http.photos import jpeg
from tests.http.running import RunningServer, start_server
from tests.servers.ports import free_port
from windstill.settings import describe

DOCS = Path(__file__).parents[2] / "docs"
WEB = DOCS.parent / "src" / "windstill" / "http" / "pages" / "static"
PAGES = {
    str(path.relative_to(DOCS)): path.read_text()
    for path in sorted(DOCS.rglob("*.md"))
    if path.parent.name not in ("decisions", "theme")
}
RUNNABLE = ("sh", "python")
SHOWN = ("", "text", "json", "nginx", "ini", "systemd", "yaml", "js", "html")
"""Kinds of blocks that show what something looks like, or are files of other programs."""
ELSEWHERE = "how-to/alibaba/"
"""Pages about clients that tests/http/acs/test_clients.py installs and runs."""
MADE = {
    "tutorials/library.md": ("loop.mp4", "loop.webp"),
    "tutorials/api.md": ("animation.json", "loop.mp4", "loop2.mp4"),
    "tutorials/old-client.md": ("loop.mp4",),
    "how-to/folders.md": ("loops/beach-loop.mp4", "report.json", "loop.mp4"),
    "how-to/mattes.md": ("mattes/overlay.png", "corrected.mp4", "without-lake.mp4"),
    "how-to/wallpaper.md": ("wallpaper.mp4", "wallpaper.jpg", "phone.mp4"),
    "how-to/formats.md": ("loop.webm", "loop.gif", "frames.zip"),
    "how-to/photos.md": ("beachMP.jpg", "film.mp4", "beach/beach.mov", "seaMP.jpg"),
    "how-to/web.md": ("photo-loop.html", "sea/photo.loop"),
    "how-to/recipes.md": ("site/index.html", "site/beach-loop/photo.loop"),
    "how-to/playback.md": ("loop.mp4", "loop.jpg", "loop-av1.mp4"),
    "how-to/webhooks.md": ("told.txt",),
    "explanation/adding-an-element.md": ("lake.mp4",),
}
"""What is there when a page has been followed."""


def run_of(text: str) -> list[Block]:
    """What of a page is run. Python goes on where the block before ended, as one program."""
    return [block for block in blocks(text) if block.language in RUNNABLE and not block.mark]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = start_server(
        tmp_path_factory.mktemp("served"), webhooks="true", reachable_networks="127.0.0.0/8"
    )
    yield running
    assert running.stop() == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the pages take it for granted."""
    photo = jpeg(240, 160)
    (tmp_path / "photo.jpg").write_bytes(photo)
    for name in ("holidays", "inbox"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "beach.jpg").write_bytes(photo)
    return tmp_path


def follow(page: str, server: RunningServer, folder: Path) -> None:
    """Does what a page says, in order."""
    port = str(free_port())
    programs: list[str] = []
    for block in blocks(PAGES[page]):
        code = block.code.replace("http://127.0.0.1:8080", server.address).replace("8099", port)
        if block.mark == "file":
            (folder / block.about).write_text(code)
        elif block.mark or block.language not in RUNNABLE:
            continue
        elif block.language == "sh":
            run(("bash", "-euo", "pipefail", "-c", code), server, folder)
        else:
            alone = code.lstrip().startswith(("import ", "from ")) and "import windstill\n" in code
            programs = [code] if alone else [*programs, code]
            run((sys.executable, "-W", "error", "-c", "\n".join(programs)), server, folder)


def run(command: tuple[str, ...], server: RunningServer, folder: Path) -> None:
    given = {
        "BASE_URL": server.address,
        "API_KEY": server.key,
        "WINDSTILL_DATA": str(server.data),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page, text in PAGES.items() if run_of(text) and not page.startswith(ELSEWHERE)],
)
def test_a_page_does_what_it_says(page: str, server: RunningServer, folder: Path) -> None:
    for program in ("curl", "bash"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    follow(page, server, folder)
    for name in MADE.get(page, ()):
        assert (folder / name).stat().st_size > 0, name
        if name.endswith((".mp4", ".webm")):
            with av.open(str(folder / name)) as container:
                assert sum(1 for _ in container.decode(video=0)) >= 16
    if page == "how-to/webhooks.md":
        assert (folder / "told.txt").read_text().startswith("animation.succeeded ")


@pytest.mark.slow
def test_the_readme_does_what_it_says(server: RunningServer, folder: Path) -> None:
    given = f"KEY = {server.key!r}\n"
    for block in blocks((DOCS.parent / "README.md").read_text()):
        code = block.code.replace("http://127.0.0.1:8080", server.address)
        if block.language == "python":
            run((sys.executable, "-W", "error", "-c", given + code), server, folder)
        elif block.language == "sh" and "make " not in code:
            code = code.replace("\\\n", "")
            for line in code.splitlines():
                # The page of `preview` stays open; each line of the others stands for itself.
                if " preview " not in line:
                    (folder / "photo-loop.mp4").unlink(missing_ok=True)
                    run(("bash", "-euc", f"KEY={server.key}\n{line}"), server, folder)
    for name in ("loop.mp4", "sky.webm", "loops/beach-loop.mp4", "mattes/overlay.png"):
        assert (folder / name).stat().st_size > 0


@pytest.mark.slow
def test_a_block_that_fails_would_be_seen(
    server: RunningServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PAGES, "made-up.md", "```sh\nwindstill animate no-such-photo.jpg\n```\n")
    with pytest.raises(AssertionError, match="no-such-photo"):
        follow("made-up.md", server, folder)


@pytest.mark.slow
def test_what_is_shown_of_the_start_is_what_is_printed(server: RunningServer) -> None:
    (shown,) = (b for b in blocks(PAGES["tutorials/browser.md"]) if b.language == "text")
    for line in shown.code.replace("http://127.0.0.1:8080", server.address).splitlines():
        assert re.search("\\S*".join(map(re.escape, line.split("…"))), server.output), line


def test_what_the_tutorial_says_to_press_is_on_the_page() -> None:
    page = (WEB / "index.html").read_text() + (WEB / "messages.js").read_text()
    named = re.findall(r"(?<!\*)\*([A-Z][\w ]+)\*", PAGES["tutorials/browser.md"])
    assert len(named) > 4
    assert [name for name in named if name not in page] == []


@pytest.mark.parametrize("page", PAGES)
def test_blocks_that_are_not_run_are_of_a_known_kind(page: str) -> None:
    for block in blocks(PAGES[page]):
        if block.language == "json":
            json.loads(block.code)
        elif block.language == "toml":
            named = set(tomllib.loads(block.code))
            assert named <= {str(setting["name"]) for setting in describe()}
        else:
            assert block.language in (*RUNNABLE, *SHOWN)


def test_few_blocks_are_left_out_and_each_says_why() -> None:
    every = [block for text in PAGES.values() for block in blocks(text)]
    code = [block for block in every if block.language in RUNNABLE]
    left_out = [block for block in code if block.mark == "not run"]
    assert len(code) > 25
    assert len(left_out) <= len(code) / 4
    assert all(len(block.about.split()) >= 3 for block in left_out)


def test_every_decision_is_in_the_list() -> None:
    listed = (DOCS / "decisions" / "README.md").read_text()
    for path in DOCS.joinpath("decisions").glob("*.md"):
        assert path.name == "README.md" or f"({path.name})" in listed
