"""Numbered operations replayed by a heap for the engine, Kahn's algorithm for the order, a table for the plans."""

import heapq
import itertools
from collections import deque

import torch
import torch.nn.functional as F


def mlp_backward(x, target, weights, biases, activation="tanh"):
    if activation not in ("tanh", "relu"):
        raise ValueError("activation must be tanh or relu")
    depth = len(weights)
    if depth == 0 or len(biases) != depth:
        raise ValueError("layers")
    n = x.size(0)
    cache = []
    h = x
    for k in range(depth):
        z = F.linear(h, weights[k], biases[k])
        cache.append((h, z))
        if k < depth - 1:
            h = torch.tanh(z) if activation == "tanh" else torch.relu(z)
    logits = cache[-1][1]
    loss = F.cross_entropy(logits, target)
    dz = torch.softmax(logits, dim=-1)
    dz = dz.index_put((torch.arange(n), target), torch.full((n,), -1.0, dtype=x.dtype), accumulate=True) / n
    grads = []
    while True:
        k = depth - 1 - len(grads)
        h, _ = cache[k]
        grads.append((torch.mm(dz.t(), h), dz.sum(dim=0)))
        dh = torch.mm(dz, weights[k])
        if k == 0:
            break
        if activation == "tanh":
            dz = dh * (1 + h) * (1 - h)
        else:
            dz = dh.masked_fill(cache[k - 1][1] <= 0, 0.0)
    grads.reverse()
    return loss, [g for g, _ in grads], [g for _, g in grads], dh


def multiplications(sizes, batch, input_gradient=False):
    if len(sizes) < 2:
        raise ValueError("at least one layer")
    if batch < 1 or min(sizes) < 1:
        raise ValueError("positive numbers only")
    products = [batch * a * b for a, b in itertools.pairwise(sizes)]
    forward = sum(products)
    backward = forward + sum(products if input_gradient else products[1:])
    parameters = sum(a * b + b for a, b in itertools.pairwise(sizes))
    wanted = parameters + int(input_gradient) * batch * sizes[0]
    return forward, backward, wanted * (forward + forward)


def backward_order(inputs, output):
    if output not in range(len(inputs)):
        raise ValueError("output")
    users = {output: 0}
    frontier = deque([output])
    while frontier:
        for source in inputs[frontier.popleft()]:
            if source in users:
                users[source] += 1
            else:
                users[source] = 1
                frontier.append(source)
    if users[output] > 0:
        raise ValueError("the output depends on itself")
    order, ready = [], deque([output])
    while ready:
        node = ready.popleft()
        order.append(node)
        for source in inputs[node]:
            users[source] -= 1
            if users[source] == 0:
                ready.append(source)
    if len(order) != len(users):
        raise ValueError("a cycle")
    return order


def gradient_errors(f, x, grad, directions):
    if x.shape != grad.shape or directions.ndim < 1 or directions[:0].shape != torch.Size([0, *x.shape]):
        raise ValueError("shapes")
    flat = directions.flatten(1) if x.ndim else directions[:, None]
    top = torch.clamp(x.abs().max(), min=1.0)
    steps = 1e-5 * top / flat.abs().amax(dim=1)
    claimed = flat @ grad.flatten()
    measured = torch.zeros_like(claimed)
    for i, step in enumerate(steps):
        shift = (step * flat[i]).reshape(x.shape)
        measured[i] = (f(x + shift) - f(x - shift)) / (2 * step)
    top = torch.maximum(measured.abs(), claimed.abs())
    return torch.where(top == 0, torch.zeros_like(top), (measured - claimed).abs() / top)


