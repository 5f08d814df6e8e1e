"""
=============================================
Components and features of a kernel, and back
=============================================

Rings inside each other are no clusters for straight lines. The leading components of a
Gaussian kernel pull them apart. This page computes them for more rows than a matrix of
all pairs is comfortable with, goes back from components to points, and looks at what
random features make of the same kernel.
"""

# %%
# Three rings
# -----------
# :class:`~skgeom.kernels.KrylovKernelPCA` has the interface of scikit-learn's
# `KernelPCA`, and needs memory for the rows alone.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.kernel_approximation import RBFSampler
from sklearn.metrics.pairwise import rbf_kernel

from skgeom import KrylovKernelPCA, OrthogonalRBFSampler
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
ring = rng.integers(0, 3, 6000)
angle = rng.uniform(0, 2 * np.pi, len(ring))
X = np.array([1.0, 3.0, 5.0])[ring, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
X += 0.2 * rng.normal(size=X.shape)

model = KrylovKernelPCA(20, gamma=0.3, random_state=0)
Z = model.fit_transform(X)

fig, axes = plt.subplots(1, 2, figsize=(8, 4))
for ax, points, title in (
    (axes[0], X, "columns"),
    (axes[1], Z[:, [0, 3]], "components 1 and 4"),
):
    ax.scatter(*points[::4].T, c=ring[::4], s=4, cmap="viridis")
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# How good they are is told: the residual of the worst eigenpair as a share of its
# eigenvalue, after so many products with the kernel.

print(f"residual {model.residual_:.0e} after {model.n_iter_} products")

# %%
# Back to points
# --------------
# What the leading components leave out is noise, as far as they go. With few of them,
# points off the rings come back nearer to them; with many they come back as they were.

noisy = X[:300] + 0.4 * rng.normal(size=(300, 2))


def from_a_ring(points):
    lengths = np.linalg.norm(points, axis=1)[:, None]
    return np.abs(lengths - [1.0, 3.0, 5.0]).min(axis=1).mean()


print(f"mean distance from a ring: {from_a_ring(noisy):.2f}")
for n_components in (20, 6):
    way = KrylovKernelPCA(
        n_components,
        gamma=0.1,
        fit_inverse_transform=True,
        alpha=1e-3,
        random_state=0,
    ).fit(X)
    back = way.inverse_transform(way.transform(noisy))
    print(f"back from {n_components} components: {from_a_ring(back):.2f}")

fig, ax = plt.subplots(figsize=(4.6, 4.4))
ax.scatter(*X[::6].T, s=2, color="0.85")
ax.scatter(*noisy.T, s=8, label="with noise")
ax.scatter(*back.T, s=8, label="back from six")
ax.set(xticks=[], yticks=[])
ax.legend(loc="upper right")
plt.show()

# %%
# Features of the same kernel
# ---------------------------
# :class:`~skgeom.kernels.OrthogonalRBFSampler` makes columns whose inner products are
# nearly the kernel. On two columns its frequencies are points of Sobol', and the error
# falls much faster than that of independent draws.

few = X[:300]
kernel = rbf_kernel(few, gamma=0.3)
sizes = [32, 128, 512, 2048]
fig, ax = plt.subplots(figsize=(5.4, 3.8))
for Sampler in (RBFSampler, OrthogonalRBFSampler):
    errors = []
    for size in sizes:
        found = [
            Sampler(gamma=0.3, n_components=size, random_state=seed).fit_transform(few)
            for seed in range(3)
        ]
        errors.append(np.sqrt(np.mean([(F @ F.T - kernel) ** 2 for F in found])))
    ax.plot(sizes, errors, marker="o", label=Sampler.__name__)
ax.set(xscale="log", yscale="log", xlabel="features", ylabel="error of the kernel")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.minorticks_off()
ax.legend()
plt.show()

# %%
# In more columns the gain is a factor, not another slope: the
# :ref:`guide <kernel_components>` has the numbers for eighteen tables.
