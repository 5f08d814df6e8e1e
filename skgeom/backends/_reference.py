"""What each primitive means, in a few lines of NumPy.

These are the definitions that the conformance test holds every backend against. They
are short and slow on purpose, and nothing else calls them.
"""

from itertools import pairwise

import numpy as np

from skgeom.backends._walks import strides


def knn(X, Y, k, metric="euclidean"):
    """Exact `k` nearest rows of X for each row of Y, equal distances by lowest index.

    Returns distances and indices, each of shape (len(Y), k), nearest first.
    """
    if metric == "cosine":
        X, Y = (A / np.linalg.norm(A, axis=1, keepdims=True) for A in (X, Y))
    distances = np.sqrt(((Y[:, None, :] - X[None, :, :]) ** 2).sum(axis=2))
    if metric == "cosine":
        distances = distances**2 / 2
    indices = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, indices, axis=1), indices


def matrix_polynomial(A, B, coefficients, basis="monomial"):
    """Sum of ``coefficients[j] * basis_j(A) @ B``, for powers or Chebyshev's T_j."""
    A = A.toarray()
    previous, term = np.zeros_like(B), B
    total = coefficients[0] * B
    for j, coefficient in enumerate(coefficients[1:]):
        if basis == "monomial" or j == 0:
            previous, term = term, A @ term
        else:
            previous, term = term, 2 * (A @ term) - previous
        total = total + coefficient * term
    return total


def kernel_matvec(X, Y, V, kernel="rbf", gamma=1.0):
    """K(X, Y) @ V for a kernel of differences; see `Backend.kernel_matvec`."""
    return kernel_values(X, Y, kernel, gamma) @ V


def kernel_values(X, Y, kernel="rbf", gamma=1.0):
    """K(X, Y) for a kernel of differences; see `Backend.kernel_matvec`."""
    gaps = X[:, None, :] - Y[None, :, :]
    if kernel == "laplacian":
        return np.exp(-gamma * np.abs(gaps).sum(axis=2))
    squares = (gaps**2).sum(axis=2)
    if kernel == "rbf":
        return np.exp(-gamma * squares)
    if kernel == "exponential":
        return np.exp(-np.sqrt(2 * gamma * squares))
    if kernel == "matern32":
        reach = np.sqrt(6 * gamma * squares)
        return (1 + reach) * np.exp(-reach)
    reach = np.sqrt(10 * gamma * squares)
    return (1 + reach + reach**2 / 3) * np.exp(-reach)


def vecchia_likelihood(
    points, targets, noise, neighbors, rows, kernel="matern52", signal=1.0
):
    """-log p(y_i | y of its neighbours), summed; see `Backend.vecchia_likelihood`.

    The Fisher information of a row is that of it with its neighbours less that of them.
    """
    p = points.shape[1] + 2
    value, gradient, fisher = 0.0, np.zeros(p), np.zeros((p, p))
    for row, listed in zip(rows, neighbors, strict=True):
        known = listed[listed >= 0]
        for sign, of in ((1, [*known, row]), (-1, known)):
            K, derivatives = _covariances(points[of], noise[of], kernel, signal)
            inverse, y = np.linalg.inv(K), targets[of]
            value += sign * 0.5 * (y * (inverse @ y)).sum()
            logarithm = np.linalg.slogdet(2 * np.pi * K)[1]
            value += sign * 0.5 * targets.shape[1] * logarithm
            slope = targets.shape[1] * inverse - inverse @ y @ y.T @ inverse
            gradient += sign * 0.5 * (slope * derivatives).sum(axis=(1, 2))
            scaled = inverse @ derivatives
            fisher += (
                sign * 0.5 * targets.shape[1] * np.einsum("pij,qji", scaled, scaled)
            )
    return value, gradient, fisher


def kriging_weights(points, queries, noise, neighbors, kernel="matern52", signal=1.0):
    """Solve for k(query) in the covariance of its neighbours."""
    weights, variances = np.zeros(neighbors.shape), np.full(len(queries), signal)
    for i, listed in enumerate(neighbors):
        of = listed[listed >= 0]
        both = np.concatenate([points[of], queries[i : i + 1]])
        K = signal * kernel_values(both, both, kernel, 0.5)
        system = K[:-1, :-1] + np.diag(noise[i, : len(of)])
        weights[i, : len(of)] = np.linalg.solve(system, K[:-1, -1])
        variances[i] -= weights[i, : len(of)] @ K[:-1, -1]
    return weights, variances


def neighbor_factor(neighbors, weights):
    """The dense matrix: the identity less the weights."""
    n = len(neighbors)
    factor = np.eye(n)
    for i, listed in enumerate(neighbors):
        factor[i, listed[listed >= 0]] -= weights[i, listed >= 0]
    return factor