def chain_rule(jacobians):
    if not jacobians or {j.ndim for j in jacobians} != {2}:
        raise ValueError("matrices only")
    if [j.shape[0] for j in jacobians[:-1]] != [j.shape[1] for j in jacobians[1:]]:
        raise ValueError("widths")
    n = len(jacobians)
    d = [jacobians[0].shape[1]] + [j.shape[0] for j in jacobians]
    cost = [[0] * n for _ in range(n)]
    cut = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i][j] = -1
            for k in range(i, j):
                c = cost[i][k] + cost[k + 1][j] + d[i] * d[k + 1] * d[j + 1]
                if cost[i][j] < 0 or c < cost[i][j]:
                    cost[i][j], cut[i][j] = c, k

    def build(i, j):
        if i == j:
            return jacobians[i]
        return build(cut[i][j] + 1, j) @ build(i, cut[i][j])

    return build(0, n - 1), cost[0][n - 1]


_made = [0]


def _reduce(g, like):
    extra = g.ndim - like.ndim
    dims = list(range(extra)) + [extra + i for i in range(like.ndim) if like.shape[i] == 1 and g.shape[extra + i] != 1]
    if dims:
        g = g.sum(dim=dims, keepdim=True)
    return g.reshape(like.shape)


class Var:
    """Results are numbered as they are made, so a later number never feeds an earlier one."""

    def __init__(self, data, sources=(), kind=None):
        self.data, self.grad = data, None
        self.sources, self.kind = sources, kind
        _made[0] += 1
        self.number = _made[0]

    def _lift(self, other):
        return other if isinstance(other, Var) else Var(torch.as_tensor(other, dtype=self.data.dtype))

    def __add__(self, other):
        other = self._lift(other)
        return Var(self.data + other.data, (self, other), "add")

    def __radd__(self, other):
        return self._lift(other) + self

    def __sub__(self, other):
        other = self._lift(other)
        return Var(self.data - other.data, (self, other), "sub")

    def __rsub__(self, other):
        return self._lift(other) - self

    def __mul__(self, other):
        other = self._lift(other)
        return Var(self.data * other.data, (self, other), "mul")

    def __rmul__(self, other):
        return self._lift(other) * self

    def __truediv__(self, other):
        other = self._lift(other)
        return Var(self.data / other.data, (self, other), "div")

    def __rtruediv__(self, other):
        return self._lift(other) / self

    def __neg__(self):
        return Var(-self.data, (self,), "neg")

    def __matmul__(self, other):
        return Var(torch.mm(self.data, other.data), (self, other), "mm")

    def exp(self):
        return Var(self.data.exp(), (self,), "exp")

    def tanh(self):
        return Var(self.data.tanh(), (self,), "tanh")

    def relu(self):
        return Var(self.data.clamp(min=0), (self,), "relu")

    def sum(self):
        return Var(self.data.sum(), (self,), "sum")

    def _shares(self, g):
        kind, a = self.kind, self.sources[0].data
        b = self.sources[1].data if len(self.sources) == 2 else None
        if kind == "add":
            return g, g
        if kind == "sub":
            return g, -g
        if kind == "mul":
            return g * b, g * a
        if kind == "div":
            return g / b, -g * a / (b * b)
        if kind == "mm":
            return torch.mm(g, b.t()), torch.mm(a.t(), g)
        if kind == "neg":
            return (-g,)
        if kind == "exp":
            return (g * self.data,)
        if kind == "tanh":
            return (g * (1 - self.data) * (1 + self.data),)
        if kind == "relu":
            return (g.masked_fill(a <= 0, 0),)
        return (g.expand_as(a).clone(),)

    def backward(self, cotangent=None):
        if cotangent is None:
            if self.data.numel() != 1:
                raise ValueError("several elements need a cotangent")
            cotangent = torch.ones_like(self.data)
        elif cotangent.shape != self.data.shape:
            raise ValueError("shape of the cotangent")
        flows = {self.number: cotangent}
        heap, known = [-self.number], {self.number: self}
        while heap:
            node = known[-heapq.heappop(heap)]
            g = flows[node.number]
            node.grad = g.clone() if node.grad is None else node.grad + g
            if not node.sources:
                continue
            for source, share in zip(node.sources, node._shares(g)):
                share = _reduce(share, source.data)
                if source.number in flows:
                    flows[source.number] = flows[source.number] + share
                else:
                    flows[source.number] = share
                    known[source.number] = source
                    heapq.heappush(heap, -source.number)
