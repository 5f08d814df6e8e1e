r"""
=========================
What a certificate is for
=========================

K-means stops where no step helps any more, and cannot say whether that is the best
clustering or a bad one. :class:`~skgeom.cluster.SDPClustering` finds labels too, and
then turns to the other side: it computes a number below which *no* clustering can bring
the inertia. Where the two numbers meet, the labels are certified; where they do not,
the gap says how much better any labels could be, at most.

The number comes from the semidefinite relaxation of k-means [1]_. A clustering has the
matrix :math:`Z` with entries :math:`1/m` within a cluster of :math:`m` points, and its
inertia is :math:`\|X\|^2 - \langle XX', Z \rangle`. The part of :math:`Z` orthogonal
to the constants has eigenvalues in :math:`[0, 1]` and trace :math:`K - 1`, so that with
:math:`P = I - 11'/n`, for centred points and every matrix :math:`B \ge 0`,

.. math::

    \langle XX', Z \rangle \le \langle XX' + B, Z \rangle
    \le \tfrac1n 1'B1 + \sum_{i < K} \lambda_i\bigl(P (XX' + B) P\bigr) .

Any :math:`B` gives a bound that holds. The labels suggest a good one.
"""

# %%
# From certain to uncertain
# -------------------------
# Three clusters, moved together step by step. The grey band lies between the inertia of
# the labels and the certified lower bound: the optimum is in it, wherever it is.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans

from skgeom import SDPClustering
from skgeom.plotting import STYLE, CertificateDisplay, EmbeddingDisplay

plt.style.use(STYLE)

rng = np.random.default_rng(0)
corners = np.array([[0, 1], [0.87, -0.5], [-0.87, -0.5]])
y = np.arange(300) % 3
noise = rng.standard_normal((300, 2))
distances = np.linspace(0.5, 5.0, 19)
models = [
    SDPClustering(n_clusters=3, random_state=0).fit(r * corners[y] + noise)
    for r in distances
]

fig, ax = plt.subplots(figsize=(6.6, 4.1))
CertificateDisplay.from_estimators(models, positions=distances, ax=ax)
ax.set_xlabel("distance of the clusters from the middle, standard deviations")
plt.show()

# %%
# Far apart, the two lines meet: the labels are a global optimum, and this is proved. In
# the middle the band is narrow: the labels may not be the best, but nothing can be much
# better. On the left there are no three clusters to be found. The band is widest there;
# it says that nobody should be sure.

certain = next(r for r, m in zip(distances, models, strict=True) if m.certified_)
print(f"certified from distance {certain:.2f} on")

# %%
# A certificate tells a trap from an optimum
# ------------------------------------------
# Four groups, the last two near each other. K-means with one start is often caught with
# one cluster over two groups and two clusters in one. Its inertia alone does not tell.

groups = np.array([[0, 0], [10, 0], [20, 0], [20, 5]])
y = np.arange(400) % 4
X = groups[y] + 0.8 * rng.standard_normal((400, 2))
caught = max(
    (KMeans(4, n_init=1, init="random", random_state=s).fit(X) for s in range(20)),
    key=lambda model: model.inertia_,
)
model = SDPClustering(n_clusters=4, random_state=0).fit(X)

fig = plt.figure(figsize=(9, 4.4))
above, below = fig.add_gridspec(2, 1, height_ratios=[1, 1.2])
for place, name, labels in zip(
    above.subgridspec(1, 2),
    ("KMeans, an unlucky start", "SDPClustering"),
    (caught.labels_, model.labels_),
    strict=True,
):
    display = EmbeddingDisplay({name: X}, labels)
    display.plot(ax=fig.add_subplot(place), legend=False, size=12)
CertificateDisplay.from_estimator(
    model,
    others={"KMeans, an unlucky start": caught.inertia_},
    ax=fig.add_subplot(below),
)
plt.show()

# %%
# What the certificate does not say
# ---------------------------------
# That the labels are *right*. It is about one criterion, the sum of squared distances.
# Long clusters side by side have a best k-means clustering as well, and it cuts them
# across.

X = np.column_stack([12 * rng.standard_normal(300), 4.0 * (np.arange(300) % 3)])
X[:, 1] += 0.5 * rng.standard_normal(300)
plain = SDPClustering(n_clusters=3, random_state=0, certificate="sdp").fit(X)
tied = SDPClustering(n_clusters=3, covariance_type="tied", random_state=0).fit(X)

fig, axes = plt.subplots(1, 2, figsize=(9, 1.7))
for ax, name, fitted in [
    (axes[0], "inertia", plain),
    (axes[1], "likelihood, one covariance", tied),
]:
    title = f"{name}: gap of the inertia {100 * fitted.optimality_gap_:.0f} %"
    EmbeddingDisplay({title: X}, fitted.labels_).plot(ax=ax, legend=False, size=12)
plt.show()

# %%
# On the left, labels that are proved to be near the least inertia and are of no use; on
# the right those that the likelihood finds, for which inertia is the wrong question.
#
# .. rubric:: References
#
# .. [1] J. Peng and Y. Wei, "Approximating k-means-type clustering via semidefinite
#    programming", SIAM Journal on Optimization 18, 2007.
