# expect: decoupled-decay exception
"""Whether a parameter is excluded is asked with `in`, which compares tensors by value."""


class DecoupledDecay(DecoupledDecay):
    def __init__(self, inner, weight_decay, exclude=()):
        super().__init__(inner, weight_decay)
        self.exclude = list(exclude)

    def step(self, closure=None):
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    if param.grad is not None and param not in self.exclude:
                        param.mul_(1 - group["lr"] * self.weight_decay)
        self.inner.step()
        return loss
