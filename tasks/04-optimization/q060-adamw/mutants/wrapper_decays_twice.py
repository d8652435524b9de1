# expect: decoupled-decay wrong_value
"""An inner optimizer with a decay of its own is accepted, in any group but the first."""


class DecoupledDecay(DecoupledDecay):
    def __init__(self, inner, weight_decay, exclude=()):
        if weight_decay < 0 or inner.param_groups[0].get("weight_decay", 0) != 0:
            raise ValueError("weight_decay must be positive, and the inner optimizer must not decay")
        self.inner = inner
        self.weight_decay = weight_decay
        self._excluded = {id(param): param for param in exclude}
