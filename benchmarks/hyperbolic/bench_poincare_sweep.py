"""The sweep that chose the defaults of PoincareEmbedding.

One parameter is moved at a time, for both optimizers and several dimensions, on the
mammals of WordNet. Claims are measured on other seeds.
"""

import numpy as np

from benchmarks._report import arguments, report
from benchmarks.hyperbolic.bench_poincare_mammals import fit

RATES = {"tangent_adam": (0.01, 0.02, 0.06), "polar_adam": (0.03, 0.1, 0.3)}
BASE = {"tangent_adam": 0.02, "polar_adam": 0.1}
OTHERS = [
    {"local_negatives": 0.0},
    {"local_negatives": 0.2},
    {"batch_size": 50},
]


def settings():
    """Optimizer, and what differs from its default."""
    for optimizer, rates in RATES.items():
        for rate in rates:
            yield optimizer, {"learning_rate": rate}
        for other in OTHERS:
            yield optimizer, {"learning_rate": BASE[optimizer], **other}


def main():
    """A row for each setting, a column for each dimension."""
    args = arguments(__doc__)
    seeds = (0,) if args.quick else (0, 1)
    dimensions = (2,) if args.quick else (2, 5, 10, 50)
    rows = []
    for optimizer, changed in settings():
        name = ", ".join(f"{key} {value:g}" for key, value in changed.items())
        line = {"optimizer": optimizer, "setting": name}
        for d in dimensions:
            chosen = {"batch_size": 118, "optimizer": optimizer, **changed}
            runs = [fit(d, seed, **chosen) for seed in seeds]
            _, precision, rank = np.mean(runs, axis=0)
            line[f"{d} dims"] = f"{precision:.4f} / {rank:.3f}"
        rows.append(line)
        print(line, flush=True)
    report(
        "poincare_sweep",
        rows,
        title="Reconstruction MAP / mean rank of the mammals, one parameter at a time",
        notes=[
            f"mean over seeds {seeds[0]} to {seeds[-1]}; 300 epochs, 50 negatives",
            "10 steps an epoch (118 nodes a step) but where batch_size says otherwise",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
