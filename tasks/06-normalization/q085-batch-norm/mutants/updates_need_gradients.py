# expect: batch-norm wrong_value
"""Without gradients there is no training, so nothing is tracked under no_grad."""

track_always = _track


def _track(norm, mean, var, count):
    if torch.is_grad_enabled():
        track_always(norm, mean, var, count)
