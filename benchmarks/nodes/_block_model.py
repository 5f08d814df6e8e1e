"""A stochastic block model of any size, for embeddings of nodes."""

import numpy as np
import scipy.sparse as sp


def block_model(n, n_blocks, degree, inside, seed=0):
    """Adjacency and blocks: each edge stays in its block with the chance `inside`.

    Others go anywhere.
    """
    rng = np.random.default_rng(seed)
    y = rng.integers(n_blocks, size=n)
    members = np.argsort(y, kind="stable")
    starts = np.searchsorted(y[members], np.arange(n_blocks + 1))
    heads = rng.integers(n, size=n * degree // 2)
    tails = rng.integers(n, size=len(heads))
    stay = rng.random(len(heads)) < inside
    block = y[heads[stay]]
    place = rng.random(stay.sum()) * (starts[block + 1] - starts[block])
    tails[stay] = members[starts[block] + place.astype(np.int64)]
    A = sp.coo_array((np.ones(len(heads)), (heads, tails)), shape=(n, n)).tocsr()
    A = sp.csr_array(A + A.T)
    A.setdiag(0)
    A.eliminate_zeros()
    A.data[:] = 1.0
    return A, y
