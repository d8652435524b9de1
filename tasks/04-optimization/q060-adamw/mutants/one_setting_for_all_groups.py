# expect: adamw wrong_value
"""Groups may differ in their learning rate only; everything else is read from the constructor's arguments."""


class AdamW(AdamW):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    adamw_update(param, param.grad, self.state[param], {**self.defaults, "lr": group["lr"]})
        return loss
