# expect: information wrong_value
"""Information is measured in bits, whatever the caller asks for."""

checked_information = information


def information(p, q, base=math.e):
    checked_information(p, q, base)
    return checked_information(p, q, 2.0)
