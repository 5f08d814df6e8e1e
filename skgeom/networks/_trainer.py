"""Training by torch, with skorch's epochs, callbacks and history around a bare loop.

What a step costs is decided here (`benchmarks/networks`): all weights are parts of one
vector, of which Adam is a single call; rows are put in order once an epoch; and no
number is waited for within one. No optimizer of torch's is made: the first one of a
process imports the compiler of torch, for a second.
"""

import contextlib
import functools
import math

import numpy as np
import skorch
import torch
from torch import nn
from torch.nn import functional as F

from skgeom.backends._torch._backend import full_precision
from skgeom.networks._layers import FIXED, Operations
from skgeom.networks._network import Bound, Network
from skgeom.networks._records import Progress, Trained

# A loss so many times that of the first weights will not come back by itself.
_BEYOND = 1e3
# Epochs in a row that are taken back before training ends.
_MOST_LOST = 12


class TensorOperations(Operations):
    """The operations of layers in one call of torch each, for training."""

    def linear(self, x, W, b):
        """Affine map of rows."""
        return torch.addmm(b, x, W)

    def silu(self, x):
        """X times its logistic function."""
        return F.silu(x)

    def leaky_relu(self, x):
        """X where it is positive, a fifth of it elsewhere."""
        return F.leaky_relu(x, 0.2)

    def squared_error(self, x, y):
        """Mean of squared differences."""
        return F.mse_loss(x, y)

    def log_softmax(self, x):
        """Logarithms of the softmax of each row."""
        return F.log_softmax(x, dim=1)

    def spectral_norm(self, W, weights, name):
        """Largest singular value, by a step of a power iteration from the last one."""
        u, fixed = weights[name], W.detach()
        v = torch.mv(fixed, u)
        v.div_(torch.linalg.vector_norm(v).clamp_(min=1e-12))
        torch.mv(fixed.T, v, out=u)
        u.div_(torch.linalg.vector_norm(u).clamp_(min=1e-12))
        # A copy: the next step writes into u, which gradients need.
        return torch.dot(torch.mv(W.T, v), u.clone())


class FlatAdam:
    """Adam (Kingma and Ba, 2015) on one vector, of which parameters are parts."""

    def __init__(self, parameters, lr=1e-3, weight_decay=0.0):
        parameters = list(parameters)
        self.x = torch.cat([p.detach().reshape(-1) for p in parameters])
        self.gradient = torch.zeros_like(self.x)
        self.first, self.second = torch.zeros_like(self.x), torch.zeros_like(self.x)
        self.n_steps = torch.zeros((), dtype=torch.float32, device=self.x.device)
        self.lr, self.weight_decay = lr, weight_decay
        self.n_made = 0  # here and now; attributes of the trainer are slow to set
        self._fused = hasattr(torch, "_fused_adam_") and self.x.device.type in (
            "cpu",
            "cuda",
        )
        start = 0
        for p in parameters:
            part = slice(start, start + p.numel())
            p.data = self.x[part].view_as(p)
            p.grad = self.gradient[part].view_as(p)
            start = part.stop

    def zero_grad(self):
        """Forget the gradient."""
        self.gradient.zero_()

    def step(self):
        """Move along the gradient."""
        self.n_steps += 1
        decayed = dict(lr=self.lr, weight_decay=self.weight_decay)
        moments = (self.x, self.gradient, self.first, self.second)
        if self._fused:
            torch._fused_adam_(
                *([moment] for moment in moments),
                [],
                [self.n_steps],
                beta1=0.9,
                beta2=0.999,
                eps=1e-8,
                amsgrad=False,
                maximize=False,
                **decayed,
            )
        else:
            plain_adam(*moments, self.n_steps, **decayed)


def plain_adam(x, gradient, first, second, n_steps, *, lr, weight_decay):
    """Take the step in plain operations, for devices that have none of their own."""
    gradient = gradient.add(x, alpha=weight_decay)
    first.lerp_(gradient, 0.1)
    second.lerp_(gradient.square(), 0.001)
    size = (second / (1 - 0.999**n_steps)).sqrt_().add_(1e-8)
    x.sub_((first / (1 - 0.9**n_steps)).div_(size).mul_(lr))


