"""
=======================
Neighbours or distances
=======================

No map in the plane keeps everything. t-SNE and UMAP are made to keep each point's
nearest neighbours, and let go of what is far; a principal component analysis keeps the
largest variances, and folds what is curved; Isomap and
:class:`~skgeom.embedding.HeatGeodesicEmbedding` keep distances along the data. This
page shows two data sets, and what each of four maps says of them, so that you can
choose by what you want to read off.
"""

# %%
# A roll, and handwritten digits
# ------------------------------
# The roll is a flat sheet, 89 units long and 10 wide, rolled up. Noise makes it thick,
# but the true distances along it are known. The digits are pictures of 64 pixels, in
# ten classes that no map is told.

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, Isomap
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from skgeom import HeatGeodesicEmbedding
from skgeom.datasets import make_swiss_roll
from skgeom.metrics import distance_preservation, trustworthiness
from skgeom.plotting import STYLE, EmbeddingDisplay

plt.style.use(STYLE)

roll = make_swiss_roll(1500, height=10.0, noise=1.0, random_state=0)
along = roll.coordinates[:, 0]
X, digits = load_digits(return_X_y=True)
X, digits = X[:1000], digits[:1000]


def maps_of(X):
    models = {
        "PCA": PCA(2),
        "Isomap": Isomap(n_neighbors=10),
        "t-SNE": TSNE(random_state=0),
        "HeatGeodesicEmbedding": HeatGeodesicEmbedding(random_state=0),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Isomap joins parts of its graph, and warns
        return {name: model.fit_transform(X) for name, model in models.items()}


# %%
# When large distances matter
# ---------------------------
# The correlation of distances in the map with the true ones along the roll, and the
# share of near points in the map that are near in the data (trustworthiness, 1 is
# best). Panels are turned to agree with each other, which changes no distance.

geodesics = roll.geodesic_distances()
captioned = {}
for name, points in maps_of(roll.X).items():
    far = distance_preservation(geodesics, points).pearson
    near = trustworthiness(roll.X, points, n_neighbors=10)
    captioned[f"{name}\ndistances {far:.2f}, neighbours {near:.2f}"] = points
display = EmbeddingDisplay.from_embeddings(
    captioned, along, value_name="place along the roll", align=True
)
plt.show()

# %%
# t-SNE tears the sheet and lays the pieces where there is room: near points stay near,
# and a distance between pieces means nothing. PCA looks at the roll from the side.
# Isomap takes noisy shortcuts between the turns for the truth; where there is no noise
# it is as good as the fourth map.
#
# When only neighbours matter
# ---------------------------
# Digits have no known distances, but classes. Here the tearing is a service: gaps
# between classes become wide. How many digits have the class of most of their ten
# neighbours in the map?

captioned = {}
for name, points in maps_of(X).items():
    right = cross_val_score(KNeighborsClassifier(10), points, digits, cv=5).mean()
    near = trustworthiness(X, points, n_neighbors=10)
    captioned[f"{name}\nclasses {right:.2f}, neighbours {near:.2f}"] = points
# sphinx_gallery_thumbnail_number = 2
EmbeddingDisplay.from_embeddings(
    captioned, digits, value_name="digit", markers="names", size=16, n_columns=2
)
plt.show()

# %%
# So: t-SNE or UMAP to see which points belong together; `HeatGeodesicEmbedding` to see
# how far apart things are, or to place new points (t-SNE cannot); PCA where the data
# are flat. The :ref:`user guide <heat_geodesic>` has measurements on more data.
