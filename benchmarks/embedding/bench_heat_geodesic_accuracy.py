"""What landmarks and chaining change: the plain form beside the published method.

The plain form (published graph and distances, on landmarks), the same without chaining,
and the exact form: the last two differ in nothing but the landmarks.
`bench_heat_geodesic_noise.py` has the default and the peers.
"""

from benchmarks._report import arguments, report
from benchmarks.embedding._geodesic import NOISE_SETS, compare, rows_of
from skgeom import HeatGeodesicEmbedding

SETS = ("roll .1", "roll .75", "tree .1", "tree .3")
PLAIN = {"robust": False, "geodesic": "heat"}
FORMS = {
    "plain": PLAIN,
    "plain, unchained": {**PLAIN, "chaining": None},
    "exact": {"n_landmarks": None},
}


def main():
    """Mean and spread over seeds for every set and form."""
    args = arguments(__doc__)
    n_samples, seeds = (500, (400,)) if args.quick else (2_000, range(400, 405))
    methods = {
        name: [lambda seed, form=form: HeatGeodesicEmbedding(random_state=seed, **form)]
        for name, form in FORMS.items()
    }
    sets = {name: NOISE_SETS[name] for name in SETS}
    results = compare(sets, methods, n_samples=n_samples, seeds=seeds)
    report(
        "heat_geodesic_accuracy",
        rows_of(results, "plain"),
        title=f"Landmarks, chaining and all pairs: Pearson, n={n_samples}",
        notes=[
            f"seeds {seeds[0]} to {seeds[-1]}; noise as in `heat_geodesic_noise.md`",
            "gain: mean and standard error of Pearson less that of the other",
        ],
        write=not args.quick,
    )


if __name__ == "__main__":
    main()
