# expect: adamw wrong_value
"""The learning rate is read once, in the constructor, so a scheduler writes to the groups in vain."""


class AdamW(AdamW):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay)
        self.rates = [group["lr"] for group in self.param_groups]

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group, rate in zip(self.param_groups, self.rates):
            for param in group["params"]:
                if param.grad is not None:
                    adamw_update(param, param.grad, self.state[param], {**group, "lr": rate})
        return loss
