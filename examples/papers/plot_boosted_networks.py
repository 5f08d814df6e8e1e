r"""
======================================================
Can a network be grown unit by unit, as boosting does?
======================================================

A network of one hidden layer is a sum of units. So it can be grown as boosting grows a
sum of trees: each new unit is fitted to what the others leave, and they stay as they
are. Rivals stand on both sides: the network of as many units that is trained as a
whole, and units that are drawn at random and not trained at all, with ridge regression
on them. One unit at a time turns out to be too greedy, and five nearly enough.

The papers: Bengio, Le Roux, Vincent, Delalleau and Marcotte, "Convex neural networks"
(2005); Emami and Martínez-Muñoz, "Sequential training of neural networks with gradient
boosting" (`2019 <https://arxiv.org/abs/1909.12098>`__); and on the other side Rahimi
and Recht, "Weighted sums of random kitchen sinks: replacing minimization with
randomization in learning" (2008).
"""

# %%
# Five ways to sixty units
# ------------------------
# Units are :math:`h(x) = \tanh(w^\top x + b)`. One that is to fit residuals r has the
# best weight in closed form, :math:`a = h^\top r / (h^\top h + \lambda)`, and leaves
# :math:`-(h^\top r)^2 / (h^\top h + \lambda)` to be minimised over w and b, from the
# best of ten random starts. Boosting adds a times a rate. The corrective form refits
# all a by ridge regression after each unit, as orthogonal matching pursuit does. The
# second paper also adds several units at a time, here five, which are trained together.

import warnings
from functools import partial
from time import process_time

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from skgeom.datasets import make_robot_arm
from skgeom.kernels import KernelRegressor
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)
warnings.simplefilter("ignore", ConvergenceWarning)  # networks stop early
UNITS = 60


def unit(X, r, penalty, rng):
    """Weights of the unit that fits r best."""

    def loss(w):
        h = np.tanh(X @ w)
        a = h @ r / (h @ h + penalty)
        return -a * (h @ r), X.T @ ((1 - h**2) * 2 * a * (a * h - r))

    starts = rng.normal(size=(10, X.shape[1])) / np.sqrt(X.shape[1] / 2)
    start = min(starts, key=lambda w: loss(w)[0])
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 20}).x


def ridge(H, y, H_new, penalty):
    return H_new @ np.linalg.solve(H.T @ H + penalty * np.eye(H.shape[1]), H.T @ y)


def network(X, y, X_new, k, alpha, rng, max_iter=200):
    """Train all of k units together; the last column of X is one."""
    model = MLPRegressor(
        hidden_layer_sizes=(k,),
        activation="tanh",
        solver="lbfgs",
        alpha=alpha,
        max_iter=max_iter,
        random_state=int(rng.integers(2**31)),
    )
    return model.fit(X[:, :-1], y).predict(X_new[:, :-1])


# Each way returns predictions for new rows by growing numbers of units, (sizes, rows).


def boosted(X, y, X_new, rng, rate, penalty):
    left, told, path = y, np.zeros(len(X_new)), []
    for _ in range(UNITS):
        w = unit(X, left, penalty, rng)
        h, h_new = np.tanh(X @ w), np.tanh(X_new @ w)
        a = rate * (h @ left) / (h @ h + penalty)
        left, told = left - a * h, told + a * h_new
        path.append(told)
    return np.array(path)


def corrective(X, y, X_new, rng, penalty):
    left, every, path = y, np.vstack([X, X_new]), []
    H = np.empty((len(every), 0))
    for _ in range(UNITS):
        H = np.column_stack([H, np.tanh(every @ unit(X, left, penalty, rng))])
        both = ridge(H[: len(X)], y, H, penalty)
        left = y - both[: len(X)]
        path.append(both[len(X) :])
    return np.array(path)


