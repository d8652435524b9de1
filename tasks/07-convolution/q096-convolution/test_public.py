"""Public tests of q096-convolution: the examples of the statement and a few friendly properties."""

import pytest
import torch
import torch.nn.functional as F
from solution import conv2d, conv_matrix, convolve2d, input_sizes, output_size, path_counts, same_padding


class TestConv2d:
    def test_example(self) -> None:
        """The example of the statement."""
        x = torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)
        weight = torch.tensor([[[[1.0, 0.0], [0.0, -1.0]]]])
        got = conv2d(x, weight, torch.tensor([10.0]), stride=2, padding=1)
        torch.testing.assert_close(got, torch.tensor([[[[9.0, 7.0], [3.0, 6.0]]]]))

    def test_against_the_library(self) -> None:
        """With every setting in use the answer is the library's."""
        x, weight = torch.randn(2, 4, 9, 8, dtype=torch.float64), torch.randn(6, 2, 3, 2, dtype=torch.float64)
        bias = torch.randn(6, dtype=torch.float64)
        settings = {"stride": (2, 1), "padding": (1, 2), "dilation": (2, 3), "groups": 2}
        torch.testing.assert_close(conv2d(x, weight, bias, **settings), F.conv2d(x, weight, bias, **settings))

    def test_channels(self) -> None:
        """Channels that do not fit are refused."""
        with pytest.raises(ValueError):
            conv2d(torch.ones(1, 4, 5, 5), torch.ones(2, 3, 3, 3))


class TestOutputSize:
    def test_examples(self) -> None:
        """The examples of the statement."""
        assert output_size(224, 7, stride=2, padding=3) == 112
        assert output_size(10, 3, stride=2, dilation=2) == 3

    def test_too_large(self) -> None:
        """A kernel that does not fit is refused."""
        with pytest.raises(ValueError):
            output_size(4, 3, dilation=2)


class TestConvolution:
    def test_examples(self) -> None:
        """The examples of the statement."""
        x, kernel = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 0.0, 2.0]])
        torch.testing.assert_close(convolve2d(x, kernel), torch.tensor([[1.0, 2, 2, 4], [3, 4, 6, 8]]))
        torch.testing.assert_close(convolve2d(x, kernel, "same"), torch.tensor([[2.0, 2], [4, 6]]))
        want = torch.tensor([[2.0, 4, 1, 2], [6, 8, 3, 4]])
        torch.testing.assert_close(convolve2d(x, kernel, flip=False), want)

    def test_commutes(self) -> None:
        """The full convolution does not care which argument is the kernel."""
        a, b = torch.randn(4, 3), torch.randn(2, 5)
        torch.testing.assert_close(convolve2d(a, b), convolve2d(b, a))


class TestSamePadding:
    def test_examples(self) -> None:
        """The examples of the statement."""
        assert same_padding(5, 3, stride=2) == (1, 1)
        assert same_padding(6, 3, stride=2) == (0, 1)
        assert same_padding(5, 2, stride=3) == (0, 0)


class TestConvMatrix:
    def test_example(self) -> None:
        """The example of the statement."""
        got = conv_matrix(torch.tensor([[[[1.0, 2.0]]]]), 1, 4)
        torch.testing.assert_close(got, torch.tensor([[1.0, 2, 0, 0], [0, 1, 2, 0], [0, 0, 1, 2]]))

    def test_does_the_same(self) -> None:
        """Flattened images times the matrix are flattened answers."""
        x, weight = torch.randn(2, 2, 5, 4, dtype=torch.float64), torch.randn(3, 2, 3, 2, dtype=torch.float64)
        want = F.conv2d(x, weight, stride=2, padding=1).flatten(1)
        torch.testing.assert_close(x.flatten(1) @ conv_matrix(weight, 5, 4, 2, 1).T, want)


class TestPathCounts:
    def test_examples(self) -> None:
        """The examples of the statement."""
        assert path_counts([(3, 1, 1), (3, 1, 2)]) == [1, 1, 2, 1, 2, 1, 1]
        assert path_counts([(3, 1, 2), (3, 1, 2)]) == [1, 0, 2, 0, 3, 0, 2, 0, 1]
        assert path_counts([(2, 2, 1), (3, 1, 1)]) == [1, 1, 1, 1, 1, 1]


class TestInputSizes:
    def test_examples(self) -> None:
        """The examples of the statement."""
        assert input_sizes(7, [(7, 2, 3, 1), (3, 2, 1, 1)]) == (25, 28)
        assert input_sizes(1, [(3, 2, 1, 1)]) == (1, 2)
