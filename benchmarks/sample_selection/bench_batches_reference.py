"""Batches beside those of bmdal_reg, the code of the paper, on the same features.

    python -m benchmarks.sample_selection.bench_batches_reference

Needs `pip install bmdal_reg`.
"""

import numpy as np
import torch
from bmdal_reg.bmdal import selection
from bmdal_reg.bmdal.feature_maps import IdentityFeatureMap
from bmdal_reg.bmdal.features import Features

from benchmarks._report import arguments, report, timed
from skgeom import KernelBatchSelector

ALPHA = 0.01


def features_of(F):
    from bmdal_reg.bmdal.feature_data import TensorFeatureData

    data = TensorFeatureData(torch.as_tensor(F))
    return Features(IdentityFeatureMap(F.shape[1]), data)


def reference(method, F, n_train, size):
    """Places among the rows, the first of which have labels."""
    train, pool = F[:n_train], F[n_train:]
    if method == "frank_wolfe":
        # On features of the posterior, as in the paper.
        A = train.T @ train / ALPHA + np.eye(F.shape[1])
        pool = np.linalg.solve(np.linalg.cholesky(A), pool.T).T
    Class = {
        "lcmd": selection.LargestClusterMaxDistSelectionMethod,
        "max_dist": selection.MaxDistSelectionMethod,
        "max_det": selection.MaxDetSelectionMethod,
        "frank_wolfe": selection.FrankWolfeSelectionMethod,
    }[method]
    more = {"noise_sigma": ALPHA**0.5} if method == "max_det" else {}
    select = Class(
        features_of(pool),
        features_of(train),
        sel_with_train=method != "frank_wolfe",
        **more,
    )
    return np.asarray(select.select(size)) + n_train


def main():
    options = arguments(__doc__)
    vars(np)["Inf"] = np.inf  # a name that it still asks for
    torch.set_num_threads(1)
    rows = []
    for method in ("lcmd", "max_dist", "max_det", "frank_wolfe"):
        same = []
        for seed in range(5):
            rng = np.random.default_rng(seed)
            F = rng.normal(size=(2000, 32)) * 0.9 ** np.arange(32)
            y = np.where(np.arange(2000) < 64, 0.0, np.nan)
            model = KernelBatchSelector(64, method=method, kernel="linear", alpha=ALPHA)
            ours = model.fit(F, y).sample_indices_
            same.append(int((ours == reference(method, F, 64, 64)).cumprod().sum()))
        big = np.random.default_rng(0).normal(size=(20_064, 8))
        frequencies = np.random.default_rng(1).normal(size=(8, 256)) / 4
        waves = np.concatenate([f(big @ frequencies) for f in (np.cos, np.sin)], axis=1)
        waves = (waves / 16).astype(np.float32)
        y = np.where(np.arange(20_064) < 64, 0.0, np.nan)
        selector = KernelBatchSelector(64, method=method, gamma=1 / 32, alpha=ALPHA)
        selector.fit(big, y)
        cpu = min(timed(selector.fit, big, y)[1] for _ in range(3))
        theirs = min(timed(reference, method, waves, 64, 64)[1] for _ in range(2))
        rows.append(
            {
                "method": method,
                "equal picks of 64, five seeds": ", ".join(map(str, same)),
                "CPU s, plain kernel": f"{cpu:.3f}",
                "bmdal_reg, 512 features, CPU s": f"{theirs:.3f}",
            }
        )
        print(rows[-1], flush=True)
    report(
        "batches_reference",
        rows,
        title="Batches of 64 beside the reference: picks and time",
        packages=("bmdal-reg", "torch"),
        notes=(
            "picks: 2,000 rows of 32 features, 64 with labels; how many of the first "
            "are the same, in order",
            "time: a pool of 20,000, 64 rows with labels; one thread, other load",
        ),
        write=not options.quick,
    )


if __name__ == "__main__":
    main()
