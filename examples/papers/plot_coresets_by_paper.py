"""
==================================
What is a well-chosen coreset for?
==================================

A coreset is a handful of rows that stands for all. Kernel thinning, herding, support
points, determinantal point processes and volume sampling each come with a theorem, and
each theorem is about another job. Here all of them choose as many rows of the same
tables, and do three jobs: means of functions, an approximation of the kernel matrix,
and a regression. Each is good at its own, and worse than random rows at another.

- Dwivedi and Mackey, `Generalized kernel thinning <https://arxiv.org/abs/2110.01593>`_,
  ICLR 2022.
- Chen, Welling and Smola, `Super-samples from kernel herding
  <https://arxiv.org/abs/1203.3472>`_, UAI 2010, and Mak and Joseph, `Support points
  <https://arxiv.org/abs/1609.01811>`_, Annals of Statistics 46, 2018.
- Nouy and Michel, `Weighted least-squares approximation with determinantal point
  processes and generalized volume sampling <https://arxiv.org/abs/2312.14057>`_, 2023.
- Chen, Epperly, Tropp and Webber, `Randomly pivoted Cholesky
  <https://arxiv.org/abs/2207.06503>`_, Communications on Pure and Applied Mathematics
  78, 2025.
"""

# %%
# Two methods that are not in the box
# -----------------------------------
# Kernel thinning halves the rows again and again. It goes through them in pairs, and
# sends one row to the left and one to the right, at random but so that the two halves
# stay balanced. Of all parts that come out the best is taken, and its rows are
# exchanged once each for better ones.

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import cholesky, lstsq, solve_triangular
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import PolynomialFeatures

from skgeom import DiversitySampler, KernelCoreset, KernelRegressor, SupportPoints
from skgeom.datasets import make_robot_arm
from skgeom.plotting import STYLE
from skgeom.solvers import largest_eigenpairs

plt.style.use(STYLE)


def halves(K, rows, chance, rng):
    left, right, sigma2 = [], [], 0.0
    for i in range(0, len(rows) - 1, 2):
        x, z = rows[i], rows[i + 1]
        b2 = K[x, x] + K[z, z] - 2 * K[x, z]
        a = max(np.sqrt(b2 * sigma2 * 2 * np.log(2 / chance)), b2, 1e-12)
        sigma2 += b2 * max(0.0, 1 + (b2 - 2 * a) * sigma2 / a**2)
        before = np.array(rows[:i], dtype=int)
        apart = K[x] - K[z]
        alpha = apart[before].sum() - 2 * apart[left].sum()
        if rng.random() < min(1.0, max(0.0, (1 - alpha / a) / 2)):
            x, z = z, x
        left.append(x)
        right.append(z)
    return left, right


def kernel_thinning(K, n_halvings, rng):
    parts = [list(rng.permutation(len(K)))]
    for _ in range(n_halvings):
        parts = [half for rows in parts for half in halves(K, rows, 0.5 / len(K), rng)]
    mean = K.mean(axis=1)

    def discrepancy(S):
        return K[np.ix_(S, S)].mean() - 2 * mean[S].mean()

    best = np.array(min(parts, key=discrepancy))
    total, m = K[:, best].sum(axis=1), len(best)
    for q, row in enumerate(best):
        others = total - K[:, row]
        gain = (2 * others + np.diag(K)) / m - 2 * mean
        gain[np.delete(best, q)] = np.inf
        best[q] = gain.argmin()
        total = others + K[:, best[q]]
    return best


# %%
# Pivots: choose a row with the chance of what is left of its diagonal, subtract its
# column, and repeat. On a kernel matrix that is randomly pivoted Cholesky. On the
# projection to leading eigenvectors, or to the columns of a regression, it is exactly a
# determinantal point process. Always taking the largest is pivoted QR.


def pivots(diagonal, column, m, rng=None):
    left, done, chosen = diagonal.copy(), np.zeros((len(diagonal), 0)), []
    for _ in range(m):
        chance = left.clip(1e-300)
        i = (
            left.argmax()
            if rng is None
            else rng.choice(len(left), p=chance / chance.sum())
        )
        new = (column(i) - done @ done[i]) / left[i] ** 0.5
        left, done = left - new**2, np.column_stack([done, new])
        left[[*chosen, i]] = 0.0
        chosen.append(i)
    return np.array(chosen)


def projected(Q, rng=None):
    return pivots((Q**2).sum(axis=1), lambda i: Q @ Q[i], Q.shape[1], rng)


# %%
# Sixty-four of 2,048 rows
# ------------------------
# Three clusters in the plane, one of them rare, with a smooth target; and the eight
# angles of a robot's arm. All methods that want a kernel have the same.


