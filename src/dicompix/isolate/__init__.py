"""Decoding in worker processes, which may crash, hang or exhaust their memory without harm to this one: isolated()."""

from collections.abc import Iterator
from contextlib import contextmanager

from dicompix.isolate.workers import Workers
from dicompix.pixels import decode
from dicompix.pixels.errors import BadValueError
from dicompix.pixels.parallel import available_cores


@contextmanager
def isolated(*, timeout: float = 30.0, memory: int = 1 << 31, workers: int | None = None) -> Iterator[None]:
    """Decode in worker processes, all threads of this one included, until the block ends.

    A crash, a hang of more than `timeout` seconds, or more than `memory` bytes (where the system can limit it) is a
    CodecError for the frame, and the work goes on. The workers, one a core by default, start on entry. The limits on
    decoded bytes that count in this process count in them: see ``limits()``. A script needs its code under
    ``if __name__ == "__main__":``, and a process forked inside of the block an ``isolated()`` of its own. Codecs added
    to a registry at run time are not known to the workers unless their module is an entry point. Raises CodecError
    where the workers do not start, BadValueError for an argument that is not above 0.
    """
    if timeout <= 0 or memory <= 0 or (workers is not None and workers < 1):
        raise BadValueError(f"timeout {timeout}, memory {memory}, workers {workers}: needed more than 0 of each")
    pool = Workers(timeout, memory, available_cores() if workers is None else workers)
    try:
        pool.warm()
        with decode.isolated_by(pool.decode):
            yield
    finally:
        pool.stop()
