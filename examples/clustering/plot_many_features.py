"""
==============================
K-means in too many dimensions
==============================

Genes, pixels, words: often there are more features than rows. Clusters may then be as
far apart as ever, and k-means stops finding them, however often it is started. This
page adds features of pure noise to four clear groups and watches what happens, and what
the certificate of :class:`~skgeom.cluster.SDPClustering` has to say.
"""

# %%
# Why Lloyd's algorithm stands still
# ----------------------------------
# The mean of a cluster of m points contains each of them with a weight of 1/m. In p
# dimensions of noise that alone brings a point nearer to the mean of *its own* cluster
# than to any other by about p/m: with p large, no point ever wants to move, whatever
# labels one starts from. Moving single points, and counting what a point takes with it
# when it leaves, does not have this flaw.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline

from skgeom import SDPClustering
from skgeom.plotting import STYLE, CertificateDisplay, EmbeddingDisplay

plt.style.use(STYLE)

groups = np.arange(120) % 4


def four_groups(n_features, seed):
    """Four groups of 30 points, 8 standard deviations from each other."""
    noise = np.random.default_rng(seed).standard_normal((120, n_features))
    return 5.7 * np.eye(4, n_features)[groups] + noise


# %%
# From 5 to 5,000 features
# ------------------------
# The adjusted Rand index says how well labels agree with the groups: 1 is perfect, 0 is
# chance. Lines are means of five draws, with the range of all. Principal components
# before k-means help, for they average the noise away.

n_features = [5, 50, 200, 500, 1000, 2000, 5000]
methods = {
    "KMeans, 10 starts": lambda: KMeans(4, n_init=10, random_state=0),
    "PCA, then KMeans": lambda: make_pipeline(
        PCA(4, random_state=0), KMeans(4, n_init=10, random_state=0)
    ),
    "SDPClustering": lambda: SDPClustering(4, random_state=0),
}
scores = np.array(
    [
        [
            [
                adjusted_rand_score(groups, make().fit_predict(four_groups(p, seed)))
                for seed in range(5)
            ]
            for p in n_features
        ]
        for make in methods.values()
    ]
)

fig, ax = plt.subplots(figsize=(6.4, 4))
for name, rows, marker in zip(methods, scores, "os^", strict=True):
    (line,) = ax.plot(n_features, rows.mean(axis=1), marker=marker, label=name)
    low, high = rows.min(axis=1), rows.max(axis=1)
    ax.fill_between(n_features, low, high, color=line.get_color(), alpha=0.15, lw=0)
ax.axvline(120, color="0.6", lw=0.8, ls=":")
ax.annotate("as many as rows", (120, 0.05), xytext=(4, 0), textcoords="offset points")
ax.set(
    xscale="log", xlabel="features", ylabel="adjusted Rand index", ylim=(-0.05, 1.05)
)
ax.legend(loc="lower left")
plt.show()

# %%
# Who is right?
# -------------
# With 2,000 features the two disagree. Without knowing the groups, which labels should
# one believe? The certificate decides: those of k-means cannot be the best, and those
# of `SDPClustering` are at most a fraction of a per cent above the best.

X = four_groups(2000, 0)
kmeans = KMeans(4, n_init=100, random_state=0).fit(X)
model = SDPClustering(4, certificate="sdp", random_state=0).fit(X)
print(f"gap: {model.optimality_gap_:.5f} of the inertia")

fig = plt.figure(figsize=(9, 5.6))
top, bottom = fig.add_gridspec(2, 1, height_ratios=[1, 2.2])
CertificateDisplay.from_estimator(
    model, others={"KMeans, 100 starts": kmeans.inertia_}, ax=fig.add_subplot(top)
)
panels = [fig.add_subplot(part) for part in bottom.subgridspec(1, 2)]
view = (
    PCA(2).fit(np.array([X[groups == k].mean(axis=0) for k in range(4)])).transform(X)
)
for ax, labels, name in [
    (panels[0], kmeans.labels_, "KMeans, 100 starts"),
    (panels[1], model.labels_, "SDPClustering"),
]:
    ari = adjusted_rand_score(groups, labels)
    display = EmbeddingDisplay({f"{name}\nARI {ari:.2f}": view}, labels)
    display.plot(ax=ax, legend=False, size=22)
plt.show()

# %%
# (The pictures show the plane of the true groups, which neither method knows.)
#
# The gain is the search around the relaxation, the certificate is the relaxation's: the
# :ref:`user guide <sdp_clustering>` takes them apart.
