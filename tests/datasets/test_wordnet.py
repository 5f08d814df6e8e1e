"""WordNet: the shipped mammals, and reading of its own files."""

import numpy as np
import pytest

from skgeom.datasets import _wordnet, fetch_wordnet_nouns, load_wordnet_mammals

INDEX = """\
  1 This software and database is being provided to you
animal n 1 2 @ ~ 1 1 00000010
cat n 2 2 @ ~ 2 1 00000030 00000050
felix n 1 1 @i 1 0 00000040
thing n 1 1 ~ 1 1 00000001
"""
DATA = """\
  1 This software and database is being provided to you
00000001 03 n 01 thing 0 001 ~ 00000010 n 0000 | it exists
00000010 05 n 02 animal 0 beast 0 002 @ 00000001 n 0000 ~ 00000030 n 0000 | it moves
00000030 05 n 01 cat 0 002 @ 00000010 n 0000 + 00000099 v 0101 | it purrs | loudly
00000040 05 n 01 Felix 0 001 @i 00000030 n 0000 | a tomcat
00000050 05 n 01 cat 0 000 | a gossip
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.noun").write_text(INDEX, encoding="latin-1")
    (tmp_path / "data.noun").write_text(DATA, encoding="latin-1")
    return tmp_path


def test_mammals_are_those_of_the_paper():
    closure = load_wordnet_mammals()
    assert (closure.n_nodes, closure.n_edges) == (1180, 6540)
    direct = load_wordnet_mammals(closure=False)
    assert direct.n_edges == 1180
    assert direct.directed and closure.directed
    names = closure.node_names
    assert len(set(names)) == 1180
    dog, mammal = names.index("dog.n.01"), names.index("mammal.n.01")
    assert closure.adjacency[dog, mammal] == 1
    assert closure.adjacency[mammal].nnz == 0
    assert closure.adjacency[:, [mammal]].nnz == 1179


def test_names_and_links_are_read(folder):
    names, edges = _wordnet.read_nouns(folder)
    assert names == ["thing.n.01", "animal.n.01", "cat.n.01", "Felix.n.01", "cat.n.02"]
    assert edges.tolist() == [[1, 0], [2, 1], [3, 2]]


def test_another_version_is_an_error(folder, monkeypatch):
    with pytest.raises(OSError, match="82115 nouns, but the files have 5"):
        fetch_wordnet_nouns(source=folder)
    monkeypatch.setattr(_wordnet, "_N_NOUNS", 5)
    assert fetch_wordnet_nouns(source=folder).n_edges == 6
    assert fetch_wordnet_nouns(source=folder, closure=False).n_edges == 3


def test_nouns_are_cached(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(_wordnet, "_N_NOUNS", 5)
    monkeypatch.setattr(_wordnet, "_INSTALLED", (folder,))
    first = fetch_wordnet_nouns(data_home=tmp_path / "cache")
    monkeypatch.setattr(_wordnet, "_INSTALLED", ())
    again = fetch_wordnet_nouns(data_home=tmp_path / "cache", download_if_missing=False)
    assert again.node_names == first.node_names
    assert np.array_equal(again.adjacency.indices, first.adjacency.indices)


def test_missing_files_are_an_error(tmp_path, monkeypatch):
    with pytest.raises(OSError, match=r"No data\.noun"):
        fetch_wordnet_nouns(source=tmp_path)
    monkeypatch.setattr(_wordnet, "_INSTALLED", ())
    with pytest.raises(OSError, match=r"No data\.noun"):
        fetch_wordnet_nouns(data_home=tmp_path, download_if_missing=False)
