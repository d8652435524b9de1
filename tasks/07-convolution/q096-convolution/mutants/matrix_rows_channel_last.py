# expect: conv-matrix wrong_value
"""Rows are ordered with the output channel running fastest."""

matrix_of = conv_matrix


def conv_matrix(weight, height, width, stride=1, padding=0):
    matrix = matrix_of(weight, height, width, stride, padding)
    return matrix.unflatten(0, (weight.shape[0], -1)).transpose(0, 1).flatten(0, 1)
