"""
========================
Cheap runs for dear ones
========================

A simulator that takes an hour cannot be run a thousand times, and ten outputs want a
thousand runs for their covariance. A coarse version takes seconds. This page corrects
few dear runs by many cheap ones, and shares a budget between the two.
"""

# %%
# Two simulators of a beam
# ------------------------
# A beam lies on springs of random stiffness under a random load; outputs are its
# deflections at ten places. The dear version solves it on a fine grid, the cheap one
# on eleven points and with a load that is rounded.

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import solve_banded

from skgeom import MultiFidelityCovariance
from skgeom.covariance import optimal_allocation
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)


def beam(inputs, n_points):
    """Deflections at ten places, for rows of eight inputs."""
    x = np.linspace(0, 1, n_points + 2)[1:-1]
    out = np.empty((len(inputs), 10))
    waves = np.sin(np.pi * np.outer(x, np.arange(1, 5)))
    for i, row in enumerate(inputs):
        stiffness = 20 * np.exp(0.5 * waves @ row[:4])
        load = 40 * waves @ (row[4:] / np.arange(1, 5))
        h = x[1] - x[0]
        bands = np.full((3, n_points), -1 / h**2)
        bands[1] = 2 / h**2 + stiffness
        deflection = solve_banded((1, 1), bands, load)
        out[i] = np.interp(np.linspace(0.05, 0.95, 10), x, deflection)
    return out


rng = np.random.default_rng(0)
inputs = rng.normal(size=(3000, 8))
fine = beam(inputs, 200)
coarse = beam(np.round(inputs, 1), 9)
truth = np.cov(beam(rng.normal(size=(6000, 8)), 200).T)

# %%
# Thirty dear runs
# ----------------
# Rows of X are draws of the inputs; columns are the ten dear outputs and the ten cheap
# ones, and NaN says that a version was not run.

X = np.column_stack([fine, coarse])
X[30:, :10] = np.nan
model = MultiFidelityCovariance(n_fidelities=2).fit(X)
covariances = {
    "truth, 6,000 dear runs": truth,
    "30 dear runs": np.cov(X[:30, :10].T),
    "3,000 cheap runs": np.cov(X[:, 10:].T),
    "both": model.covariance_,
}
fig, axes = plt.subplots(1, 4, figsize=(11, 3), layout="constrained")
limit = np.abs(truth).max()
for ax, (name, S) in zip(axes, covariances.items(), strict=True):
    error = np.linalg.norm(S - truth) / np.linalg.norm(truth)
    shown = ax.imshow(S, vmin=-limit, vmax=limit, cmap="RdBu_r")
    told = "" if name.startswith("truth") else f"\n{100 * error:.0f} % off"
    ax.set(title=name + told, xticks=[], yticks=[])
fig.colorbar(shown, ax=axes, shrink=0.8)
plt.show()

# %%
# How to share a budget
# ---------------------
# `correlations_` of a pilot says how much the cheap version knows, and
# :func:`~skgeom.covariance.optimal_allocation` what that is worth.

rho = model.correlations_[1]
plan = optimal_allocation([1.0, 0.005], budget=40, correlations=[1.0, rho], n_least=12)
print(
    f"correlation {rho:.3f}: {plan.n_runs[0]} dear runs and {plan.n_runs[1]} cheap ones"
)
print(f"expected: {plan.variance:.2f} of the variance of 40 dear runs")

# %%
# Many such experiments, each with its own draws:

errors = {"40 dear runs": [], "regression": [], "log-Euclidean": []}
for _ in range(60):
    rows = rng.permutation(3000)[: plan.n_runs[1]]
    X = np.column_stack([fine, coarse])[rows]
    alone = np.cov(X[:40, :10].T)
    X[plan.n_runs[0] :, :10] = np.nan
    found = {
        "40 dear runs": alone,
        "regression": MultiFidelityCovariance(2).fit(X).covariance_,
        "log-Euclidean": MultiFidelityCovariance(2, method="log_euclidean")
        .fit(X)
        .covariance_,
    }
    for name, S in found.items():
        errors[name].append(np.linalg.norm(S - truth) / np.linalg.norm(truth))
fig, ax = plt.subplots(figsize=(6, 3.2))
parts = ax.violinplot(list(errors.values()), showmedians=True)
for body, color in zip(parts["bodies"], PALETTE, strict=False):
    body.set_facecolor(color)
    body.set_alpha(0.8)
ax.set(xticks=[1, 2, 3], xticklabels=list(errors), ylabel="relative error")
ax.set_ylim(0)
plt.show()
