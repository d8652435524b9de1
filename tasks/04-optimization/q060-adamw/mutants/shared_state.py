# expect: adamw wrong_value
"""The state lives in a default argument, so every optimizer of the process shares it."""


class AdamW(AdamW):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, store={}):
        super().__init__(params, lr, betas, eps, weight_decay)
        self.store = store

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for i, group in enumerate(self.param_groups):
            for j, param in enumerate(group["params"]):
                if param.grad is not None:
                    self.state[param] = self.store.setdefault((i, j, param.shape, param.dtype), {})
                    adamw_update(param, param.grad, self.state[param], group)
        return loss
