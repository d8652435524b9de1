"""Perceptron: fill in each function; helpers of your own are welcome."""

import torch
from torch import Tensor


def perceptron_output(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Classify points by the side of the hyperplane they lie on.

    Args:
        x: points, shape (..., D).
        w: weights, shape (D,).
        b: the bias, shape ().

    Returns:
        1 or -1 for each point, int64, shape (...).

    Raises:
        ValueError: the shapes do not fit.
    """
    raise NotImplementedError


def perceptron_fit(x: Tensor, y: Tensor, max_epochs: int) -> tuple[Tensor, Tensor, list[int]]:
    """Train by Rosenblatt's rule from zero weights, sample after sample in the order given.

    Args:
        x: points, shape (N, D).
        y: their labels, 1 or -1, int64, shape (N,).
        max_epochs: how many passes over the data are allowed.

    Returns:
        The weights, the bias, and the number of mistakes in each epoch; the last is 0 if training ended by itself.

    Raises:
        ValueError: the shapes do not fit, a label is neither 1 nor -1, or `max_epochs` is negative.
    """
    raise NotImplementedError


def mistake_bound(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> float:
    """Bound the mistakes of Rosenblatt's rule on data that a given hyperplane separates.

    Args:
        x: points, shape (N, D), at least one.
        y: their labels, 1 or -1, int64, shape (N,).
        w: weights of the separating hyperplane, shape (D,).
        b: its bias, shape ().

    Returns:
        (R / gamma) squared.

    Raises:
        ValueError: the shapes or labels do not fit, there are no points, or a point is not on its right side.
    """
    raise NotImplementedError


def xor_multipliers(corners: Tensor) -> Tensor:
    """Prove that no perceptron separates the alternating corners of a convex quadrilateral.

    Args:
        corners: the corners in their order around the quadrilateral, shape (4, 2).

    Returns:
        Non-negative multipliers with sum one that cancel the labelled corners, shape (4,).

    Raises:
        ValueError: the shape is another, or the diagonals do not cross.
    """
    raise NotImplementedError


def pulls(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Say how strongly each sample pulls at the weights, by Rosenblatt's rule and by logistic regression.

    Args:
        x: points, shape (N, D).
        y: their labels, 1 or -1, int64, shape (N,).
        w: weights, shape (D,).
        b: the bias, shape ().

    Returns:
        The pulls by Rosenblatt's rule and those by logistic regression, each of shape (N,).

    Raises:
        ValueError: the shapes do not fit, or a label is neither 1 nor -1.
    """
    raise NotImplementedError


def logistic_fit(x: Tensor, y: Tensor, l2: float) -> tuple[Tensor, Tensor]:
    """Find the minimum of the logistic loss with a penalty on the weights.

    Args:
        x: points, float64, shape (N, D).
        y: their labels, 1 or -1, int64, shape (N,); both occur.
        l2: the weight of the penalty, above zero.

    Returns:
        The weights and the bias at the minimum.

    Raises:
        ValueError: the shapes or labels do not fit, only one label occurs, or `l2` is not above zero.
    """
    raise NotImplementedError


def separability(x: Tensor, y: Tensor) -> tuple[bool, Tensor]:
    """Decide whether a hyperplane separates two classes, with a proof either way.

    Args:
        x: points with whole coordinates, float64, shape (N, D), at least one.
        y: their labels, 1 or -1, int64, shape (N,).

    Returns:
        True and a separating (w, b), shape (D + 1,); or False and multipliers with sum one that cancel, shape (N,).

    Raises:
        ValueError: the shapes or labels do not fit, or there are no points.
    """
    raise NotImplementedError
