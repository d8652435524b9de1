# expect: adamw exception
"""The whole of step runs under no_grad, the closure included."""


class AdamW(AdamW):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None if closure is None else closure()
        super().step()
        return loss