def neighbor_solve(factor, B, transposed=False):
    """Solve for B in the dense matrix, or its transpose."""
    return np.linalg.solve(factor.T if transposed else factor, B)


def vecchia_contrasts(given, kernel="matern52", signal=1.0):
    """Regress each row on its neighbours; see `Backend.vecchia_contrasts`."""
    contrasts, variances = [], []
    weights = np.zeros(given.neighbors.shape)
    for i, (row, listed) in enumerate(zip(given.rows, given.neighbors, strict=True)):
        of = [*listed[listed >= 0], row]
        F = given.values[of, : given.n_factors]
        K = signal * kernel_values(given.points[of], given.points[of], kernel, 0.5)
        K = K - F @ F.T + np.diag([*given.noise[i, : len(of) - 1], given.noise[i, -1]])
        weights[i, : len(of) - 1] = np.linalg.solve(K[:-1, :-1], K[:-1, -1])
        full = np.append(-weights[i, : len(of) - 1], 1.0)
        contrasts.append(full @ given.values[of])
        variances.append(full @ K @ full)
    return np.array(contrasts), np.array(variances), weights


def _covariances(points, noise, kernel, signal):
    """Covariance of noisy rows, and its derivatives by the logs of the parameters."""
    K = signal * kernel_values(points, points, kernel, 0.5)
    gaps = (points[:, None, :] - points[None, :, :]) ** 2
    reach = {"rbf": 0, "exponential": 1, "matern32": 3, "matern52": 5}[kernel] ** 0.5
    reach = reach * np.sqrt(gaps.sum(axis=2))
    decay = signal * np.exp(-reach)
    slope = {
        "rbf": K,
        "exponential": decay / np.where(reach > 0, reach, np.inf),
        "matern32": 3 * decay,
        "matern52": 5 / 3 * (1 + reach) * decay,
    }[kernel]
    by_lengths = np.moveaxis(slope[:, :, None] * gaps, 2, 0)
    return K + np.diag(noise), np.stack([K, *by_lengths, np.diag(noise)])


def signature_values(X, Y, rows, columns, kernel="linear", order=0):
    """A double loop over steps, for each pair."""
    values, times = np.empty(len(rows)), 2**order
    for p, (x, y) in enumerate(zip(X[rows], Y[columns], strict=True)):
        points = x @ y.T
        if kernel == "rbf":
            points = np.exp(-((x[:, None] - y) ** 2).sum(axis=2))
        steps = np.diff(np.diff(points, axis=0), axis=1) / times**2
        steps = steps.repeat(times, axis=0).repeat(times, axis=1)
        K = np.ones((len(steps) + 1, steps.shape[1] + 1))
        for i, j in np.ndindex(steps.shape):
            square = steps[i, j] ** 2 / 12
            K[i + 1, j + 1] = (K[i + 1, j] + K[i, j + 1]) * (
                1 + steps[i, j] / 2 + square
            ) - K[i, j] * (1 - square)
        values[p] = K[-1, -1]
    return values, np.zeros(len(rows), dtype=np.int64)


def row_sum_lagrangian(X, diagonal, U, dual, penalty):
    """-<A, UU'> + <dual, v> + penalty / 2 <v, v>, A = XX' - diag(d), v = UU'1 - 1."""
    A = X @ X.T - np.diag(diagonal)
    Z = U @ U.transpose(0, 2, 1)
    v = Z.sum(axis=2) - 1
    value = -(A * Z).sum(axis=(1, 2)) + (dual * v + penalty[:, None] / 2 * v * v).sum(1)
    price = dual + penalty[:, None] * v
    slope = -A + (price[:, :, None] + price[:, None, :]) / 2  # by Z
    return value, v, 2 * slope @ U


