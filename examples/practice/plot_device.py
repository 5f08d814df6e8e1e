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
# were. torch is an extra, ``pip install 'skgeom[torch]'``: where it is not installed
# this page shows what there is without it, and what is said to who asks for more.

import pickle
import time

import matplotlib.pyplot as plt
import numpy as np
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

try:
    import torch
except ImportError:
    torch, devices = None, ["cpu"]
    print("torch is not installed: pip install 'skgeom[torch]'. On the CPU alone:")
else:
    devices = ["cpu", "cuda" if torch.cuda.is_available() else "torch-cpu"]

X, y = load_digits(return_X_y=True)
X, y = X[:800] / 16, y[:800]

models = {
    device: HeatGeodesicEmbedding(random_state=0, device=device).fit(X)
    for device in devices
}
for device, model in models.items():
    print(f"NumPy in, {device}:", type(model.transform(X)).__name__)
if torch is not None:
    tensor = torch.as_tensor(X)
    from_tensor = HeatGeodesicEmbedding(random_state=0).fit(tensor)
    print("tensor in, auto:", type(from_tensor.transform(tensor)).__name__)
else:
    try:
        HeatGeodesicEmbedding(device="torch-cpu").fit(X)
    except ImportError as error:
        print("ImportError:", error)

# %%
# A model fitted on an accelerator can be sent to a machine that has none: fitted
# attributes are kept as arrays of NumPy.

copy = pickle.loads(pickle.dumps(models[devices[-1]]))
by_numba = models["cpu"].transform(X[:5])
print("unpickled:", np.abs(copy.transform(X[:5]) - by_numba).max())

# %%
# How equal is equal?
# -------------------
# Five estimators, on numba and on torch, in double and in single precision. What is
# drawn is the largest difference of what they predict, relative to the largest value.
# Rounding is in another order, and nothing else differs. (Without torch: single against
# double precision, on numba.)

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
predictions, seconds = {}, {device: [] for device in devices}
for name, (make, use) in cases.items():
    for device in devices:
        for precision in ("float64", "float32"):
            use(make(device=device), X[:60].astype(precision))  # compiles
            start = time.process_time()
            found = use(make(device=device), X.astype(precision))
            predictions[name, device, precision] = found
            if precision == "float64":
                seconds[device].append(time.process_time() - start)


def differences(one, two):
    """Between two settings of device and precision, for each estimator."""
    pairs = [(predictions[name, *one], predictions[name, *two]) for name in cases]
    return [np.abs(a - b).max() / np.abs(a).max() for a, b in pairs]


if torch is not None:
    title = "numba and torch agree"
    compared = {
        precision: differences(*((device, precision) for device in devices))
        for precision in ("float64", "float32")
    }
else:
    title = "what single precision changes"
    compared = {
        "float32 and float64": differences(("cpu", "float64"), ("cpu", "float32"))
    }

fig, (above, below) = plt.subplots(2, 1, figsize=(7, 5.4))
rows = np.arange(len(cases))
for (name, values), marker in zip(compared.items(), "os", strict=False):
    above.plot(np.maximum(values, 1e-17), rows, marker, ms=8, label=name)
above.set(xscale="log", xlabel="largest difference, relative", xlim=(3e-18, 1e-2))
above.set(title=title)
above.grid(axis="x", color="0.9")
above.legend(loc="lower right")
for offset, hatch, (device, values) in zip(
    (-0.2, 0.2), ("", "///"), seconds.items(), strict=False
):
    below.barh(rows + offset, values, 0.36, hatch=hatch, ec="w", label=device)
below.set_xlabel("seconds of the processor, 800 rows, float64")
below.set_title("fit and predict, once compiled")
below.legend(loc="lower right")
for ax in (above, below):
    ax.set(yticks=rows, yticklabels=list(cases))
    ax.invert_yaxis()
plt.show()

# %%
# (Differences of zero are drawn at 1e-17.) Between numba and torch nothing is left of
# them in single precision: what is sensitive is computed in double precision inside,
# and then rounded alike. On small data the processor is the better place.
