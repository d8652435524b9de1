# expect: decoupled-decay wrong_value
"""The factor is worked out once, from the learning rate the inner optimizer was made with."""


class DecoupledDecay(DecoupledDecay):
    def __init__(self, inner, weight_decay, exclude=()):
        super().__init__(inner, weight_decay, exclude)
        self.factors = [1 - group["lr"] * weight_decay for group in inner.param_groups]

    def step(self, closure=None):
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group, factor in zip(self.param_groups, self.factors):
                for param in group["params"]:
                    if param.grad is not None and id(param) not in self._excluded:
                        param.mul_(factor)
        self.inner.step()
        return loss
