"""What ``doc/methods.toml`` says, as reStructuredText: the map, tables, "See also".

Functions here turn data into text; `method_pages` puts the text into pages.
"""

import importlib
import tomllib
from pathlib import Path

import skgeom

SOURCE = Path(__file__).parents[1] / "methods.toml"


def read(path=SOURCE):
    """Return questions with their methods, and what each page turns into what."""
    with open(path, "rb") as file:
        data = tomllib.load(file)
    return data["questions"], data["pages"]


QUESTIONS, PAGES = read()


def reference(name):
    """Return the role that leads to a name of skgeom."""
    if name in skgeom._ESTIMATORS:
        return f":class:`~{skgeom._ESTIMATORS[name]}.{name}`"
    return f":func:`~skgeom.{name}`"


def references(names):
    """Return the roles of several names."""
    return ", ".join(map(reference, names))


def heading(text, line):
    """Return a title over a line."""
    return [text, line * len(text), ""]


def table(header, rows, widths, kind=""):
    """Return a table whose rows become blocks where the screen is narrow."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        f"   :class: stacked {kind}",
        f"   :widths: {' '.join(map(str, widths))}",
        "",
    ]
    for row in [header, *rows]:
        for number, cell in enumerate(row):
            lines.append(f"   {'  ' if number else '* '}- {cell}")
    return [*lines, ""]


def wishes():
    """Return the second level of the map: a section of wishes for each question."""
    lines = []
    for question in QUESTIONS:
        lines += [f".. _question-{question['id']}:", ""]
        lines += heading(question["title"], "-")
        rows = []
        for method in question["methods"]:
            page = f":doc:`guide </user_guide/{method['page']}>`"
            take = f"{references(method['take'])}, {page}"
            rows.append((method["want"], take, method["gain"]))
        header = ("You want", "Take", "Instead of, and what you gain")
        lines += table(header, rows, (34, 30, 36), "wishes")
        if "others" in question:
            lines += [".. rst-class:: elsewhere", ""]
        for other in question.get("others", ()):
            gain = f": {other['gain']}" if "gain" in other else ""
            lines += [f"- {other['want']}: **{other['take']}**{gain}."]
        lines += [""]
    return lines


def by_family():
    """Return sections of the families: each estimator, and when to use it."""
    wanted = {}
    for question in QUESTIONS:
        for method in question["methods"]:
            for name in method["take"]:
                if name in skgeom._ESTIMATORS:
                    wanted.setdefault(name, []).append(method["want"])
    families = dict.fromkeys(skgeom._ESTIMATORS[name] for name in wanted)
    lines = []
    for family in families:
        module = importlib.import_module(family)
        lines += heading(family, "-")
        about = module.__doc__.splitlines()[0]
        lines += [f"{about} All names: :mod:`{family}`.", ""]
        rows = [
            (reference(name), "; ".join(wanted[name]))
            for name in module.__all__
            if name in wanted
        ]
        lines += table(("Estimator", "Use it when you want"), rows, (36, 64))
    return lines


def pages_of(question):
    """Return the pages whose first mention is in a question, in order."""
    before = set()
    for other in QUESTIONS:
        pages = dict.fromkeys(method["page"] for method in other["methods"])
        if other is question:
            return [page for page in pages if page not in before]
        before |= set(pages)
    raise KeyError(question)


def guide():
    """Return the pages of the user guide, a section and a toctree for each question."""
    lines = []
    for question in QUESTIONS:
        pages = pages_of(question)
        if not pages:
            continue
        lines += heading(question["title"], "-")
        rows = []
        for page in pages:
            names = dict.fromkeys(
                name
                for other in QUESTIONS
                for method in other["methods"]
                if method["page"] == page
                for name in method["take"]
            )
            rows.append((f":doc:`{page}`", references(names), PAGES[page]))
        lines += table(("Page", "Names", "From, to"), rows, (30, 40, 30))
        lines += [".. toctree::", "   :hidden:", "   :maxdepth: 1"]
        lines += [f"   :caption: {question['title']}", ""]
        lines += [f"   {page}" for page in pages]
        lines += [""]
    return lines


def see_also(page):
    """Return the neighbours of a page: those of the same questions, and the map."""
    shown = [
        question
        for question in QUESTIONS
        if page in {method["page"] for method in question["methods"]}
    ]
    others = dict.fromkeys(
        method["page"]
        for question in shown
        for method in question["methods"]
        if method["page"] != page
    )
    lines = heading("See also", "-")
    lines += [f"- :doc:`/user_guide/{other}`: {PAGES[other]}." for other in others]
    places = ", ".join(f":ref:`question-{question['id']}`" for question in shown)
    lines += [f"- In the map of questions: {places}."]
    return [*lines, ""]


def pages_about(family):
    """Return the pages of the user guide that are about a family or shared package."""
    return dict.fromkeys(
        method["page"]
        for question in QUESTIONS
        for method in question["methods"]
        for name in method["take"]
        if skgeom._ESTIMATORS.get(name, f"skgeom.{name}").split(".")[1] == family
    )
