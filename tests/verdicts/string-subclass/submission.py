"""Returns numbers and strings of classes that lie about their length, order and text."""


class Text(str):
    def __len__(self):
        return 1 << 40

    def encode(self, *args):
        return b"x" * 10


class Number(int):
    def __index__(self):
        raise RuntimeError

    def bit_length(self):
        return -5


class Items(list):
    def __len__(self):
        return 3

    def __iter__(self):
        return iter(range(50))


def softmax(x, dim=-1):
    return Items([Text("pass"), Number(7)])
