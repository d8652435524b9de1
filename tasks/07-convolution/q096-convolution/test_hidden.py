"""Hidden tests of q096-convolution: expected values are float64 sums over windows, sizes are counted place by place."""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from grader.testing import assert_close, assert_equal, assert_gradient, probe, raises

DOUBLE = torch.float64


def normal(rng, *shape, dtype=torch.float32):
    """Normal numbers of the given shape."""
    return torch.randn(shape, generator=rng, dtype=DOUBLE).to(dtype)


def whole(rng, low, high):
    """A whole number from `low` to `high`, both included."""
    return int(torch.randint(low, high + 1, (), generator=rng))


def pair(value):
    """A setting for both axes."""
    return value if isinstance(value, tuple) else (value, value)


def conv64(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The layer in float64, group by group: for each element of a kernel, the rows and columns it meets, listed."""
    stride, padding, dilation, kernel = pair(stride), pair(padding), pair(dilation), weight.shape[2:]
    x = F.pad(x.double(), (padding[1], padding[1], padding[0], padding[0]))
    height, width = (count_places(n, k, s, d) for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation))
    outs = []
    for own, kernels in zip(x.chunk(groups, 1), weight.double().chunk(groups, 0)):
        out = torch.zeros(len(x), len(kernels), height, width, dtype=DOUBLE)
        for u, v in itertools.product(range(kernel[0]), range(kernel[1])):
            rows = [i * stride[0] + u * dilation[0] for i in range(height)]
            columns = [j * stride[1] + v * dilation[1] for j in range(width)]
            out = out + torch.einsum("nchw,oc->nohw", own[:, :, rows][:, :, :, columns], kernels[:, :, u, v])
        outs.append(out)
    out = torch.cat(outs, 1)
    return out if bias is None else out + bias.double()[:, None, None]


def count_places(n, kernel, stride, dilation):
    """How many steps leave the kernel inside of `n` positions, by taking them."""
    last = (kernel - 1) * dilation
    return len([i for i in range(0, n, stride) if i + last < n])


def terms(weight):
    """How many terms one output sums."""
    return weight[0].numel() + 1


@probe
def gradients(candidate, x, weight, bias, dy, settings):
    """Gradients with respect to input, weight and bias."""
    inputs = [t.clone().requires_grad_() for t in (x, weight, bias)]
    return list(torch.autograd.grad(candidate.conv2d(*inputs, **settings), inputs, dy))


class TestConv2d:
    def check(self, candidate, x, weight, bias=None, **settings):
        """Compare one answer with the oracle."""
        dtype = x.dtype
        want = conv64(x, weight, bias, **settings)
        assert_close(candidate.conv2d(x, weight, bias, **settings), want, dtype=dtype, reduction=terms(weight))

    def test_plain(self, candidate, rng):
        """Each element of a window meets the weight of its channel and its place, and no kernel is flipped."""
        for shape, kernels in (
            ((2, 3, 5, 6), (4, 3, 2, 3)),
            ((1, 1, 4, 4), (1, 1, 3, 3)),
            ((3, 2, 3, 7), (5, 2, 3, 1)),
        ):
            self.check(candidate, normal(rng, *shape), normal(rng, *kernels))

    def test_bias(self, candidate, rng):
        """Each output channel has a bias of its own, also where height, width and channels agree."""
        for _ in range(2):
            self.check(candidate, normal(rng, 4, 2, 6, 6), normal(rng, 4, 2, 3, 3), normal(rng, 4))

    def test_stride(self, candidate, rng):
        """A pair of strides is vertical before horizontal, and a rest at the border makes no further output."""
        for stride in (2, (2, 1), (1, 3), (4, 3)):
            self.check(candidate, normal(rng, 2, 2, 9, 8), normal(rng, 3, 2, 3, 2), stride=stride)

    def test_padding(self, candidate, rng):
        """Zeros are added on both sides, as many as asked for, in a pair vertical before horizontal."""
        for padding in (1, (2, 0), (0, 1), (3, 4)):
            self.check(candidate, normal(rng, 2, 2, 4, 5), normal(rng, 3, 2, 3, 2), normal(rng, 3), padding=padding)

    def test_dilation(self, candidate, rng):
        """The elements of a kernel stand apart by the dilation of their axis, vertical before horizontal."""
        for dilation in (2, (1, 3), (3, 1)):
            self.check(candidate, normal(rng, 2, 2, 8, 9), normal(rng, 3, 2, 3, 3), dilation=dilation)

    def test_groups(self, candidate, rng):
        """Groups are runs of neighbouring channels, and each group of outputs sees its own channels only."""
        for groups, outputs in ((2, 4), (3, 3), (6, 6), (6, 12)):
            weight = normal(rng, outputs, 6 // groups, 2, 3)
            self.check(candidate, normal(rng, 2, 6, 4, 5), weight, normal(rng, outputs), groups=groups)

    def test_all_settings(self, candidate, rng):
        """Strides, paddings, dilations and groups of any size work together."""
        for _ in range(8):
            groups, height, width = whole(rng, 1, 3), whole(rng, 1, 3), whole(rng, 1, 3)
            settings = {
                "stride": (whole(rng, 1, 3), whole(rng, 1, 3)),
                "padding": (whole(rng, 0, 2), whole(rng, 0, 2)),
                "dilation": (whole(rng, 1, 3), whole(rng, 1, 3)),
                "groups": groups,
            }
            channels = whole(rng, 1, 2)
            x = normal(rng, whole(rng, 1, 2), groups * channels, whole(rng, 7, 10), whole(rng, 7, 10))
            weight = normal(rng, groups * whole(rng, 1, 2), channels, height, width)
            self.check(candidate, x, weight, normal(rng, len(weight)), **settings)

    def test_pointwise(self, candidate, rng):
        """A kernel of one element mixes channels and nothing else."""
        for stride in (1, 2):
            x, weight = normal(rng, 2, 5, 3, 4), normal(rng, 3, 5, 1, 1)
            want = torch.einsum("nchw,oc->nohw", x.double(), weight.double()[:, :, 0, 0])[:, :, ::stride, ::stride]
            assert_close(candidate.conv2d(x, weight, stride=stride), want, reduction=terms(weight))

    def test_whole_image(self, candidate, rng):
        """A kernel as large as the image has one place, and padding or dilation may be what makes it fit exactly."""
        self.check(candidate, normal(rng, 2, 3, 4, 5), normal(rng, 2, 3, 4, 5), normal(rng, 2))
        self.check(candidate, normal(rng, 2, 3, 2, 1), normal(rng, 2, 3, 4, 5), padding=(1, 2))
        self.check(candidate, normal(rng, 2, 3, 5, 4), normal(rng, 2, 3, 3, 2), dilation=(2, 3))

    def test_shifted_images(self, candidate, rng):
        """A shifted image gives a shifted answer, by a stride's worth for every step."""
        for stride in (1, 2):
            x, weight = normal(rng, 1, 2, 12, 12), normal(rng, 2, 2, 3, 3)
            moved = torch.roll(x, (2 * stride, stride), (2, 3))
            got = candidate.conv2d(moved, weight, stride=stride)
            want = conv64(x, weight, stride=stride)[:, :, :-2, :-1]
            assert_close(got[:, :, 2:, 1:], want, reduction=terms(weight))

    def test_double_precision(self, candidate, rng):
        """In double precision the answer is accurate to it."""
        for groups in (1, 2):
            x, weight = normal(rng, 2, 4, 5, 5, dtype=DOUBLE), normal(rng, 2, 4 // groups, 3, 3, dtype=DOUBLE)
            self.check(candidate, x, weight, normal(rng, 2, dtype=DOUBLE), groups=groups, padding=1)

    def test_empty_batch(self, candidate, rng):
        """Without images the answer has its size all the same."""
        x, weight = torch.zeros(0, 4, 7, 6), normal(rng, 6, 2, 3, 2)
        got = candidate.conv2d(x, weight, normal(rng, 6), 2, 1, 2, 2)
        assert_equal(got, torch.zeros(0, 6, 3, 3))

    def test_layouts(self, candidate, rng):
        """Channels last, slices, transposed kernels and expanded images are as good as any."""
        last = normal(rng, 2, 3, 5, 4).contiguous(memory_format=torch.channels_last)
        sliced, turned = normal(rng, 4, 6, 5, 9)[1::2, ::2, :, 1:5], normal(rng, 4, 3, 5, 2).transpose(0, 3)
        expanded = normal(rng, 1, 3, 5, 1).expand(2, 3, 5, 4)
        weight = normal(rng, 3, 2, 2, 3).permute(3, 0, 1, 2)
        for x in (last, sliced, turned, expanded):
            self.check(candidate, x, weight, padding=1)

    def test_gradients(self, candidate, rng):
        """Gradients reach input, weight and bias, every use of a pixel or a weight included."""
        for settings in ({}, {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}, {"groups": 2, "padding": 2}):
            groups = settings.get("groups", 1)
            x, weight = normal(rng, 2, 4, 6, 5, dtype=DOUBLE), normal(rng, 2, 4 // groups, 3, 2, dtype=DOUBLE)
            inputs = [t.requires_grad_() for t in (x.clone(), weight.clone(), normal(rng, 2, dtype=DOUBLE))]
            out = conv64(*inputs, **settings)
            dy = normal(rng, *out.shape, dtype=DOUBLE)
            want = torch.autograd.grad(out, inputs, dy)
            got = gradients(candidate, x, weight, inputs[2].detach(), dy, settings)
            assert_gradient(got, want, dtype=DOUBLE)

    def test_shape_errors(self, candidate, rng):
        """Tensors that do not belong together raise ValueError, also where they would broadcast."""
        x, weight, bias = torch.ones(2, 4, 5, 5), torch.ones(6, 4, 3, 3), torch.ones(6)
        for args in (
            (x[0], weight, bias),
            (x, weight[0], bias),
            (x, torch.ones(6, 3, 3, 3), bias),
            (x, torch.ones(6, 1, 3, 3), bias),
            (x, weight, torch.ones(1)),
            (x, weight, torch.ones(6, 1, 1)),
        ):
            with raises(ValueError):
                candidate.conv2d(*args)
        for outputs, channels, groups in ((6, 4, 2), (6, 1, 2), (3, 2, 2), (6, 1, 3), (6, 4, 0)):
            with raises(ValueError):
                candidate.conv2d(x, torch.ones(outputs, channels, 3, 3), groups=groups)

    def test_setting_errors(self, candidate, rng):
        """Settings out of range, and kernels that do not fit, are refused."""
        x, weight = torch.ones(1, 1, 4, 5), torch.ones(1, 1, 3, 2)
        for settings in (
            {"stride": 0},
            {"stride": (1, -1)},
            {"padding": -1},
            {"padding": (0, -1)},
            {"dilation": 0},
            {"dilation": (1, 0)},
            {"dilation": (2, 1)},
            {"dilation": (1, 5)},
        ):
            with raises(ValueError):
                candidate.conv2d(x, weight, **settings)
        with raises(ValueError):
            candidate.conv2d(x, torch.ones(1, 1, 7, 2), padding=(1, 0))

    def test_time(self, candidate, rng, budget):
        """No Python loop walks the pixels."""

        def make() -> tuple[Tensor, Tensor, Tensor, int, int]:
            return normal(rng, 2, 16, 64, 64), normal(rng, 16, 16, 3, 3), normal(rng, 16), 1, 1

        budget.time("conv2d", make)


class TestOutputSize:
    def test_counted(self, candidate, rng):
        """Every place inside the input padded on both sides counts, and a dilated kernel ends with its last element."""
        for _ in range(12):
            n, kernel, stride = whole(rng, 9, 30), whole(rng, 1, 5), whole(rng, 1, 5)
            padding, dilation = whole(rng, 0, 3), whole(rng, 1, 2)
            want = count_places(n + 2 * padding, kernel, stride, dilation)
            assert_equal(candidate.output_size(n, kernel, stride, padding, dilation), want)

    def test_defaults(self, candidate, rng):
        """Settings that are not given take the values in the signature."""
        for n in (3, 17):
            assert_equal(candidate.output_size(n, 3), n - 2)

    def test_rest(self, candidate, rng):
        """A rest at the right border that is shorter than a stride is ignored."""
        got = [candidate.output_size(n, 3, 4) for n in range(3, 12)]
        assert_equal(got, [1, 1, 1, 1, 2, 2, 2, 2, 3])

    def test_exact_fit(self, candidate, rng):
        """A kernel that just fits has one place, by padding or dilation too."""
        for n, kernel, stride, padding, dilation in (
            (5, 5, 3, 0, 1),
            (1, 7, 2, 3, 1),
            (7, 4, 5, 0, 2),
            (1, 1, 1, 0, 9),
        ):
            assert_equal(candidate.output_size(n, kernel, stride, padding, dilation), 1)

    def test_large_numbers(self, candidate, rng):
        """Numbers beyond the precision of floating point are divided exactly."""
        for n in (10**17 + whole(rng, 0, 10**6), 10**30 + whole(rng, 0, 10**6)):
            assert_equal(candidate.output_size(n, 1), n)
            assert_equal(candidate.output_size(n, 3, 3, 1), (n - 1) // 3 + 1)

    def test_errors(self, candidate, rng):
        """Numbers out of range, and kernels that do not fit, are refused."""
        for args in (
            (0, 1),
            (5, 0),
            (5, 3, 0),
            (5, 3, -1),
            (5, 3, 1, -1),
            (5, 3, 1, 0, 0),
            (4, 5),
            (4, 5, 3),
            (4, 3, 1, 0, 2),
            (1, 6, 7, 2),
        ):
            with raises(ValueError):
                candidate.output_size(*args)


def full64(x, kernel):
    """The full convolution in float64: every pair of elements lands where its indices add up."""
    out = torch.zeros(x.shape[0] + kernel.shape[0] - 1, x.shape[1] + kernel.shape[1] - 1, dtype=DOUBLE)
    for i, j in itertools.product(range(x.shape[0]), range(x.shape[1])):
        out[i : i + kernel.shape[0], j : j + kernel.shape[1]] += x[i, j].double() * kernel.double()
    return out


class TestConvolution:
    def check(self, candidate, x, kernel, want, *args, **kwargs):
        """Compare one answer with the oracle."""
        got = candidate.convolve2d(x, kernel, *args, **kwargs)
        # a transform sums over the whole image
        assert_close(got, want, dtype=x.dtype, reduction=4 * x.numel() * kernel.numel())

    def test_full(self, candidate, rng):
        """The full convolution flips the kernel, which may also be the larger one."""
        for shape, kernel in (((4, 5), (2, 3)), ((3, 3), (3, 3)), ((2, 3), (4, 5)), ((1, 6), (3, 1)), ((1, 1), (2, 2))):
            x, k = normal(rng, *shape), normal(rng, *kernel)
            self.check(candidate, x, k, full64(x, k))

    def test_cross_correlation(self, candidate, rng):
        """Without the flip the answer is that of the kernel reversed along both axes."""
        for mode in ("full", "valid", "full"):
            x, k = normal(rng, 5, 4), normal(rng, 3, 2)
            want = full64(x, k.flip(0, 1))
            self.check(candidate, x, k, want if mode == "full" else want[2:5, 1:4], mode, flip=False)

    def test_layer(self, candidate, rng):
        """Valid cross-correlation is what a convolution layer computes."""
        for _ in range(2):
            x, k = normal(rng, 6, 7), normal(rng, 2, 3)
            self.check(candidate, x, k, conv64(x[None, None], k[None, None])[0, 0], "valid", False)

    def test_valid(self, candidate, rng):
        """The valid part is where the whole kernel lies inside of the image."""
        for shape, kernel in (((5, 6), (2, 3)), ((4, 4), (4, 4)), ((4, 3), (1, 3))):
            x, k = normal(rng, *shape), normal(rng, *kernel)
            want = full64(x, k)[kernel[0] - 1 : shape[0], kernel[1] - 1 : shape[1]]
            self.check(candidate, x, k, want, "valid")

    def test_same(self, candidate, rng):
        """The same part has the shape of the first argument, and starts where the statement says for any kernel."""
        for shape, kernel in (((4, 5), (3, 3)), ((4, 5), (2, 4)), ((3, 2), (4, 5)), ((1, 1), (2, 3))):
            x, k = normal(rng, *shape), normal(rng, *kernel)
            top, left = (kernel[0] - 1) // 2, (kernel[1] - 1) // 2
            want = full64(x, k)[top : top + shape[0], left : left + shape[1]]
            self.check(candidate, x, k, want, "same")

    def test_same_without_flip(self, candidate, rng):
        """Without the flip the same part starts at the same place, for even kernels too."""
        for kernel in ((3, 3), (2, 4), (4, 1)):
            x, k = normal(rng, 4, 5), normal(rng, *kernel)
            top, left = (kernel[0] - 1) // 2, (kernel[1] - 1) // 2
            want = full64(x, k.flip(0, 1))[top : top + 4, left : left + 5]
            self.check(candidate, x, k, want, mode="same", flip=False)

    def test_unit(self, candidate, rng):
        """A kernel with a single one in it moves the image by its place, and nothing comes in on the other side."""
        for place in ((0, 0), (1, 2), (2, 0)):
            x, k = normal(rng, 3, 4), torch.zeros(3, 3)
            k[place] = 1.0
            want = torch.zeros(5, 6, dtype=DOUBLE)
            want[place[0] : place[0] + 3, place[1] : place[1] + 4] = x
            self.check(candidate, x, k, want)

    def test_commutes_and_associates(self, candidate, rng):
        """The order of arguments, and of two convolutions in a row, makes no difference."""
        a, b, c = normal(rng, 3, 4, dtype=DOUBLE), normal(rng, 2, 2, dtype=DOUBLE), normal(rng, 3, 1, dtype=DOUBLE)
        self.check(candidate, a, b, full64(b, a))
        self.check(candidate, b, a, full64(b, a))
        want = full64(full64(a, b), c)
        self.check(candidate, candidate.convolve2d(a, b), c, want)
        self.check(candidate, a, candidate.convolve2d(b, c), want)

    def test_layouts(self, candidate, rng):
        """Transposed, sliced and expanded matrices are as good as any."""
        for x, k in (
            (normal(rng, 5, 4).t(), normal(rng, 3, 2).t()),
            (normal(rng, 8, 10)[::2, 1::2], normal(rng, 3, 6)[:, ::3]),
            (normal(rng, 4, 1).expand(4, 5), normal(rng, 1, 1).expand(3, 2)),
        ):
            self.check(candidate, x, k, full64(x, k))

    def test_errors(self, candidate, rng):
        """What is no matrix or is empty, an unknown mode, and a kernel too large for a valid part are refused."""
        x, k = torch.ones(3, 4), torch.ones(2, 2)
        for args in (
            (x[None], k),
            (x, k[0]),
            (x[:0], k),
            (x, k[:, :0]),
            (x, k, "circular"),
            (x, torch.ones(4, 2), "valid"),
            (x, torch.ones(1, 5), "valid"),
        ):
            with raises(ValueError):
                candidate.convolve2d(*args)


def least_padding(n, kernel, stride, dilation):
    """Add zeros one at a time, right before left, until there are enough places."""
    total = 0
    while count_places(n + total, kernel, stride, dilation) < -(-n // stride):
        total += 1
    return total // 2, total - total // 2


class TestSamePadding:
    def test_least(self, candidate, rng):
        """No fewer zeros would do, and an odd one goes to the right."""
        for _ in range(12):
            args = whole(rng, 1, 12), whole(rng, 1, 6), whole(rng, 1, 4), whole(rng, 1, 3)
            assert_equal(candidate.same_padding(*args), least_padding(*args))

    def test_defaults(self, candidate, rng):
        """Stride and dilation are one unless given, and then every kernel keeps the size."""
        n = whole(rng, 5, 9)
        assert_equal([candidate.same_padding(n, k) for k in (1, 2, 3, 6)], [(0, 0), (0, 1), (1, 1), (2, 3)])

    def test_strides(self, candidate, rng):
        """With a stride there are just enough zeros for ceil(n / stride) outputs, whatever the size."""
        for stride in (2, 3):
            got = [candidate.same_padding(n, 5, stride) for n in range(1, 9)]
            assert_equal(got, [least_padding(n, 5, stride, 1) for n in range(1, 9)])

    def test_dilation(self, candidate, rng):
        """A dilated kernel needs room for all it spans."""
        for dilation in (2, 5):
            n, kernel = whole(rng, 3, 9), whole(rng, 2, 5)
            assert_equal(candidate.same_padding(n, kernel, 2, dilation), least_padding(n, kernel, 2, dilation))

    def test_wide_strides(self, candidate, rng):
        """A stride that leaves inputs out asks for no padding, and never for less than none."""
        cases = (10, 2, 5), (9, 1, 4), (8, 3, 7), (7, 1, 6), (6, 3, 7)
        assert_equal([candidate.same_padding(*case) for case in cases], [least_padding(*case, 1) for case in cases])

    def test_large_numbers(self, candidate, rng):
        """Numbers beyond the precision of floating point are divided exactly."""
        for n in (10**17 + 2 * whole(rng, 0, 10**6), 10**30 + 2 * whole(rng, 0, 10**6)):
            got = [candidate.same_padding(n, 3, 2), candidate.same_padding(n + 1, 3, 2), candidate.same_padding(7, n)]
            assert_equal(got, [(0, 1), (1, 1), ((n - 1) // 2, n // 2)])

    def test_errors(self, candidate, rng):
        """Numbers less than one are refused."""
        for args in ((0, 3), (5, 0), (5, 3, 0), (5, 3, 1, 0), (-1, 3), (5, 3, -2)):
            with raises(ValueError):
                candidate.same_padding(*args)


@probe
def matrix_gradient(candidate, weight, height, width, stride, padding, dm):
    """The gradient with respect to the weight."""
    weight = weight.clone().requires_grad_()
    return torch.autograd.grad(candidate.conv_matrix(weight, height, width, stride, padding), weight, dm)[0]


def matrix64(weight, height, width, stride=1, padding=0):
    """The matrix, entry by entry."""
    outputs, channels, kh, kw = weight.shape
    rows = count_places(height + 2 * padding, kh, stride, 1)
    columns = count_places(width + 2 * padding, kw, stride, 1)
    out = torch.zeros(outputs, rows, columns, channels, height, width, dtype=DOUBLE)
    for i, j, u, v in itertools.product(range(rows), range(columns), range(kh), range(kw)):
        y, x = i * stride + u - padding, j * stride + v - padding
        if 0 <= y < height and 0 <= x < width:
            out[:, i, j, :, y, x] = weight[:, :, u, v]
    return out.reshape(outputs * rows * columns, channels * height * width)


CASES = (((2, 3, 2, 3), 4, 5, 1, 0), ((3, 2, 3, 3), 4, 4, 1, 1), ((2, 2, 3, 2), 5, 6, 2, 1), ((1, 2, 2, 1), 3, 3, 3, 2))


class TestConvMatrix:
    def test_entries(self, candidate, rng):
        """Every entry is the element of the unflipped kernel that belongs to its output and its input, or zero."""
        for shape, *settings in CASES:
            weight = normal(rng, *shape)
            assert_equal(candidate.conv_matrix(weight, *settings), matrix64(weight, *settings).float())

    def test_does_the_same(self, candidate, rng):
        """The product is the flattened convolution: outputs make rows, inputs columns, in the order of flatten."""
        for shape, *settings in CASES:
            weight, x = normal(rng, *shape, dtype=DOUBLE), normal(rng, 2, shape[1], *settings[:2], dtype=DOUBLE)
            got = x.flatten(1) @ candidate.conv_matrix(weight, *settings).T
            want = conv64(x, weight, None, settings[2], settings[3]).flatten(1)
            assert_close(got, want, dtype=DOUBLE, reduction=terms(weight))

    def test_defaults(self, candidate, rng):
        """Without settings the stride is one and nothing is padded."""
        for _ in range(2):
            weight = normal(rng, 2, 1, 2, 2)
            assert_equal(candidate.conv_matrix(weight, 3, 4), matrix64(weight, 3, 4).float())

    def test_wide_padding(self, candidate, rng):
        """Padding has no columns and wraps into no others, so an output that sees nothing else has only zeros."""
        weight = normal(rng, 2, 1, 2, 3)
        got = candidate.conv_matrix(weight, 2, 3, 1, 4)
        assert_equal(got, matrix64(weight, 2, 3, 1, 4).float())

    def test_dead_pixels(self, candidate, rng):
        """An input between two places of a wide stride has a column of zeros, and so has one beyond the last place."""
        for height in (6, 7):
            weight = normal(rng, 1, 2, 1, 2)
            assert_equal(candidate.conv_matrix(weight, height, 5, 3), matrix64(weight, height, 5, 3).float())

    def test_zero_weights(self, candidate, rng):
        """A zero in the kernel is an entry of zero in its place, and moves no other element."""
        for _ in range(2):
            weight = normal(rng, 2, 2, 2, 2)
            weight[0, 1, 1, 0] = weight[1, 0, 0, 1] = 0.0
            assert_equal(candidate.conv_matrix(weight, 3, 3, 1, 1), matrix64(weight, 3, 3, 1, 1).float())

    def test_gradient(self, candidate, rng):
        """A weight collects the gradients of all the entries it is shared by."""
        for shape, *settings in CASES:
            weight = normal(rng, *shape, dtype=DOUBLE)
            numbers = torch.arange(1.0, weight.numel() + 1).reshape(shape)
            owner = matrix64(numbers, *settings)
            dm = normal(rng, *owner.shape, dtype=DOUBLE)
            want = torch.stack([dm[owner == number].sum() for number in numbers.flatten()]).reshape(shape)
            assert_gradient(matrix_gradient(candidate, weight, *settings, dm), want, dtype=DOUBLE)

    def test_layouts(self, candidate, rng):
        """Transposed and sliced kernels are as good as any."""
        for weight in (normal(rng, 3, 2, 2, 3).permute(3, 0, 1, 2), normal(rng, 2, 6, 4, 4)[:, ::2, 1:3, ::2]):
            assert_equal(candidate.conv_matrix(weight, 4, 3, 1, 1), matrix64(weight, 4, 3, 1, 1).float())

    def test_errors(self, candidate, rng):
        """Kernels of another rank or that do not fit, and settings out of range, are refused."""
        weight = torch.ones(1, 1, 2, 3)
        for args in (
            (weight[0], 4, 4),
            (weight, 1, 4),
            (weight, 4, 2),
            (weight, 0, 4, 1, 1),
            (weight, 4, 4, 0),
            (weight, 4, 4, 1, -1),
        ):
            with raises(ValueError):
                candidate.conv_matrix(*args)


def paths(layers):
    """Counts by walking every path from one output to the inputs."""
    positions = [0]
    for kernel, stride, dilation in reversed(layers):
        positions = [p * stride + tap * dilation for p in positions for tap in range(kernel)]
    return [positions.count(p) for p in range(max(positions) + 1)]


class TestPathCounts:
    def test_random_stacks(self, candidate, rng):
        """Every path is counted where it ends, with strides and dilations of all kinds."""
        for _ in range(8):
            layers = [(whole(rng, 1, 3), whole(rng, 1, 3), whole(rng, 1, 3)) for _ in range(whole(rng, 1, 4))]
            assert_equal(candidate.path_counts(layers), paths(layers))

    def test_single_layer(self, candidate, rng):
        """One dilated kernel sees its own elements, with holes in between; its stride does not matter."""
        for kernel, stride, dilation in ((3, 1, 1), (4, 5, 3), (1, 2, 6)):
            assert_equal(candidate.path_counts([(kernel, stride, dilation)]), paths([(kernel, 1, dilation)]))

    def test_gridding(self, candidate, rng):
        """A dilation spreads its own layer only: equal ones above one leave holes, doubled ones from one on do not."""
        for dilations in ((2, 2, 2), (1, 2, 4), (2, 4, 8), (1, 2, 3), (3, 1, 1)):
            layers = [(3, 1, d) for d in dilations]
            assert_equal(candidate.path_counts(layers), paths(layers))

    def test_order_of_strides(self, candidate, rng):
        """A stride spreads what comes after it, and not what was before."""
        for layers in ([(3, 2, 1), (3, 1, 1)], [(3, 1, 1), (3, 2, 1)], [(2, 3, 2), (2, 2, 1), (3, 1, 2)]):
            assert_equal(candidate.path_counts(layers), paths(layers))

    def test_no_layers(self, candidate, rng):
        """An output that is an input is reached in one way."""
        assert_equal(candidate.path_counts([]), [1])
        assert_equal(candidate.path_counts([(1, 1, 1), (1, 4, 2)]), [1])

    def test_large_counts(self, candidate, rng):
        """Counts beyond 64 bits are exact."""
        for depth in (70, 90):
            want = [math.comb(depth, i) for i in range(depth + 1)]
            assert_equal(candidate.path_counts([(2, 1, 1)] * depth), want)

    def test_errors(self, candidate, rng):
        """Numbers less than one are refused."""
        for bad in ((0, 1, 1), (3, 0, 1), (3, 1, 0), (3, -1, 1)):
            with raises(ValueError):
                candidate.path_counts([(3, 1, 1), bad])
            with raises(ValueError):
                candidate.path_counts([bad, (3, 1, 1)])


def tried(out, layers, most=400):
    """The sizes that lead to `out`, by trying."""
    found = []
    for n in range(1, most):
        size = n
        for kernel, stride, padding, dilation in layers:
            size = count_places(size + 2 * padding, kernel, stride, dilation) if size else 0
        if size == out:
            found.append(n)
    return (found[0], found[-1]) if found else None


class TestInputSizes:
    def test_single_layer(self, candidate, rng):
        """One layer leads from a range of sizes to one answer, and a dilated kernel ends with its last element."""
        for _ in range(8):
            layers = [(whole(rng, 2, 5), whole(rng, 1, 4), 0, whole(rng, 1, 3))]
            out = whole(rng, 1, 9)
            assert_equal(candidate.input_sizes(out, layers), tried(out, layers))

    def test_padding(self, candidate, rng):
        """Padding makes room on both sides."""
        for padding in (1, 2):
            layers = [(5, whole(rng, 1, 4), padding, 2)]
            out = whole(rng, 5, 9)
            assert_equal(candidate.input_sizes(out, layers), tried(out, layers))

    def test_stacks(self, candidate, rng):
        """Ranges widen from layer to layer, from the output back to the input."""
        for _ in range(8):
            layers = [(whole(rng, 2, 4), whole(rng, 1, 3), whole(rng, 0, 1), whole(rng, 1, 2)) for _ in range(3)]
            out = whole(rng, 4, 6)
            assert_equal(candidate.input_sizes(out, layers), tried(out, layers))

    def test_small_inputs(self, candidate, rng):
        """Inputs smaller than one do not count, at any layer."""
        for out, layers in (
            (1, [(3, 2, 1, 1)]),
            (1, [(2, 4, 2, 1)]),
            (2, [(1, 5, 2, 1)]),
            (1, [(5, 1, 0, 1), (3, 4, 2, 1)]),
            (1, [(4, 3, 0, 1), (3, 3, 1, 1)]),
            (3, [(1, 2, 2, 1), (3, 1, 1, 1), (5, 3, 2, 1)]),
        ):
            assert_equal(candidate.input_sizes(out, layers), tried(out, layers))

    def test_no_layers(self, candidate, rng):
        """Without layers the input is the output."""
        for out in (1, whole(rng, 2, 99)):
            assert_equal(candidate.input_sizes(out, []), (out, out))

    def test_large_numbers(self, candidate, rng):
        """Numbers beyond the precision of floating point are exact, and nothing is tried out."""
        for _ in range(2):
            out = 10**17 + whole(rng, 0, 10**9)
            assert_equal(candidate.input_sizes(out, [(3, 2, 0, 1)]), (2 * out + 1, 2 * out + 2))
            assert_equal(candidate.input_sizes(out, [(3, 1, 1, 1)] * 5), (out, out))
            assert_equal(candidate.input_sizes(3, [(out, 1, 0, 2)]), (2 * out + 1, 2 * out + 1))

    def test_impossible(self, candidate, rng):
        """A number of outputs that no input leads to is refused."""
        for out, layers in (
            (1, [(1, 1, 1, 1)]),
            (2, [(2, 1, 2, 1)]),
            (3, [(3, 2, 0, 1), (1, 1, 2, 1)]),
            (1, [(1, 3, 2, 1)]),
            (4, [(1, 1, 2, 1), (3, 1, 1, 1)]),
        ):
            assert tried(out, layers) is None
            with raises(ValueError):
                candidate.input_sizes(out, layers)

    def test_errors(self, candidate, rng):
        """Numbers out of range are refused."""
        for out, bad in (
            (0, (3, 1, 0, 1)),
            (-2, (3, 1, 0, 1)),
            (5, (0, 1, 0, 1)),
            (5, (3, 0, 0, 1)),
            (5, (3, 1, -1, 1)),
        ):
            with raises(ValueError):
                candidate.input_sizes(out, [(3, 1, 1, 1), bad])
        with raises(ValueError):
            candidate.input_sizes(5, [(3, 1, 0, 0), (3, 1, 1, 1)])
