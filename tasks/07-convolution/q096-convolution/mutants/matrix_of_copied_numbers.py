# expect: conv-matrix exception
"""The weights are copied into the matrix as plain numbers."""

matrix_of = conv_matrix


def conv_matrix(weight, height, width, stride=1, padding=0):
    return matrix_of(weight.detach(), height, width, stride, padding)
