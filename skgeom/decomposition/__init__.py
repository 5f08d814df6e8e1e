"""Factors of tables: embeddings of counts, and dictionaries."""

from skgeom.decomposition._nonnegative_rescal._nonnegative_rescal import (
    NonnegativeRESCAL,
)
from skgeom.decomposition._pmi_embedding import PMIEmbedding
from skgeom.decomposition._sparse_dictionary import (
    SparseDictionary,
    dictionary_similarity,
)

__all__ = [
    "NonnegativeRESCAL",
    "PMIEmbedding",
    "SparseDictionary",
    "dictionary_similarity",
]
