"""Bessel functions of any order, and fits of von Mises-Fisher distributions.

Errors of log I are relative, or absolute where it is below one in size, beside its
power series in 60 digits; those of the quotient of two orders are relative. SciPy's
``log(ive(v, x)) + x`` is timed at the same 200,000 arguments, of which some give it
zero. Fits are of 100 rows around a point whose mean has the length R.
"""

import warnings

import numpy as np
from scipy.special import ive
from scipy.stats import vonmises_fisher
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from benchmarks._report import arguments, report, timed
from skgeom import SphereKernelDensity, VonMisesFisherMixture
from skgeom.datasets import make_vmf_mixture
from skgeom.geometry import sphere

ORDERS = (0, 0.5, 4, 15.5, 31, 255, 1023, 4096, 16384)


def exact_log(mpmath, order, x):
    """The power series, summed from its largest term to both sides."""
    v, q = mpmath.mpf(order), mpmath.mpf(x) ** 2 / 4
    k = int((mpmath.sqrt(v * v + 4 * q) - v) / 2)
    peak = (k + v / 2) * mpmath.log(q)
    peak -= mpmath.loggamma(k + 1) + mpmath.loggamma(k + v + 1)
    total = mpmath.mpf(1)
    for way in (1, -1):
        term, j = mpmath.mpf(1), k
        while term > 1e-56 and (way > 0 or j > 0):
            j = j + 1 if way > 0 else j
            ratio = q / (j * (j + v))
            term *= ratio if way > 0 else 1 / ratio
            j = j if way > 0 else j - 1
            total += term
    return peak + mpmath.log(total)


def bessel(quick):
    """Errors and times."""
    import mpmath

    mpmath.mp.dps = 60
    rng, rows = np.random.default_rng(0), []
    few = rng.uniform(np.log(1e-3), np.log(1e6), 6 if quick else 30)
    for order in ORDERS:
        errors = []
        # Where the exponent of the expansion is zero, too.
        for x in [1e-3, 1.0, 1e3, 1e6, 0.66274342 * (order + 1e-3), *np.exp(few)]:
            log, above = (exact_log(mpmath, order + i, x) for i in (0, 1))
            at = np.array([x])
            found = mpmath.mpf(float(sphere.log_iv(order, at)[0]))
            quotient = mpmath.mpf(float(sphere.bessel_ratio(order, at)[0]))
            errors.append(
                (
                    float(abs(found - log) / max(1, abs(log))),
                    float(abs(quotient / mpmath.exp(above - log) - 1)),
                )
            )
        x = 1 + 500 * np.abs(np.random.default_rng(0).normal(size=200_000)) + order
        ours = min(timed(sphere.log_iv, order, x)[1] for _ in range(3))
        with np.errstate(divide="ignore"):
            found = [timed(lambda v=order, x=x: np.log(ive(v, x)) + x)]
        worst = np.max(errors, axis=0)
        rows.append(
            {
                "order": order,
                "error of log I": f"{worst[0]:.1e}",
                "error of the quotient": f"{worst[1]:.1e}",
                "ours, ns": ours / len(x) * 1e9,
                "SciPy, ns": found[0][1] / len(x) * 1e9,
                "times as fast": found[0][1] / ours,
                "zero in SciPy": float(np.isneginf(found[0][0]).mean()),
            }
        )
    report(
        "log_bessel",
        rows,
        title="Logarithms of Bessel functions, beside 60 digits and beside SciPy",
        notes=[__doc__.split("\n\n")[1].replace("\n", " ")],
        write=not quick,
    )


def fits(quick):
    """Concentrations in many dimensions."""
    rows = []
    for p in (3, 128, 2048, 32_768):
        for length in (0.2, 0.9):
            rng = np.random.default_rng(0)
            around = rng.normal(size=(100, p - 1))
            around[50:] = -around[:50]
            around /= np.linalg.norm(around, axis=1, keepdims=True)
            at = np.full((100, 1), length)
            X = np.concatenate([at, np.sqrt(1 - length**2) * around], axis=1)
            model = VonMisesFisherMixture()
            cpu = min(timed(model.fit, X)[1] for _ in range(3))
            k = model.concentrations_
            off = float(sphere.bessel_ratio(p / 2 - 1, k)[0]) - length
            row = {
                "p, R": f"{p:,}, {length}",
                "concentration": float(k[0]),
                "mean of it, less R": f"{off:.0e}",
                "ms": 1000 * cpu,
            }
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                if p <= 2048:
                    row["SciPy"] = f"{vonmises_fisher.fit(X)[1]:.6g}"
                else:
                    row["SciPy"] = "not run"
            rows.append(row)
    report(
        "von_mises_fisher_fits",
        rows,
        title="Fits of one von Mises-Fisher distribution to 100 rows",
        notes=["Rows whose mean has length R exactly; the best of three fits."],
        write=not quick,
    )


def mixtures(quick):
    """Labels of three bumps, and held-out densities."""
    rows = []
    for p, k in [(3, (3, 10, 40)), (50, (15, 40, 120)), (500, (120, 250, 600))]:
        told = {}
        for seed in range(2 if quick else 5):
            X, y = make_vmf_mixture(
                1950,
                n_features=p,
                concentrations=k,
                weights=(5, 3, 1.5),
                random_state=seed,
            )
            train, test, of = X[:950], X[950:], dict(n_init=3, random_state=0)
            ours = VonMisesFisherMixture(3, **of).fit(train)
            labels = {
                "VonMisesFisherMixture": ours.predict(train),
                "k-means": KMeans(3, n_init=5, random_state=0).fit_predict(train),
                "GaussianMixture, spherical": GaussianMixture(
                    3, covariance_type="spherical", **of
                ).fit_predict(train),
            }
            density = {"VonMisesFisherMixture": ours.score(test)}
            kernels = SphereKernelDensity(random_state=0).fit(train)
            density["SphereKernelDensity"] = kernels.score(test)
            for name, found in labels.items():
                score = adjusted_rand_score(y[:950], found)
                told.setdefault((name, "adjusted Rand index"), []).append(score)
            for name, value in density.items():
                told.setdefault((name, "log-density"), []).append(value)
        for (name, what), values in told.items():
            error = np.std(values, ddof=1) / np.sqrt(len(values))
            mean = f"{np.mean(values):.3f} ± {error:.3f}"
            rows.append({"p": p, "method": name, "what": what, "mean": mean})
    report(
        "von_mises_fisher_mixtures",
        rows,
        title="Three bumps on the sphere: labels, and the density of new rows",
        notes=[
            "950 rows to learn from, 1,000 new ones, shares 5:3:1.5, concentrations "
            "that differ by 5 to 13 times; seeds 0 to 4, standard errors.",
        ],
        write=not quick,
    )


if __name__ == "__main__":
    given = arguments(__doc__)
    for part in (fits, mixtures, bessel):
        part(given.quick)
