"""Factors of tables: embeddings of counts, and dictionaries."""

from skgeom.decomposition._pmi_embedding import PMIEmbedding

__all__ = ["PMIEmbedding"]
