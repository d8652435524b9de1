# expect: adamw exception
"""The parameters are checked in one loop and handed on afterwards, when a generator has nothing left to give."""


class AdamW(AdamW):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        for param in params:
            if not isinstance(param, (dict, Tensor)):
                raise TypeError("params must hold tensors or groups")
        super().__init__(params, lr, betas, eps, weight_decay)