class Batches:
    """Batches of about equal size, in an order that is drawn anew for each epoch."""

    def __init__(self, tensors, size, seed=None, n_epochs=0):
        self.tensors, self.seed, self.n_epochs = tensors, seed, n_epochs
        self.n_batches = -(-len(tensors[0]) // size)

    def __len__(self):
        return self.n_batches

    def __iter__(self):
        tensors = self.tensors
        if self.n_batches == 1:
            return iter([tensors])
        if self.seed is not None:
            rng = np.random.RandomState((self.seed + self.n_epochs) % 2**32)
            order = torch.from_numpy(rng.permutation(len(tensors[0])))
            order = order.to(tensors[0].device)
            tensors = [t.index_select(0, order) for t in tensors]
            self.n_epochs += 1
        return zip(*(t.tensor_split(self.n_batches) for t in tensors), strict=True)


class EndOfTraining(Exception):
    """Training is over before its last epoch."""


class Module(nn.Module):
    """The weights of a network as parameters, for skorch."""

    def __init__(self, network, backend):
        super().__init__()
        bound, self.fixed = {}, []
        for layer, own in network.weights.items():
            bound[layer] = {}
            for name, array in own.items():
                # A copy: training changes it in place.
                tensor = backend.asarray(array.copy(), dtype=torch.float32)
                if name.startswith(FIXED):
                    self.fixed.append(tensor)
                else:
                    tensor = nn.Parameter(tensor)
                    self.register_parameter(f"{layer}-{name}", tensor)
                bound[layer][name] = tensor
        self.bound = Bound(network.layers, bound, TensorOperations(backend.xp))

    def arrays(self, backend):
        """The weights as arrays of the host, each its own."""
        return {
            layer: {name: backend.to_numpy(t).copy() for name, t in own.items()}
            for layer, own in self.bound.weights.items()
        }


class Criterion(nn.Module):
    """The loss of a method, for skorch; constants are the same in each step."""

    def __init__(self, loss, constants):
        super().__init__()
        self.loss, self.constants = loss, constants

    def forward(self, module, *batch):
        """Compute the loss of a batch."""
        return self.loss(module.bound, *self.constants, *batch)


class Watch(skorch.callbacks.Callback):
    """Take back epochs that went wrong, end training in time, and tell who asked."""

    def __init__(self, settings, after_epoch):
        self.settings, self.after_epoch = settings, after_epoch

    def initialize(self):
        """Begin to watch."""
        self.best, self.n_idle = math.inf, 0
        self.n_lost = self.n_lost_now = 0
        return self

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Keep the weights to go back to, and look at the loss without training."""
        self.kept = self.good = net.state()
        first = float(net.look_at_some())
        self.ceiling = _BEYOND * (1 + abs(first)) if math.isfinite(first) else math.inf

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Look at the losses of the epoch."""
        told = net.history[-1]
        loss = told["train_loss"]
        watched = told.get("valid_loss", loss)
        if self._went_wrong(loss, watched):
            self._take_back(net)
            return
        self.n_lost_now = 0
        self.good = net.state()
        if watched < self.best or not self.settings.keep_best:
            self.kept = self.good
        idle = not watched < self.best - self.settings.tol
        self.n_idle = self.n_idle + 1 if idle else 0
        self.best = min(self.best, watched)
        asked = self.after_epoch and self.after_epoch(len(net.history), loss)
        if asked or self.n_idle >= self.settings.n_iter_no_change:
            raise EndOfTraining

    def _went_wrong(self, loss, watched):
        finite = math.isfinite(loss) and math.isfinite(watched)
        return not finite or loss > self.ceiling

    def _take_back(self, net):
        net.restore(self.good)
        # What led here is forgotten.
        for moment in (
            net.optimizer_.first,
            net.optimizer_.second,
            net.optimizer_.n_steps,
        ):
            moment.zero_()
        self.n_lost += 1
        self.n_lost_now += 1
        # The same rate would go wrong again: a half, then a quarter of that, ...
        net.slowed *= 0.5**self.n_lost_now
        if self.n_lost_now >= _MOST_LOST:
            raise EndOfTraining


class Trainer(skorch.NeuralNet):
    """skorch's loop over epochs, its callbacks and its history; the rest is ours."""

    def __init__(
        self, module, criterion, settings, tensors, validation, progress, watch
    ):
        self.settings, self.progress = settings, progress
        self.tensors, self.validation = tensors, validation
        self.slowed = 1.0
        n_rows = len(tensors[0])
        super().__init__(
            module,
            criterion,
            optimizer=FlatAdam,
            lr=settings.learning_rate,
            max_epochs=settings.max_iter,
            batch_size=settings.rows_of_a_step(n_rows),
            train_split=None,
            callbacks=[("watch", watch)],
            verbose=0,
            device=None,
        )

    def get_default_callbacks(self):
        """Do without skorch's table of losses, its timer and its scores."""
        return []

    def get_split_datasets(self, X, y=None, **fit_params):
        """Take the rows as they are: tensors in, no split unless it was made."""
        return self.tensors, self.validation

    def get_iterator(self, dataset, training=False):
        """Cut rows into batches."""
        if not training:
            return Batches(dataset, max(self.batch_size, 1024))
        done = self.progress.n_epochs if self.progress else 0
        return Batches(dataset, self.batch_size, self.settings.seed, done)

    def initialize_optimizer(self, triggered_directly=None):
        """Put the weights into one vector."""
        self.optimizer_ = FlatAdam(
            self.module_.parameters(), self.lr, self.settings.alpha
        )
        if self.progress:
            adam = self.optimizer_
            for moment, array in ((adam.first, 0), (adam.second, 1)):
                moment.copy_(torch.from_numpy(self.progress[array]))
            adam.n_steps.fill_(self.progress.n_steps)
        return self

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """Go through the batches; one number is waited for, at the end."""
        if iterator is None:
            return
        make_step = self._train_on if training else self._look_at
        total = n_rows = 0
        n_batches = len(iterator)
        for batch in iterator:
            total = total + make_step(batch, n_batches) * len(batch[0])
            n_rows += len(batch[0])
        if training:
            # Weights that are no numbers make the loss none.
            total = total + 0 * self.optimizer_.x.sum()
        self.history.record(f"{prefix}_loss", float(total) / n_rows)

    def _train_on(self, batch, n_batches):
        adam = self.optimizer_
        adam.lr = self.lr * self.slowed * self._share(n_batches)
        adam.zero_grad()
        loss = self.criterion_.forward(self.module_, *batch)
        loss.backward()
        if self.settings.clip is not None:
            norm = torch.linalg.vector_norm(adam.gradient)
            adam.gradient.mul_((self.settings.clip / (norm + 1e-12)).clamp(max=1.0))
        adam.step()
        adam.n_made += 1
        return loss.detach()

    def _look_at(self, batch, n_batches):
        with torch.no_grad():
            return self.criterion_(self.module_, *batch)

    def look_at_some(self):
        """The loss of as many rows as a step has."""
        return self._look_at([t[: self.batch_size] for t in self.tensors], 1)

    def _share(self, n_batches):
        """The share of the rate that is left at this step."""
        if not self.settings.fades:
            return 1.0
        done = self.optimizer_.n_made / (n_batches * self.max_epochs)
        return 0.5 * (1 + math.cos(math.pi * done))

    def state(self):
        """Weights, apart from those that go on changing."""
        return [part.clone() for part in (self.optimizer_.x, *self.module_.fixed)]

    def restore(self, state):
        """Go back to weights."""
        parts = (self.optimizer_.x, *self.module_.fixed)
        for part, kept in zip(parts, state, strict=True):
            part.copy_(kept)


@contextlib.contextmanager
def one_thread():
    """Sums of one thread are the same on any machine; small steps are faster by it."""
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def as_of_our_own(function):
    """Compute gradients, whatever the caller has switched off or made less precise."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        with torch.inference_mode(False), torch.enable_grad(), one_thread():
            return full_precision(function)(*args, **kwargs)

    return call


@as_of_our_own
def run(
    network,
    loss,
    arrays,
    settings,
    backend,
    *,
    validation=None,
    constants=(),
    progress=None,
    after_epoch=None,
):
    """Train; see `skgeom.networks.train`."""
    tensors = [on_device(array, backend) for array in arrays]
    held_out = validation and [on_device(array, backend) for array in validation]
    module = Module(network, backend)
    criterion = Criterion(loss, [on_device(array, backend) for array in constants])
    watch = Watch(settings, after_epoch)
    trainer = Trainer(
        module, criterion, settings, tensors, held_out, progress, watch
    ).initialize()
    trainer.notify("on_train_begin")
    # Not `fit`, which takes Ctrl-C for the end of training.
    with contextlib.suppress(EndOfTraining):
        trainer.fit_loop(None)
    trainer.notify("on_train_end")
    trainer.restore(watch.kept)
    adam = trainer.optimizer_
    done = progress.n_epochs if progress else 0
    return Trained(
        Network(network.layers, module.arrays(backend)),
        [row["train_loss"] for row in trainer.history],
        [row["valid_loss"] for row in trainer.history] if held_out else [],
        Progress(
            *(backend.to_numpy(moment).copy() for moment in (adam.first, adam.second)),
            int(adam.n_steps),
            done + len(trainer.history),
        ),
        watch.n_lost,
    )


def on_device(array, backend):
    """A tensor of floats in single precision, or of integers."""
    floats = np.asarray(array).dtype.kind == "f"
    return backend.asarray(array, dtype=torch.float32 if floats else torch.int64)
