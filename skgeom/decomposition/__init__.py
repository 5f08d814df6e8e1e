"""Factors of tables: embeddings of counts, and dictionaries."""

from skgeom.decomposition._pmi_embedding import PMIEmbedding
from skgeom.decomposition._sparse_dictionary import (
    SparseDictionary,
    dictionary_similarity,
)

__all__ = ["PMIEmbedding", "SparseDictionary", "dictionary_similarity"]
