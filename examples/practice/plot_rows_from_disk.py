"""
=====================
More rows than memory
=====================

A surface is told by some thousand rows, and a model of them answers any number of
others, row by row. So `fit` takes a sample, and `transform`, `predict` and
`score_samples` take the rest block by block: from a file, on the processes of a
machine, or on those of a cluster. What has to travel there is the model.
"""

# %%
# Rows on a disk
# --------------
# A Swiss roll in twenty columns with noise, 200,000 rows in a file. The same lines read
# ten million: the tables of the :doc:`benchmarks </benchmarks/others>` do.

import pickle
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skgeom import HeatGeodesicEmbedding, KernelRegressor
from skgeom.plotting import STYLE

plt.style.use(STYLE)

N_ROWS, BLOCK = 200_000, 20_000
turn = np.linalg.qr(np.random.default_rng(0).normal(size=(20, 3)))[0].T


def rows_of_a_roll(n, rng):
    """Rows, and where they are on the sheet: along, across."""
    t = 1.5 * np.pi * (1 + 2 * rng.uniform(size=n))
    across = 21 * rng.uniform(size=n)
    X = np.stack([t * np.cos(t), across, t * np.sin(t)], axis=1) @ turn
    X += 0.1 * rng.normal(size=X.shape)
    along = (t * np.hypot(1, t) + np.arcsinh(t)) / 2
    return X.astype(np.float32), np.stack([along, across], axis=1)


folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "rows.npy"
file = np.lib.format.open_memmap(path, "w+", np.float32, (N_ROWS, 20))
rng = np.random.default_rng(1)
for start in range(0, N_ROWS, BLOCK):
    file[start : start + BLOCK] = rows_of_a_roll(BLOCK, rng)[0]
file.flush()

# %%
# How large a sample
# ------------------
# Fits to more and more rows, and 2,000 new rows whose places are known: how well do
# distances of coordinates agree with distances on the sheet? Some thousand rows say
# what there is to say, and so do 500 landmarks of them.

X_new, places = rows_of_a_roll(2_000, np.random.default_rng(2))
pairs = np.random.default_rng(3).integers(0, len(places), (2, 5_000))
true = np.linalg.norm(places[pairs[0]] - places[pairs[1]], axis=1)

sizes = [500, 1_000, 2_000, 5_000, 10_000]
X, sheet = rows_of_a_roll(max(sizes), np.random.default_rng(4))
errors, models = [], {}
for n in sizes:
    model = HeatGeodesicEmbedding(n_landmarks=min(500, n), random_state=0).fit(X[:n])
    Z = model.transform(X_new)
    found = np.linalg.norm(Z[pairs[0]] - Z[pairs[1]], axis=1)
    scale = (true @ found) / (found @ found)
    errors.append(np.abs(scale * found - true).mean() / true.mean())
    models[n] = model
model = models[5_000]

fig, ax = plt.subplots(figsize=(5.6, 3.8))
ax.plot(sizes, 100 * np.array(errors), marker="o")
ax.set(xscale="log", xlabel="rows that `fit` has seen", ylim=(0, None))
ax.set(ylabel="error of distances of new rows, %")
ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
ax.minorticks_off()
plt.show()

# %%
# Block by block
# --------------
# Without any other library: a loop. Memory holds one block.


def in_a_loop(read):
    """Answer the rows of the file, block by block."""
    rows = np.load(path, mmap_mode="r")
    starts = range(0, len(rows), BLOCK)
    return np.concatenate([read(np.array(rows[s : s + BLOCK])) for s in starts])


Z = in_a_loop(model.transform)
print("rows and coordinates:", Z.shape)

# %%
# On processes
# ------------
# With `dask.distributed` installed the same is one call of ``map_blocks``: on two
# processes here, elsewhere on the machines of a cluster. Each reads its blocks from the
# file. `scatter` sends the model to each process once; within the call itself it would
# travel with every block.

try:
    import dask
    import dask.array as da
    from distributed import Client
    from distributed.deploy.subprocess import SubprocessCluster
except ImportError:
    print("dask.distributed is not installed: the loop has done it all")
else:

    @dask.delayed
    def read(start):
        """Rows of a block."""
        return np.array(np.load(path, mmap_mode="r")[start : start + BLOCK])

    def answer(block, model):
        """Coordinates of a block."""
        return model.transform(block)

    cluster = SubprocessCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    )
    client = Client(cluster)
    client.wait_for_workers(2)
    blocks = [
        da.from_delayed(read(start), (BLOCK, 20), np.float32)
        for start in range(0, N_ROWS, BLOCK)
    ]
    rows = da.concatenate(blocks)
    coordinates = rows.map_blocks(
        answer,
        client.scatter(model, broadcast=True),
        dtype=Z.dtype,
        chunks=(rows.chunks[0], (2,)),
        meta=Z[:0],
    )
    print("equal:", bool(da.allclose(coordinates, Z, rtol=1e-5, atol=1e-4)))
    print("means:", coordinates.mean(axis=0).compute())
    client.close()
    cluster.close()

# %%
# What travels
# ------------
# An embedding keeps the neighbour graph of its sample, on which new rows hang; a
# learner its landmarks. Both are sent once, not with every block.

learner = KernelRegressor(random_state=0).fit(X, sheet[:, 0])
shipped = {f"embedding, {n:,} rows": models[n] for n in sizes}
shipped["regression, 10,000 rows"] = learner
sizes_of_models = [len(pickle.dumps(each)) / 1e6 for each in shipped.values()]
block = BLOCK * 20 * 4 / 1e6

fig, ax = plt.subplots(figsize=(6.4, 3.6))
ax.barh(list(shipped), sizes_of_models)
ax.axvline(block, color="0.3", ls="--", label=f"a block of {BLOCK:,} rows")
ax.set(xlabel="megabytes of the fitted model")
ax.invert_yaxis()
ax.legend()
plt.show()

folder.cleanup()
