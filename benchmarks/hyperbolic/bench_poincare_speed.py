"""Speed of PoincareEmbedding beside gensim, on the mammals in 5 dimensions.

CPU time to a mean average precision of .92, and edges a second, in one process. gensim
is run with 10 negatives, because with 50 its sampling does not come to an end here.
"""

import time

import numpy as np

from benchmarks._report import arguments, report
from skgeom import PoincareEmbedding
from skgeom.datasets import load_wordnet_mammals
from skgeom.metrics import reconstruction_score

MAMMALS = load_wordnet_mammals()
NODES = np.arange(MAMMALS.n_nodes)[:, None]
TARGET = 0.92
# CPU seconds after which gensim's run is cut.
GENSIM_CAP = 600.0


def fit(seed, **parameters):
    """CPU seconds of a fit, and its MAP."""
    model = PoincareEmbedding(5, graph=MAMMALS, random_state=seed, **parameters)
    start = time.process_time()
    model.fit(NODES)
    seconds = time.process_time() - start
    return seconds, reconstruction_score(model.embedding_, MAMMALS)


def gensim_model(negative):
    """A new gensim model of the mammals."""
    from gensim.models.poincare import PoincareModel

    edges = [(str(u), str(v)) for u, v in np.stack(MAMMALS.adjacency.nonzero(), axis=1)]
    return PoincareModel(
        edges,
        size=5,
        negative=negative,
        alpha=0.3,
        regularization_coeff=0.0,
        seed=0,
    )


def gensim_score(model):
    """MAP of gensim's vectors by our metric."""
    x = np.array([model.kv[str(node)] for node in range(MAMMALS.n_nodes)])
    return reconstruction_score(x, MAMMALS)


def speed(cap):
    """Time to the target and edges a second, ours beside gensim's."""
    rows = []
    for init in ("auto", "random"):
        for epochs in (1, 2, 3, 5, 10, 20, 30, 40, 60, 80, 100, 150, 300):
            runs = [fit(seed, init=init, max_iter=epochs) for seed in (0, 1, 2)]
            if min(run[1] for run in runs) >= TARGET:
                break
        rows.append(
            {
                "what": f"CPU s to MAP {TARGET}, init={init!r}",
                "ours": f"{np.mean([r[0] for r in runs]):.3f} ({epochs} epochs)",
            }
        )
    model = gensim_model(10)
    model.train(epochs=1)
    start, score, epochs, measuring = time.process_time(), 0.0, 0, 0.0
    while score < TARGET and time.process_time() - start - measuring < cap:
        model.train(epochs=10, batch_size=10)
        epochs += 10
        before = time.process_time()
        score = gensim_score(model)
        measuring += time.process_time() - before
        print("gensim", epochs, score, flush=True)
    seconds = time.process_time() - start - measuring
    for line in rows:
        ours = float(line["ours"].split()[0])
        line["gensim, 10 negatives"] = (
            f"{seconds:.0f} ({epochs} epochs, MAP {score:.3f})"
        )
        line["ratio"] = f"{seconds / ours:.0f}"
    ours, theirs = [], []
    for seed in range(3):  # interleaved
        seconds = fit(seed, n_negatives=10)[0]
        ours.append(300 * MAMMALS.n_edges / seconds)
        start = time.process_time()
        model.train(epochs=1)
        theirs.append(MAMMALS.n_edges / (time.process_time() - start))
    rows.append(
        {
            "what": "edges a CPU second, 10 negatives, 5 dimensions, best of 3",
            "ours": f"{max(ours):,.0f}",
            "gensim, 10 negatives": f"{max(theirs):,.0f}",
            "ratio": f"{max(ours) / max(theirs):.0f}",
        }
    )
    return rows


def main():
    """Time to the target, from both starts, and throughput."""
    args = arguments(__doc__)
    fit(0, max_iter=1)
    cap = 20.0 if args.quick else GENSIM_CAP
    try:
        rows = speed(cap)
    except ImportError:
        print("gensim is not installed")
        return
    report(
        "poincare_speed",
        rows,
        title="Time beside gensim, mammals, 5 dimensions, one process, one thread",
        packages=("gensim",),
        notes=[
            "ours: the fewest epochs of a list with which seeds 0 to 2 all reach the "
            "target, 50 negatives, mean CPU time of whole fits",
            "gensim: alpha .3, no regularisation, its burn-in of 10 epochs, cut after "
            f"{cap:.0f} CPU s; our metric every 10 epochs is not counted",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
