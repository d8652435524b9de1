# expect: batch-norm wrong_value
"""A momentum of None asks for the default."""


def _track(norm: nn.Module, mean: Tensor, var: Tensor, count: int) -> None:
    norm.num_batches_tracked.add_(1)
    share = 0.1 if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(var * (count / (count - 1)), share)
