# expect: batch-norm wrong_value
"""Whether there is a momentum is asked by its truth, and zero is false."""


def _track(norm: nn.Module, mean: Tensor, var: Tensor, count: int) -> None:
    norm.num_batches_tracked.add_(1)
    share = norm.momentum or 1.0 / norm.num_batches_tracked.item()
    norm.running_mean.lerp_(mean, share)
    norm.running_var.lerp_(var * (count / (count - 1)), share)
