# expect: engine wrong_value
"""A number on the left of a minus is treated like one on the right."""


class Var(Var):
    def __rsub__(self, other):
        return self - other
