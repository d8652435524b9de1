# expect: conv-matrix wrong_value
"""A Toeplitz matrix holds the flipped kernel."""

matrix_of = conv_matrix


def conv_matrix(weight, height, width, stride=1, padding=0):
    return matrix_of(weight.flip(-2, -1) if weight.ndim == 4 else weight, height, width, stride, padding)
