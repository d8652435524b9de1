# expect: engine bad_gradient
"""The exponential is taken in place: the input is not needed for the derivative, only the output is."""


class Var(Var):
    def exp(self):
        return _record(self.data.exp_(), (self, lambda g: g * self.data))
