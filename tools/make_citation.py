"""Write the papers of all estimators into CITATION.cff.

    python tools/make_citation.py

What stands before ``references:`` is left as it is. Papers are those of the docstrings,
and the links of the README lead to them: a link that belongs to no paper is an error.
"""

import inspect
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CITATION, README = ROOT / "CITATION.cff", ROOT / "README.md"
# Authors, "title", where and when, and perhaps the section.
PAPER = re.compile(r'(?P<authors>[^"]+), "(?P<title>[^"]+)", (?P<rest>.+)')
# A link whose text ends with a year: "Huguet et al. 2023", or the year alone.
LINK = re.compile(r"\[([^]]*?) ?(\d{4})\]\((https?://(?:[^()\s]|\([^()\s]*\))+)\)")
JOURNALS = ("Journal", "Transactions", "Research")


def papers_of(docstring):
    """List the papers of a docstring's References section."""
    section = docstring.partition("\nReferences\n")[2].partition("\nExamples\n")[0]
    entries = re.split(r"^\.\. \[\d+\] ", section, flags=re.MULTILINE)[1:]
    return [read_paper(" ".join(entry.split())) for entry in entries]


def read_paper(entry):
    """Read one entry into the keys of the citation file format."""
    match = PAPER.fullmatch(entry)
    if not match:
        raise ValueError(f"This is no 'authors, \"title\", where, year': {entry}")
    rest = match["rest"].rstrip(".")
    year = re.findall(r"\b(?:19|20)\d\d\b", rest)[-1]
    where = re.split(rf",? ?\b{year}\b", rest)[0]
    paper = {
        "title": match["title"],
        "authors": re.split(r", | and ", match["authors"]),
        "year": int(year),
    }
    volume = re.fullmatch(r"(\D+) (\d+)", where)
    if where.startswith("arXiv:"):
        paper |= {"type": "article", "url": f"https://arxiv.org/abs/{where[6:]}"}
    elif volume:
        paper |= {"type": "article", "journal": volume[1], "volume": volume[2]}
    elif where.startswith(JOURNALS):
        paper |= {"type": "article", "journal": where}
    elif where == "SIAM":
        paper |= {"type": "book", "publisher": where}
    elif where:
        paper |= {"type": "conference-paper", "conference": where}
    else:
        paper["type"] = "generic"
    return paper


def rows_of(readme):
    """Yield the estimators of each row of the README's table, and its links."""
    for line in readme.splitlines():
        cells = line.split(" | ")
        names = re.findall(r"\[`(\w+)`\]\(doc/", cells[0])
        if names:
            yield names, LINK.findall(cells[1])


def references(estimators, readme):
    """List all papers once, each with its link and the estimators that name it.

    Parameters
    ----------
    estimators : dict of str to type
        Classes by name.
    readme : str
        The page with the table of estimators.

    Returns
    -------
    list of dict
        Papers, in the order of the estimators.
    """
    found = {}
    for name, estimator in estimators.items():
        for paper in papers_of(inspect.getdoc(estimator)):
            key = paper["title"].lower()
            known = found.setdefault(key, {**paper, "names": []})
            if known["authors"] != paper["authors"] or known["year"] != paper["year"]:
                raise ValueError(f"{name} cites {key!r} otherwise than others do.")
            known["names"].append(name)
    for names, links in rows_of(readme):
        for author, year, url in links:
            first = re.split(r" et al\.| and |, ", author)[0]
            own = [
                paper
                for paper in found.values()
                if names[0] in paper["names"]
                and paper["year"] == int(year)
                and first in ("", paper["authors"][0])
            ]
            if len(own) != 1:
                raise ValueError(f"{names[0]} cites {len(own)} of {author} {year}.")
            own[0]["url"] = url
    return list(found.values())


def write_references(papers):
    """Format papers as the last part of a citation file."""
    lines = ["references:"]
    for paper in papers:
        lines += [f"  - type: {paper['type']}", f"    title: {quoted(paper['title'])}"]
        lines += ["    authors:"]
        lines += [f"      - family-names: {quoted(n)}" for n in paper["authors"]]
        lines += [f"    year: {paper['year']}"]
        if "conference" in paper:
            lines += ["    conference:", f"      name: {quoted(paper['conference'])}"]
        for key in ("journal", "volume"):
            if key in paper:
                lines += [f"    {key}: {quoted(paper[key])}"]
        if "publisher" in paper:
            lines += ["    publisher:", f"      name: {quoted(paper['publisher'])}"]
        if "url" in paper:
            doi = paper["url"].partition("https://doi.org/")[2]
            lines += [f"    doi: {quoted(doi)}" if doi else f"    url: {paper['url']}"]
        lines += [f"    notes: {quoted(', '.join(paper['names']))}"]
    return "\n".join(lines) + "\n"


def quoted(text):
    """Return text as a string of YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def citation(text, estimators, readme):
    """Return the text of a citation file with its references written anew."""
    head, separator, _ = text.partition("references:\n")
    if not separator:
        sys.exit("CITATION.cff has no references.")
    return head + write_references(references(estimators, readme))


def main():
    """Write the file."""
    import skgeom

    estimators = {name: getattr(skgeom, name) for name in skgeom._ESTIMATORS}
    old = CITATION.read_text(encoding="utf-8")
    new = citation(old, estimators, README.read_text(encoding="utf-8"))
    CITATION.write_text(new, encoding="utf-8")
    print(f"{new.count('  - type: ')} papers")


if __name__ == "__main__":
    main()
