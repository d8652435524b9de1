# expect: adamw forbidden
"""The library already has this optimizer, so it is wrapped."""


class AdamW:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        self.inner = torch.optim.AdamW(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def __getattr__(self, name):
        return getattr(self.inner, name)
