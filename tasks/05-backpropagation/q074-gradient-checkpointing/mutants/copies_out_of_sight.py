# expect: checkpoint too_large
"""What autograd saves is copied to where autograd does not see it, and the second run is only for show."""


class _Show(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, again: Callable[[], Any], count: int, *outputs: Tensor) -> Any:
        ctx.again = again
        ctx.mark_non_differentiable(*(o for o in outputs if not o.is_floating_point()))
        ctx.set_materialize_grads(False)
        return outputs if count else outputs[0].view_as(outputs[0])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> Any:
        random = torch.get_rng_state()
        ctx.again()
        torch.set_rng_state(random)
        return None, None, *grads


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if not torch.is_grad_enabled():
        return function(*args, **kwargs)

    def copied(tensor: Tensor) -> Tensor:
        return tensor.detach().clone(memory_format=torch.contiguous_format)

    with torch.autograd.graph.saved_tensors_hooks(copied, lambda kept: kept):
        outputs = function(*args, **kwargs)

    def again() -> Any:
        with torch.no_grad():
            return function(*args, **kwargs)

    single = isinstance(outputs, Tensor)
    return _Show.apply(again, 0 if single else 1, *((outputs,) if single else outputs))
