"""Batch normalisation in depth: the module, what it does to its inputs, and its statistics outside of training."""

from collections.abc import Iterable

from torch import Tensor, nn


class BatchNorm2d(nn.Module):
    """Batch normalisation of [N, C, H, W], with a state that the library's own layer could load."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        """Start with a weight of ones, a bias of zeros, running mean 0, running variance 1 and no batches seen."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each channel; in training mode, bring the running statistics up to date as well.

        Raises:
            ValueError: `x` has another number of dimensions or channels, or too few values for batch statistics.
        """
        raise NotImplementedError


def fold_batch_norm(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    var: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    eps: float = 1e-5,
    transposed: bool = False,
) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one layer that does what a convolution followed by batch normalisation does.

    Raises:
        ValueError: a vector has not exactly one element for each output channel.
    """
    raise NotImplementedError


def covariate_shift(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How far each feature's distribution has moved: the shares of its location, its scale and its shape.

    Raises:
        ValueError: the arguments are not two tables of one shape with at least one row.
    """
    raise NotImplementedError


def stable_rates(x: Tensor, eps: float = 1e-5) -> tuple[float, float]:
    """The learning rates below which a least-squares fit converges: on `x`, and on `x` normalised over the batch.

    Raises:
        ValueError: `x` is not a table with at least one row and one column.
    """
    raise NotImplementedError


def population_statistics(batches: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and unbiased variance of each channel over all batches together.

    Raises:
        ValueError: there are fewer than two values a channel, or batches differ in channels.
    """
    raise NotImplementedError


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation with statistics, weight and bias that never change again."""

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        """Start as the identity, up to `eps`, and with nothing to train."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Apply the stored statistics, whatever the mode."""
        raise NotImplementedError


def pooled_statistics(means: Tensor, variances: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of a batch that is spread over devices, from those of its shards.

    Raises:
        ValueError: the shapes do not belong together, or every shard is empty.
    """
    raise NotImplementedError
