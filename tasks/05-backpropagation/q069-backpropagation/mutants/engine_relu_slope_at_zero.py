# expect: engine bad_gradient
"""At zero the relu lets the gradient through."""


class Var(Var):
    def relu(self):
        return _record(self.data.relu(), (self, lambda g: g * (self.data >= 0)))
