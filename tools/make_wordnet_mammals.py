"""Write the mammals of WordNet 3.0 into the package.

    apt-get install wordnet-base
    python tools/make_wordnet_mammals.py /usr/share/wordnet

Each line has a word and the next words above it, tab-separated.
"""

import sys
from pathlib import Path

from skgeom.datasets._wordnet import mammals_of, read_nouns

DATA = Path(__file__).parents[1] / "skgeom" / "datasets" / "data"


def main(folder):
    """Write the table and the licence, which is at the top of WordNet's own files."""
    rows = mammals_of(*read_nouns(folder))
    text = "".join("\t".join(row) + "\n" for row in rows)
    (DATA / "wordnet_mammals.tsv").write_text(text, encoding="utf-8")
    with open(Path(folder) / "data.noun", encoding="latin-1") as file:
        top = [line for line in file if line.startswith("  ")]
    licence = "\n".join(
        line.split(maxsplit=1)[1].rstrip() for line in top if line.split()[1:]
    )
    (DATA / "WORDNET_LICENSE.txt").write_text(licence + "\n", encoding="utf-8")
    print(f"{len(rows)} mammals")


if __name__ == "__main__":
    main(sys.argv[1])
