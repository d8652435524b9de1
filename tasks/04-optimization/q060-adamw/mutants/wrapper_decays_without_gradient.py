# expect: decoupled-decay wrong_value
"""Every parameter is decayed at every step, whether it has a gradient or not."""


class DecoupledDecay(DecoupledDecay):
    def step(self, closure=None):
        loss = None if closure is None else closure()
        with torch.no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    if id(param) not in self._excluded:
                        param.mul_(1 - group["lr"] * self.weight_decay)
        self.inner.step()
        return loss
