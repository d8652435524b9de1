# expect: engine bad_gradient
"""The slope 1 - tanh² is formed with the input in place of the output."""


class Var(Var):
    def tanh(self):
        return _record(self.data.tanh(), (self, lambda g: g * (1 - self.data.square())))
