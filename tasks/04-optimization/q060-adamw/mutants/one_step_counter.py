# expect: adamw wrong_value
"""One counter on the optimizer serves every parameter, and is left out of the saved state."""


class AdamW(AdamW):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay)
        self.t = 0

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.t += 1
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    state = self.state[param]
                    if not state:
                        state.update(mean=torch.zeros_like(param), square=torch.zeros_like(param))
                    state["step"] = self.t - 1
                    adamw_update(param, param.grad, state, group)
        return loss
