"""Noisy fields of two columns: near noisy readings, or Vecchia's form of the field.

The second one conditions the field on itself and solves for it at all rows at once, by
conjugate gradients. It is a prototype, which takes its hyper-parameters from the
estimator. Without `--quick` it takes a quarter of an hour:

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
        python -m benchmarks.gaussian_process.bench_latent_form
"""

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from benchmarks._report import arguments, report, timed
from benchmarks.gaussian_process.bench_vecchia_gp_field import field
from skgeom import VecchiaGPRegressor
from skgeom.backends import get_backend
from skgeom.gaussian_process._vecchia._parameters import Parameters
from skgeom.graph import nearest_neighbors, ordered_neighbors

N_TEST, N_NEAR, N_DRAWS = 500, 1500, 20
RATIOS = 1.0, 0.1
NEAR = 150, 300, 600
LATENT = 15, 30
# Rows, length scale, seeds: 50 rows to a square of side one length, and 800.
CASES = (20_000, 0.05, 3), (20_000, 0.2, 3)
BACKEND = get_backend()
# Noise of a row of the field itself, in units of its variance: for rounding.
JITTER = 1e-8


class LatentField:
    """The field given all rows: (Q + W) f = W y, Q = B' V^-1 B by Vecchia's form.

    The preconditioner is B' (V^-1 + W) B. Variances are those of draws from the
    posterior, perturbed right sides that are solved for.
    """

    def __init__(self, table, parameters, m):
        self.points = table.points / parameters.lengths
        self.signal, self.m = parameters.signal, m
        near = ordered_neighbors(self.points, m)
        weights, self.v = self._weights(self.points, near)
        n = len(near)
        rows, columns = np.nonzero(near >= 0)
        places = rows, near[rows, columns]
        A = sp.csr_array((weights[rows, columns], places), shape=(n, n))
        self.B = (sp.eye_array(n) - A).tocsr()
        self.Bt = self.B.T.tocsr()
        # Unit lower triangular: its factors are itself and the identity.
        natural = dict(SymmetricMode=True, Equil=False)
        self.factor = splu(
            self.B.tocsc(), "NATURAL", diag_pivot_thresh=0.0, options=natural
        )
        self.W = 1 / (parameters.noise * table.factors)
        aim = self.W[:, None] * table.residuals[:, :1]
        self.mean, self.n_iter = self._solve(aim, 1e-4)
        rng = np.random.default_rng(0)
        shape = n, N_DRAWS
        aims = self.Bt @ (rng.standard_normal(shape) / np.sqrt(self.v)[:, None])
        aims += np.sqrt(self.W)[:, None] * rng.standard_normal(shape)
        self.draws, _ = self._solve(aims, 1e-2)

    def __call__(self, queries):
        """Means and variances at rows in units of the length scales."""
        _, near = nearest_neighbors(
            self.points, queries, n_neighbors=self.m, algorithm="exact"
        )
        weights, v = self._weights(queries, near)
        mean = np.einsum("ij,ijk->i", weights, self.mean[near])
        spread = np.einsum("ij,ijk->ik", weights, self.draws[near])
        return mean, v + (spread**2).mean(axis=1)

    def _weights(self, queries, near):
        noise = np.full(near.shape, JITTER * self.signal)
        return BACKEND.kriging_weights(
            self.points, queries, noise, near, "matern52", self.signal
        )

    def _solve(self, aims, tol, max_iter=1000):
        """Conjugate gradients, columns each by itself."""
        precision, W = 1 / self.v[:, None], self.W[:, None]
        X, R, P = np.zeros_like(aims), aims.copy(), 0.0
        goal = tol * np.linalg.norm(aims, axis=0)
        before = np.inf
        step = 0
        while step < max_iter and (np.linalg.norm(R, axis=0) > goal).any():
            step += 1
            Z = self.factor.solve(R, trans="T") / (precision + W)
            Z = self.factor.solve(Z)
            now = (R * Z).sum(axis=0)
            P = Z + now / before * P
            Q = self.Bt @ (precision * (self.B @ P)) + W * P
            length = now / np.maximum((P * Q).sum(axis=0), 1e-300)
            X, R, before = X + length * P, R - length * Q, now
        return X, step


def local_kriging(X, targets, new, length, noises):
    """True hyper-parameters, nearest rows: means and variances for each noise."""

    def kernel(A, B):
        reach = cdist(A, B) * (np.sqrt(5) / length)
        return (1 + reach + reach**2 / 3) * np.exp(-reach)

    _, near = cKDTree(X).query(new, k=N_NEAR)
    means, variances = np.empty((2, len(noises), len(new)))
    for i, rows in enumerate(near):
        K, k = kernel(X[rows], X[rows]), kernel(X[rows], new[i : i + 1])[:, 0]
        for j, (y, noise) in enumerate(zip(targets, noises, strict=True)):
            L = K.copy()
            L[np.diag_indices(N_NEAR)] += noise
            L = scipy.linalg.cholesky(L, lower=True, overwrite_a=True)
            half = scipy.linalg.solve_triangular(
                L, np.column_stack([k, y[rows]]), lower=True
            )
            means[j, i] = half[:, 0] @ half[:, 1]
            variances[j, i] = 1 - half[:, 0] @ half[:, 0]
    return means, variances


def scores(mean, variance, noise, f, y):
    """Error of the field, and density of readings."""
    variance = variance + noise
    return {
        "rmse": np.sqrt(np.mean((mean - f) ** 2)),
        "nlpd": np.mean(np.log(2 * np.pi * variance) + (y - mean) ** 2 / variance) / 2,
    }