def clusters(n, rng):
    kind = rng.choice(3, size=n, p=[0.6, 0.37, 0.03])
    round_, long = rng.normal(size=(2, n, 2))
    places = (
        round_,
        long @ [[1.6, 1.2], [0, 0.15]] + [4, 2.5],
        0.3 * round_ + [0.5, 4.5],
    )
    X = np.choose(kind[:, None], places)
    return X, np.sin(2 * X[:, 0]) + np.cos(X[:, 1]) * X[:, 0] / 2


def arm(n, rng):
    return make_robot_arm(n, noise=0.0, random_state=int(rng.integers(1000)))


def choices(X, K, gamma, m, seed):
    rng = np.random.default_rng(seed)
    eigenvectors = largest_eigenpairs(K, m)[1]
    selectors = {
        "KernelCoreset (herding)": KernelCoreset(m, gamma=gamma),
        "SupportPoints": SupportPoints(m, random_state=seed),
        "k-means rows": DiversitySampler(m, strategy="kmeans", random_state=seed),
        "farthest points": DiversitySampler(m),
    }
    return {
        "random rows": rng.permutation(len(X))[:m],
        "kernel thinning": kernel_thinning(K, int(np.log2(len(X) // m)), rng),
        **{name: s.fit(X).sample_indices_ for name, s in selectors.items()},
        "determinantal process": projected(eigenvectors, rng),
        "randomly pivoted Cholesky": pivots(np.diag(K), lambda i: K[i], m, rng),
    }


# %%
# The jobs
# --------
# *Means*: of 300 random waves, and of 300 random half-spaces, which no smooth kernel
# knows; the error is the root of the mean square. *Kernel*: what is left of the trace
# of K by the chosen rows and columns (Nyström). *Regression*: the error on new rows of
# a kernel machine that has labels of all rows and the chosen ones as centres, and of
# one that has the labels of the chosen rows alone; noise is a twentieth of the spread.


def jobs(X, y, X_new, y_new, K, gamma, rows, seed):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(X.shape[1], 300))
    at = X @ W
    waves = np.cos(at * gamma**0.5 + rng.uniform(0, 2 * np.pi, 300))
    above = at > at[rng.integers(len(X), size=300), range(300)]
    part = K[rows]
    root = cholesky(part[:, rows] + 1e-9 * np.eye(len(rows)), lower=True)
    rest = np.trace(K) - (solve_triangular(root, part, lower=True) ** 2).sum()
    label = y + 0.05 * y.std() * rng.normal(size=len(y))
    machine = KernelRegressor("rbf", gamma=gamma, centers=X[rows], solver="nystrom")
    alone = KernelRegressor("rbf", gamma=gamma).fit(X[rows], label[rows])
    errors = [F[rows].mean(axis=0) - F.mean(axis=0) for F in (waves, above)]
    for model in (machine.fit(X, label), alone):
        errors.append((model.predict(X_new) - y_new) / y_new.std())
    told = [np.sqrt(np.mean(e**2)) for e in errors]
    return [*told[:2], rest / len(X), *told[2:]]


names = ["means of\nwaves", "means of\nhalf-spaces", "kernel\nmatrix"]
names += ["regression:\ncentres", "regression:\nlabels"]
found = {}
for table, gamma in ((clusters, 0.5), (arm, 0.125)):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, y = table(4096, rng)
        X, X_new, y, y_new = X[:2048], X[2048:], y[:2048], y[2048:]
        K = rbf_kernel(X, gamma=gamma)
        for method, rows in choices(X, K, gamma, 64, seed).items():
            told = jobs(X, y, X_new, y_new, K, gamma, rows, seed)
            found.setdefault((table.__name__, method), []).append(told)

methods = list(dict.fromkeys(method for _, method in found))
fig, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained", sharey=True)
for ax, table in zip(axes, ("clusters", "arm"), strict=True):
    logs = np.log(np.array([found[table, m] for m in methods]))
    against = np.exp((logs - logs[0]).mean(axis=1))
    spread = (logs - logs[0]).std(axis=1)
    shown = ax.imshow(np.log2(against), cmap="BrBG_r", vmin=-3, vmax=3, aspect="auto")
    for (i, j), ratio in np.ndenumerate(against):
        said = f"{ratio:.2f}" + (f"\n×÷ {np.exp(spread[i, j]):.1f}" if i else "")
        color = "w" if abs(np.log2(ratio)) > 2 else "k"
        ax.text(j, i, said, ha="center", va="center", fontsize=8, color=color)
    ax.set_xticks(range(5), names, fontsize=8)
    ax.set_yticks(range(len(methods)), methods)
    ax.tick_params(length=0)
    ax.grid(False)
    ax.set_title(f"{table}: error over that of random rows")
plt.show()

# %%
# Ratios are geometric means of three draws, and the factor below is their spread.
# Herding, thinning and support points do about the same: means with a twentieth to a
# quarter of the error. What is chosen for its spread overweights what is rare, and is
# worse than random rows at means of clusters, but better at the kernel matrix and at
# regression. On the arm, whose rows lie evenly, there is little to choose: random rows
# are within a tenth of the best at regression.
#
# Which rows to label for a linear regression
# -------------------------------------------
# The job of volume sampling: 21 polynomials of degree five in the square, and few
# labels. Independent draws by leverage, a determinantal process repeated until there
# are enough rows, the process once and then draws by leverage (volume sampling); and
# pivoted QR, repeated. Random designs weigh a row by one over its leverage. Two simple
# rivals: random rows, and rows nearest to the centres of as many clusters.


def designs(X, Q, n_labels, rng):
    n, m = Q.shape
    leverage = (Q**2).sum(axis=1)

    def independent(size):
        return rng.choice(n, size=size, p=leverage / m)

    means = DiversitySampler(n_labels, strategy="kmeans", random_state=rng.integers(99))
    again = [projected(Q, rng) for _ in range(n_labels // m)]
    greedy, rest = [], np.arange(n)
    for _ in range(n_labels // m):
        chosen = rest[projected(Q[rest])]
        greedy, rest = [*greedy, *chosen], np.setdiff1d(rest, chosen)
    return {
        "random rows": (rng.permutation(n)[:n_labels], False),
        "by leverage": (independent(n_labels), True),
        "determinantal, repeated": (np.concatenate(again), True),
        "volume sampling": (np.append(again[0], independent(n_labels - m)), True),
        "pivoted QR, repeated": (np.array(greedy), False),
        "k-means rows": (means.fit(X).sample_indices_, False),
    }


rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(2000, 2))
Q = np.linalg.qr(PolynomialFeatures(5).fit_transform(X))[0]
targets = {
    "smooth": np.exp(np.sin(2 * X[:, 0] + X[:, 1])),
    "bell": 1 / (1 + 10 * (X**2).sum(axis=1)),
    "kink": np.abs(X[:, 0] - 0.3 * X[:, 1]),
}
times = (1, 2, 3, 4)
noises, curves = (0.0, 0.1), {}
for k in times:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        for method, (rows, weighted) in designs(X, Q, 21 * k, rng).items():
            root = (
                1 / np.linalg.norm(Q[rows], axis=1) if weighted else np.ones(len(rows))
            )
            for noise in noises:
                for f in targets.values():
                    y = f[rows] + noise * f.std() * rng.normal(size=len(rows))
                    w = lstsq(root[:, None] * Q[rows], root * y)[0]
                    best = np.linalg.norm(f - Q @ (Q.T @ f))
                    ratio = np.linalg.norm(f - Q @ w) / best
                    curves.setdefault((noise, method, k), []).append(ratio)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for ax, noise in zip(axes, noises, strict=True):
    for method in dict.fromkeys(method for _, method, _ in curves):
        told = [np.median(curves[noise, method, k]) for k in times]
        ax.semilogy([21 * k for k in times], told, marker="o", label=method)
    ax.set(
        xlabel="labels",
        ylabel="error / that of the best fit",
        title=f"noise {noise:.0%}",
    )
axes[1].legend()
plt.show()

# %%
# Medians of three targets and ten draws. The theorem holds what it says: dependent
# draws are ahead of independent ones, and most with the fewest labels. There one call
# of pivoted QR is better still, and with twice as many labels rows by k-means are,
# which know nothing of polynomials.
#
# **To take means choose rows by herding or by support points: errors were 4 to 17 times
# less than of random rows for waves, and kernel thinning was no better. For a kernel
# matrix or a regression on uneven rows choose them by spread: a determinantal process
# is good at it, and randomly pivoted Cholesky as good in eight lines. For labels of a
# linear model volume sampling beat draws by leverage, and k-means rows beat both from
# twice as many labels as columns on.**
#
# Not run: kernel thinning in near-linear time (Compress++), which is for so many rows
# that their kernel means are too dear, and the papers' own tables. Pictures of chosen
# rows are in :ref:`another page <sphx_glr_gallery_selection_plot_coresets.py>`, and the
# :doc:`guide </user_guide/sample_selection>` has more measurements.
