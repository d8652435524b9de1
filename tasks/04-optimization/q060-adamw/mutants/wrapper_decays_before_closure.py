# expect: decoupled-decay wrong_value
"""The closure is passed on to the inner optimizer, so the loss is computed on weights that have decayed already."""


class DecoupledDecay(DecoupledDecay):
    def step(self, closure=None):
        with torch.no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    if param.grad is not None and id(param) not in self._excluded:
                        param.mul_(1 - group["lr"] * self.weight_decay)
        return self.inner.step(closure) if closure is not None else self.inner.step()
