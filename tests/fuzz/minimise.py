"""A smaller input that ends in the same way: ``python -m fuzz.minimise TARGET FILE [OUTPUT]``."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from fuzz.judge import Verdict
from fuzz.sandbox import Sandbox, judge_target

MOST = 4000  # inputs tried


def smaller(data: bytes) -> Iterator[bytes]:
    """Yield what is left without each part, from halves to single bytes, then with each byte zero."""
    size = len(data) // 2
    while size:
        for start in range(0, len(data), size):
            yield data[:start] + data[start + size :]
        size //= 2
    for at, byte in enumerate(data):
        if byte:
            yield data[:at] + b"\0" + data[at + 1 :]


def minimised(data: bytes, same: Callable[[bytes], bool]) -> bytes:
    """Return an input that no single step makes smaller, or the best after `MOST` trials."""
    trials = 0
    while trials < MOST:
        for candidate in smaller(data):
            trials += 1
            if same(candidate):
                data = candidate
                break
            if trials >= MOST:
                break
        else:
            return data
    return data


def main(target: str, path: str, output: str = "") -> None:
    """Minimise one file."""
    data = Path(path).read_bytes()
    with Sandbox() as sandbox:

        def verdict(candidate: bytes) -> Verdict:
            return next(sandbox.verdicts(judge_target, [(target, candidate)]))

        wanted = verdict(data)

        def same(candidate: bytes) -> bool:
            found = verdict(candidate)
            return (found.outcome, found.where) == (wanted.outcome, wanted.where)

        result = minimised(data, same)
    Path(output or f"{path}.min").write_bytes(result)
    sys.stdout.write(f"{wanted.outcome} {wanted.where}: {len(data)} -> {len(result)} bytes\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
