"""Show the tables of ``benchmarks/results`` in the documentation, as they are.

    .. benchmark-tables:: embedding

names the pages of the user guide that are about this family, and makes a section of
each ``benchmarks/results/embedding/*.md``: its title, its table and its notes. Without
an argument it shows the folders that have no page in ``doc/benchmarks``, so that no
table can be forgotten.

    .. benchmark-table:: suite/suite_scale

shows that table with its notes in the middle of another page.
"""

from pathlib import Path

import catalogue
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
# The folders of results that have a page of their own, of the same name.
FAMILIES = tuple(
    sorted(
        page.stem
        for page in (Path(__file__).parents[1] / "benchmarks").glob("*.rst")
        if (RESULTS / page.stem).is_dir()
    )
)


def read(path):
    """Return title, header, rows and notes of a table that `_report.report` wrote."""
    title, header, rows, notes = path.stem, [], [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            title = line[2:]
        elif line.startswith("|") and set(line) - set("|- "):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if header:
                rows.append(cells)
            else:
                header = cells
        elif line.startswith("- "):
            notes.append(line[2:])
        elif line.strip() and notes:
            notes[-1] += " " + line.strip()
    if not rows:
        raise ValueError(f"{path} has no table.")
    return title, header, rows, notes


def table_node(header, rows):
    """Build a table of plain text."""
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]

    def row(cells):
        cells = cells + [""] * (len(header) - len(cells))
        made = nodes.row()
        for cell in cells:
            made += nodes.entry("", nodes.paragraph("", cell))
        return made

    group += nodes.thead("", row(header))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group, classes=["benchmark"])


def paragraph(note):
    """Build a paragraph of a note, in which code stands between backticks."""
    made = nodes.paragraph()
    for number, part in enumerate(note.replace("``", "`").split("`")):
        made += nodes.literal("", part) if number % 2 else nodes.Text(part)
    return made


def notes_node(notes, path):
    """Build the list of what to know when reading, and of where the table is."""
    items = [nodes.list_item("", paragraph(note)) for note in notes]
    source = nodes.paragraph("", "File: ")
    source += nodes.literal("", path.relative_to(RESULTS.parents[1]).as_posix())
    return nodes.bullet_list("", *items, nodes.list_item("", source))


class BenchmarkTables(SphinxDirective):
    """The tables in the folders that the arguments name, or in all the others."""

    optional_arguments = 9

    def run(self):
        """Return a section for each table."""
        wanted = self.arguments or sorted(
            folder.name for folder in RESULTS.iterdir() if folder.name not in FAMILIES
        )
        paths = [path for name in wanted for path in sorted((RESULTS / name).glob("*"))]
        if not paths:
            raise self.error(f"There are no results in {wanted}.")
        return [*self.meaning(), *map(self.section, paths)]

    def meaning(self):
        """Return a line that leads to the pages that explain the tables."""
        pages = dict.fromkeys(
            page for name in self.arguments for page in catalogue.pages_about(name)
        )
        if not pages:
            return []
        links = ", ".join(f":doc:`/user_guide/{page}`" for page in pages)
        return self.parse_text_to_nodes(
            f"What they mean is in the user guide: {links}."
        )

    def section(self, path):
        """Return the section of one table."""
        self.env.note_dependency(str(path))
        title, header, rows, notes = read(path)
        label = nodes.make_id(path.stem)
        section = nodes.section(ids=[label], names=[path.stem])
        section += nodes.title("", title)
        section += table_node(header, rows)
        section += notes_node(notes, path)
        return section


class BenchmarkTable(SphinxDirective):
    """One table, without a section of its own."""

    required_arguments = 1

    def run(self):
        """Return the table and its notes."""
        path = RESULTS / f"{self.arguments[0]}.md"
        self.env.note_dependency(str(path))
        _, header, rows, notes = read(path)
        return [table_node(header, rows), notes_node(notes, path)]


def setup(app):
    """Register the directive."""
    app.add_directive("benchmark-tables", BenchmarkTables)
    app.add_directive("benchmark-table", BenchmarkTable)
    return {"version": "1", "parallel_read_safe": True}
