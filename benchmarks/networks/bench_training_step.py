"""What a step of training costs: ours, bare loops of torch, skorch, scikit-learn.

A network of 20-64-64-1 on 2,000 rows, squared error, Adam. Bare loop: torch's modules,
one flat vector of weights, one fused call for Adam, rows permuted once an epoch, and
nothing else. torch.optim: the same modules, with zero_grad and torch.optim.Adam.
skorch: NeuralNetRegressor with its defaults but for the split, on the host, which takes
rows one by one. Microseconds of the processor a step, on one thread, the least of five
runs, the runs of all taken in turns. First fit: of 300 rows for 20 epochs in a process
that has imported torch and scikit-learn, the importing of skorch in it.
"""

import subprocess
import sys
import warnings

import numpy as np
import skorch
import torch
from sklearn.neural_network import MLPRegressor
from torch import nn

from benchmarks._report import arguments, report, timed
from skgeom.backends import get_backend
from skgeom.networks import MLP, Network, Settings, train

SIZES = {32: 4, 128: 15, 512: 40, 2000: 80}  # epochs by batch size
X = np.random.RandomState(0).standard_normal((2000, 20)).astype(np.float32)
Y = X[:, :1] ** 2

FIRST = """
import time
import numpy as np, torch, sklearn.neural_network
from skgeom.backends import get_backend
from skgeom.networks import MLP, Network, Settings, train
backend = get_backend("torch-cpu")
X = np.random.RandomState(0).standard_normal((300, 8))
start = time.process_time()
net = Network.drawn({"head": MLP((8, 32, 1))}, np.random.RandomState(0))
loss = lambda net, x: (net("head", x) ** 2).mean()
train(net, loss, [X], Settings(max_iter=20), backend)
print(time.process_time() - start)
"""


def module():
    """The network in torch's modules."""
    return nn.Sequential(
        nn.Linear(20, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1)
    )


def ours(size, n_epochs):
    """The trainer."""
    net = Network.drawn({"head": MLP((20, 64, 64, 1))}, np.random.RandomState(0))
    settings = Settings(
        batch_size=size, max_iter=n_epochs, tol=0.0, n_iter_no_change=n_epochs
    )

    def loss(net, x, y):
        return nn.functional.mse_loss(net("head", x), y)

    train(net, loss, [X, Y], settings, get_backend("torch-cpu"))


def bare(size, n_epochs):
    """As little as a step can be."""
    net = module()
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    parameters = list(net.parameters())
    flat = torch.cat([p.detach().reshape(-1) for p in parameters])
    gradient, first, second = (torch.zeros_like(flat) for _ in range(3))
    n_steps, start = torch.zeros(()), 0
    for p in parameters:
        part = slice(start, start + p.numel())
        p.data, p.grad = flat[part].view_as(p), gradient[part].view_as(p)
        start = part.stop
    for _ in range(n_epochs):
        order = torch.randperm(len(x))
        for a, b in zip(x[order].split(size), y[order].split(size), strict=True):
            gradient.zero_()
            nn.functional.mse_loss(net(a), b).backward()
            n_steps += 1
            torch._fused_adam_(
                *([flat], [gradient], [first], [second], [], [n_steps]),
                **dict(lr=1e-3, beta1=0.9, beta2=0.999, weight_decay=0.0, eps=1e-8),
                amsgrad=False,
                maximize=False,
            )


def plain(size, n_epochs):
    """As tutorials write it."""
    net = module()
    adam = torch.optim.Adam(net.parameters())
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    for _ in range(n_epochs):
        order = torch.randperm(len(x))
        for a, b in zip(x[order].split(size), y[order].split(size), strict=True):
            adam.zero_grad()
            nn.functional.mse_loss(net(a), b).backward()
            adam.step()


def by_skorch(size, n_epochs):
    """NeuralNetRegressor of skorch as it comes."""
    skorch.NeuralNetRegressor(
        module(),
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=size,
        max_epochs=max(1, n_epochs // 10),
        train_split=None,
        verbose=0,
    ).fit(X, Y)


def by_sklearn(size, n_epochs):
    """scikit-learn's own network."""
    MLPRegressor(
        hidden_layer_sizes=(64, 64),
        batch_size=size,
        max_iter=n_epochs,
        tol=0.0,
        n_iter_no_change=n_epochs,
    ).fit(X, Y[:, 0])


WAYS = {
    "skgeom.networks": ours,
    "bare loop": bare,
    "torch.optim": plain,
    "skorch": by_skorch,
    "MLPRegressor": by_sklearn,
}


def main(quick):
    """Run all and write the table."""
    rows = []
    for way in WAYS.values():
        way(500, 1)
    for size, n_epochs in SIZES.items():
        found = {name: [] for name in WAYS}
        for _ in range(1 if quick else 5):
            for name, way in WAYS.items():
                _, cpu, _ = timed(way, size, n_epochs)
                epochs = max(1, n_epochs // 10) if way is by_skorch else n_epochs
                found[name].append(cpu / (epochs * -(-len(X) // size)))
        least = {name: 1e6 * min(times) for name, times in found.items()}
        mine = least["skgeom.networks"]
        rows.append(
            {
                "rows a step": size,
                **{name: f"{value:.0f}" for name, value in least.items()},
                "of the bare loop": f"{mine / least['bare loop']:.2f}",
                "faster than skorch": f"{least['skorch'] / mine:.1f}",
            }
        )
        print(rows[-1], flush=True)
    first = [
        float(
            subprocess.run(
                [sys.executable, "-c", FIRST],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(1 if quick else 3)
    ]
    report(
        "training_step",
        rows,
        title="Microseconds of a step of training",
        packages=["torch", "skorch"],
        notes=[
            f"The first fit in a process takes {min(first):.2f} seconds.",
            __doc__.split("\n\n")[1].replace("\n", " "),
        ],
        write=not quick,
    )


if __name__ == "__main__":
    given = arguments(__doc__)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    main(given.quick)
