"""Tests of forbidden names as the trusted side sees them."""

from __future__ import annotations

from grader import rules


def test_functions_have_operators_and_classes_have_none() -> None:
    """torch.softmax is dispatched as _softmax; nn.Softmax and optimizers are classes."""
    found = rules.operators(["torch.softmax", "torch.nn.Softmax", "torch.optim.adam.adam"], ["_fused_adam_"])
    assert found == ["_fused_adam_", "_safe_softmax", "_softmax", "softmax"]


def test_a_note_becomes_a_sentence_with_its_line() -> None:
    """Only notes about forbidden names are sentences."""
    assert rules.noted(["forbidden\t7\ttorch.softmax", "something else"]) == [
        "line 7 uses torch.softmax, which this task forbids"
    ]


def test_a_forged_note_cannot_raise() -> None:
    """A note comes from where candidate code runs: anything may stand in it."""
    assert len(rules.noted(["forbidden\t" + "9" * 9999 + "\tx", "forbidden", "forbidden\t²\t" + "y" * 999])) == 3
