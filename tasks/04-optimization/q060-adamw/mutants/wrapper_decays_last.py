# expect: decoupled-decay wrong_value
"""The inner optimizer steps first, so its update is shrunk along with the weights."""


class DecoupledDecay(DecoupledDecay):
    def step(self, closure=None):
        loss = None if closure is None else closure()
        self.inner.step()
        with torch.no_grad():
            for group in self.param_groups:
                for param in group["params"]:
                    if param.grad is not None and id(param) not in self._excluded:
                        param.mul_(1 - group["lr"] * self.weight_decay)
        return loss
