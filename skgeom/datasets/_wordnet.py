"""The nouns of WordNet 3.0 as hierarchies."""

import tarfile
import tempfile
from importlib.resources import files
from os import PathLike
from pathlib import Path
from urllib.request import urlretrieve

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import get_data_home

from skgeom.graph import Graph, transitive_closure

_URL = "https://wordnetcode.princeton.edu/3.0/WNdb-3.0.tar.gz"
_INSTALLED = (Path("/usr/share/wordnet"), Path("/usr/share/WordNet-3.0/dict"))
_N_NOUNS = 82_115
# Mammals that have no other word of the set below them and none but the root above.
_LONELY = ("female_mammal.n.01", "tusker.n.01")


def load_wordnet_mammals(*, closure: bool = True) -> Graph:
    """Load the mammals of WordNet, the standard test of hyperbolic embeddings.

    Parameters
    ----------
    closure : bool, default=True
        Whether a word is linked to all words above it, or to the next ones only.

    Returns
    -------
    Graph
        Directed, 1,180 nodes, from each word to what is more general: 6,540 edges of
        the closure, or 1,180 direct ones. `node_names` has WordNet's names,
        such as "dog.n.01".

    Notes
    -----
    All hyponyms of mammal.n.01, with the links among them. As in [1]_, two words
    ("tusker" and "female mammal") are left out. WordNet 3.0, copyright 2006 by
    Princeton University; its licence is in `skgeom/datasets/data/WORDNET_LICENSE.txt`.

    References
    ----------
    .. [1] Nickel and Kiela, "Poincaré embeddings for learning hierarchical
       representations", NIPS 2017.

    Examples
    --------
    >>> from skgeom.datasets import load_wordnet_mammals
    >>> load_wordnet_mammals()
    Graph(n_nodes=1180, n_edges=6540, directed)
    """
    text = files("skgeom.datasets").joinpath("data/wordnet_mammals.tsv")
    rows = [line.split("\t") for line in text.read_text("utf-8").splitlines()]
    names = [row[0] for row in rows]
    number = {name: i for i, name in enumerate(names)}
    edges = [(number[row[0]], number[above]) for row in rows for above in row[1:]]
    graph = Graph.from_edges(edges, n_nodes=len(names), directed=True, node_names=names)
    return transitive_closure(graph) if closure else graph


def fetch_wordnet_nouns(
    *,
    closure: bool = True,
    source: str | PathLike | None = None,
    data_home: str | PathLike | None = None,
    download_if_missing: bool = True,
) -> Graph:
    """Load all nouns of WordNet 3.0 and what is more general than each.

    Parameters
    ----------
    closure : bool, default=True
        Whether a noun is linked to all nouns above it, or to the next ones only.
    source : str or path, default=None
        Folder with WordNet's files `data.noun` and `index.noun`. None looks in the
        cache, then where packages install them (`wordnet-base` in Debian), and then
        downloads them.
    data_home : str or path, default=None
        Where the cache is; None is scikit-learn's.
    download_if_missing : bool, default=True
        Whether to download what is not found.

    Returns
    -------
    Graph
        Directed, 82,115 nodes; 743,241 edges of the closure, or 84,427 direct ones,
        hypernyms and instance hypernyms alike. `node_names` has WordNet's names.

    Raises
    ------
    OSError
        If the files are not found and must not be downloaded, or are of another version
        of WordNet.

    Examples
    --------
    >>> from skgeom.datasets import fetch_wordnet_nouns
    >>> fetch_wordnet_nouns(source="/usr/share/wordnet")  # doctest: +SKIP
    Graph(n_nodes=82115, n_edges=743241, directed)
    """
    cache = Path(get_data_home(data_home)) / "wordnet_nouns_3.0.npz"
    if source is not None or not cache.exists():
        names, edges = _find_nouns(source, download_if_missing)
        if len(names) != _N_NOUNS:
            raise OSError(
                f"WordNet 3.0 has {_N_NOUNS} nouns, but the files have {len(names)}: "
                "they are of another version."
            )
        if source is None:
            np.savez_compressed(cache, names=names, edges=edges)
    else:
        with np.load(cache) as stored:
            names, edges = stored["names"], stored["edges"]
    graph = Graph.from_edges(
        edges, n_nodes=len(names), directed=True, node_names=[str(n) for n in names]
    )
    return transitive_closure(graph) if closure else graph


def read_nouns(folder):
    """Read names and hypernyms from WordNet's files (format: `man 5 wndb`).

    Parameters
    ----------
    folder : path
        Where `data.noun` and `index.noun` are.

    Returns
    -------
    names : list of str
        First word of each synset, "n", and the number of the sense.
    edges : ndarray of shape (n_edges, 2), int64
        From each synset to its hypernyms and instance hypernyms.
    """
    senses = {}
    for fields in _records(Path(folder) / "index.noun"):
        offsets = fields[6 + int(fields[3]) :]
        for sense, offset in enumerate(offsets, start=1):
            senses[fields[0], offset] = sense
    names, numbers, above = [], {}, []
    for fields in _records(Path(folder) / "data.noun"):
        offset, word = fields[0], fields[4]
        numbers[offset] = len(names)
        names.append(f"{word}.n.{senses[word.lower(), offset]:02d}")
        first = 4 + 2 * int(fields[3], 16)
        pointers = fields[first + 1 : first + 1 + 4 * int(fields[first])]
        above.append(
            [
                target
                for kind, target in zip(pointers[::4], pointers[1::4], strict=True)
                if kind in ("@", "@i")
            ]
        )
    edges = [(i, numbers[target]) for i, row in enumerate(above) for target in row]
    return names, np.array(edges, dtype=np.int64)


def mammals_of(names, edges):
    """Restrict the nouns to the mammals: names, and rows of what is next above each."""
    graph = Graph.from_edges(edges, n_nodes=len(names), directed=True)
    root = names.index("mammal.n.01")
    below = transitive_closure(graph).adjacency[:, [root]].nonzero()[0]
    members = [i for i in sorted({root, *below}) if names[i] not in _LONELY]
    inside = set(members)
    above = sp.csr_array(graph.adjacency)
    return [
        [names[i], *(names[j] for j in _row(above, i) if j in inside)] for i in members
    ]


def _row(matrix, i):
    return matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]].tolist()


def _records(path):
    """Fields of each line, without the gloss and the licence at the top."""
    with open(path, encoding="latin-1") as file:
        for line in file:
            if not line.startswith("  "):
                yield line.partition(" | ")[0].split()


def _find_nouns(source, download_if_missing):
    places = _INSTALLED if source is None else (Path(source),)
    for folder in places:
        if (folder / "data.noun").exists() and (folder / "index.noun").exists():
            return read_nouns(folder)
    if source is not None or not download_if_missing:
        looked = ", ".join(str(folder) for folder in places)
        raise OSError(f"No data.noun and index.noun of WordNet 3.0 in {looked}.")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "wordnet.tar.gz"
        urlretrieve(_URL, archive)
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        return read_nouns(next(Path(folder).rglob("data.noun")).parent)
