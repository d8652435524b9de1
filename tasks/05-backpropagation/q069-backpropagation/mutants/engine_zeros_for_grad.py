# expect: engine wrong_value
"""Every variable begins with a gradient of zeros, so a missing one cannot be told from none."""


class Var(Var):
    def __init__(self, data):
        super().__init__(data)
        self.grad = torch.zeros_like(data)
