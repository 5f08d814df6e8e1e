"""Nearest rows by faiss, which computes squared distances by matrix products."""

from threading import Lock

# Queries from which products are the faster way; faiss itself goes one by one up to
# some thousands, which takes three times as long.
_PRODUCTS_FROM = 20
_ONE_AT_A_TIME = Lock()


def nearest_by_products(points, queries, k):
    """Rows of the `k` nearest points of each query, in single precision.

    Parameters
    ----------
    points, queries : ndarray of shape (n, n_features), float32
    k : int

    Returns
    -------
    ndarray of shape (n_queries, k), int64
    """
    import faiss

    settings, name = faiss.cvar, "distance_compute_blas_threshold"
    # The setting is that of the whole process, and faiss is in threads by itself.
    with _ONE_AT_A_TIME:
        usual = getattr(settings, name)
        setattr(settings, name, min(usual, _PRODUCTS_FROM))
        try:
            return faiss.knn(queries, points, k)[1]
        finally:
            setattr(settings, name, usual)
