"""
===================
Events on the globe
===================

Earthquakes lie along faults, thousands of kilometres long and a few wide. One width of
kernels is too wide along some of them, and too narrow for the rest.
"""

# %%
# Faults, and where the next event will be
# ----------------------------------------
# Made events stand in for a catalogue: twelve winding faults, of which some are sharp,
# and a few events that are anywhere.

import matplotlib.pyplot as plt
import numpy as np

from skgeom import SphereKernelDensity, VonMisesFisherMixture
from skgeom.datasets import make_fault_events
from skgeom.geometry import sphere
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

events = make_fault_events(4000, random_state=5)
train, test = events[:3000], events[3000:]
of = dict(input_space="lonlat", random_state=0)
models = {
    "adaptive kernels": SphereKernelDensity(**of).fit(train),
    "kernels of one width": SphereKernelDensity("cv", **of).fit(train),
    "mixture of 60": VonMisesFisherMixture(60, tol=1e-2, **of).fit(train),
}
uniform = -np.log(4 * np.pi)
for name, model in models.items():
    print(f"{name}: {model.score(test) - uniform:.2f} nats above uniform")

# %%
# Two sides of the globe, as seen from far away. Each pixel is a direction of sight that
# meets the sphere or not; the density is that of adaptive kernels.


def seen_from(lon, lat, n=240):
    """Points of the sphere behind the pixels of a disk, NaN around it."""
    east, north = np.meshgrid(np.linspace(-1.02, 1.02, n), np.linspace(-1.02, 1.02, n))
    square = east**2 + north**2
    towards = np.sqrt(np.where(square < 1, 1 - square, np.nan))
    return np.stack([east, north, towards], axis=-1) @ axes_of(lon, lat)


def axes_of(lon, lat):
    """East, north and the way to the eye, at a place."""
    eye = sphere.from_lonlat(np.array([lon, lat]))
    east = sphere.from_lonlat(np.array([lon + 90.0, 0.0]))
    return np.stack([east, np.cross(eye, east), eye])


def draw(ax, model, view):
    """The density as light, and a grid of meridians and parallels."""
    points = seen_from(*view)
    inside = np.isfinite(points[..., 2])
    told = np.full(inside.shape, np.nan)
    told[inside] = model.score_samples(sphere.to_lonlat(points[inside]))
    excess = (told - uniform) / np.log(10)
    ax.imshow(
        excess,
        extent=(-1.02, 1.02) * 2,
        origin="lower",
        cmap="magma",
        vmin=-1.5,
        vmax=2,
        interpolation="bilinear",
    )
    line = np.linspace(-180, 180, 361)
    grid = [np.stack([line, 0 * line + lat], axis=1) for lat in range(-60, 61, 30)]
    grid += [np.stack([0 * line + lon, line / 2], axis=1) for lon in range(0, 360, 30)]
    for curve in grid:
        x, y, depth = axes_of(*view) @ sphere.from_lonlat(curve).T
        hidden = depth < 0
        x[hidden], y[hidden] = np.nan, np.nan
        ax.plot(x, y, color="white", lw=0.4, alpha=0.25)
    ax.set_axis_off()


views = [(20.0, 20.0), (200.0, 20.0)]
fig, axes = plt.subplots(1, 2, figsize=(9, 4.6))
for ax, view in zip(axes, views, strict=True):
    draw(ax, models["adaptive kernels"], view)
    x, y, depth = axes_of(*view) @ sphere.from_lonlat(test).T
    ax.plot(x[depth > 0], y[depth > 0], ".", color=PALETTE[4], ms=1.5, alpha=0.7)
fig.suptitle("density from 3,000 events, and 1,000 later ones")
plt.show()

# %%
# The same place by the three models. A mixture lays beads along a fault; kernels of one
# width are sharp enough for the sharpest fault and break up the others.

fig, axes = plt.subplots(1, 3, figsize=(11, 4.6))
for ax, (name, model) in zip(axes, models.items(), strict=True):
    draw(ax, model, views[0])
    ax.set_title(f"{name}\n{model.score(test) - uniform:.2f} nats above uniform")
plt.show()

# %%
# Both models give new events.

drawn = models["adaptive kernels"].sample(1000)
fig, axes = plt.subplots(1, 2, figsize=(9, 2.8), sharex=True, sharey=True)
for ax, rows, title in zip(
    axes, (test, drawn), ("later events", "drawn ones"), strict=True
):
    ax.plot(*rows.T, ".", ms=2, color=PALETTE[0])
    ax.set(title=title, xlabel="longitude", xlim=(-180, 180), ylim=(-90, 90))
axes[0].set_ylabel("latitude")
plt.show()
