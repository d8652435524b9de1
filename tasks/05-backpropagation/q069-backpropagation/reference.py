"""Backpropagation without autograd: by hand for one network, then by an engine for any expression."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

#: The slope of each activation, from its output.
SLOPES: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": lambda out: 1 - out * out,
    "relu": lambda out: (out > 0).to(out.dtype),
}
#: From the derivative by a result to the share of it that one argument gets.
Pull = Callable[[Tensor], Tensor]


def mlp_backward(
    x: Tensor, target: Tensor, weights: list[Tensor], biases: list[Tensor], activation: str = "tanh"
) -> tuple[Tensor, list[Tensor], list[Tensor], Tensor]:
    """Loss of a multi-layer perceptron on one batch, and its gradients.

    Args:
        x: the batch, [N, D].
        target: the right classes, int64, [N].
        weights: one matrix a layer, [out, in].
        biases: one vector a layer, [out].
        activation: "tanh" or "relu"; stands after every layer but the last.

    Returns:
        The mean cross-entropy, the gradients of the weights, those of the biases, and that of x.

    Raises:
        ValueError: an unknown activation, no layers, or not as many biases as weights.
    """
    if activation not in SLOPES:
        raise ValueError(f"unknown activation: {activation!r}")
    if not weights or len(weights) != len(biases):
        raise ValueError("at least one layer is required, each with a weight and a bias")
    layer_inputs = [x]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        layer_inputs.append(getattr(torch, activation)(layer_inputs[-1] @ weight.mT + bias))
    log_p = torch.log_softmax(layer_inputs[-1] @ weights[-1].mT + biases[-1], dim=1)
    rows = torch.arange(len(x))
    loss = -log_p[rows, target].mean()
    delta = log_p.exp()
    delta[rows, target] -= 1
    delta /= len(x)
    weight_grads, bias_grads = [], []
    for layer in reversed(range(len(weights))):
        weight_grads.append(delta.mT @ layer_inputs[layer])
        bias_grads.append(delta.sum(0))
        delta = delta @ weights[layer]
        if layer > 0:
            delta = delta * SLOPES[activation](layer_inputs[layer])
    return loss, weight_grads[::-1], bias_grads[::-1], delta


def multiplications(sizes: list[int], batch: int, input_gradient: bool = False) -> tuple[int, int, int]:
    """How many multiplications the matrix products of a multi-layer perceptron take.

    Args:
        sizes: the widths, from the input to the output.
        batch: the number of samples.
        input_gradient: whether the gradient of the input is wanted too.

    Returns:
        For one forward pass, for one backward pass, and for all the derivatives by central differences.

    Raises:
        ValueError: fewer than two sizes, or a number below one.
    """
    if len(sizes) < 2 or min(*sizes, batch) < 1:
        raise ValueError("at least two sizes are required, and all numbers must be positive")
    layers = list(itertools.pairwise(sizes))
    forward = batch * sum(n_in * n_out for n_in, n_out in layers)
    backward = 2 * forward
    count = sum((n_in + 1) * n_out for n_in, n_out in layers)
    if input_gradient:
        count += batch * sizes[0]
    else:
        backward -= batch * sizes[0] * sizes[1]
    return forward, backward, 2 * count * forward


def backward_order(inputs: list[list[int]], output: int) -> list[int]:
    """The order in which a backward pass visits the nodes of a graph.

    Args:
        inputs: for every node, the nodes that it was computed from.
        output: the node whose derivatives are wanted.

    Returns:
        Every node that the output depends on, itself included, once: after all nodes of the list that use it.

    Raises:
        ValueError: there is no node `output`, or it depends on a cycle.
    """
    if not 0 <= output < len(inputs):
        raise ValueError(f"there is no node {output}")
    order: list[int] = []
    started, finished = {output}, set()
    stack = [(output, iter(inputs[output]))]
    while stack:
        node, waiting = stack[-1]
        for source in waiting:
            if source not in started:
                started.add(source)
                stack.append((source, iter(inputs[source])))
                break
            if source not in finished:
                raise ValueError(f"node {source} depends on itself")
        else:
            stack.pop()
            finished.add(node)
            order.append(node)
    return order[::-1]


def gradient_errors(f: Callable[[Tensor], Tensor], x: Tensor, grad: Tensor, directions: Tensor) -> Tensor:
    """Check a claimed gradient against central differences, along some directions only.

    Args:
        f: the function, from a tensor of the shape of x to a 0-dimensional one.
        x: where the gradient was taken, [*S].
        grad: the gradient as claimed, [*S].
        directions: the directions, [K, *S].

    Returns:
        For each direction the relative difference of the two derivatives, [K].

    Raises:
        ValueError: the shapes do not belong together.
    """
    if grad.shape != x.shape or directions.shape[1:] != x.shape or directions.ndim == 0:
        raise ValueError("x, grad and each direction must have one shape")
    errors = []
    for direction in directions:
        step = 1e-5 * max(1.0, x.abs().max().item()) / direction.abs().max().item()
        measured = (f(x + step * direction) - f(x - step * direction)).item() / (2 * step)
        claimed = (grad * direction).sum().item()
        largest = max(abs(measured), abs(claimed))
        errors.append(abs(measured - claimed) / largest if largest > 0 else 0.0)
    return torch.tensor(errors, dtype=torch.float64)


def chain_rule(jacobians: list[Tensor]) -> tuple[Tensor, int]:
    """The Jacobian of a composition, multiplied out in the cheapest order.

    Args:
        jacobians: those of the functions in the order in which they are applied, each [out, in].

    Returns:
        The Jacobian of the whole, and the fewest multiplications it can be had for.

    Raises:
        ValueError: no Jacobians, one that is no matrix, or two neighbours that do not fit.
    """
    if not jacobians or any(j.ndim != 2 for j in jacobians):
        raise ValueError("at least one Jacobian is required, and each must be a matrix")
    if any(first.shape[0] != second.shape[1] for first, second in itertools.pairwise(jacobians)):
        raise ValueError("each Jacobian must take what the one before it gives")
    widths = [jacobians[0].shape[1], *(j.shape[0] for j in jacobians)]
    plans: dict[tuple[int, int], tuple[int, int]] = {(i, i + 1): (0, i) for i in range(len(jacobians))}
    for length in range(2, len(widths)):
        for i in range(len(widths) - length):
            j = i + length
            plans[i, j] = min(
                (plans[i, k][0] + plans[k, j][0] + widths[i] * widths[k] * widths[j], k) for k in range(i + 1, j)
            )

    def multiply(i: int, j: int) -> Tensor:
        if j == i + 1:
            return jacobians[i]
        k = plans[i, j][1]
        return multiply(k, j) @ multiply(i, k)

    return multiply(0, len(jacobians)), plans[0, len(jacobians)][0]


class Var:
    """A tensor that remembers how it was computed.

    Attributes:
        data: the value.
        grad: the sum of the derivatives that backward passes have left here; None before the first.
    """

    data: Tensor
    grad: Tensor | None

    def __init__(self, data: Tensor) -> None:
        """Begin a graph with a value that was not computed from other variables."""
        self.data = data
        self.grad = None
        self._inputs: tuple[tuple[Var, Pull], ...] = ()

    def __add__(self, other: Var | float) -> Var:
        """The sum; shapes broadcast."""
        other = _as_var(other, self)
        return _record(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __radd__(self, other: float) -> Var:
        """A number plus this."""
        return self + other

    def __sub__(self, other: Var | float) -> Var:
        """The difference; shapes broadcast."""
        other = _as_var(other, self)
        return _record(self.data - other.data, (self, lambda g: g), (other, lambda g: -g))

    def __rsub__(self, other: float) -> Var:
        """A number less this."""
        return -self + other

    def __mul__(self, other: Var | float) -> Var:
        """The product, element by element; shapes broadcast."""
        other = _as_var(other, self)
        return _record(self.data * other.data, (self, lambda g: g * other.data), (other, lambda g: g * self.data))

    def __rmul__(self, other: float) -> Var:
        """A number times this."""
        return self * other

    def __truediv__(self, other: Var | float) -> Var:
        """The quotient, element by element; shapes broadcast."""
        other = _as_var(other, self)
        out = self.data / other.data
        return _record(out, (self, lambda g: g / other.data), (other, lambda g: -g * out / other.data))

    def __rtruediv__(self, other: float) -> Var:
        """A number by this."""
        return _as_var(other, self) / self

    def __neg__(self) -> Var:
        """Each element with the other sign."""
        return _record(-self.data, (self, lambda g: -g))

    def __matmul__(self, other: Var) -> Var:
        """The product of two matrices."""
        left, right = self.data, other.data
        return _record(left @ right, (self, lambda g: g @ right.mT), (other, lambda g: left.mT @ g))

    def exp(self) -> Var:
        """e to the power of each element."""
        out = self.data.exp()
        return _record(out, (self, lambda g: g * out))

    def tanh(self) -> Var:
        """The hyperbolic tangent of each element."""
        out = self.data.tanh()
        return _record(out, (self, lambda g: g * (1 - out * out)))

    def relu(self) -> Var:
        """Each element, or zero where it is negative."""
        return _record(self.data.relu(), (self, lambda g: g * (self.data > 0)))

    def sum(self) -> Var:
        """The sum of all elements, 0-dimensional."""
        return _record(self.data.sum(), (self, lambda g: g.expand(self.data.shape)))

    def backward(self, cotangent: Tensor | None = None) -> None:
        """Add the derivatives of this variable to `grad` of everything it was computed from, and of itself.

        Args:
            cotangent: what the derivatives of the elements are weighted with; may be left out for a single element.

        Raises:
            ValueError: a cotangent is missing or has another shape than the data.
        """
        if cotangent is None and self.data.numel() == 1:
            cotangent = torch.ones_like(self.data)
        if cotangent is None or cotangent.shape != self.data.shape:
            raise ValueError("a cotangent of the shape of the data is required")
        arrived = {self: cotangent}
        for node in _users_first(self):
            flow = arrived.pop(node)
            node.grad = flow.clone() if node.grad is None else node.grad + flow
            for source, pull in node._inputs:
                share = pull(flow).sum_to_size(source.data.shape)
                arrived[source] = arrived[source] + share if source in arrived else share


def _as_var(value: Var | float, like: Var) -> Var:
    """A number as a variable of the dtype of `like`."""
    return value if isinstance(value, Var) else Var(torch.tensor(value, dtype=like.data.dtype))


def _record(data: Tensor, *inputs: tuple[Var, Pull]) -> Var:
    """The result of an operation, with what it was computed from."""
    out = Var(data)
    out._inputs = inputs
    return out


def _users_first(output: Var) -> list[Var]:
    """All that `output` was computed from, each variable after its last user; without recursion, so at any depth."""
    uses: dict[Var, int] = {output: 0}
    stack = [output]
    while stack:
        for source, _ in stack.pop()._inputs:
            if source not in uses:
                uses[source] = 0
                stack.append(source)
            uses[source] += 1
    order, ready = [], [output]
    while ready:
        node = ready.pop()
        order.append(node)
        for source, _ in node._inputs:
            uses[source] -= 1
            if uses[source] == 0:
                ready.append(source)
    return order
