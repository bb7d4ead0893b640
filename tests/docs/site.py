"""Reading a built site: its pages, what they load, and where they lead."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {"img": "src", "video": "src", "script": "src", "link": "href", "source": "src"}
LOADING |= {"iframe": "src", "audio": "src", "embed": "src", "object": "data", "use": "href"}


@dataclass
class Page(HTMLParser):
    """One page. loaded: addresses that a browser fetches by itself; links: where one can go."""

    path: Path
    ids: set[str] = field(default_factory=set)
    loaded: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    films: list[dict[str, str | None]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.source = self.path.read_text()
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.add(str(given["id"]))
        if tag in LOADING and given.get(LOADING[tag]):
            self.loaded.append(str(given[LOADING[tag]]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag in ("br", "td", "th"):
            self.text += " "
        if tag == "video":
            self.films.append(given)

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass
class Site:
    """All pages of a folder."""

    folder: Path

    @cached_property
    def pages(self) -> dict[str, Page]:
        found = sorted(self.folder.rglob("*.html"))
        return {str(path.relative_to(self.folder)): Page(path) for path in found}

    def text(self, name: str) -> str:
        """What one reads on a page."""
        return self.pages[name].text

    def broken(self, page: Page, address: str) -> bool:
        """Whether an address within the site leads nowhere."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return False
        goal = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        if not goal.is_file():
            return True
        other = self.pages.get(str(goal.relative_to(self.folder.resolve())))
        return bool(parts.fragment) and (other is None or unquote(parts.fragment) not in other.ids)


def missing(names: set[str], text: str) -> set[str]:
    """Which of the names do not stand in the text as words of their own."""
    signs = r"[\w-]"
    return {
        name for name in names if not re.search(rf"(?<!{signs}){re.escape(name)}(?!{signs})", text)
    }
