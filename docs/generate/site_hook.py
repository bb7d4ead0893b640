"""Adds to the site what is made when it is built: pages from the code, and moving pictures."""

from __future__ import annotations

from pathlib import Path

import site_gallery
import site_include
import site_links
import site_reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PAGES = {
    "gallery.md": site_gallery.page,
    "reference/commands.md": site_reference.commands,
    "reference/options.md": site_reference.options,
    "reference/library.md": site_reference.library,
    "reference/client.md": site_reference.client,
    "reference/errors.md": site_reference.errors,
    "api/settings.md": site_reference.settings,
    "api/error-codes.md": site_reference.error_codes,
}
"""Pages and what makes them. Those that also lie in the folder, to be read without the site, are
made afresh."""
# Linked from the navigation alone.
_FROM_NAVIGATION = "[](../SECURITY.md)"

_copies: dict[str, str] = {}


def on_env(env: object, config: MkDocsConfig, files: Files) -> None:
    """Leaves out the search plugin's own script, which finds nothing in a site opened from disk."""
    config.extra_javascript = [
        path for path in config.extra_javascript if str(path) != "search/main.js"
    ]


def on_post_build(config: MkDocsConfig) -> None:
    """Makes a script of the search index: a page opened from disk may load no data, but scripts."""
    folder = Path(config.site_dir) / "search"
    index = (folder / "search_index.json").read_text(encoding="utf-8")
    (folder / "search_index.js").write_text(f"window.searchIndex = {index};\n", encoding="utf-8")
    for name in ("main.js", "worker.js", "search_index.json"):
        (folder / name).unlink()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages, copies of what pages lead to, and the gallery's pictures."""
    root = Path(config.config_file_path).parent
    for name, make in PAGES.items():
        _put(files, File.generated(config, name, content=make()))
    texts = {file.src_uri: file.content_string for file in files.documentation_pages()}
    _copies.clear()
    _copies.update(site_links.carried(root, {**texts, "navigation": _FROM_NAVIGATION}))
    for name, target in _copies.items():
        if name.endswith(f"{target}.md"):
            content = site_links.shown(root / target, target)
            _put(files, File.generated(config, name, content=content))
        else:
            _put(files, File.generated(config, name, abs_src_path=str(root / target)))
    for name, source in site_gallery.pictures(root).items():
        _put(files, File.generated(config, name, abs_src_path=str(source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Takes in what the page includes, and leads its links to the copies that the site has."""
    try:
        text = site_include.filled(markdown, Path(config.config_file_path).parent)
    except LookupError as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error
    return site_links.within_site(text, page.file.src_uri, _copies)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lets wide tables scroll by themselves."""
    table = '<div class="table"><table>'
    return html.replace("<table>", table).replace("</table>", "</table></div>")


def _put(files: Files, made: File) -> None:
    old = files.get_file_from_path(made.src_uri)
    if old is not None:
        files.remove(old)
    files.append(made)
