"""
======================================
Words from counts, and strokes of pens
======================================

Factors of tables: coordinates of words by the company that they keep, a dictionary of
strokes from which digits are put together, and communities behind several relations.
"""

# %%
# Words of a manual
# -----------------
# Python brings parts of its own manual along. Words that stand within five places of
# each other are counted, by one over their distance.

import re
from collections import Counter
from pydoc_data.topics import topics

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse as sp
from sklearn.datasets import load_digits

from skgeom import NonnegativeRESCAL, PMIEmbedding, SparseDictionary
from skgeom.graph import Graph
from skgeom.plotting import PALETTE, STYLE

plt.style.use(STYLE)

words = re.findall(r"[a-z_]{2,}", " ".join(topics.values()).lower())
known = [word for word, _ in Counter(words).most_common(1200)]
number = {word: i for i, word in enumerate(known)}
ids = np.array([number[word] for word in words if word in number])
counts = sp.csr_array((len(known), len(known)))
for gap in range(1, 6):
    pairs = ids[:-gap], ids[gap:]
    shape = counts.shape
    counts = counts + sp.coo_array(
        (np.full(len(pairs[0]), 1 / gap), pairs), shape=shape
    )
counts = sp.csr_array(counts + counts.T)

# %%
# :class:`~skgeom.decomposition.PMIEmbedding` asks how many times more often two words
# meet than by chance, and keeps what most of that is explained by.

Z = PMIEmbedding(60, random_state=0).fit_transform(counts)
unit = Z / np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12)
for word in ("integer", "dictionary", "raise"):
    near = np.argsort(-unit @ unit[number[word]])[1:7]
    print(f"{word}: {', '.join(known[i] for i in near)}")

# %%
# A few of them in the plane that shows most of their differences.

kinds = {
    "numbers": "integer float complex number decimal hexadecimal binary",
    "containers": "list tuple dictionary set sequence mapping key",
    "errors": "exception raise except finally traceback raised error",
    "classes": "class method instance inheritance attribute subclass metaclass",
}
chosen = [(w, k) for k, ws in kinds.items() for w in ws.split() if w in number]
rows = unit[[number[word] for word, _ in chosen]]
plane = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
x = plane[0][:, :2] * plane[1][:2]
fig, ax = plt.subplots(figsize=(7, 5))
for color, kind in zip(PALETTE, kinds, strict=False):
    these = np.array([k == kind for _, k in chosen])
    ax.scatter(*x[these].T, color=color, s=22, label=kind)
for (word, _), place in zip(chosen, x, strict=True):
    ax.annotate(word, place, (3, 3), textcoords="offset points", fontsize=8)
ax.set(xticks=[], yticks=[], title="Words by the company that they keep")
ax.legend(loc="best", fontsize=8)
plt.show()

# %%
# A dictionary of digits
# ----------------------
# :class:`~skgeom.decomposition.SparseDictionary` finds atoms such that four of them
# describe any digit. Below are some of the atoms, a digit, the atoms that it is made
# of, and their sum.

X = load_digits().data / 16
mean = X.mean(axis=0)
model = SparseDictionary(64, 4, random_state=0).fit(X - mean)
print(
    f"four atoms leave {model.error_:.0%} of the variance, after {model.n_iter_} turns"
)

fig, axes = plt.subplots(4, 8, figsize=(7, 3.6))
for ax, atom in zip(axes[:2].ravel(), model.components_, strict=False):
    ax.imshow(atom.reshape(8, 8), cmap="RdBu", vmin=-0.5, vmax=0.5)
codes = model.transform(X - mean)
for row, digit in zip(axes[2:], (5, 12), strict=True):
    used = np.argsort(-np.abs(codes[digit]))[:4]
    parts = [codes[digit, i] * model.components_[i] for i in used]
    row[0].imshow(X[digit].reshape(8, 8), cmap="Greys")
    row[0].set_title("digit", fontsize=8)
    for ax, part in zip(row[1:5], parts, strict=True):
        ax.imshow(part.reshape(8, 8), cmap="RdBu", vmin=-1, vmax=1)
    row[5].imshow((mean + sum(parts)).reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
    row[5].set_title("sum", fontsize=8)
for ax in axes.ravel():
    ax.set_axis_off()
plt.show()

# %%
# More atoms a row leave less, and so does a larger dictionary.

counts_of_atoms = [1, 2, 4, 8]
fig, ax = plt.subplots(figsize=(5, 3.4))
for n_atoms in (32, 64, 128):
    errors = [
        SparseDictionary(n_atoms, k, random_state=0).fit(X - mean).error_
        for k in counts_of_atoms
    ]
    ax.plot(counts_of_atoms, errors, marker="o", label=f"{n_atoms} atoms")
ax.set(xlabel="atoms a digit", ylabel="variance that is left", ylim=(0, None))
ax.legend()
plt.show()

# %%
# Communities behind several relations
# ------------------------------------
# Sixty people belong to four communities, a few to two. They write to each other, they
# ask and they meet, each by other rules of who turns to whom. Who meets does not tell
# the first two apart; all three together do.
# :class:`~skgeom.decomposition.NonnegativeRESCAL` finds memberships, rules and how many
# communities there are: the most that come again from links that are a little changed,
# and that each explain a good part of what is left.

rng = np.random.default_rng(3)
belongs = np.eye(4)[np.sort(rng.integers(4, size=60))] * rng.uniform(0.5, 1.5, (60, 1))
belongs += (rng.random((60, 4)) < 0.06) * rng.uniform(0.3, 0.8, (60, 4))
rules = {
    "writes to": [[3, 0, 0, 0], [0, 3, 0, 0], [0, 0, 0, 3], [0, 0, 3, 0]],
    "asks": [[0, 3, 0, 0], [0, 0, 3, 0], [0, 0, 0, 3], [3, 0, 0, 0]],
    "meets": [[3, 3, 0, 0], [3, 3, 0, 0], [0, 0, 3, 0], [0, 0, 0, 3]],
}
links = [
    rng.poisson(2 * belongs @ np.array(rule) @ belongs.T) for rule in rules.values()
]
relations = [Graph(link, directed=True) for link in links]
model = NonnegativeRESCAL("auto", max_components=7, graph=relations, random_state=0)
Z = model.fit_transform(np.arange(60)[:, None])
print(f"{model.n_components_} communities")

fig, axes = plt.subplots(2, 3, figsize=(8, 5.2))
order = np.argsort(belongs.argmax(axis=1)[Z.argmax(axis=0)])
for ax, link, name in zip(axes[0], links, rules, strict=True):
    ax.imshow(link, cmap="Greys", vmax=12)
    ax.set(xticks=[], yticks=[], title=name)
axes[1, 0].imshow(Z[:, order], cmap="Greys", aspect="auto", interpolation="nearest")
axes[1, 0].set(title="memberships", xticks=[], yticks=[])
core = model.core_[1][np.ix_(order, order)]
axes[1, 1].imshow(core, cmap="Greys")
axes[1, 1].set(title="who asks whom", xticks=[], yticks=[])
numbers = list(model.stability_)
axes[1, 2].plot(numbers, list(model.stability_.values()), marker="o", label="stability")
left = np.array(list(model.errors_.values()))
axes[1, 2].plot(
    numbers, 1 - left[1:] / left[:-1], marker="s", label="fall of the error"
)
axes[1, 2].axvline(model.n_components_, color="0.7", zorder=0)
axes[1, 2].set(xlabel="communities")
axes[1, 2].legend(fontsize=8)
plt.show()
