"""
=========================
A checkerboard on a globe
=========================

Longitude and latitude are poor columns. The map is cut where 180 degrees meets -180,
and at the poles a step east is no step at all.
:class:`~skgeom.kernels.SphericalHarmonics` turns a place into waves on the sphere, on
which a linear model is as free at the poles as anywhere. Here it learns a checkerboard,
beside a support vector machine on longitude and latitude.
"""

# %%
# The globe
# ---------
# A hundred cells around evenly spread centres have one of six colours, neighbours
# different ones; 2,000 places are known.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skgeom import SphericalHarmonics
from skgeom.plotting import STYLE

plt.style.use(STYLE)

i = np.arange(100) + 0.5
height, turn = 1 - 2 * i / 100, np.pi * (1 + 5**0.5) * i
level = np.sqrt(1 - height**2)
centers = np.stack([level * np.cos(turn), level * np.sin(turn), height], axis=1)


def colours(v):
    return (v @ centers.T).argmax(axis=1) * 7 % 6


def lonlat(v):
    lon, lat = np.arctan2(v[:, 1], v[:, 0]), np.arcsin(np.clip(v[:, 2], -1, 1))
    return np.rad2deg(np.stack([lon, lat], axis=1))


rng = np.random.default_rng(0)
v = rng.normal(size=(2000, 3))
v /= np.linalg.norm(v, axis=1, keepdims=True)
X, y = lonlat(v), colours(v)

# %%
# Two classifiers
# ---------------

waves = make_pipeline(
    SphericalHarmonics(12, input_space="lonlat"), LogisticRegression(C=10, max_iter=200)
).fit(X, y)
flat = SVC(C=100, gamma=0.003).fit(X, y)

# %%
# Seen from above the north pole
# ------------------------------
# Each pixel of the disk is a place within fifty degrees of the pole, and its colour is
# what is predicted there.

side = np.linspace(-1, 1, 260)
east, north = np.meshgrid(side, side)
far = np.hypot(east, north)
inside = far < 1
polar = np.deg2rad(50) * far
share = np.where(far > 0, np.sin(polar) / np.where(far > 0, far, 1), 0)
places = np.stack([share * east, share * north, np.cos(polar)], axis=-1)[inside]
truth = colours(places)

fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.5))
told = {
    "the truth": truth,
    "spherical harmonics": waves.predict(lonlat(places)),
    "longitude and latitude": flat.predict(lonlat(places)),
}
for ax, (name, found) in zip(axes, told.items(), strict=True):
    picture = np.full(inside.shape, np.nan)
    picture[inside] = found
    ax.imshow(picture, origin="lower", cmap="Set2", vmin=0, vmax=7)
    right = np.mean(found == truth)
    ax.set_title(name if name == "the truth" else f"{name}: {right:.2f}")
    ax.set_axis_off()
plt.show()

# %%
# The machine on longitude and latitude draws spokes: near the pole its cells get
# narrower and narrower. For the waves the pole is a place like others.
#
# Waves are a kernel
# ------------------
# Weighted by degree, products of features are a kernel of the angle between places, so
# that a linear model is a Gaussian process on the sphere. That of heat is a bell.

angle = np.linspace(0, np.pi, 200)
way = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=1)
fig, ax = plt.subplots(figsize=(5.4, 3.4))
for spectrum in ("heat", "matern32", "matern12"):
    model = SphericalHarmonics(40, spectrum=spectrum, length_scale=0.4)
    Z = model.fit_transform(way)
    ax.plot(np.rad2deg(angle), Z @ Z[0], label=spectrum)
ax.set(xlabel="angle, degrees", ylabel="product of features")
ax.legend()
plt.show()

# %%
# :class:`~sklearn.model_selection.GridSearchCV` finds the degree: too few cannot draw
# the cells, too many learn the noise. The :ref:`guide <spherical_harmonics>` has the
# figures for more methods.
