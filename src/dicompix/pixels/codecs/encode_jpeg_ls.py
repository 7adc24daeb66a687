"""Samples -> JPEG-LS in pure Python, of any precision: slow, but always there (ITU-T T.87 annex A)."""

import struct
from collections.abc import Sequence

import numpy as np

from dicompix.pixels.codecs.base import Encoded, EncodeRequest, Stored, as_unsigned
from dicompix.pixels.codecs.encode_imagecodecs import near_of
from dicompix.pixels.format import PixelFormat

# How many samples, as a power of two, one bit of a run stands for (T.87 A.2.1).
_RUNS = (0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15)
_RESET = 64
_REGULAR = 365  # contexts of the regular mode; the two of run interruptions follow (T.87 A.2.1)
_FRAME = struct.Struct(">2sHBHHB")
_SCAN = struct.Struct(">2sHBBBBBB")


def encode(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one JPEG-LS frame, each component in a scan of its own."""
    near = near_of(fmt, want)
    planes = as_unsigned(array, fmt).reshape(fmt.rows, fmt.columns, fmt.samples)
    header = _FRAME.pack(b"\xff\xf7", 8 + 3 * fmt.samples, fmt.bits_stored, fmt.rows, fmt.columns, fmt.samples)
    parts = [b"\xff\xd8", header, *(bytes([number, 0x11, 0]) for number in range(1, fmt.samples + 1))]
    for number in range(fmt.samples):
        parts.append(_SCAN.pack(b"\xff\xda", 8, 1, number + 1, 0, near, 0, 0))
        parts.append(_Scan(fmt.bits_stored, near).encode(planes[:, :, number]))
    return Encoded(b"".join([*parts, b"\xff\xd9"]), fmt.photometric)


class _Bits:
    """Bits, most significant first; a byte after FF holds seven of them, so that no marker appears (T.87 A.1)."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.value, self.count = 0, 0

    def put(self, value: int, count: int) -> None:
        self.value, self.count = self.value << count | value, self.count + count
        while self.count >= self._room():
            self._emit(self._room())

    def _room(self) -> int:
        return 7 if self.data and self.data[-1] == 0xFF else 8

    def _emit(self, bits: int) -> None:
        self.count -= bits
        self.data.append(self.value >> self.count)
        self.value &= (1 << self.count) - 1

    def finished(self) -> bytes:
        if self.count or self._room() == 7:
            self.put(0, self._room() - self.count)
        return bytes(self.data)


def thresholds(greatest: int, near: int) -> tuple[int, int, int]:
    """Return the default T1, T2, T3 (T.87 C.2.4.1.1).

    >>> thresholds(255, 0), thresholds(4095, 0)
    ((3, 7, 21), (18, 67, 276))
    """

    def clamp(value: int, least: int) -> int:
        return value if least <= value <= greatest else least

    if greatest >= 128:
        factor = (min(greatest, 4095) + 128) >> 8
        wanted = [factor + 2 + 3 * near, 4 * factor + 3 + 5 * near, 17 * factor + 4 + 7 * near]
    else:
        factor = 256 // (greatest + 1)
        wanted = [max(2, 3 // factor + 3 * near), max(3, 7 // factor + 5 * near), max(4, 21 // factor + 7 * near)]
    first = clamp(wanted[0], near + 1)
    second = clamp(wanted[1], first)
    return first, second, clamp(wanted[2], second)


class _Scan:
    """The contexts of one component, and its coding line by line; names as in T.87."""

    def __init__(self, bits: int, near: int) -> None:
        self.greatest, self.near, self.step = (1 << bits) - 1, near, 2 * near + 1
        self.range = (self.greatest + 2 * near) // self.step + 1
        self.qbpp = (self.range - 1).bit_length()
        width = max(2, bits)
        self.limit = 2 * (width + max(8, width))
        self.t1, self.t2, self.t3 = thresholds(self.greatest, near)
        self.a = [max(2, (self.range + 32) >> 6)] * (_REGULAR + 2)
        self.b, self.c, self.n = [0] * _REGULAR, [0] * _REGULAR, [1] * (_REGULAR + 2)
        self.negative = [0, 0]
        self.run_index = 0
        self.bits = _Bits()

    def encode(self, plane: Stored) -> bytes:
        """Return the entropy-coded data of a plane."""
        columns = plane.shape[1]
        above = [0] * (columns + 2)
        for row in np.asarray(plane).tolist():
            line = [above[1], *row, 0]  # made into the reconstructed line in place
            self._line(line, above, columns)
            line[-1] = line[-2]
            above = line
        return self.bits.finished()

    def _line(self, line: list[int], above: Sequence[int], columns: int) -> None:
        above = [*above[: columns + 1], above[columns]]
        at = 1
        while at <= columns:
            ra, rb, rc, rd = line[at - 1], above[at], above[at - 1], above[at + 1]
            gradients = (rd - rb, rb - rc, rc - ra)
            if max(map(abs, gradients)) <= self.near:
                at = self._run(line, above, at, columns)
            else:
                line[at] = self._regular(line[at], gradients, self._predicted(ra, rb, rc))
                at += 1

    @staticmethod
    def _predicted(ra: int, rb: int, rc: int) -> int:
        """Return the median of left, above, and the plane through the neighbours (T.87 A.4.1)."""
        if rc >= max(ra, rb):
            return min(ra, rb)
        return max(ra, rb) if rc <= min(ra, rb) else ra + rb - rc

    def _quantized(self, gradient: int) -> int:
        size = abs(gradient)
        level = (size > self.near) + (size >= self.t1) + (size >= self.t2) + (size >= self.t3)
        return level if gradient > 0 else -level

    def _regular(self, sample: int, gradients: tuple[int, ...], predicted: int) -> int:
        """Code one sample in its context; return what a decoder will have (T.87 A.4 to A.6)."""
        first, second, third = map(self._quantized, gradients)
        context, sign = 81 * first + 9 * second + third, 1
        if context < 0:
            context, sign = -context, -1
        predicted = min(max(predicted + sign * self.c[context], 0), self.greatest)
        error, back = self._error(sample, predicted, sign)
        k = self._golomb_parameter(context, self.a[context])
        odd = not self.near and k == 0 and 2 * self.b[context] <= -self.n[context]
        mapped = 2 * error if error >= 0 else -2 * error - 1
        self._golomb(mapped ^ 1 if odd else mapped, k, self.limit)
        self._update(context, error)
        return back

    def _error(self, sample: int, predicted: int, sign: int) -> tuple[int, int]:
        """Return the quantized prediction error, modulo the range, and the reconstructed sample (T.87 A.4.4, A.4.5)."""
        error = sign * (sample - predicted)
        error = (error + self.near) // self.step if error > 0 else -((self.near - error) // self.step)
        back = min(max(predicted + sign * error * self.step, 0), self.greatest)
        error %= self.range
        return (error - self.range if error >= (self.range + 1) // 2 else error), back

    def _golomb_parameter(self, context: int, total: int) -> int:
        k = 0
        while self.n[context] << k < total:
            k += 1
        return k

    def _golomb(self, value: int, k: int, limit: int) -> None:
        """Put a value by the limited-length Golomb code (T.87 A.5.3)."""
        longest = limit - self.qbpp - 1
        if value >> k < longest:
            self.bits.put(1, (value >> k) + 1)
            self.bits.put(value & ((1 << k) - 1), k)
        else:
            self.bits.put(1, longest + 1)
            self.bits.put(value - 1, self.qbpp)

    def _update(self, context: int, error: int) -> None:
        """Update the variables of a context, then its bias (T.87 A.6)."""
        a, b, n = self.a[context] + abs(error), self.b[context] + error * self.step, self.n[context]
        if n == _RESET:
            a, b, n = a >> 1, b >> 1, n >> 1
        n += 1
        if b <= -n:
            b = max(b + n, 1 - n)
            self.c[context] = max(self.c[context] - 1, -128)
        elif b > 0:
            b = min(b - n, 0)
            self.c[context] = min(self.c[context] + 1, 127)
        self.a[context], self.b[context], self.n[context] = a, b, n

    def _run(self, line: list[int], above: Sequence[int], at: int, columns: int) -> int:
        """Code a run of equal samples and the one that ends it; return where to go on (T.87 A.7)."""
        value, start = line[at - 1], at
        while at <= columns and abs(line[at] - value) <= self.near:
            line[at] = value
            at += 1
        count = at - start
        while count >= 1 << _RUNS[self.run_index]:
            self.bits.put(1, 1)
            count -= 1 << _RUNS[self.run_index]
            self.run_index = min(self.run_index + 1, 31)
        if at > columns:
            if count:
                self.bits.put(1, 1)
            return at
        self.bits.put(count, _RUNS[self.run_index] + 1)
        line[at] = self._interruption(line[at], value, above[at])
        self.run_index = max(self.run_index - 1, 0)
        return at + 1

    def _interruption(self, sample: int, ra: int, rb: int) -> int:
        """Code the sample that ends a run (T.87 A.7.2)."""
        kind = int(abs(ra - rb) <= self.near)
        context = _REGULAR + kind
        sign = -1 if not kind and ra > rb else 1
        error, back = self._error(sample, ra if kind else rb, sign)
        total = self.a[context] + (self.n[context] >> 1 if kind else 0)
        k = self._golomb_parameter(context, total)
        often = 2 * self.negative[kind] >= self.n[context]
        mapped = error != 0 and ((error < 0) == (often or k != 0))
        value = 2 * abs(error) - kind - mapped
        self._golomb(value, k, self.limit - _RUNS[self.run_index] - 1)
        self.negative[kind] += error < 0
        self.a[context] += (value + 1 - kind) >> 1
        if self.n[context] == _RESET:
            self.a[context] >>= 1
            self.n[context] >>= 1
            self.negative[kind] >>= 1
        self.n[context] += 1
        return back
