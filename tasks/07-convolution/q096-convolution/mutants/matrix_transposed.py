# expect: conv-matrix exception
"""A layer multiplies from the right, so its matrix stands the other way round."""

matrix_of = conv_matrix


def conv_matrix(weight, height, width, stride=1, padding=0):
    return matrix_of(weight, height, width, stride, padding).T.contiguous()
