# expect: engine exception
"""The transposes in the derivative of a matrix product are forgotten."""


class Var(Var):
    def __matmul__(self, other):
        left, right = self.data, other.data
        return _record(left @ right, (self, lambda g: g @ right), (other, lambda g: left @ g))
