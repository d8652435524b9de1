"""Closures for the engine, one-hot targets, depth-first search with colours, plans by a cached recursion."""

import itertools
from functools import cache

import torch


def _log_probabilities(logits):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    return shifted - shifted.exp().sum(dim=1, keepdim=True).log()


def mlp_backward(x, target, weights, biases, activation="tanh"):
    if activation == "tanh":
        act, slope = torch.tanh, lambda z: 1 / torch.cosh(z.clamp(-200, 200)) ** 2
    elif activation == "relu":
        act, slope = (lambda z: z.clamp(min=0)), (lambda z: torch.where(z > 0, 1.0, 0.0).to(z.dtype))
    else:
        raise ValueError(activation)
    if len(weights) == 0 or len(weights) != len(biases):
        raise ValueError("layers")
    hs, zs = [x], []
    for i, (w, b) in enumerate(zip(weights, biases)):
        zs.append(torch.einsum("ni,oi->no", hs[-1], w) + b)
        hs.append(act(zs[-1]) if i + 1 < len(weights) else zs[-1])
    logp = _log_probabilities(zs[-1])
    onehot = torch.nn.functional.one_hot(target, logp.shape[1]).to(x.dtype)
    loss = -(logp * onehot).sum() / x.shape[0]
    d_ws, d_bs = [None] * len(weights), [None] * len(weights)
    delta = (logp.exp() - onehot) / x.shape[0]
    for i in range(len(weights) - 1, -1, -1):
        d_ws[i] = torch.einsum("no,ni->oi", delta, hs[i])
        d_bs[i] = torch.einsum("no->o", delta)
        back = torch.einsum("no,oi->ni", delta, weights[i])
        delta = back * slope(zs[i - 1]) if i > 0 else back
    return loss, d_ws, d_bs, delta


def multiplications(sizes, batch, input_gradient=False):
    if len(sizes) < 2 or batch < 1 or any(n < 1 for n in sizes):
        raise ValueError("sizes")
    forward = backward = numbers = 0
    for layer in range(1, len(sizes)):
        product = batch * sizes[layer - 1] * sizes[layer]
        forward += product
        backward += product
        if layer > 1 or input_gradient:
            backward += product
        numbers += sizes[layer - 1] * sizes[layer] + sizes[layer]
    if input_gradient:
        numbers += batch * sizes[0]
    return forward, backward, numbers * 2 * forward


