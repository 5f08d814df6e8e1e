"""Elevators, 14,940 rows of 18 columns: predictions and their variances.

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
        python -m benchmarks.gaussian_process.bench_vecchia_gp_elevators --data DIR

DIR has elevators.npz, the split of github.com/katzfuss-group/DKL-GP. GPBoost and
GPyTorch take part if they are installed.
"""

import time
from pathlib import Path

import numpy as np
from scipy.stats import loguniform
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import RandomizedSearchCV, train_test_split

from benchmarks._report import parser, report
from skgeom import VecchiaGPRegressor


def ours(X, y, new, seed):
    """Means and deviations of our own, from near rows; bench_full_scale has others."""
    model = VecchiaGPRegressor(approximation="response", random_state=seed)
    model.fit(X, y)
    return model.predict(new, return_std=True)


def trees(X, y, new, seed):
    """Histogram gradient boosting, twelve settings by cross-validation."""
    space = {
        "learning_rate": loguniform(0.02, 0.3),
        "max_leaf_nodes": [15, 31, 63],
        "min_samples_leaf": [10, 20, 50],
        "l2_regularization": [0.0, 1.0, 10.0],
    }
    base = HistGradientBoostingRegressor(
        max_iter=1000, early_stopping=True, random_state=seed
    )
    found = RandomizedSearchCV(base, space, n_iter=12, cv=3, random_state=seed)
    return found.fit(X, y).predict(new), None


def trees_of_residuals(X, y, new, seed):
    """The same of what a linear model leaves."""
    trend = RidgeCV(np.logspace(-3, 3, 13)).fit(X, y)
    mean, _ = trees(X, y - trend.predict(X), new, seed)
    return mean + trend.predict(new), None


def gpboost(X, y, new, seed):
    """GPBoost's Vecchia approximation of the response, Matérn 5/2, linear trend."""
    import gpboost as gpb

    # It ends with a fatal error on columns that are constant in a sample of the rows.
    kept = [len(np.unique(c[:500])) > 5 for c in X.T]
    one, one_new = np.ones((len(X), 1)), np.ones((len(new), 1))
    X, new = X[:, kept], new[:, kept]
    options = dict(cov_function="matern_ard", cov_fct_shape=2.5)
    model = gpb.GPModel(
        gp_coords=X,
        likelihood="gaussian",
        gp_approx="vecchia",
        num_neighbors=20,
        num_parallel_threads=1,
        seed=seed,
        **options,
    )
    model.set_optim_params(params={"maxit": 30})
    model.fit(y=y, X=np.hstack([one, X]))
    told = model.predict(
        gp_coords_pred=new,
        X_pred=np.hstack([one_new, new]),
        predict_var=True,
        predict_response=True,
    )
    return told["mu"], np.sqrt(told["var"])


def svgp(X, y, new, seed, n_epochs=30):
    """GPyTorch's variational process with 500 learned points on what a trend leaves."""
    import gpytorch
    import torch

    torch.manual_seed(seed)
    trend = LinearRegression().fit(X, y)
    left = y - trend.predict(X)
    unit = left.std()
    A, b = torch.as_tensor(X), torch.as_tensor(left / unit)

    class Model(gpytorch.models.ApproximateGP):
        def __init__(self, points):
            law = gpytorch.variational.CholeskyVariationalDistribution(len(points))
            strategy = gpytorch.variational.VariationalStrategy(
                self, points, law, learn_inducing_locations=True
            )
            super().__init__(strategy)
            self.mean_module = gpytorch.means.ConstantMean()
            kernel = gpytorch.kernels.MaternKernel(2.5, ard_num_dims=X.shape[1])
            self.covar_module = gpytorch.kernels.ScaleKernel(kernel)

        def forward(self, x):
            law = gpytorch.distributions.MultivariateNormal
            return law(self.mean_module(x), self.covar_module(x))

    model = Model(A[torch.randperm(len(A))[:500]].clone()).double()
    likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
    bound = gpytorch.mlls.VariationalELBO(likelihood, model, len(A))
    steps = torch.optim.Adam([*model.parameters(), *likelihood.parameters()], lr=0.02)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(A)).split(1024):
            steps.zero_grad()
            loss = -bound(model(A[rows]), b[rows])
            loss.backward()
            steps.step()
    model.eval(), likelihood.eval()
    with torch.no_grad():
        told = likelihood(model(torch.as_tensor(new)))
    mean = trend.predict(new) + unit * told.mean.numpy()
    return mean, unit * told.stddev.numpy()


METHODS = {
    "VecchiaGPRegressor, response": (ours, range(3)),
    "HistGradientBoosting, 12 settings by CV": (trees, range(1)),
    "the same on a trend's residuals": (trees_of_residuals, range(1)),
    "GPyTorch SVGP, 500 points, 30 epochs": (svgp, range(1)),
    "GPBoost, vecchia, 30 iterations": (gpboost, range(1)),
}


def main():
    """Print and keep the table."""
    reader = parser(__doc__)
    reader.add_argument("--data", type=Path, required=True)
    args = reader.parse_args()
    with np.load(args.data / "elevators.npz") as table:
        X, y, new, truth = (
            table[name].astype(float)
            for name in ("X_train", "y_train", "X_test", "y_test")
        )
    center, spread = X.mean(axis=0), X.std(axis=0)
    X, new = (X - center) / spread, (new - center) / spread
    if args.quick:
        X, _, y, _ = train_test_split(X, y, train_size=1500, random_state=0)
    unit = y.std()
    VecchiaGPRegressor(approximation="response").fit(X[:300], y[:300]).predict(new[:9])
    rows = []
    for name, (method, seeds) in METHODS.items():
        found = []
        for seed in seeds:
            start = time.process_time()
            try:
                mean, std = method(X, y, new, seed)
            except ImportError as error:
                print(name, error)
                break
            seconds = time.process_time() - start
            error = (truth - mean) / unit
            told = [np.sqrt(np.mean(error**2)), np.nan, np.nan, seconds]
            if std is not None:
                std = std / unit
                density = np.log(2 * np.pi * std**2) + (error / std) ** 2
                told[1] = density.mean() / 2
                told[2] = np.mean(np.abs(error) < 1.959964 * std)
            found.append(told)
            print(name, seed, np.round(told, 4), flush=True)
        if found:
            rmse, nlpd, coverage, seconds = np.mean(found, axis=0)
            rows.append(
                {
                    "method": name,
                    "seeds": len(found),
                    "rmse": f"{rmse:.4f}",
                    "nlpd": "-" if np.isnan(nlpd) else f"{nlpd:.4f}",
                    "coverage of 95 %": "-" if np.isnan(nlpd) else f"{coverage:.3f}",
                    "CPU s": f"{seconds:.1f}",
                }
            )
        report(
            "vecchia_gp_elevators",
            rows,
            title="Elevators, 1,659 test rows: errors in deviations of the target",
            notes=[
                "CPU seconds of fitting and predicting, with the choice of settings; "
                "one thread",
                "nlpd: negative log density of a test target, mean",
                "GPBoost without the columns that it ends with a fatal error on; it "
                "warns that 30 iterations have not converged",
            ],
            write=not args.quick,
        )


if __name__ == "__main__":
    main()
