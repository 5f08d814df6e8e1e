"""Alignment of independent rows, and the level and power of the test.

Rows are Gaussian. The plain alignment is the centred one with its bias. For the test
two tables of 50 columns share a part of their variance, by a random rotation.
"""

import numpy as np

from benchmarks._report import arguments, report, timed
from skgeom.metrics import kernel_alignment


def plain(X, Y):
    """Centred alignment of linear kernels, with the bias of few rows."""
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    sizes = np.linalg.norm(X @ X.T) * np.linalg.norm(Y @ Y.T)
    return ((X @ X.T) * (Y @ Y.T)).sum() / sizes


def independent(quick):
    """Mean and deviation over draws."""
    rows = []
    for n in (16, 32, 256):
        for d in (10, 100, 1000):
            n_draws = 50 if quick else 1000 if n < 256 else 100
            rng = np.random.default_rng(7000 + n + d)
            draws = [rng.normal(size=(2, n, d)) for _ in range(n_draws)]
            both = [plain(*draw) for draw in draws]
            row = {"rows": n, "columns": d, "plain": float(np.mean(both))}
            for kernel in ("linear", "rbf"):
                if kernel == "rbf" and n > 32:
                    row[kernel] = ""
                    continue
                found = [kernel_alignment(*draw, kernel=kernel)[0] for draw in draws]
                row[kernel] = f"{np.mean(found):.4f} ({np.std(found):.3f})"
            rows.append(row)
            print(rows[-1], flush=True)
    return rows


def rejected(quick):
    """Share of draws that the test at .05 rejects."""
    rows = []
    for n in (16, 32, 64):
        row = {"rows": n}
        for share in (0.0, 0.1, 0.2, 0.3):
            n_draws = 20 if quick else 1000 if share == 0 else 200
            rng = np.random.default_rng(7100 + n)
            count = 0
            for _ in range(n_draws):
                X, noise = rng.normal(size=(2, n, 50))
                turn = np.linalg.qr(rng.normal(size=(50, 50)))[0]
                Y = share**0.5 * X @ turn + (1 - share) ** 0.5 * noise
                found = kernel_alignment(
                    X, Y, n_permutations=99, random_state=rng_of(rng)
                )
                count += found.p_value <= 0.05
            row[f"{share:.0%} shared"] = float(count / n_draws)
        X, Y = np.random.default_rng(0).normal(size=(2, n, 50))
        _, row["CPU s, 999 orders"], _ = timed(
            kernel_alignment, X, Y, n_permutations=999
        )
        rows.append(row)
        print(rows[-1], flush=True)
    return rows


def rng_of(rng):
    return int(rng.integers(2**31))


if __name__ == "__main__":
    given = arguments(__doc__)
    told = " ".join(__doc__.split("\n\n")[1].split())
    report(
        "kernel_alignment",
        independent(given.quick),
        title="Alignment of independent rows",
        notes=["Mean (deviation) of 1,000 draws, of 100 for 256 rows.", told],
        write=not given.quick,
    )
    report(
        "kernel_alignment_test",
        rejected(given.quick),
        title="Share of draws in which independence is rejected at .05",
        notes=["99 orders; 1,000 draws where nothing is shared, else 200.", told],
        write=not given.quick,
    )
