"""Backpropagation without autograd: by hand for one network, then by an engine for any expression."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


def chain_rule(jacobians: list[Tensor]) -> tuple[Tensor, int]:
    """The Jacobian of a composition, multiplied out in the cheapest order.

    Args:
        jacobians: those of the functions in the order in which they are applied, each [out, in].

    Returns:
        The Jacobian of the whole, and the fewest multiplications it can be had for.

    Raises:
        ValueError: no Jacobians, one that is no matrix, or two neighbours that do not fit.
    """
    raise NotImplementedError


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
        raise NotImplementedError

    def __add__(self, other: Var | float) -> Var:
        """The sum; shapes broadcast."""
        raise NotImplementedError

    def __radd__(self, other: float) -> Var:
        """A number plus this."""
        raise NotImplementedError

    def __sub__(self, other: Var | float) -> Var:
        """The difference; shapes broadcast."""
        raise NotImplementedError

    def __rsub__(self, other: float) -> Var:
        """A number less this."""
        raise NotImplementedError

    def __mul__(self, other: Var | float) -> Var:
        """The product, element by element; shapes broadcast."""
        raise NotImplementedError

    def __rmul__(self, other: float) -> Var:
        """A number times this."""
        raise NotImplementedError

    def __truediv__(self, other: Var | float) -> Var:
        """The quotient, element by element; shapes broadcast."""
        raise NotImplementedError

    def __rtruediv__(self, other: float) -> Var:
        """A number by this."""
        raise NotImplementedError

    def __neg__(self) -> Var:
        """Each element with the other sign."""
        raise NotImplementedError

    def __matmul__(self, other: Var) -> Var:
        """The product of two matrices."""
        raise NotImplementedError

    def exp(self) -> Var:
        """e to the power of each element."""
        raise NotImplementedError

    def tanh(self) -> Var:
        """The hyperbolic tangent of each element."""
        raise NotImplementedError

    def relu(self) -> Var:
        """Each element, or zero where it is negative."""
        raise NotImplementedError

    def sum(self) -> Var:
        """The sum of all elements, 0-dimensional."""
        raise NotImplementedError

    def backward(self, cotangent: Tensor | None = None) -> None:
        """Add the derivatives of this variable to `grad` of everything it was computed from, and of itself.

        Args:
            cotangent: what the derivatives of the elements are weighted with; may be left out for a single element.

        Raises:
            ValueError: a cotangent is missing or has another shape than the data.
        """
        raise NotImplementedError
