"""Cross-entropy: fill in each function; helpers of your own are welcome."""

import math

import torch
from torch import Tensor


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Give the negative log-probability of the right classes.

    Args:
        logits: scores, shape (N, C, ...), the classes in dimension 1.
        target: numbers of the right classes, int64, shape (N, ...).
        weight: a weight for each class, shape (C,), or None for ones.
        ignore_index: the target that marks a place without a loss.
        reduction: "none", "sum", or "mean", which divides by the weights of the places that count.

    Returns:
        The loss, shape (N, ...) for "none" and () otherwise.

    Raises:
        ValueError: shapes that do not fit, a target that is no class, an unknown reduction.
    """
    raise NotImplementedError


def bce_with_logits(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Give the cross-entropy of independent yes-no questions.

    Args:
        logits: one score for each question, any shape.
        target: the probability of a yes, of the same shape and dtype.
        pos_weight: a factor for the yes part of the loss, shape () or (C,) for the last dimension.
        reduction: "none", "sum", or "mean" over all elements.

    Returns:
        The loss, of the shape of `logits` for "none" and () otherwise.

    Raises:
        ValueError: shapes that do not fit, an unknown reduction.
    """
    raise NotImplementedError


def information(p: Tensor, q: Tensor, base: float = math.e) -> tuple[Tensor, Tensor, Tensor]:
    """Measure distributions along the last dimension.

    Args:
        p: the true probabilities, shape (..., C).
        q: the probabilities of a model, of the same shape.
        base: the base of the logarithms.

    Returns:
        The entropy of `p`, the cross-entropy of `p` and `q`, and the divergence of `q` from `p`, each of shape (...).

    Raises:
        ValueError: shapes that differ, or a base that is not a positive number other than 1.
    """
    raise NotImplementedError


def loss_gradients(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Differentiate two losses of every row with respect to its logits.

    Args:
        logits: scores, shape (N, C).
        target: the right class of each row, int64, shape (N,).

    Returns:
        The gradients of the cross-entropy and of the squared error of the probabilities, both of shape (N, C).

    Raises:
        ValueError: shapes that do not fit, or a target that is no class.
    """
    raise NotImplementedError


def log_likelihood(logits: Tensor, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Score sequences under a model that predicts each token from those before it.

    Args:
        logits: shape (N, T, V); those at step t are for token t + 1.
        tokens: token numbers, int64, shape (N, T).
        lengths: how many tokens of each sequence are real, int64, shape (N,).

    Returns:
        The log-likelihood of each sequence, shape (N,), and the perplexity of all of them together, shape ().

    Raises:
        ValueError: shapes that do not fit, or a length outside 0..T.
    """
    raise NotImplementedError


def soft_cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Give the cross-entropy of class numbers or of whole distributions, smoothed towards the uniform one.

    Args:
        logits: scores, shape (N, C, ...), the classes in dimension 1.
        target: class numbers, int64, shape (N, ...), or floating-point masses of the shape and dtype of `logits`.
        weight: a weight for each class, shape (C,), or None for ones.
        ignore_index: the class number that marks a place without a loss; masses have no such thing.
        label_smoothing: the share of the mass that is spread over all classes.
        reduction: "none", "sum" or "mean".

    Returns:
        The loss, shape (N, ...) for "none" and () otherwise.

    Raises:
        ValueError: shapes that do not fit, a target that is no class, smoothing outside [0, 1], an unknown reduction.
    """
    raise NotImplementedError


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, target: Tensor, chunk: int, ignore_index: int = -100
) -> tuple[Tensor, Tensor, Tensor]:
    """Give the mean cross-entropy of `hidden @ weight.T` and its gradients, `chunk` rows of logits at a time.

    Args:
        hidden: what the last layer sees, shape (N, D).
        weight: a row for each word of the vocabulary, shape (V, D).
        target: the right word of each row, int64, shape (N,).
        chunk: for how many rows logits may exist at once.
        ignore_index: the target that marks a row without a loss.

    Returns:
        The loss, shape (), and its gradients with respect to `hidden` and `weight`.

    Raises:
        ValueError: shapes that do not fit, a target that is no word, or a chunk below 1.
    """
    raise NotImplementedError
