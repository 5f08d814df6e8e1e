"""
=========================================
The angle of a camera, from nine pictures
=========================================

A camera turns above a flower. It takes six hundred pictures, and somebody has written
down the angle for nine of them. The pictures are points in hundreds of dimensions, but
they have little room to differ: but for light and noise, they lie along a curve. A
regression that knows the curve needs few angles. This page tunes
:class:`~skgeom.kernels.STKRRegressor` in a pipeline, beside the ordinary way, which
looks at labelled pictures alone.
"""

# %%
# Six hundred pictures of one flower
# ----------------------------------
# Round cut-outs of a photograph that comes with scikit-learn, at angles from 0 to 180
# degrees, 24 pixels across, each with its own light and with noise.

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter, rotate, zoom
from sklearn.datasets import load_sample_image
from sklearn.decomposition import PCA
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV, LeaveOneOut
from sklearn.pipeline import make_pipeline

from skgeom import STKRRegressor
from skgeom.model_selection import LabelledKFold
from skgeom.plotting import PALETTE, STYLE, EmbeddingDisplay

plt.style.use(STYLE)

rng = np.random.default_rng(0)
flower = load_sample_image("flower.jpg")[0:420, 120:540].mean(axis=2) / 255
small = zoom(gaussian_filter(flower, 5), 1 / 12, order=1)  # 35 x 35
across = np.arange(24) - 11.5
disk = across[:, None] ** 2 + across**2 < 12**2
angles = np.sort(rng.uniform(0, 180, 600))


def picture(angle):
    """What the camera sees at an angle."""
    turned = rotate(small, angle, reshape=False, order=1)[5:29, 5:29]
    light = rng.uniform(0.8, 1.2)
    return np.where(disk, light * turned + 0.05 * rng.standard_normal((24, 24)), 0)


pictures = np.array([picture(angle) for angle in angles])
X = pictures.reshape(600, -1)

fig, axes = plt.subplots(1, 9, figsize=(10, 1.5))
for ax, which in zip(axes, np.linspace(0, 599, 9, dtype=int), strict=True):
    ax.imshow(np.where(disk, pictures[which], np.nan), cmap="gray", vmin=0, vmax=1)
    ax.set_title(f"{angles[which]:.0f}°")
    ax.set_axis_off()
plt.show()

# %%
# Nine angles, and two pipelines
# ------------------------------
# NaN says that the angle is not known. In the folds of
# :class:`~skgeom.model_selection.LabelledKFold` one label after the other is hidden,
# while the picture stays.

known = np.sort(rng.permutation(600)[:9])
y = np.full(600, np.nan)
y[known] = angles[known]

spectral = GridSearchCV(
    make_pipeline(PCA(random_state=0), STKRRegressor()),
    {"pca__n_components": [5, 20]},
    cv=LabelledKFold(9),
    scoring="neg_root_mean_squared_error",
).fit(X, y)
labelled_alone = GridSearchCV(
    make_pipeline(PCA(5, random_state=0), KernelRidge(kernel="rbf")),
    {
        "kernelridge__gamma": np.logspace(-4, 0, 9),
        "kernelridge__alpha": np.logspace(-4, 0, 5),
    },
    cv=LeaveOneOut(),
    scoring="neg_root_mean_squared_error",
).fit(X[known], angles[known] - 90)
print(spectral.best_params_)

# %%
# What comes out
# --------------
# On the left the pictures in the plane of their principal components, by their true
# angle; stars are labelled. On the right what both pipelines say.

# sphinx_gallery_thumbnail_number = 2
found = {
    "KernelRidge, labelled pictures": labelled_alone.predict(X) + 90,
    "STKRRegressor, all pictures": spectral.predict(X),
}
fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 5))
plane = PCA(2, random_state=0).fit_transform(X)
display = EmbeddingDisplay({"600 pictures": plane}, angles, value_name="angle, degrees")
display.plot(ax=left, size=16)
left.plot(*plane[known].T, "*", color="black", ms=12)
for (name, values), marker, color in zip(
    found.items(), "so", PALETTE[1::-1], strict=True
):
    error = np.sqrt(np.mean((values - angles) ** 2))
    label = f"{name}: {error:.1f}°"
    right.plot(angles, values, marker, color=color, ms=4, label=label)
right.plot(angles[known], angles[known], "*", color="black", ms=12, label="labelled")
right.set(xlabel="true angle, degrees", ylabel="predicted angle, degrees")
right.legend(title="root mean square error")
plt.show()

# %%
# The ends are hardest for both: there is no label beyond them, and a smooth function
# may do there what it likes. If you can choose which rows to label, take some at the
# ends.
