"""Links from pages to files of the repository that lie outside the folder of documents.

The site has a copy of each such file, so that it is complete by itself: Markdown as a page,
pictures as they are, and everything else as a page that shows it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

import site_include

DOCS = "docs"
PICTURES = (".png", ".jpg", ".svg", ".webp")
_LINK = re.compile(r"\]\((?P<path>[\w./-]*[\w-]\.\w+)(?P<anchor>#[^)]*)?\)")
_PLACE = "repository/"


def carried(root: Path, pages: dict[str, str]) -> dict[str, str]:
    """What the site has a copy of: path in the repository by place in the site.

    pages: the text of each page by its place. Copies may lead to further files.
    """
    found: dict[str, str] = {}
    waiting = dict(pages)
    while waiting:
        page, text = waiting.popitem()
        for target in _targets(text, page):
            if target.startswith(f"{DOCS}/") or place(target) in found:
                continue
            if (root / target).is_file():
                found[place(target)] = target
                if target.endswith(".md"):
                    waiting[place(target)] = (root / target).read_text()
    return found


def within_site(markdown: str, page: str, copies: dict[str, str]) -> str:
    """The page's text, its links leading to the site's copies. page: its place in the site."""

    def change(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(_folder(page), found["path"]))
        goal = target.removeprefix(f"{DOCS}/") if target.startswith(f"{DOCS}/") else place(target)
        if goal == place(target) and goal not in copies:
            return found[0]
        to = posixpath.relpath(goal, posixpath.dirname(page) or ".")
        return f"]({to}{found['anchor'] or ''})"

    return _LINK.sub(change, markdown)


def shown(path: Path, name: str) -> str:
    """A page that shows a file which is no page itself."""
    return f"# {name}\n\n{site_include.as_code(path)}\n"


def place(target: str) -> str:
    """Where the site has its copy of a file of the repository."""
    pageable = target.endswith((".md", *PICTURES))
    return f"{_PLACE}{target}" + ("" if pageable else ".md")


def _targets(text: str, page: str) -> Iterator[str]:
    for found in _LINK.finditer(text):
        yield posixpath.normpath(posixpath.join(_folder(page), found["path"]))


def _folder(page: str) -> str:
    """The folder of the repository from which a page's links are meant."""
    if page.startswith(_PLACE):
        return posixpath.dirname(page.removeprefix(_PLACE))
    return posixpath.join(DOCS, posixpath.dirname(page))
