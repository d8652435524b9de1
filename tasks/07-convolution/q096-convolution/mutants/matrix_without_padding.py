# expect: conv-matrix exception
"""The image that the matrix is applied to has been padded before."""

matrix_of = conv_matrix


def conv_matrix(weight, height, width, stride=1, padding=0):
    if weight.ndim != 4 or padding < 0:
        raise ValueError("weight must have four dimensions, padding must not be negative")
    output_size(height, 1), output_size(width, 1)
    return matrix_of(weight, height + 2 * padding, width + 2 * padding, stride)
