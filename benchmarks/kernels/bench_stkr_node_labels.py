"""Classes of nodes from few labels: the default beside the best point of its grid.

Graphs and splits are those of ``benchmarks/nodes/bench_node_labels.py``, where tuned
peers are; ``--data FOLDER`` names the graphs.
"""

from pathlib import Path

import numpy as np

from benchmarks._graphs import labelled_graph
from benchmarks._report import parser, report, timed
from benchmarks.nodes.bench_node_labels import FILES, SHARES, split
from skgeom import STKRClassifier

STRENGTHS, ALPHAS = (3.0, 10.0, 100.0, 1e3), (1e-2, 1e-1, 1.0)


def main():
    """A row for each graph and share of labels."""
    options = parser(__doc__)
    options.add_argument("--data", type=Path, required=True)
    args = options.parse_args()
    seeds, rows = range(2 if args.quick else 10), []
    for name, file in FILES.items():
        if not (args.data / f"{file}.npz").exists() or (args.quick and name == "CS"):
            continue
        graph, y = labelled_graph(args.data / f"{file}.npz")
        for share in SHARES:
            default, fixed, points, cpu = [], [], [], []
            for seed in seeds:
                train, _, test = split(y, share, seed)
                ids, of, truth = train[:, None], test[:, None], y[test]
                model, seconds, _ = timed(
                    STKRClassifier(graph=graph).fit, ids, y[train]
                )
                default.append(model.score(of, truth))
                cpu.append(seconds)
                before = dict(strength=100.0, alpha=0.1, degree=1)
                model = STKRClassifier(graph=graph, **before).fit(ids, y[train])
                fixed.append(model.score(of, truth))
                points.append(
                    [
                        STKRClassifier(graph=graph, strength=s, alpha=a, tol=1e-3)
                        .fit(ids, y[train])
                        .score(of, truth)
                        for s in STRENGTHS
                        for a in ALPHAS
                    ]
                )
            best = np.mean(points, axis=0).max()
            rows.append(
                {
                    "graph": name,
                    "labels": share,
                    "default": float(np.mean(default)),
                    "best of the grid": float(best),
                    "below": float(best - np.mean(default)),
                    "degree 1, strength 100, alpha .1": float(np.mean(fixed)),
                    "CPU s": float(np.median(cpu)),
                }
            )
            print(rows[-1], flush=True)
    columns = (
        "default",
        "best of the grid",
        "below",
        "degree 1, strength 100, alpha .1",
    )
    means = {c: float(np.mean([row[c] for row in rows])) for c in columns}
    rows.append({**dict.fromkeys(rows[0], ""), "graph": "mean", **means})
    report(
        "stkr_node_labels",
        rows,
        title="STKRClassifier on graphs: accuracy of the default, and of its grid",
        notes=[
            f"splits default_rng({seeds[0]}) to default_rng({seeds[-1]}); the test is "
            "all nodes but those for training and validation (which is not used)",
            f"grid: strength {STRENGTHS}, alpha {ALPHAS}, the best by test accuracy",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
