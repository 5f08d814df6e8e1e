"""Words from counts of their neighbours, beside word2vec on the same text.

``--text FILE`` is any text, plain or gzipped: the table is of the GNU Collaborative
International Dictionary of English (gcide.dict.dz of Debian's dict-gcide). Words are
the 6,000 most frequent, contexts five words to both sides, weighted by one over their
distance. Judged by Spearman's correlation of cosines with the similarities of
WordSim-353 and SimLex-999, which gensim ships. Power and smoothing of PMIEmbedding are
its defaults; those of other rows are chosen by no one. word2vec is gensim's, with skip-
grams, window 5, five negatives, and as many epochs as a row says.
"""

import argparse
import gzip
import re
from collections import Counter
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.stats import spearmanr
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer

from benchmarks._report import parser, report, timed
from skgeom import PMIEmbedding

SIZE, N_WORDS, WINDOW = 100, 6000, 5


def read(path):
    """Words of a text, lower case, those of the vocabulary alone, and it."""
    opened = gzip.open if path.suffix in (".gz", ".dz") else open
    with opened(path, "rt", encoding="utf-8", errors="ignore") as file:
        words = re.findall(r"[a-z]+", file.read().lower())
    known = [word for word, _ in Counter(words).most_common(N_WORDS)]
    number = {word: i for i, word in enumerate(known)}
    return [word for word in words if word in number], number


def neighbours(words, number):
    """How often words stand near each other, by one over their distance."""
    ids = np.array([number[word] for word in words])
    counts = sp.csr_array((len(number), len(number)))
    for gap in range(1, WINDOW + 1):
        pairs = ids[:-gap], ids[gap:]
        there = sp.coo_array((np.full(len(pairs[0]), 1 / gap), pairs), counts.shape)
        counts = counts + there.tocsr()
    return sp.csr_array(counts + counts.T)


def pairs(name, number):
    """Pairs of words with what people say of them."""
    from gensim.test.utils import datapath

    found = []
    for line in Path(datapath(name)).read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 3:
            continue
        one, two = cells[0].lower(), cells[1].lower()
        if one in number and two in number:
            found.append((number[one], number[two], float(cells[2])))
    return found


def judged(Z, sets):
    """Correlations with each set of pairs."""
    Z = Z / np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12)
    return {
        name: float(
            spearmanr([Z[i] @ Z[j] for i, j, _ in found], [s for *_, s in found])[0]
        )
        for name, found in sets.items()
    }


def word2vec(words, number, epochs):
    """Gensim's skip-grams, on sentences of a thousand words."""
    from gensim.models import Word2Vec

    sentences = [words[i : i + 1000] for i in range(0, len(words), 1000)]
    options = dict(window=WINDOW, sg=1, negative=5, epochs=epochs, min_count=0)
    model = Word2Vec(sentences, vector_size=SIZE, workers=1, seed=0, **options)
    known = model.wv.key_to_index
    Z = np.zeros((len(number), SIZE))
    for word, i in number.items():
        if word in known:
            Z[i] = model.wv[word]
    return Z


def main(path, quick):
    """Write the table."""
    words, number = read(path)
    words = words[:100_000] if quick else words
    counts, cpu, _ = timed(neighbours, words, number)
    before = f"Counting takes {cpu:.1f} s, which are in no row of counts; seed 0."
    sets = {
        "WordSim": pairs("wordsim353.tsv", number),
        "SimLex": pairs("simlex999.txt", number),
    }
    PMIEmbedding(2, random_state=0).fit(np.eye(3))
    rows = []
    for name, options in {
        "PMIEmbedding": {},
        "PMIEmbedding, power=0": dict(power=0.0),
        "PMIEmbedding, power=1": dict(power=1.0),
        "PMIEmbedding, smoothing=0.75": dict(smoothing=0.75),
        "PMIEmbedding, shift=log 5": dict(shift=np.log(5)),
    }.items():
        model = PMIEmbedding(SIZE, random_state=0, **options)
        Z, seconds, _ = timed(model.fit_transform, counts)
        rows.append({"method": name} | judged(Z, sets) | {"seconds": seconds})
    tfidf = TfidfTransformer(sublinear_tf=True)
    Z, seconds, _ = timed(
        lambda: TruncatedSVD(SIZE, random_state=0).fit_transform(
            tfidf.fit_transform(sp.csr_matrix(counts))
        )
    )
    rows.append({"method": "tf-idf, TruncatedSVD"} | judged(Z, sets))
    rows[-1]["seconds"] = seconds
    for epochs in (1,) if quick else (1, 5):
        Z, seconds, _ = timed(word2vec, words, number, epochs)
        rows.append({"method": f"word2vec, {epochs} epochs"} | judged(Z, sets))
        rows[-1]["seconds"] = seconds
    report(
        "pmi_embedding_words",
        rows,
        title="Similarity of words from a dictionary's text: Spearman's correlation",
        packages=["gensim"],
        notes=[
            f"{len(words):,} words of text, {len(number):,} different ones; 100 "
            f"columns; {len(sets['WordSim'])} and {len(sets['SimLex'])} pairs.",
            before,
            __doc__.split("\n\n")[1].replace("\n", " "),
        ],
        write=not quick,
    )


if __name__ == "__main__":
    given = parser(__doc__)
    given.formatter_class = argparse.RawDescriptionHelpFormatter
    given.add_argument("--text", type=Path, help="a text, plain or gzipped")
    given = given.parse_args()
    if given.text is None:
        print("needs --text")
    else:
        main(given.text, given.quick)
