"""
===============================================
Should a bound on the evidence favour the data?
===============================================

The evidence of a large model is out of reach. A bound on it is not: but where the
posterior is taken to be a round Gaussian and weights are more than rows, the bound
prefers models that fit too little. Harvey, Petrov and Hughes (`Learning Hyperparameters
via a Data-Emphasized Variational Objective <https://arxiv.org/abs/2502.01861>`_,
AISTATS 2026) multiply the data's part of it by D / n, weights over rows.

A linear model of random Fourier features, which is among the paper's own examples, has
all three in closed form: the evidence, its bound, and the weighed bound. Here they
choose the same three numbers, beside leave-one-out errors, which choose two of them.
The bound does fit too little, and weighed so much it fits far too closely.
"""

# %%
# Four ways to choose
# -------------------
# The kernel matrix :math:`K` of the D features, of rows of length one, is decomposed
# once for each length scale: :math:`K = U \Lambda U^\top`. With the prior variance p of
# the weights and the noise v, all objectives are sums over its eigenvalues. The best
# mean m of a round posterior is that of ridge regression, its best variance s a
# fraction.

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_diabetes, make_friedman1

from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

D = 1024
LENGTHS = np.geomspace(0.5, 16, 16)


def features(X, length, seed=0):
    waves = np.random.default_rng(seed).standard_normal((X.shape[1], D // 2))
    phase = X @ waves / length
    return np.column_stack([np.cos(phase), np.sin(phase)]) / (D / 2) ** 0.5


def evidence(p, v, eigenvalues, z):
    """Log evidence, without constants; z is y in the eigenbasis."""
    variances = p * eigenvalues + v
    return -(z**2 / variances + np.log(variances)).sum() / 2


def round_variance(p, v, n, emphasis):
    """The best variance of a round posterior: rows have length one, trace K is n."""
    return 1 / (1 / p + emphasis * n / (D * v))


def bound(p, v, eigenvalues, z, emphasis=1.0):
    """The bound of the best round posterior, the data's part times `emphasis`."""
    n, ridge = len(z), v / (p * emphasis)
    s = round_variance(p, v, n, emphasis)
    left = (ridge / (eigenvalues + ridge) * z) ** 2
    size = (eigenvalues * z**2 / (eigenvalues + ridge) ** 2).sum()
    data = -(left.sum() + n * s) / (2 * v) - n / 2 * np.log(v)
    divergence = (size / p + D * (s / p - 1 - np.log(s / p))) / 2
    return emphasis * data - divergence


def by_objective(objective, decomposed, noise=None):
    """The length, prior and noise of the largest objective; a noise may be given."""
    best = (-np.inf,)
    for length, (eigenvalues, U, y) in decomposed.items():

        def cost(theta, of=(eigenvalues, U.T @ y)):
            v = np.exp(theta[1]) if noise is None else noise
            return -objective(np.exp(theta[0]), v, *of)

        found = minimize(cost, [0, -1], bounds=[(-9, 9), (-9, 3)], method="L-BFGS-B")
        p, v = np.exp(found.x)
        best = max(best, (-found.fun, length, p, v if noise is None else noise))
    return best[1:]


def by_leaving_out(decomposed):
    """Length and ridge of the least leave-one-out error; the noise is that error."""
    best = (np.inf,)
    for length, (eigenvalues, U, y) in decomposed.items():
        for ridge in np.geomspace(1e-4, 1e2, 25):
            inverse = U**2 @ (1 / (eigenvalues + ridge))  # its diagonal
            error = ((U @ (U.T @ y / (eigenvalues + ridge)) / inverse) ** 2).mean()
            best = min(best, (error, length, error / ridge, error))
    return best[1:]


# %%
# Two tables
# ----------
# Diabetes of 442 patients, and the function of Friedman with noise of variance one: 150
# training rows each, drawn five times. Columns and target are in units of their spread.
# Scored are the error and the negative log density of test rows, with the posterior
# that belongs to the objective: exact for the evidence and for left-out errors, round
# for bounds. Bounds are tried once more with the noise given that the evidence finds.


def table(name, rng):
    if name == "diabetes":
        X, y = load_diabetes(return_X_y=True)
    else:
        X, y = make_friedman1(1000, noise=1.0, random_state=rng.integers(99))
    order = rng.permutation(len(X))
    known, new = order[:N_ROWS], order[N_ROWS:]
    X = (X - X[known].mean(axis=0)) / X[known].std(axis=0)
    y = (y - y[known].mean()) / y[known].std()
    return X[known], y[known], X[new], y[new]


def scores(choice, emphasis, X, y, T, truth):
    """Error and negative log density; an emphasis stands for a round posterior."""
    length, p, v = choice
    A, B = features(X, length), features(T, length)
    ridge = v / p if emphasis is None else v / (p * emphasis)
    solved = np.linalg.solve(A @ A.T + ridge * np.eye(len(y)), np.c_[y, A @ B.T])
    mean, shared = (
        (B @ A.T) @ solved[:, 0],
        np.einsum("nt,nt->t", A @ B.T, solved[:, 1:]),
    )
    variance = v + p * (1 - shared)
    if emphasis is not None:
        variance = v + round_variance(p, v, len(y), emphasis)
    error = np.sqrt(((mean - truth) ** 2).mean())
    return error, (
        (mean - truth) ** 2 / variance + np.log(2 * np.pi * variance)
    ).mean() / 2


def decomposed_by_length(X, y):
    found = {}
    for length in LENGTHS:
        A = features(X, length)
        eigenvalues, U = np.linalg.eigh(A @ A.T)
        found[length] = np.maximum(eigenvalues, 0.0), U, y
    return found


N_ROWS = 150
EMPHASES = np.geomspace(1, D / N_ROWS, 6)


def compare(name, seed):
    """Scores of evidence and left-out rows, then of bounds by emphasis."""
    X, y, T, truth = table(name, np.random.default_rng(seed))
    decomposed = decomposed_by_length(X, y)
    best = by_objective(evidence, decomposed)
    choices = [(best, None), (by_leaving_out(decomposed), None)]
    for noise in (None, best[2]):
        for emphasis in EMPHASES:
            weighed = partial(bound, emphasis=emphasis)
            choices.append((by_objective(weighed, decomposed, noise), emphasis))
    return [(*scores(c, e, X, y, T, truth), *c) for c, e in choices]


fig, axes = plt.subplots(1, 2, figsize=(9, 3.8))
for ax, name in zip(axes, ("diabetes", "Friedman"), strict=True):
    told = np.array([compare(name, seed) for seed in range(5)])
    mean, spread, middle = told.mean(axis=0), told.std(axis=0), np.median(told, axis=0)
    print(f"{name}: error (spread), negative log density; median length and noise")
    rows = {"evidence": 0, "left-out rows": 1, "bound": 2, "weighed bound": 7}
    rows |= {"bound, noise given": 8, "weighed, noise given": 13}
    for way, k in rows.items():
        print(
            f"  {way:21} {mean[k, 0]:.3f} ({spread[k, 0]:.3f}) {middle[k, 1]:9.2f}"
            f"   {middle[k, 2]:5.2f} {middle[k, 4]:7.4f}"
        )
    ax.axhline(mean[0, 0], color=PALETTE[0], ls="-", label="evidence")
    ax.axhline(mean[1, 0], color=PALETTE[1], ls="--", label="left-out rows")
    for k, label in ((2, "bound, noise learned"), (8, "bound, noise given")):
        line, error = mean[k : k + 6, 0], spread[k : k + 6, 0]
        style = dict(marker="o^"[k // 8], color=PALETTE[2 + k // 8], capsize=3)
        ax.errorbar(EMPHASES, line, error, label=label, **style)
    ax.set(title=name, xlabel="emphasis of the data", xscale="log")
    ax.set_xticks(EMPHASES[[0, 2, 5]], ["1", f"{EMPHASES[2]:.1f}", "D / n = 6.8"])
    ax.minorticks_off()
axes[0].set_ylabel("test error, in spreads of y")
axes[0].legend(loc="upper left")
plt.show()

# %%
# The premise holds: the bound takes for noise what is signal, .60 to .46 for diabetes
# and .40 to .05 for Friedman's function. With an emphasis of D / n the noise is learned
# to be nothing at all, and test rows are a hundred standard deviations away. A noise
# that is given mends the densities, and not the errors.
#
# **The evidence errs by .71 and .45, left-out rows by .72 and .46, the bound by .74 and
# .60, and the bound that is weighed by D / n by .99 and .62; no emphasis between comes
# near the first two (.73 and .54).** Where the evidence is a formula, take it, as
# :class:`~sklearn.linear_model.BayesianRidge` and
# :class:`~skgeom.gaussian_process.VecchiaGPRegressor` do, or leave rows out.
#
# Not run: networks, for which the bound was weighed in the first place and no evidence
# is to be had; classes, where there is no noise to learn; and the paper's own settings
# for random features.
