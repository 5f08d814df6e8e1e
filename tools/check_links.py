"""Check that every link and picture inside the built web pages leads somewhere.

    python tools/check_links.py doc/_build/html

Links to other sites are not followed: the check needs no network. Nor may a page: what
it would load from elsewhere (scripts, styles, pictures) is broken too.
"""

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors of a page, and what it links to."""

    def __init__(self):
        super().__init__()
        self.anchors, self.links, self.loaded = {"", "top"}, [], []

    def handle_starttag(self, tag, attrs):
        """Note ids, names, links and sources."""
        for name, value in attrs:
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)
                if name == "src" or (tag == "link" and is_needed(attrs)):
                    self.loaded.append(value)


def is_needed(attrs):
    """Tell whether a page looks otherwise without what a link names."""
    return (dict(attrs).get("rel") or "") in ("stylesheet", "preload", "icon")


@cache
def read(path):
    """Return the page of a file."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken(root):
    """Yield pairs of a page and a link of it that leads nowhere."""
    for path in sorted(root.rglob("*.html")):
        if "_static" in path.relative_to(root).parts:
            continue
        for link in read(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in read(path).loaded and parts.scheme != "data":
                    yield path.relative_to(root), link
                continue
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield path.relative_to(root), link
            elif target.suffix == ".html" and "_static" not in target.parts:
                if unquote(parts.fragment) not in read(target).anchors:
                    yield path.relative_to(root), link


def main(folder):
    """Print what is broken, and fail if anything is."""
    root = Path(folder).resolve()
    if not (root / "index.html").exists():
        sys.exit(f"There are no pages in {folder}.")
    found = list(broken(root))
    for page, link in found:
        print(f"{page}: {link}", file=sys.stderr)
    if found:
        sys.exit(f"{len(found)} broken links")


if __name__ == "__main__":
    main(sys.argv[1])
