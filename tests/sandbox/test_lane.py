"""Lanes and runs as the trusted side holds them, with a thread in the zygote's place."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import descriptors, wire
from sandbox.errors import IsolationRefused, LaneLost
from sandbox.lane import Lane, Preparation
from sandbox.limits import Died, Ending, Limits, OutOfMemory, Returned
from sandbox.pool import Pool

if TYPE_CHECKING:
    from tests.sandbox.conftest import Stage

Answer = Callable[[dict[str, Any], list[int]], dict[str, Any] | None]


@pytest.fixture
def lane_of() -> Iterator[Callable[..., Lane]]:
    """Makes a lane whose zygote answers as told; None closes the connection."""
    made: list[tuple[Lane, threading.Thread]] = []

    def make(answer: Answer, **options: Any) -> Lane:
        ours, theirs = socket.socketpair()

        def serve() -> None:
            with theirs, contextlib.suppress(EOFError, OSError):
                while True:
                    head, passed = descriptors.receive(theirs)
                    reply = answer(head, passed)
                    for descriptor in passed:
                        os.close(descriptor)
                    if reply is None:
                        return
                    wire.send_frame(theirs, {"seq": head["seq"]} | reply)

        thread = threading.Thread(target=serve)
        thread.start()
        made.append((Lane(ours, Limits(), {"name": "thread"}, **options), thread))
        return made[-1][0]

    yield make
    for lane, thread in made:
        lane.hang_up()
        thread.join()


def test_last_words() -> None:
    """A zygote that says why it goes, and is gone before anything was asked of it, is heard all the same."""
    ours, theirs = socket.socketpair()
    lane = Lane(ours, Limits(), {"name": "gone"})
    with theirs:
        wire.send_frame(theirs, {"failed": "OSError: unshare", "refused": True})
    with pytest.raises(IsolationRefused, match="unshare"):
        lane.prepare(Preparation())
    lane.disconnect()


def test_what_a_zygote_found_is_said_of_its_backend(lane_of: Callable[..., Lane]) -> None:
    """The versions of optional packages go into reports, and are known where candidate code is judged."""
    lane = lane_of(lambda head, passed: {"threads": 1, "found": {"triton": "3.7.1"}, "version": ""})
    lane.prepare(Preparation(optional=("triton",)))
    assert lane.backend == {"name": "thread", "triton": "3.7.1"}


def hello(head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
    """A zygote whose runs are this very process, which says hello and answers nothing."""
    if head["op"] == "fork":
        with socket.socket(fileno=os.dup(passed[0])) as channel, contextlib.suppress(BrokenPipeError):
            wire.send_frame(channel, {"op": "hello"})
        return {"run": 7}
    return {"status": 3, "peak_kb": 7}


def test_zygote_that_hangs_up(lane_of: Callable[..., Lane]) -> None:
    """A zygote that closes its socket is a lost lane."""
    with pytest.raises(LaneLost):
        lane_of(lambda head, passed: None).run()


def test_zygote_that_is_gone(lane_of: Callable[..., Lane]) -> None:
    """Asking a zygote that is gone is a lost lane."""
    lane = lane_of(lambda head, passed: None)
    with pytest.raises(LaneLost):
        lane.run()
    with pytest.raises(LaneLost):
        lane.finish(1)


def test_zygote_that_does_not_answer(lane_of: Callable[..., Lane], monkeypatch: pytest.MonkeyPatch) -> None:
    """A zygote that stays silent is a lost lane after a while."""
    done = threading.Event()
    monkeypatch.setattr("sandbox.lane.ZYGOTE_ANSWER_S", 0.1)

    def silent(head: dict[str, Any], passed: list[int]) -> None:
        done.wait()

    lane = lane_of(silent)
    with pytest.raises(LaneLost):
        lane.run()
    done.set()


def test_run_that_does_not_come_up(lane_of: Callable[..., Lane]) -> None:
    """A run whose channel closes before it said hello is a lost lane."""
    run = lane_of(lambda head, passed: {"run": 1}).run()
    with pytest.raises(LaneLost, match="did not come up"):
        run.load("m", "")


def test_run_that_says_something_else(lane_of: Callable[..., Lane]) -> None:
    """A run that does not say hello is a lost lane."""

    def rude(head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        with socket.socket(fileno=os.dup(passed[0])) as channel:
            wire.send_frame(channel, {"op": "goodbye"})
        return {"run": 1}

    with pytest.raises(LaneLost, match="hello"):
        lane_of(rude).run().load("m", "")


def test_hello_tells_the_pid_the_kernel_knows(lane_of: Callable[..., Lane]) -> None:
    """A run's process id is the kernel's word, not the run's."""
    assert lane_of(hello).run().pid == os.getpid()


def test_replies_out_of_order(lane_of: Callable[..., Lane]) -> None:
    """Replies are told apart by their numbers, in whatever order they are asked for."""
    lane = lane_of(hello)
    lane.finish(1)
    lane.finish(2)
    lane.prefork()
    assert lane.run().number == 7
    assert [lane.await_finish(2), lane.await_finish(1)] == [Ending(3, 7)] * 2


