# expect: engine bad_gradient
"""The derivative by the divisor is that of 1/b, without the numerator."""


class Var(Var):
    def __truediv__(self, other):
        other = _as_var(other, self)
        return _record(
            self.data / other.data, (self, lambda g: g / other.data), (other, lambda g: -g / other.data.square())
        )
