# expect: adamw wrong_value
"""Clearing gradients always means filling them with zeros, which then count as gradients."""


class AdamW(AdamW):
    def zero_grad(self, set_to_none=True):
        super().zero_grad(set_to_none=False)
