"""
==============================
Forecasts of many short curves
==============================

Sixty curves of three kinds, each seen a few times, at times of its own. Clusters with
common mean processes are learned from all of them; a new curve that has been seen a few
times is forecast by the kinds that it may be of.
"""

# %%
# A long table
# ------------
# A row is one observation: whose it is, when, and what was seen.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import MagmaClust
from skgeom.plotting import PALETTE, STYLE, MeanProcessesDisplay

plt.style.use(STYLE)

rng = np.random.default_rng(3)


def kind(k, t):
    """Three ways to grow: two of them part late."""
    rise = 12 / (1 + np.exp(4 - t))
    return [rise, rise - 9 / (1 + np.exp(2 * (6 - t))), 2 + 3 * np.sin(t / 1.5)][k]


def observe(n_curves, n, first=0):
    """Rows of curves, and what kinds they are of."""
    kinds = rng.integers(0, 3, n_curves)
    task, t = np.repeat(np.arange(n_curves), n), rng.uniform(0, 10, n_curves * n)
    shift, slope = rng.normal(size=(2, n_curves, 1))
    y = [kind(k, s) for k, s in zip(kinds, t.reshape(n_curves, n), strict=True)]
    y = np.array(y) + 0.8 * shift + 0.1 * slope * t.reshape(n_curves, n)
    y = y.ravel() + 0.4 * rng.normal(size=n_curves * n)
    return np.column_stack([task + first, t]), y, kinds


X, y, kinds = observe(60, 9)
model = MagmaClust(n_clusters=3, task=0, random_state=0).fit(X, y)
print(f"shares of the clusters {model.weights_.round(2)}")
print(
    f"length scales: means {model.mean_length_scale_.round(1)}, "
    f"deviations {model.task_length_scale_.round(1)}"
)
agree = [np.bincount(kinds[model.labels_ == k]).max() for k in range(3)]
print(f"curves in the cluster of their kind: {sum(agree)} of 60")

# %%
# Mean processes
# --------------
# The thin lines are the curves as they were seen. A band is what is not known of a mean
# process; curves deviate from it by more.

fig, ax = plt.subplots(figsize=(8, 4.4))
MeanProcessesDisplay.from_estimator(model, ax=ax, name="what the clusters share")
ax.set(xlabel="time", ylabel="seen")
plt.show()

# %%
# A new curve
# -----------
# `condition` shows rows of new curves to a copy of the model. After three observations
# this one may be of two kinds, and the band is wide where these part: both are in it.
# Two observations after the parting decide.

times = np.linspace(0, 10, 200)
seen_at = np.array([0.8, 2.5, 4.0, 6.9, 7.6])
truth = kind(1, times) + 0.5
seen = np.interp(seen_at, times, truth) + 0.4 * rng.normal(size=5)

fig, axes = plt.subplots(1, 3, figsize=(11, 3.8), sharey=True)
for ax, n in zip(axes, (1, 3, 5), strict=True):
    rows = np.column_stack([np.full(n, 100), seen_at[:n]])
    shown = model.condition(rows, seen[:n])
    new = np.column_stack([np.full(200, 100), times])
    mean, std = shown.predict(new, return_std=True)
    chances = shown.predict_cluster_proba(new[:1])[0]
    ax.fill_between(times, mean - 2 * std, mean + 2 * std, alpha=0.2, linewidth=0)
    ax.plot(times, mean, "-", label="forecast")
    for k, process in enumerate(model.mean_processes(times[:, None])):
        weight = 0.2 + 0.8 * chances[k]
        ax.plot(times, process, ":", color="0.4", linewidth=1, alpha=weight)
    ax.plot(times, truth, "--", color=PALETTE[5], label="truth")
    ax.plot(seen_at[:n], seen[:n], "o", color="black", label="seen")
    ax.set(title=f"{n} seen: " + ", ".join(f"{100 * c:.0f} %" for c in chances))
    ax.set(xlabel="time")
axes[0].legend(loc="upper left")
plt.show()

# %%
# How good the bands are
# ----------------------
# Two hundred new curves, of each of which four observations before the time 5 are seen.

rows, values, _ = observe(200, 12, first=1000)
early = rows[:, 1] < 5
keep = np.zeros(len(rows), dtype=bool)
for task in np.unique(rows[:, 0]):
    keep[np.flatnonzero((rows[:, 0] == task) & early)[:4]] = True
shown, late = model.condition(rows[keep], values[keep]), ~early
mean, std = shown.predict(rows[late], return_std=True)
one = MagmaClust(n_clusters=1, task=0).fit(X, y).condition(rows[keep], values[keep])
print(f"within two deviations: {np.mean(np.abs(mean - values[late]) < 2 * std):.3f}")
print(
    f"squared error {np.mean((mean - values[late]) ** 2):.2f}, with one mean process "
    f"{np.mean((one.predict(rows[late]) - values[late]) ** 2):.2f}"
)
