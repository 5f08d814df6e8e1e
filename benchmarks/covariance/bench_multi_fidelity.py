"""Errors of covariances from two fidelities, beside the budget spent on the dear one.

A budget of 40 dear runs; cheap ones cost 0.002; ten columns (`make_fidelities`). The
dear runs of all rows are the first of the same 40. Squared Frobenius errors, and in
brackets squared affine-invariant distances, are means over 5 seeds of 60 draws each, as
shares of the mean of 40 dear runs alone; +- is the standard error of the first over the
seeds. "share" is what dear runs take of the budget; "optimal" is that of
`optimal_allocation` with the true correlation. All settings are defaults.
"""

import numpy as np
from scipy.linalg import eigh
from sklearn.covariance import LedoitWolf

from benchmarks._report import arguments, report
from skgeom import MultiFidelityCovariance
from skgeom.covariance import optimal_allocation
from skgeom.datasets import make_fidelities

D, BUDGET, COST = 10, 40, 0.002


def affine(S, true):
    """Squared affine-invariant distance."""
    return float((np.log(eigh(S, true, eigvals_only=True)) ** 2).sum())


def estimates(X, n):
    """Covariances of ten columns from n dear runs of 40 and all cheap ones."""
    X = X.copy()
    dear = X[:BUDGET, :D].copy()
    X[n:, :D] = np.nan
    return {
        "40 dear runs": np.cov(dear.T),
        "40 dear runs, Ledoit-Wolf": LedoitWolf().fit(dear).covariance_,
        "regression": MultiFidelityCovariance(2).fit(X).covariance_,
        "regression, alpha=0": MultiFidelityCovariance(2, alpha=0.0).fit(X).covariance_,
        "log-Euclidean": MultiFidelityCovariance(2, method="log_euclidean")
        .fit(X)
        .covariance_,
    }


def main(quick):
    """Print and keep the table."""
    rows = []
    for rho in (0.3, 0.5, 0.7, 0.9, 0.97, 0.99):
        best = optimal_allocation([1.0, COST], BUDGET, [1.0, rho], n_least=D + 2)
        for share in ("0.60", "0.90", "optimal"):
            if share == "optimal":
                n, total = best.n_runs
            else:
                n = int(BUDGET * float(share))
                total = int((BUDGET - n) / COST)
            told, indefinite = {}, {}
            for seed in range(1 if quick else 5):
                for draw in range(60):
                    X, true = make_fidelities(
                        [BUDGET, max(total, BUDGET)],
                        D,
                        correlation=rho,
                        random_state=8000 + 100 * seed + draw,
                    )
                    for name, S in estimates(X, n).items():
                        pair = ((S - true) ** 2).sum(), affine(S, true)
                        told.setdefault(name, []).append((seed, *pair))
                        bad = np.linalg.eigvalsh(S)[0] <= 0
                        indefinite[name] = indefinite.get(name, 0) + int(bad)
            alone = np.array(told["40 dear runs"])
            cell = {"correlation": rho, "share": share, "dear runs": int(n)}
            for name, found in told.items():
                found = np.array(found)
                if name == "40 dear runs":
                    continue
                of_seeds = [
                    found[found[:, 0] == s, 1].mean()
                    / alone[alone[:, 0] == s, 1].mean()
                    for s in np.unique(found[:, 0])
                ]
                error = np.std(of_seeds, ddof=1) / np.sqrt(5) if not quick else 0.0
                value, other = found[:, 1:].mean(axis=0) / alone[:, 1:].mean(axis=0)
                cell[name] = f"{value:.2f} +- {error:.2f} ({other:.2f})"
            assert not any(indefinite.values())
            rows.append(cell)
            print(cell, flush=True)
    report(
        "multi_fidelity",
        rows,
        title="Errors of covariances from two fidelities, relative to one",
        notes=[
            "Seeds 8000 to 8459. No estimate had an eigenvalue of zero or less.",
            " ".join(__doc__.split("\n\n")[1].split()),
        ],
        write=not quick,
    )


if __name__ == "__main__":
    main(arguments(__doc__).quick)
