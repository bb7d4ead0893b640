"""The queue on a broker: what the port's contract does not say, and a broker in trouble."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.adapters.test_queue import AWHILE, SOON
from tests.adapters.waiting import connected, until
from tests.servers.proxy import Proxy
from tests.servers.rabbitmq import RabbitMQ
from windstill.adapters.celery import CeleryQueue
from windstill.adapters.celery.app import DELIVERIES, make_broker
from windstill.jobs.errors import StoreError

Open = Callable[..., CeleryQueue]


@pytest.fixture
def name() -> str:
    """What the test's own queues are called."""
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture
def open_queue(rabbitmq: RabbitMQ, name: str) -> Iterator[Open]:
    """Opens the test's queue, as another process would each time."""
    opened: list[CeleryQueue] = []

    def begin(url: str = rabbitmq.url) -> CeleryQueue:
        opened.append(CeleryQueue(url, name))
        return connected(opened[-1])

    yield begin
    for queue in opened:
        queue.release()


@pytest.fixture
def proxy(rabbitmq: RabbitMQ) -> Iterator[Proxy]:
    between = Proxy(rabbitmq.port)
    yield between
    between.stop()


def through(proxy: Proxy, rabbitmq: RabbitMQ) -> str:
    return rabbitmq.url.replace(f":{rabbitmq.port}/", f":{proxy.port}/")


def channel_of(rabbitmq: RabbitMQ, name: str) -> tuple[Any, Any]:
    broker = make_broker(rabbitmq.url, name)
    connection = broker.app.connection_for_write()
    return connection, broker


def test_a_message_holds_the_id_of_a_job_and_nothing_else(
    open_queue: Open, rabbitmq: RabbitMQ, name: str
) -> None:
    assert open_queue().put("0123")
    connection, broker = channel_of(rabbitmq, name)
    with connection:
        message = broker.normal(connection.channel()).get(no_ack=True)
    arguments, keywords, _ = json.loads(message.body)
    assert (arguments, keywords) == (["0123"], {})
    assert message.headers["task"] == "windstill.run"
    assert message.properties["delivery_mode"] == 2


def test_who_is_busy_holds_no_message_that_another_could_run(open_queue: Open) -> None:
    busy, free = open_queue(), open_queue()
    busy.put("a")
    assert busy.take(SOON) == "a"
    for job_id, priority in (("b", 0), ("c", 1), ("d", 0)):
        busy.put(job_id, priority)
    assert [free.take(SOON) for _ in range(3)] == ["c", "b", "d"]


def test_what_waits_in_two_queues_is_taken_once_by_idle_takers(open_queue: Open) -> None:
    """Both queues may deliver at once to a slot that is free for one of them."""
    queues = [open_queue() for _ in range(3)]
    taken: list[str] = []

    def work(queue: CeleryQueue) -> None:
        while (job_id := queue.take(SOON)) is not None:
            taken.append(job_id)
            queue.done(job_id)
            if len(taken) == 60:
                for other in queues:
                    other.close()

    threads = [threading.Thread(target=work, args=(queue,)) for queue in queues]
    for thread in threads:
        thread.start()
    for number in range(60):
        assert queues[number % 3].put(str(number), number % 2)
    for thread in threads:
        thread.join()
    assert sorted(taken, key=int) == [str(number) for number in range(60)]


def test_what_a_dead_process_had_taken_goes_to_another(open_queue: Open) -> None:
    dies, lives = open_queue(), open_queue()
    dies.put("a")
    assert dies.take(SOON) == "a"
    dies.release()
    assert lives.take(SOON) == "a"
    lives.done("a")
    lives.release()
    assert len(open_queue()) == 0


def test_what_is_given_back_while_draining_goes_to_another(open_queue: Open) -> None:
    drains, lives = open_queue(), open_queue()
    drains.put("a")
    assert drains.take(SOON) == "a"
    drains.close()
    drains.done("a")
    assert drains.put("a")
    assert lives.take(SOON) == "a"


def test_what_is_delivered_too_often_is_told_until_it_is_done(open_queue: Open) -> None:
    open_queue().put("a")
    for _ in range(DELIVERIES + 1):
        queue = open_queue()
        assert queue.take(SOON) == "a"
        queue.release()
    queue = open_queue()
    assert queue.take(AWHILE) is None
    until(lambda: queue.spoilt() == ["a"])
    assert queue.spoilt() == ["a"]
    queue.done("a")
    assert queue.spoilt() == []
    queue.release()
    later = open_queue()
    assert later.take(AWHILE) is None
    assert later.spoilt() == []


