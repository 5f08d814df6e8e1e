"""
=======================
More than one processor
=======================

What can be done side by side goes through joblib: the fits of a grid search, restarts,
and blocks of a long computation. So the same line of code uses the processors of a
laptop, or the machines of a cluster that you already have: ``joblib.parallel_config``
says where. This page runs one grid search on two processes and draws who did what, and
when.
"""

# %%
# Where to
# --------
# With `dask.distributed` installed the search runs on a cluster of Dask; here on a
# local one of two processes, elsewhere by the address of its scheduler. Without it,
# joblib's own processes (loky) take its place, and nothing else changes. Ray and Spark
# have backends for joblib, too.

import os
import time

import joblib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skgeom import HeatGeodesicEmbedding
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

try:
    from distributed import Client
    from distributed.deploy.subprocess import SubprocessCluster
except ImportError:
    cluster, backend = None, "loky"
else:
    cluster = SubprocessCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    )
    client, backend = Client(cluster), "dask"
    client.wait_for_workers(2)

# %%
# Who did what
# ------------
# A stopwatch in front of the pipeline notes the process and the time when a fit begins;
# the scorer notes when it has ended, and returns both as scores.


class Stopwatch(TransformerMixin, BaseEstimator):
    """Passes X on, and remembers when and where it was fitted."""

    def fit(self, X, y=None):
        """Note the process and the time."""
        self.process_, self.start_ = os.getpid(), time.time()
        return self

    def transform(self, X):
        """Return X."""
        return X


def score(pipeline, X, y):
    watch = pipeline[0]
    accuracy = pipeline.score(X, y)
    return {
        "accuracy": accuracy,
        "process": watch.process_,
        "start": watch.start_,
        "stop": time.time(),
    }


X, y = load_digits(return_X_y=True)
X, y = X[:400], y[:400]
search = GridSearchCV(
    make_pipeline(
        Stopwatch(),
        HeatGeodesicEmbedding(n_neighbors=20, random_state=0, n_jobs=1),
        KNeighborsClassifier(10),
    ),
    {"heatgeodesicembedding__n_components": [2, 4, 6, 8]},
    cv=3,
    scoring=score,
    refit="accuracy",
)
with joblib.parallel_config(backend=backend, n_jobs=2):
    search.fit(X, y)
if cluster is not None:
    client.close()
    cluster.close()
print(f"on {backend}: {search.best_params_}, {search.best_score_:.3f}")

# %%
# Four candidates on three folds are twelve fits. The first of each process is longer:
# it loads the compiled kernels. A process may begin a fit before the last one has
# ended; bars are then side by side.

results = search.cv_results_
candidates = results["param_heatgeodesicembedding__n_components"].astype(int)
fits = sorted(
    (
        *(results[f"split{fold}_test_{what}"][row] for what in ("start", "stop")),
        results[f"split{fold}_test_process"][row],
        row,
    )
    for row in range(len(candidates))
    for fold in range(3)
)
began = fits[0][0]
processes = sorted({process for _, _, process, _ in fits})
free = {process: [0.0, 0.0, 0.0] for process in processes}  # when a lane is free again

fig, ax = plt.subplots(figsize=(6.8, 4.2))
for start, stop, process, row in fits:
    lane = next((i for i, end in enumerate(free[process]) if end <= start), 2)
    free[process][lane] = stop
    height = processes.index(process) + 0.27 * (lane - 1)
    style = dict(height=0.24, color=PALETTE[row], ec="white")
    ax.barh(height, stop - start, left=start - began, **style)
    middle = (start + stop) / 2 - began
    name = str(candidates[row])
    ax.text(middle, height, name, ha="center", va="center", color="white", size=8)
for row, candidate in enumerate(candidates):
    ax.barh(0, 0, color=PALETTE[row], label=str(candidate))
names = [f"process {i + 1}" for i in range(len(processes))]
ax.set(yticks=range(len(processes)), yticklabels=names)
ax.set_xlabel("seconds since the first fit began")
ax.set_title(f"twelve fits on {len(processes)} processes ({backend})")
ax.legend(title="components", ncols=6, loc="upper center", bbox_to_anchor=(0.5, -0.15))
plt.show()

# %%
# Inside one fit
# --------------
# `n_jobs` spreads one fit over threads, and follows ``parallel_config`` where it is
# None. Random numbers are drawn for each row, not for each thread, so that results do
# not depend on how many there are.

one = HeatGeodesicEmbedding(n_neighbors=20, random_state=0, n_jobs=1).fit_transform(X)
with joblib.parallel_config(n_jobs=2):
    two = HeatGeodesicEmbedding(n_neighbors=20, random_state=0).fit_transform(X)
print("largest difference:", np.abs(one - two).max())