def descend_edges(points, links, order, splits, seed, descent):
    """Steps of hyperbolic descent on sampled edges; points are changed in place.

    A step, for the heads ``order[splits[i]:splits[i + 1]]``, goes against the gradient
    of the sum over their links (u, v) of

        -weight * log(e(u, v) / (e(u, v) + sum of e(u, j) over the negatives j of u))

    with e = exp(-distance). Returns the sum of the losses of all steps.
    """
    x, gaps = points.coordinates, points.gaps
    total = 0.0
    for start, stop in pairwise(splits):
        sums, moved = np.zeros_like(x), set()
        for u in order[start:stop]:
            row = slice(links.indptr[u], links.indptr[u + 1])
            positives, weights = links.indices[row], links.weights[row]
            negatives = _negatives(u, set(positives) | {u}, links, seed, descent)
            if not negatives:
                continue
            nodes = np.concatenate([positives, negatives])
            step = x[nodes] - x[u]
            square = (step**2).sum(axis=1)
            near = np.exp(-np.arccosh(1 + 2 * square / (gaps[u] * gaps[nodes])))
            pos, neg = near[: len(positives)], near[len(positives) :]
            total -= (weights * np.log(pos / (pos + neg.sum()))).sum()
            slope = np.concatenate(
                [
                    weights * neg.sum() / (pos + neg.sum()),
                    -neg * (weights / (pos + neg.sum())).sum(),
                ]
            )
            # Unit vectors along the geodesic at its two ends, in the local frame.
            with np.errstate(invalid="ignore", divide="ignore"):
                slope = slope / np.sqrt(square * (gaps[u] * gaps[nodes] + square))
            slope = np.where(square > 0, slope, 0.0)[:, None]
            square = square[:, None]
            sums[u] -= (slope * (gaps[u] * step - square * x[u])).sum(axis=0)
            np.add.at(
                sums, nodes, slope * (gaps[nodes, None] * step + square * x[nodes])
            )
            moved |= {u, *nodes}
        for row in sorted(m for m in moved if m >= descent.n_frozen):
            _move(points, row, sums[row], descent)
    return total


def random_walks(
    steps,
    starts,
    modulation,
    survival,
    n_walks,
    coupling="repelling",
    apart=False,
    seed=0,
):
    """Rows of ``sum_l modulation[l] * W**l``, estimated by walks.

    Walk w has a lot in [0, 1) and goes on to length l while survival[l] > lot. At each
    length it adds ``modulation[l] / survival[l] / n_walks`` where it stands, times the
    ratio of the roots of the degrees of its start and of that node.
    """
    n, n_lengths = len(steps.roots), len(modulation)
    rows = np.zeros((len(starts), n * n_lengths if apart else n), modulation.dtype)
    for row, start in zip(rows, starts, strict=True):
        stream = _mix(int(steps.names[start]) + seed * _GOLDEN)
        lots = _lots(stream, n_walks, coupling)
        at = np.full(n_walks, start)
        for length in range(n_lengths):
            alive = np.flatnonzero(lots < survival[length])
            for w in alive:
                gain = modulation[length] / survival[length] / n_walks
                gain *= steps.roots[start] / steps.roots[at[w]]
                row[steps.names[at[w]] + (length * n if apart else 0)] += gain
            if length + 1 == n_lengths:
                break
            alive = alive[lots[alive] < survival[length + 1]]
            turns = [_uniform(stream, n_walks * (length + 1) + int(w)) for w in alive]
            if coupling == "repelling":
                # Those on one node share its neighbours out: systematic sampling.
                for node in set(at[alive]):
                    group = np.flatnonzero(at[alive] == node)
                    for rank, member in enumerate(group):
                        place = rank * strides(n_walks)[len(group)] % len(group)
                        turns[member] = turns[group[0]] + place / len(group)
            for w, turn in zip(alive, turns, strict=True):
                at[w] = _neighbor(steps, at[w], turn % 1)
    return _sparse(rows)


def push(steps, starts, modulation, threshold):
    """Rows of ``sum_l modulation[l] * W**l``, without what comes of small entries."""
    rows = np.zeros((len(starts), len(steps.roots)), modulation.dtype)
    coming = np.maximum.accumulate(abs(modulation)[::-1])[::-1]
    for row, start in zip(rows, starts, strict=True):
        share = {start: 1.0}
        for length, coefficient in enumerate(modulation):
            following = {}
            for node, value in share.items():
                size = value * steps.roots[start] / steps.roots[node]
                row[steps.names[node]] += coefficient * size
                if size * coming[length] < threshold * abs(modulation[0]):
                    continue
                edges = slice(steps.indptr[node], steps.indptr[node + 1])
                odds = _odds(steps, edges)
                for neighbor, odd in zip(steps.indices[edges], odds, strict=True):
                    following[neighbor] = following.get(neighbor, 0.0) + odd * value
            share = following
    return _sparse(rows)


def _lots(stream, n_walks, coupling):
    draws = np.array([_uniform(stream, w) for w in range(n_walks)])
    if coupling == "repelling":
        return (np.arange(n_walks) + draws[0]) / n_walks
    if coupling == "antithetic":
        half = n_walks // 2
        draws[half : 2 * half] = (draws[:half] + 0.5) % 1
    return draws


def _neighbor(steps, node, turn):
    edges = slice(steps.indptr[node], steps.indptr[node + 1])
    edge = np.searchsorted(np.cumsum(_odds(steps, edges)), turn, "right")
    return steps.indices[edges][min(edge, edges.stop - edges.start - 1)]


