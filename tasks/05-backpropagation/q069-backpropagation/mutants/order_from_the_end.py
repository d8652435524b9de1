# expect: backward-order wrong_value
"""A negative index is passed on to the list, which counts it from the end."""

valid_order = backward_order


def backward_order(inputs, output):
    if output >= len(inputs) or output < -len(inputs):
        raise ValueError("no such node")
    return valid_order(inputs, output % len(inputs))
