# expect: conv-matrix wrong_value
"""Columns are ordered with the channel running fastest."""

matrix_of = conv_matrix


def conv_matrix(weight, height, width, stride=1, padding=0):
    matrix = matrix_of(weight, height, width, stride, padding)
    return matrix.unflatten(1, (weight.shape[1], -1)).transpose(1, 2).flatten(1)