def in_fives(X, y, X_new, rng, rate, alpha):
    left, told, path = y, np.zeros(len(X_new)), []
    for _ in range(UNITS // 5):
        both = rate * network(X, left, np.vstack([X, X_new]), 5, alpha, rng, 100)
        left, told = left - both[: len(X)], told + both[len(X) :]
        path.append(told)
    return np.array(path)


def drawn(X, y, X_new, rng, scale, penalty, sizes=range(1, UNITS + 1)):
    W = rng.normal(size=(max(sizes), X.shape[1])) * scale / np.sqrt(X.shape[1])
    H, H_new = np.tanh(X @ W.T), np.tanh(X_new @ W.T)
    return np.array([ridge(H[:, :k], y, H_new[:, :k], penalty) for k in sizes])


def whole(X, y, X_new, rng, alpha, sizes=(5, 20, UNITS)):
    return np.array([network(X, y, X_new, k, alpha, rng) for k in sizes])


# %%
# The trial
# ---------
# Each way has six settings, and the number of units, chosen on validation rows. Errors
# are against the truth without noise, except for the diabetes data; one is the variance
# of the targets. A thousand units drawn at random, and a kernel machine that chooses
# everything by itself, stand beside them.

ways = {
    "boosted": (boosted, [(r, p) for r in (0.1, 0.5, 1.0) for p in (1, 30)]),
    "boosted, corrective": (corrective, [(p,) for p in (0.1, 1, 10, 30, 100, 300)]),
    "boosted in fives": (in_fives, [(r, p) for r in (0.1, 0.5, 1.0) for p in (1, 10)]),
    "drawn, 60": (drawn, [(s, p) for s in (0.5, 1.0) for p in (0.1, 1, 10)]),
    "drawn, 1000": (
        partial(drawn, sizes=[1000]),
        [(s, p) for s in (0.5, 1.0) for p in (0.1, 1, 10)],
    ),
    "trained in whole": (whole, [(alpha,) for alpha in (0.1, 1, 3, 10, 30, 100)]),
}


def draw(name, seed):
    """Rows with a column of ones, targets with noise, and without."""
    rng = np.random.default_rng(seed)
    if name == "diabetes":
        X, f = load_diabetes(return_X_y=True)
        order = rng.permutation(len(f))
        X, f, noise = X[order], f[order], 0.0
    elif name == "friedman1":
        (X, f), noise = make_friedman1(1500, random_state=seed), 0.2
    elif name == "robot arm":
        (X, f), noise = make_robot_arm(1500, noise=0.0, random_state=seed), 0.1
    else:
        X, noise = rng.normal(size=(1500, 8)), 0.2
        f = np.tanh(X @ rng.normal(size=(8, 5))) @ rng.choice([-1.0, 1.0], 5)
    X, f = (X - X.mean(axis=0)) / X.std(axis=0), (f - f.mean()) / f.std()
    return np.column_stack([X, np.ones(len(X))]), f + noise * rng.normal(size=len(f)), f


sets, seeds = ["five units", "friedman1", "robot arm", "diabetes"], range(4)
errors = np.empty((len(sets), len(ways) + 1, len(seeds)))
seconds, paths = np.zeros(len(ways)), {}
for i, name in enumerate(sets):
    for seed in seeds:
        X, y, f = draw(name, seed)
        train, valid, test = np.split(np.arange(len(y)), [200, 300])
        if name != "diabetes":
            train, valid, test = np.split(np.arange(len(y)), [400, 500])
        for j, (way, settings) in enumerate(ways.values()):
            start, found = process_time(), []
            for given in settings:
                rng = np.random.default_rng(seed)
                path = way(X[train], y[train], X, rng, *given)
                told = ((path[:, valid] - y[valid]) ** 2).mean(axis=1)
                found.append((told.min(), told.argmin(), path))
            seconds[j] += (process_time() - start) / 6 / len(sets) / len(seeds)
            _, best, path = min(found, key=lambda one: one[0])
            path = ((path[:, test] - f[test]) ** 2).mean(axis=1)
            errors[i, j, seed] = path[best]
            paths.setdefault((i, j), []).append(path)
        machine = KernelRegressor().fit(X[:, :-1][train], y[train])
        errors[i, -1, seed] = ((machine.predict(X[test, :-1]) - f[test]) ** 2).mean()

fig, axes = plt.subplots(1, 2, figsize=(9, 4.2))
for ax, i in zip(axes, (1, 2), strict=True):
    for j, (name, size) in enumerate(zip(ways, (1, 1, 5, 1, 0, 0), strict=True)):
        path = np.mean(paths[i, j], axis=0)
        k = size * np.arange(1, len(path) + 1)
        if name == "trained in whole":
            k = [5, 20, UNITS]
        if name != "drawn, 1000":
            marker = "s" if name == "trained in whole" else None
            ax.plot(k, path, color=PALETTE[j], marker=marker, ms=5, label=name)
    ax.set(title=sets[i], xlabel="units", yscale="log")
axes[0].set(ylabel="error over the variance of the targets")
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

names = [*ways, "kernel machine"]
fig, ax = plt.subplots(figsize=(8, 4.4))
for j, name in enumerate(names):
    ax.errorbar(
        errors[:, j].mean(axis=1),
        np.arange(4) + 0.11 * (j - 3),
        xerr=errors[:, j].std(axis=1, ddof=1),
        fmt="os^DvPX"[j],
        color=PALETTE[j],
        ms=5,
        lw=1.2,
        ls="none",
        label=name,
    )
ax.set(yticks=range(4), yticklabels=sets, ylim=(3.5, -0.5), xscale="log")
ax.set(xlabel="error over the variance of the targets, mean and spread of 4 draws")
fig.legend(loc="outside lower center", ncols=4)
plt.show()

print(f"{'':21s}" + "".join(f"{name:>16s}" for name in sets) + "   seconds")
for j, name in enumerate(names):
    cells = [f"{e.mean():.3f} ({e.std(ddof=1):.3f})" for e in errors[:, j]]
    cost = f"{seconds[j]:10.1f}" if j < len(ways) else ""
    print(f"{name:21s}" + "".join(f"{cell:>16s}" for cell in cells) + cost)

# %%
# What came out
# -------------
# One unit at a time is a poor bargain. It has eleven, five and four and a half times
# the error of the network that is trained in whole, which is as quick (the seconds are
# those of one setting with all its sizes); in the figure five units that learn together
# beat sixty that come one by one. The cause is greed itself: in trials beside this
# page, fifteen times as many steps for each unit changed nothing, and 300 units left
# .13 and .25 on friedman1 and the robot arm; and here the corrective form is no better.
# Drawn units are worse at equal numbers; but a thousand of them, with one linear solve,
# are ahead of sixty boosted ones on both of these sets.
#
# Five at a time is the second paper's answer, and it works: level with the whole on
# friedman1 and diabetes, half as much error again on the robot arm, three times as much
# where the truth is a network of five units. It needs groups that are trained well:
# with 30 steps of L-BFGS in place of 100 the errors on friedman1 and the robot arm were
# .063 and .129. On the diabetes data all are within .04 of each other.
#
# Not run: classes, deep networks, and the second paper's own code and tables.
#
# **A network should not be grown unit by unit: at equal size and cost, training it in
# whole leaves a quarter of the error or less on three sets of four. Grown in groups of
# five it comes near, and is clearly ahead nowhere.** The kernel machine, which chooses
# everything by itself (:class:`~skgeom.kernels.KernelRegressor`,
# :doc:`/user_guide/kernel_machines`), is level with the network on the robot arm and
# the diabetes data, and behind it on the other two.
