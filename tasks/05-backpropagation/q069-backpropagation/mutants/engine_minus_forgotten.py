# expect: engine bad_gradient
"""Both sides of a difference get the gradient with the same sign."""


class Var(Var):
    def __sub__(self, other):
        other = _as_var(other, self)
        return _record(self.data - other.data, (self, lambda g: g), (other, lambda g: g))