def _odds(steps, edges):
    if len(steps.cumulative):
        return np.diff(steps.cumulative[edges], prepend=0.0)
    return np.full(edges.stop - edges.start, 1 / (edges.stop - edges.start))


def _sparse(rows):
    where = [np.flatnonzero(row) for row in rows]
    indptr = np.concatenate([[0], np.cumsum([len(w) for w in where], dtype=np.int64)])
    entries = [row[w] for row, w in zip(rows, where, strict=True)]
    return indptr, np.concatenate(where), np.concatenate(entries)


def _negatives(u, excluded, links, seed, descent):
    stream = _mix(int(links.keys[u]) + seed * _GOLDEN)
    drawn, size = [], len(links.candidates)
    for k in range(descent.n_uniform):
        place = (k + _uniform(stream, k)) * (size / descent.n_uniform)
        drawn.append(links.candidates[min(int(place), size - 1)])
    around = [*links.indices[links.indptr[u] : links.indptr[u + 1]], u]
    for k in range(descent.n_local):
        at = descent.n_uniform + 2 * k
        via = around[int(_uniform(stream, at) * len(around))]
        back = links.back_indices[links.back_indptr[via] : links.back_indptr[via + 1]]
        if len(back):
            drawn.append(back[int(_uniform(stream, at + 1) * len(back))])
    return [int(node) for node in drawn if node not in excluded]


_GOLDEN = 0x9E3779B97F4A7C15


def _mix(x):
    """Splitmix64's finaliser, on Python integers."""
    x = int(x) % 2**64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
    return x ^ (x >> 31)


def _uniform(stream, counter):
    return (_mix(stream + (counter + 1) * _GOLDEN) >> 11) * 2.0**-53


def _move(points, row, gradient, descent):
    x, gap = points.coordinates[row], points.gaps[row]
    if descent.rule.endswith("sgd"):
        step = -descent.rate * gradient
        step /= max(1.0, np.linalg.norm(step))
        if descent.rule == "poincare_sgd":
            move = gap / 2 * step
            x, gap = x + move, gap - 2 * x @ move - move @ move
        else:
            x, gap = _exponential(x, gap, step)
        if gap < 1 / np.cosh(descent.max_radius / 2) ** 2:
            x = x / np.linalg.norm(x) * np.tanh(descent.max_radius / 2)
            gap = 1 / np.cosh(descent.max_radius / 2) ** 2
    else:
        x, gap = _adam(points, row, gradient, descent)
    points.coordinates[row], points.gaps[row] = x, gap


def _exponential(x, gap, step):
    """Möbius sum of x and tanh(|step| / 2) along the step."""
    length = np.linalg.norm(step)
    y = np.tanh(length / 2) * step / length if length > 0 else step
    denominator = 1 + 2 * x @ y + (1 - gap) * y @ y
    moved = ((1 + 2 * x @ y + y @ y) * x + gap * y) / denominator
    return moved, gap * (1 - y @ y) / denominator


def _adam(points, row, gradient, descent):
    x, gap = points.coordinates[row], points.gaps[row]
    first, second = points.first[row], points.second[row]
    points.ages[row] += 1
    fresh = 1 - np.array([0.9, 0.999]) ** points.ages[row]
    norm = np.linalg.norm(x)
    unit = x / norm if norm > 0 else x
    radius = 2 * np.arctanh(norm) if gap > 0.5 else 2 * np.arccosh(1 / np.sqrt(gap))
    stretch = np.sinh(radius) / radius if radius > 1e-4 else 1.0
    outward = gradient @ unit * unit
    if descent.rule == "tangent_adam":
        gradient = outward + stretch * (gradient - outward)
        first[:] = 0.9 * first + 0.1 * gradient
        second[:] = 0.999 * second + 0.001 * gradient**2
        move = first / (np.sqrt(second / fresh[1]) + 1e-8)
    else:
        first[:] = 0.9 * first + 0.1 * gradient
        second[0] = 0.999 * second[0] + 0.001 * outward @ outward
        sideways = ((gradient - outward) ** 2).sum()
        if len(x) > 1:
            second[-1] = 0.999 * second[-1] + 0.001 * sideways
        scale = np.sqrt(second / fresh[1]) + 1e-8
        outward = first @ unit * unit
        move = outward / scale[0] + (first - outward) / scale[-1] / np.sqrt(stretch)
    move = descent.rate * move / fresh[0]
    z = radius * unit - move / max(1.0, np.linalg.norm(move))
    radius = min(np.linalg.norm(z), descent.max_radius)
    factor = np.tanh(radius / 2) / np.linalg.norm(z) if radius > 0 else 0.0
    return factor * z, 1 / np.cosh(radius / 2) ** 2
