"""
====================================
One model, on the processor or torch
====================================

Every estimator takes `device`. `"cpu"` runs kernels compiled by numba, `"cuda"`,
`"mps"` and `"torch-cpu"` run torch; `"auto"` looks at what X is. The method is written
once, so the results are the same. This page checks that, and shows what goes in and
comes out. It uses an accelerator if there is one.
"""

# %%
# The same fit, three times
# -------------------------
# NumPy arrays give NumPy arrays, whatever the device. Tensors give tensors, where they
# were.

import pickle
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits

from skgeom import (
    GraphKernelRidge,
    HeatGeodesicEmbedding,
    PoincareEmbedding,
    SDPClustering,
    STKRClassifier,
)
from skgeom.plotting import STYLE

plt.style.use(STYLE)

accelerator = "cuda" if torch.cuda.is_available() else "torch-cpu"
X, y = load_digits(return_X_y=True)
X, y = X[:800] / 16, y[:800]

by_numba = HeatGeodesicEmbedding(random_state=0, device="cpu").fit(X)
by_torch = HeatGeodesicEmbedding(random_state=0, device=accelerator).fit(X)
from_tensor = HeatGeodesicEmbedding(random_state=0).fit(torch.as_tensor(X))
print("NumPy in, numba: ", type(by_numba.transform(X)).__name__)
print("NumPy in, torch: ", type(by_torch.transform(X)).__name__)
print("tensor in, auto: ", type(from_tensor.transform(torch.as_tensor(X))).__name__)

# %%
# A model fitted on an accelerator can be sent to a machine that has none: fitted
# attributes are kept as arrays of NumPy.

copy = pickle.loads(pickle.dumps(by_torch))
print("unpickled:", np.abs(copy.transform(X[:5]) - by_numba.transform(X[:5])).max())

# %%
# How equal is equal?
# -------------------
# Five estimators, on numba and on torch, in double and in single precision. What is
# drawn is the largest difference of what they predict, relative to the largest value.
# Rounding is in another order, and nothing else differs.

labels = np.where(np.arange(800) < 100, y, -1)
cases = {
    "HeatGeodesicEmbedding": (
        lambda **o: HeatGeodesicEmbedding(random_state=0, **o),
        lambda m, X: m.fit(X, None).transform(X),
    ),
    "SDPClustering": (
        lambda **o: SDPClustering(10, random_state=0, **o),
        lambda m, X: m.fit(X).transform(X),
    ),
    "PoincareEmbedding": (
        lambda **o: PoincareEmbedding(max_iter=3, random_state=0, **o),
        lambda m, X: m.fit(X).transform(X),
    ),
    "STKRClassifier": (
        lambda **o: STKRClassifier(**o),
        lambda m, X: m.fit(X, labels[: len(X)]).predict_proba(X),
    ),
    "GraphKernelRidge": (
        lambda **o: GraphKernelRidge(**o),
        lambda m, X: m.fit(X, y[: len(X)].astype(float)).predict(X),
    ),
}
differences, seconds = {"float64": [], "float32": []}, {"cpu": [], accelerator: []}
for make, use in cases.values():
    for precision, rows in differences.items():
        results = []
        for device in ("cpu", accelerator):
            use(make(device=device), X[:60].astype(precision))  # compiles
            start = time.process_time()
            results.append(use(make(device=device), X.astype(precision)))
            if precision == "float64":
                seconds[device].append(time.process_time() - start)
        one, two = results
        rows.append(np.abs(one - two).max() / np.abs(one).max())

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3), sharey=True)
rows = np.arange(len(cases))
for (precision, values), marker in zip(differences.items(), "os", strict=True):
    left.plot(np.maximum(values, 1e-17), rows, marker, ms=8, label=precision)
left.set(xscale="log", xlabel="largest difference, relative", xlim=(3e-18, 1e-2))
left.set(yticks=rows, yticklabels=list(cases), title="numba and torch agree")
left.grid(axis="x", color="0.9")
left.legend(loc="lower right")
for offset, hatch, (device, values) in zip(
    (-0.2, 0.2), ("", "///"), seconds.items(), strict=True
):
    right.barh(rows + offset, values, 0.36, hatch=hatch, ec="w", label=device)
right.set(
    xlabel="seconds of the processor, 800 rows, float64",
    title="fit and predict, once compiled",
)
right.legend()
left.invert_yaxis()
plt.show()

# %%
# (Differences of zero are drawn at 1e-17.) In single precision nothing is left of them:
# what is sensitive is computed in double precision inside, and then rounded alike. On
# small data the processor is the better place.
