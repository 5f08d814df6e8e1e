"""Put the text that `catalogue` makes of ``doc/methods.toml`` into pages.

    .. decision-map::        kinds of questions, and for each what answers it
    .. question-pictures::   the kinds of questions, a picture of the gallery each
    .. family-methods::      estimators by family
    .. guide-pages::         pages of the user guide, by question

Pages of the user guide get a section "See also" before their references. The build
stops where the map leads to a page that does not exist.
"""

from html import escape
from pathlib import Path

import catalogue
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MAP_PAGE = "why"


def picture_of(source, example):
    """Return the thumbnail of an example that has run, or None."""
    folder, _, name = example.partition("/")
    images = Path(source) / "gallery" / folder / "images"
    if not (images / f"sphx_glr_{name}_001.png").exists():
        return None
    thumbnail = images / "thumb" / f"sphx_glr_{name}_thumb.png"
    return thumbnail if thumbnail.exists() else None


def raw(text):
    """Return HTML that other builders leave out."""
    return nodes.raw("", text, format="html")


class Tiles(SphinxDirective):
    """The kinds of questions as tiles that lead to their place in the map."""

    pictures = True

    def run(self):
        """Return the tiles."""
        kind = "questions with-pictures" if self.pictures else "questions"
        made = [raw(f'<nav class="{kind}" aria-label="Kinds of questions">')]
        for question in catalogue.QUESTIONS:
            made += self.tile(question)
        return [*made, raw("</nav>")]

    def tile(self, question):
        """Return one tile: a picture if there is one, a title, and what is asked."""
        page = ""
        if self.env.docname != MAP_PAGE:
            page = self.env.app.builder.get_relative_uri(self.env.docname, MAP_PAGE)
        made = [raw(f'<a href="{page}#question-{question["id"]}">')]
        picture = picture_of(self.env.srcdir, question["example"])
        if self.pictures and picture:
            uri = "/" + picture.relative_to(self.env.srcdir).as_posix()
            made.append(nodes.image(uri=uri, alt=""))
        title, asks = escape(question["title"]), escape(question["asks"])
        return [*made, raw(f"<strong>{title}</strong><span>{asks}</span></a>")]


class FromText(SphinxDirective):
    """Sections that a function of the catalogue writes."""

    write = None

    def run(self):
        """Return the sections."""
        self.env.note_dependency(str(catalogue.SOURCE))
        text = "\n".join(type(self).write())
        return self.parse_text_to_nodes(text, allow_section_headings=True)


class DecisionMap(FromText):
    """The tiles, and under them a section for each question."""

    write = staticmethod(catalogue.wishes)

    def run(self):
        """Return tiles and sections."""
        for question in catalogue.QUESTIONS:
            for method in question["methods"]:
                target = f"user_guide/{method['page']}"
                if target not in self.env.found_docs:
                    raise ExtensionError(f"The map leads to no page: {target}")
        tiles = Tiles.run(self)
        return [*tiles, *super().run()]

    tile, pictures = Tiles.tile, False


class FamilyMethods(FromText):
    """Estimators by family."""

    write = staticmethod(catalogue.by_family)


class GuidePages(FromText):
    """Pages of the user guide by question, with their tables of contents."""

    write = staticmethod(catalogue.guide)


def add_neighbours(app, docname, source):
    """Put "See also" before the references of a page of the user guide."""
    folder, _, page = docname.rpartition("/")
    if folder != "user_guide" or page not in catalogue.PAGES:
        return
    text = "\n".join(catalogue.see_also(page))
    before, references, after = source[0].partition("\nReferences\n---")
    source[0] = f"{before}\n\n{text}\n{references}{after}"


def without_missing_pictures(app, doctree):
    """Leave out pictures of the gallery where it is not run (`-D plot_gallery=0`)."""
    if str(app.config.plot_gallery) not in ("0", "False"):
        return
    for image in list(doctree.findall(nodes.image)):
        uri = image["uri"]
        if uri.startswith("/gallery/") and not Path(app.srcdir, uri[1:]).exists():
            figure = image.parent
            while figure is not None and not isinstance(figure, nodes.figure):
                figure = figure.parent
            unseen = image if figure is None else figure
            unseen.parent.remove(unseen)


def setup(app):
    """Register the directives and what changes pages."""
    app.add_directive("decision-map", DecisionMap)
    app.add_directive("question-pictures", Tiles)
    app.add_directive("family-methods", FamilyMethods)
    app.add_directive("guide-pages", GuidePages)
    app.connect("source-read", add_neighbours)
    # Before the pictures of a page are collected.
    app.connect("doctree-read", without_missing_pictures, priority=100)
    return {"version": "1", "parallel_read_safe": True}
