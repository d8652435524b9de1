"""Cross-entropy: from logits, for two classes, as information, as likelihood, with soft targets, without its logits."""

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
    _require_reduction(reduction)
    _require_indices(logits, target, weight, ignore_index)
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = torch.ones_like(index, dtype=logits.dtype) if weight is None else weight.to(logits.dtype)[index]
    losses = torch.where(counted, weights * _surprise(logits, index), 0)
    return _reduced(losses, (weights * counted).sum(), reduction)


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
    _require_reduction(reduction)
    if logits.shape != target.shape:
        raise ValueError(f"logits and target must have one shape, got {logits.shape} and {target.shape}")
    if pos_weight is not None and pos_weight.shape not in ((), logits.shape[-1:]):
        raise ValueError(f"pos_weight must be () or (C,), got {pos_weight.shape}")
    zero = torch.zeros((), dtype=logits.dtype)
    yes = target * torch.logaddexp(-logits, zero)
    if pos_weight is not None:
        yes = pos_weight * yes
    losses = yes + (1 - target) * torch.logaddexp(logits, zero)
    return _reduced(losses, torch.tensor(losses.numel()), reduction)


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
    if p.shape != q.shape:
        raise ValueError(f"p and q must have one shape, got {p.shape} and {q.shape}")
    if not 0 < base < math.inf or base == 1:
        raise ValueError(f"base must be positive and not 1, got {base}")
    wide_p, wide_q = p.double(), q.double()
    log_p, log_q = wide_p.log(), wide_q.log()
    measures = (-log_p, -log_q, log_p - log_q)
    entropy, cross, divergence = (
        (torch.where(wide_p > 0, wide_p * terms, 0).sum(-1) / math.log(base)).to(p.dtype) for terms in measures
    )
    return entropy, cross, divergence


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
    if logits.dim() != 2:
        raise ValueError(f"logits must be (N, C), got {logits.shape}")
    _require_indices(logits, target, None, None)
    probabilities = _log_probabilities(logits).exp()
    errors = probabilities.clone()
    errors[torch.arange(len(target)), target] -= 1
    pull = (probabilities * errors).sum(1, keepdim=True)
    return errors, 2 * probabilities * (errors - pull)


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
    if logits.dim() != 3 or tokens.shape != logits.shape[:2] or lengths.shape != logits.shape[:1]:
        raise ValueError("logits must be (N, T, V), tokens (N, T) and lengths (N,)")
    steps = logits.size(1)
    if ((lengths < 0) | (lengths > steps)).any():
        raise ValueError(f"lengths must lie in 0..{steps}")
    predicted = torch.arange(1, steps) < lengths.unsqueeze(1)
    index = torch.where(predicted, tokens[:, 1:], 0)
    surprise = _surprise(logits[:, :-1].transpose(1, 2), index)
    scores = -torch.where(predicted, surprise, 0).double().sum(1)
    perplexity = (-scores.sum() / predicted.sum().clamp(min=1)).exp()
    return scores.to(logits.dtype), perplexity.to(logits.dtype)


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
    _require_reduction(reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must lie in [0, 1], got {label_smoothing}")
    soft = target.is_floating_point()
    if soft:
        _require_masses(logits, target, weight)
        mass, counted = target, torch.ones_like(target.select(1, 0), dtype=torch.bool)
    else:
        _require_indices(logits, target, weight, ignore_index)
        counted = target != ignore_index
        index = torch.where(counted, target, 0)
        mass = torch.zeros_like(logits).scatter(1, index.unsqueeze(1), 1.0)
    mass = (1 - label_smoothing) * mass + label_smoothing / logits.size(1)
    total = counted.sum()
    if weight is not None:
        mass = mass * weight.view(-1, *[1] * (logits.dim() - 2))
        total = total if soft else (weight[index] * counted).sum()
    terms = torch.where(mass > 0, -mass * _log_probabilities(logits), 0)
    return _reduced(torch.where(counted, terms.sum(1), 0), total, reduction)


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
    if hidden.dim() != 2 or weight.dim() != 2 or hidden.size(1) != weight.size(1):
        raise ValueError(f"hidden must be (N, D) and weight (V, D), got {hidden.shape} and {weight.shape}")
    if target.shape != hidden.shape[:1]:
        raise ValueError(f"target must be (N,), got {target.shape} for {hidden.shape}")
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    _require_known(target, len(weight), ignore_index)
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    scale = counted.to(hidden.dtype) / counted.sum().clamp(min=1)
    loss, grad_hidden, grad_weight = hidden.new_zeros(()), torch.zeros_like(hidden), torch.zeros_like(weight)
    for start in range(0, len(hidden), chunk):
        rows = slice(start, start + chunk)
        scores = hidden[rows] @ weight.T
        scores -= scores.amax(1, keepdim=True)
        chosen = scores.gather(1, index[rows, None]).squeeze(1)
        slope = scores.exp_()
        total = slope.sum(1)
        loss += (scale[rows] * (total.log() - chosen)).sum()
        slope /= total.unsqueeze(1)
        slope[torch.arange(len(slope)), index[rows]] -= 1
        slope *= scale[rows, None]
        grad_hidden[rows] = slope @ weight
        grad_weight += slope.T @ hidden[rows]
    return loss, grad_hidden, grad_weight


def _surprise(logits: Tensor, index: Tensor) -> Tensor:
    """-log softmax(logits)[index] along dimension 1, with no more than one copy of the logits."""
    top = logits.detach().amax(1, keepdim=True)
    chosen = (logits.gather(1, index.unsqueeze(1)) - top).squeeze(1)
    return (logits - top).exp_().sum(1).log() - chosen


def _log_probabilities(logits: Tensor) -> Tensor:
    """Log-softmax along dimension 1; the largest logit is never added back, so no digits are lost."""
    shifted = logits - logits.detach().amax(1, keepdim=True)
    return shifted - shifted.exp().sum(1, keepdim=True).log()


def _reduced(losses: Tensor, total: Tensor, reduction: str) -> Tensor:
    """The losses, their sum, or their sum over `total`; a mean of nothing is 0."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / torch.where(total > 0, total, 1)


def _require_reduction(reduction: str) -> None:
    if reduction not in ("none", "sum", "mean"):
        raise ValueError(f"unknown reduction {reduction!r}")


def _require_indices(logits: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int | None) -> None:
    _require_classes(logits, weight)
    if target.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(f"target must be logits without dimension 1, got {target.shape} for {logits.shape}")
    _require_known(target, logits.size(1), ignore_index)


def _require_known(target: Tensor, classes: int, ignore_index: int | None) -> None:
    stray = (target < 0) | (target >= classes)
    if ignore_index is not None:
        stray &= target != ignore_index
    if stray.any():
        raise ValueError(f"targets must lie in 0..{classes - 1}")


def _require_masses(logits: Tensor, target: Tensor, weight: Tensor | None) -> None:
    _require_classes(logits, weight)
    if target.shape != logits.shape:
        raise ValueError(f"masses must have the shape of logits, got {target.shape} for {logits.shape}")


def _require_classes(logits: Tensor, weight: Tensor | None) -> None:
    if logits.dim() < 2:
        raise ValueError(f"logits must be (N, C, ...), got {logits.shape}")
    if weight is not None and weight.shape != logits.shape[1:2]:
        raise ValueError(f"weight must be (C,), got {weight.shape} for {logits.shape}")
