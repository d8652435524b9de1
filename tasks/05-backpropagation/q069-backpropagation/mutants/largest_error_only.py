# expect: gradient-check wrong_shape
"""A check answers with one number, the worst."""

error_of_each = gradient_errors


def gradient_errors(f, x, grad, directions):
    return error_of_each(f, x, grad, directions).max()