def test_prefork_is_done_once(lane_of: Callable[..., Lane]) -> None:
    """Asking for a spare twice makes one."""
    asked: list[str] = []

    def count(head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        asked.append(head["op"])
        return hello(head, passed)

    lane = lane_of(count)
    lane.prefork()
    lane.prefork()
    lane.run().close()
    lane.settle()
    assert asked == ["fork", "finish"]


def test_spare_is_kept_when_memory_shrinks(lane_of: Callable[..., Lane]) -> None:
    """A spare forked under wider limits is used under narrower ones and abandoned under wider ones still."""
    asked: list[str] = []

    def count(head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        asked.append(head["op"])
        return hello(head, passed)

    lane = lane_of(count)
    lane.prefork()
    lane.limit(wall_s=1.0, memory_mb=lane.limits.memory_mb // 2)
    assert lane.run().number == 7
    assert asked == ["fork"]
    lane.prefork()
    lane.limit(wall_s=1.0, memory_mb=lane.limits.memory_mb * 2)
    lane.settle()
    assert asked == ["fork", "fork", "finish"]


def test_limits_of_a_block_end_with_it(lane_of: Callable[..., Lane]) -> None:
    """Inside it runs are forked under its limits, and after it, however it ends, under the usual ones."""
    asked: list[dict[str, Any]] = []

    def keep(head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        asked.append(head)
        return hello(head, passed)

    lane = lane_of(keep)
    usual = lane.limits
    with contextlib.suppress(KeyError), lane.limited(wall_s=3.0, memory_mb=64, answer_mb=1):
        lane.run()
        assert (lane.limits.wall_s, asked[0]["limits"]["memory_mb"], asked[0]["limits"]["answer_mb"]) == (3.0, 64, 1)
        raise KeyError
    assert lane.limits == usual


def test_leaving_abandons_the_spare(lane_of: Callable[..., Lane]) -> None:
    """A lane that is left has no run and no spare."""
    asked: list[str] = []

    def count(head: dict[str, Any], passed: list[int]) -> dict[str, Any]:
        asked.append(head["op"])
        return hello(head, passed)

    lane = lane_of(count)
    lane.run().close()
    lane.prefork()
    lane.leave()
    assert sorted(asked) == ["finish", "finish", "fork", "fork"]


@pytest.mark.parametrize(
    "events", ["low 0\nhigh 0\nmax 3\noom 1\noom_kill {}\n", "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n"]
)
def test_kernel_kills_are_told_from_deaths(lane_of: Callable[..., Lane], tmp_path: Path, events: str) -> None:
    """A death is out of memory if the kernel killed for memory meanwhile, by either version's count, and once only."""
    counter = tmp_path / "events"
    counter.write_text(events.format(4))
    lane = lane_of(hello, cgroup={"events": str(counter)})
    assert lane.run().load("m", "") == Died(3)
    run = lane.run()
    assert run.pid
    counter.write_text(events.format(5))
    assert isinstance(run.load("m", ""), OutOfMemory)
    assert lane.run().load("m", "") == Died(3)


def test_counting_kills_without_a_cgroup(lane_of: Callable[..., Lane], tmp_path: Path) -> None:
    """Where the kernel keeps no count, or the file is gone, there were no kills."""
    assert lane_of(hello).count_oom_kills() == 0
    assert lane_of(hello, cgroup={"events": str(tmp_path / "gone")}).count_oom_kills() == 0


def test_run_that_is_over(stage: Stage) -> None:
    """A run that was closed takes no more calls; closing it again is fine."""
    run = stage.run
    run.close()
    run.close()
    with pytest.raises(AssertionError, match="over"):
        run.load("m", "")


def test_more_than_1023_descriptors(stage: Stage) -> None:
    """A service with very many open files can still call."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1200:
        pytest.skip(f"only {hard} descriptors are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    stage.lane.leave()
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(1050)]
    try:
        run = stage.fresh()
        assert run.fileno() > 1023
        assert run.load("m", "x = 1") == Returned(None)
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_another_process_drives_a_lane(pool: Pool) -> None:
    """A lane can be handed to who holds its descriptors, spare included, and taken back."""
    with pool.lane() as lane:
        lane.prefork()
        lane.ask_zygote("usage", run=0)  # and the reply about the spare has been read by now
        state, passed = lane.hand_over()
        theirs = Lane.take_over(state, [os.dup(descriptor) for descriptor in passed])
        assert theirs.limits == lane.limits
        for n in range(2):
            run = theirs.run()
            assert run.load("m", f"def f(): return {n}") == Returned(None)
            assert run.call("m", "f") == Returned(n)
            run.close()
            theirs.prefork()
        lane.taken_back(theirs.give_back())
        run = lane.run()
        assert run.load("m", "x = 1") == Returned(None)
        run.close()


def test_null_call(stage: Stage) -> None:
    """A null call brings its first argument back."""
    assert stage.run.null([1, 2], "x") == Returned([1, 2])
    assert stage.run.null() == Returned(None)


def test_begin_seeds_before_anything_is_loaded(stage: Stage) -> None:
    """A seed of any size is taken."""
    for seed in (0, 1, 2**32, 2**63 - 1):
        assert stage.fresh().begin(seed) == Returned(None)
