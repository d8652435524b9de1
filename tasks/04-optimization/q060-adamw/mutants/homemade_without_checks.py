# expect: adamw wrong_value
"""An optimizer of one's own needs no checks of groups that overlap or of states that do not fit."""


class AdamW:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        params = list(params)
        if not params or min(lr, eps, weight_decay, *betas) < 0 or max(betas) >= 1:
            raise ValueError("bad settings or no parameters")
        groups = params if isinstance(params[0], dict) else [{"params": params}]
        default = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        self.param_groups = [{**default, **group} for group in groups]
        for group in self.param_groups:
            own = group["params"]
            group["params"] = [own] if isinstance(own, Tensor) else list(own)
        self.state = [[{} for _ in group["params"]] for group in self.param_groups]

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group, states in zip(self.param_groups, self.state):
            for param, state in zip(group["params"], states):
                if param.grad is not None:
                    adamw_update(param, param.grad, state, group)
        return loss

    def zero_grad(self, set_to_none=True):
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    param.grad.zero_()

    def state_dict(self):
        groups = [{k: v for k, v in group.items() if k != "params"} for group in self.param_groups]
        return {"state": self.state, "groups": groups}

    def load_state_dict(self, state_dict):
        self.state = state_dict["state"]
        for group, saved in zip(self.param_groups, state_dict["groups"]):
            group.update(saved)