def test_a_message_that_is_no_jobs_leaves_the_queue(
    open_queue: Open, rabbitmq: RabbitMQ, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    queue = open_queue()
    queue.put("a")
    connection, broker = channel_of(rabbitmq, name)
    with connection:
        producer = broker.app.amqp.Producer(connection.channel())
        producer.publish({"not": "ours"}, routing_key=broker.normal.name, exchange="")
    assert queue.take(SOON) == "a"
    assert queue.take(AWHILE) is None
    until(lambda: caplog.text.count("no job's") == 2)  # in its queue, and among the dead letters
    assert queue.spoilt() == []


def test_a_broker_that_comes_back_is_used_again(
    open_queue: Open, proxy: Proxy, rabbitmq: RabbitMQ
) -> None:
    queue = open_queue(through(proxy, rabbitmq))
    assert queue.problems() == []
    assert queue.put("a")
    assert queue.take(SOON) == "a"
    proxy.cut()
    until(lambda: not queue.put("b"))
    until(lambda: queue.problems() != [])
    assert rabbitmq.password not in str(queue.problems())
    assert f"127.0.0.1:{proxy.port}" in queue.problems()[0]
    assert queue.reoffer < 10
    proxy.mend()
    until(lambda: queue.put("b"))
    # It came anew with the new connection, is not handed out again, and then forgotten.
    assert queue.take(SOON) == "b"
    queue.done("b")
    queue.done("a")
    until(lambda: queue.problems() == [])
    queue.release()
    other = open_queue()
    assert {other.take(AWHILE), other.take(AWHILE)} <= {None, "b"}


def test_a_broker_that_hangs_keeps_nobody_waiting(
    open_queue: Open, proxy: Proxy, rabbitmq: RabbitMQ
) -> None:
    queue = open_queue(through(proxy, rabbitmq))
    assert queue.put("a")
    proxy.freeze()
    assert not queue.put("b")
    until(lambda: queue.problems() != [])
    assert not queue.put("c")
    proxy.mend()
    until(lambda: queue.put("d"))
    until(lambda: queue.problems() == [])


@pytest.mark.parametrize("listens", [False, True])
def test_a_broker_that_never_answers_is_a_problem_and_no_wait(listens: bool) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listens:
            silent.listen()
        queue = CeleryQueue(f"amqp://user:hidden@127.0.0.1:{silent.getsockname()[1]}/")
        assert not queue.put("a")
        assert queue.problems() != []
        assert "hidden" not in str(queue.problems())
        assert queue.take(AWHILE) is None
        with pytest.raises(StoreError):
            len(queue)
        queue.release()


def test_a_wrong_password_is_told_without_it(rabbitmq: RabbitMQ) -> None:
    queue = CeleryQueue(rabbitmq.url.replace(rabbitmq.password, "mistaken"))
    until(lambda: queue.problems() != [])
    told = str(queue.problems())
    assert "127.0.0.1" in told
    assert "mistaken" not in told
    queue.release()


def test_queues_that_were_removed_are_made_again(
    open_queue: Open, rabbitmq: RabbitMQ, name: str
) -> None:
    queue = open_queue()
    assert queue.put("a")
    assert queue.take(SOON) == "a"
    assert queue.take(AWHILE) is None
    connection, broker = channel_of(rabbitmq, name)
    with connection:
        for removed in broker.queues:
            removed(connection.channel()).delete()
    assert not queue.put("b")
    until(lambda: queue.put("b"))
    assert queue.take(SOON) == "b"


@pytest.mark.slow
def test_messages_outlive_the_broker(open_queue: Open, rabbitmq: RabbitMQ) -> None:
    queue = open_queue()
    assert queue.put("a")
    assert queue.put("b", 1)
    assert queue.take(SOON) == "b"
    # RabbitMQ itself forgets a queue of less than three seconds when it is killed.
    assert queue.take(4) == "a"
    assert queue.take(4) is None
    rabbitmq.restart()
    until(lambda: queue.put("c"))
    queue.done("b")
    found = queue.take(SOON)
    if found == "b":  # that it was done could not be told any more
        queue.done("b")
        found = queue.take(SOON)
    assert found == "c"
    queue.release()
    # Still taken, neither was done.
    other = open_queue()
    assert {other.take(SOON), other.take(SOON)} == {"a", "c"}


def test_nothing_is_left_when_it_is_released(open_queue: Open) -> None:
    before = set(threading.enumerate())
    queue = open_queue()
    queue.put("a")
    queue.take(SOON)
    assert len(set(threading.enumerate()) - before) == 2
    queue.release()
    assert set(threading.enumerate()) <= before