def backward_order(inputs, output):
    if output < 0 or output >= len(inputs):
        raise ValueError("output")
    white, grey, black = 0, 1, 2
    colour = [white] * len(inputs)
    finished = []
    stack = [(output, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            colour[node] = black
            finished.append(node)
            continue
        if colour[node] != white:
            continue
        colour[node] = grey
        stack.append((node, True))
        for source in inputs[node]:
            if colour[source] == grey:
                raise ValueError("cycle")
            if colour[source] == white:
                stack.append((source, False))
    finished.reverse()
    return finished


def gradient_errors(f, x, grad, directions):
    if grad.shape != x.shape:
        raise ValueError("grad")
    if directions.dim() != x.dim() + 1 or tuple(directions.shape[1:]) != tuple(x.shape):
        raise ValueError("directions")
    out = torch.zeros(directions.shape[0], dtype=torch.float64)
    for i in range(directions.shape[0]):
        d = directions[i]
        h = 1e-5 * max(1.0, float(x.abs().max())) / float(d.abs().max())
        plus, minus = f(x + h * d), f(x - h * d)
        measured = float((plus - minus) / (2 * h))
        claimed = float(torch.dot(grad.reshape(-1), d.reshape(-1)))
        if measured != 0 or claimed != 0:
            out[i] = abs(measured - claimed) / max(abs(measured), abs(claimed))
    return out


def chain_rule(jacobians):
    if len(jacobians) == 0 or any(jacobian.dim() != 2 for jacobian in jacobians):
        raise ValueError("matrices")
    factors = list(reversed(jacobians))
    for left, right in itertools.pairwise(factors):
        if left.size(1) != right.size(0):
            raise ValueError("widths")
    rows = [f.size(0) for f in factors] + [factors[-1].size(1)]

    @cache
    def best(i, j):
        """Fewest multiplications for factors i..j, and where to split them."""
        if i == j:
            return 0, i
        options = []
        for k in range(i, j):
            options.append((best(i, k)[0] + best(k + 1, j)[0] + rows[i] * rows[k + 1] * rows[j + 1], k))
        return min(options)

    def product(i, j):
        if i == j:
            return factors[i]
        k = best(i, j)[1]
        return torch.matmul(product(i, k), product(k + 1, j))

    return product(0, len(factors) - 1), best(0, len(factors) - 1)[0]


def _unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.sum(0)
    for axis, n in enumerate(shape):
        if n == 1 and g.shape[axis] != 1:
            g = g.sum(axis, keepdim=True)
    return g


class Var:
    def __init__(self, data):
        self.data = data
        self.grad = None
        self._parents = []
        self._push = None

    def _new(self, data, parents, push):
        out = Var(data)
        out._parents = parents
        out._push = push
        return out

    def _wrap(self, other):
        if isinstance(other, Var):
            return other
        return Var(torch.full((), other, dtype=self.data.dtype))

    def __add__(self, other):
        other = self._wrap(other)

        def push(g, send):
            send(self, _unbroadcast(g, self.data.shape))
            send(other, _unbroadcast(g, other.data.shape))

        return self._new(self.data + other.data, [self, other], push)

    __radd__ = __add__

    def __mul__(self, other):
        other = self._wrap(other)

        def push(g, send):
            send(self, _unbroadcast(g * other.data, self.data.shape))
            send(other, _unbroadcast(g * self.data, other.data.shape))

        return self._new(self.data * other.data, [self, other], push)

    __rmul__ = __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -self._wrap(other)

    def __rsub__(self, other):
        return self._wrap(other) + -self

    def _inverse(self):
        out = 1 / self.data
        return self._new(out, [self], lambda g, send: send(self, -g * out * out))

    def __truediv__(self, other):
        return self * self._wrap(other)._inverse()

    def __rtruediv__(self, other):
        return self._wrap(other) * self._inverse()

    def __matmul__(self, other):
        def push(g, send):
            send(self, torch.einsum("ij,kj->ik", g, other.data))
            send(other, torch.einsum("ki,kj->ij", self.data, g))

        return self._new(self.data @ other.data, [self, other], push)

    def exp(self):
        out = torch.exp(self.data)
        return self._new(out, [self], lambda g, send: send(self, g * out))

    def tanh(self):
        out = torch.tanh(self.data)
        return self._new(out, [self], lambda g, send: send(self, g - g * out**2))

    def relu(self):
        out = torch.where(self.data > 0, self.data, torch.zeros_like(self.data))
        mask = (self.data > 0).to(self.data.dtype)
        return self._new(out, [self], lambda g, send: send(self, g * mask))

    def sum(self):
        return self._new(self.data.sum(), [self], lambda g, send: send(self, g * torch.ones_like(self.data)))

    def backward(self, cotangent=None):
        if cotangent is None:
            if self.data.numel() != 1:
                raise ValueError("cotangent needed")
            cotangent = torch.ones_like(self.data)
        if tuple(cotangent.shape) != tuple(self.data.shape):
            raise ValueError("cotangent of another shape")
        topo = self._sources_first()
        flow = {id(self): cotangent.clone()}

        def send(node, g):
            flow[id(node)] = flow[id(node)] + g if id(node) in flow else g

        for node in reversed(topo):
            g = flow[id(node)]
            if node._push is not None:
                node._push(g, send)
        for node in topo:
            g = flow[id(node)]
            node.grad = g.clone() if node.grad is None else node.grad + g

    def _sources_first(self):
        topo, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                topo.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((p, False) for p in node._parents)
        return topo
