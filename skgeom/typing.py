"""Names for the types that signatures share; docstrings say shapes and dtypes.

scikit-learn has no types of its own, and torch is optional, so that a type checker sees
the kind of an argument, not what is in it.
"""

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

__all__ = ["Array", "ArrayLike", "MatrixLike", "NDArray", "RandomStateLike"]

# A NumPy array or a torch tensor; what comes back is of the kind that went in.
Array: TypeAlias = Any

# What scikit-learn calls {array-like, sparse matrix}: data frames and tensors as well.
MatrixLike: TypeAlias = ArrayLike | sp.sparray | sp.spmatrix

# What `sklearn.utils.check_random_state` takes.
RandomStateLike: TypeAlias = int | np.random.RandomState | None
