# expect: adamw wrong_value
"""Decay needs no gradient, so parameters that took no part in the loss are decayed too."""


class AdamW(AdamW):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is None:
                    param.mul_(1 - group["lr"] * group["weight_decay"])
                else:
                    adamw_update(param, param.grad, self.state[param], group)
        return loss