def true_parameters(frame, length, noise):
    """The true hyper-parameters, in the units of the estimator."""
    unit = frame.scale[0] ** 2
    return Parameters(np.log([1 / unit, *(length / frame.spread), noise / unit]))


def predicted(X, y, new, f, y_new, noise, length):
    """Every method on the readings of one field; yields names and figures."""
    n = len(X)
    model = VecchiaGPRegressor(random_state=0)
    _, fit_cpu, _ = timed(model.fit, X, y)
    frame, process = model._frame, model._process
    queries = frame.place(new)

    def figures(posterior, parameters, all_rows=0.0, steps="-"):
        (mean, variance), cpu, _ = timed(posterior)
        mean = mean * frame.scale + frame.trend_of(queries)[:, 0]
        variance = variance * frame.scale**2
        of_noise = parameters.noise * frame.scale[0] ** 2
        each = cpu / len(new)
        return {
            **scores(mean, variance, of_noise, f, y_new),
            "steps": steps,
            "learning": fit_cpu,
            "all rows": all_rows,
            "1,000 predictions": 1000 * each,
            "total, 2,000 predictions": fit_cpu + all_rows + 2000 * each,
            "total, as many as rows": fit_cpu + all_rows + n * each,
        }

    def response(m, parameters):
        near = process._replace(parameters=parameters, n_neighbors_predict=m)

        def posterior():
            mean, variance = near.posterior(queries, BACKEND)
            return mean[:, 0], variance

        return figures(posterior, parameters)

    def latent(m, parameters):
        of_all, cpu, _ = timed(LatentField, process.table, parameters, m)
        placed = queries / parameters.lengths
        return figures(lambda: of_all(placed), parameters, cpu, of_all.n_iter)

    for m in NEAR:
        yield "response", m, "learned", response(m, process.parameters)
    for m in LATENT:
        yield "latent", m, "learned", latent(m, process.parameters)
    told = true_parameters(frame, length, noise)
    yield "response", NEAR[0], "true", response(NEAR[0], told)
    yield "latent", LATENT[-1], "true", latent(LATENT[-1], told)


def of_field(n, length, seed):
    """Figures of every method at both ratios, by what is in the first columns."""
    X, f, y = field(n + N_TEST, length, seed)
    noises = [1 / ratio for ratio in RATIOS]
    readings = [f + np.sqrt(noise) * (y - f) for noise in noises]
    old, new = X[:n], X[n:]
    krigings = local_kriging(old, [y[:n] for y in readings], new, length, noises)
    for i, (ratio, noise, y) in enumerate(zip(RATIOS, noises, readings, strict=True)):
        truth = f[n:], y[n:]
        best = scores(krigings[0][i], krigings[1][i], noise, *truth)
        yield (n, f"{length:.3f}", ratio, "kriging", N_NEAR, "true"), best, best
        for *name, found in predicted(old, y[:n], new, *truth, noise, length):
            yield (n, f"{length:.3f}", ratio, *name), found, best


def table_of(figures):
    """Means over seeds, and the range of the ratios."""
    rows = []
    heads = "rows", "length", "signal / noise", "method", "neighbours", "parameters"
    for name, found in figures.items():
        ratios = [own["rmse"] / best["rmse"] for own, best in found]
        row = dict(zip(heads, name, strict=True))
        row["rmse"] = np.mean([own["rmse"] for own, _ in found])
        row["ratio"] = np.mean(ratios)
        row["from - to"] = f"{min(ratios):.3f} - {max(ratios):.3f}"
        row["nlpd"] = np.mean([own["nlpd"] for own, _ in found])
        for column in (*_TIMES, "steps"):
            told = [own.get(column, "-") for own, _ in found]
            row[column] = "-" if "-" in told else float(np.mean(told))
        row["seeds"] = len(found)
        rows.append(row)
    return rows


_TIMES = (
    "learning",
    "all rows",
    "1,000 predictions",
    "total, 2,000 predictions",
    "total, as many as rows",
)


def main():
    """Print and keep the table."""
    args = arguments(__doc__)
    warm, _, y = field(1500, 0.1, 0)
    model = VecchiaGPRegressor(batch_size=100).fit(warm, y)
    model.predict(warm)
    LatentField(model._process.table, model._process.parameters, 5)(warm[:9])
    figures = {}
    for n, length, n_seeds in [(3000, 0.1, 1)] if args.quick else CASES:
        for seed in range(1, n_seeds + 1):
            for name, own, best in of_field(n, length, seed):
                figures.setdefault(name, []).append((own, best))
            report(
                "latent_form",
                table_of(figures),
                title="Noisy fields: near readings, or the latent field at all rows",
                notes=[
                    "Matérn 5/2, signal variance 1; seeds from 1 on, 500 new rows "
                    "each; rmse of the field, nlpd of new readings; ratio: rmse to "
                    "that of kriging, mean and range over seeds",
                    "kriging: true hyper-parameters, 1,500 nearest rows, exactly; for "
                    "the length 0.2 more rows would say more: ratios may be below 1",
                    "learned: hyper-parameters of VecchiaGPRegressor, which the latent "
                    "form takes over; neighbours: rows that a prediction is made from, "
                    "in the latent form those given to a row, too",
                    "CPU seconds, one thread. all rows: neighbours, weights, and "
                    f"conjugate gradients (steps) for the mean and {N_DRAWS} draws; "
                    "triangular solves by SciPy; totals from the time of 500 "
                    "predictions",
                ],
                write=not args.quick,
            )


if __name__ == "__main__":
    main()
