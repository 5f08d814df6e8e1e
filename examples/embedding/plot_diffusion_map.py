"""
==============================================
Diffusion maps: the shape, without the density
==============================================

A diffusion map embeds rows by the slowest modes of a random walk between them. What it
sees beside the shape is how densely rows lie on it, and `alpha` takes that out.
"""

# %%
# A closed curve with a crowded place
# -----------------------------------
# Six tenths of the rows are at one side of a bent ring in space. With `alpha` 0 a walk
# stays there, and the map shows it; with 1 the ring is a circle again.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import DiffusionMap
from skgeom.plotting import STYLE

plt.style.use(STYLE)

rng = np.random.default_rng(0)
angle = np.append(rng.uniform(-np.pi, np.pi, size=500), 0.5 * rng.normal(size=700))
X = np.stack([np.cos(angle), np.sin(angle), 0.4 * np.cos(3 * angle)], axis=1)
X += 0.02 * rng.normal(size=X.shape)

figure = plt.figure(figsize=(11, 3.4))
axis = figure.add_subplot(1, 3, 1, projection="3d")
axis.scatter(*X.T, c=angle, cmap="twilight", s=4)
axis.set(title="rows", xticks=[], yticks=[], zticks=[])
for place, alpha in ((2, 0.0), (3, 1.0)):
    model = DiffusionMap(2, affinity="rbf", gamma=30.0, alpha=alpha)
    Z = model.fit_transform(X)
    axis = figure.add_subplot(1, 3, place)
    axis.scatter(*Z.T, c=angle, cmap="twilight", s=4)
    axis.set(title=f"alpha = {alpha:.0f}", xticks=[], yticks=[], aspect="equal")
plt.show()

# %%
# New rows
# --------
# New rows go where a step of the walk would lead from them. A map of half of the rows
# has the other half where a map of all has them, up to a linear function.

some, new = X[::2], X[1::2]
model = DiffusionMap(2, affinity="rbf", gamma=30.0).fit(some)
whole = DiffusionMap(2, affinity="rbf", gamma=30.0).fit_transform(X)[1::2]
found = model.transform(new)
left = found @ np.linalg.lstsq(found, whole, rcond=None)[0] - whole
print(f"explained: {1 - (left**2).sum() / (whole**2).sum():.4f}")
