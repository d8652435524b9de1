# expect: batch-norm wrong_value
"""Momentum is the share of the old value that is kept, as in other libraries and in optimizers."""


def _track(norm: nn.Module, mean: Tensor, var: Tensor, count: int) -> None:
    norm.num_batches_tracked.add_(1)
    share = 1.0 / norm.num_batches_tracked.item() if norm.momentum is None else 1 - norm.momentum
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(var * (count / (count - 1)), share)
