# expect: decoupled-decay wrong_value
"""The wrapper adds the decay to the gradients and leaves the rest to the inner optimizer."""


class DecoupledDecay(DecoupledDecay):
    def step(self, closure=None):
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None and id(param) not in self._excluded:
                    param.grad = param.grad + self.weight_decay * param.detach()
        self.inner.step()
        return loss
