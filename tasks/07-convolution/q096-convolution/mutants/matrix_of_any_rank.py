# expect: conv-matrix wrong_value
"""A kernel without an axis for outputs has one output."""

matrix_of = conv_matrix


def conv_matrix(weight, height, width, stride=1, padding=0):
    return matrix_of(weight[None] if weight.ndim == 3 else weight, height, width, stride, padding)
