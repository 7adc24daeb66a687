"""Codecs that do what codecs in C do to a process: crash, hang, take all the memory."""

import os
import time

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Do what the first byte says, or return a frame full of it."""
    order = bytes(data[:1])
    if order == b"C":
        os.abort()
    if order == b"H":
        time.sleep(60)
    if order == b"M":
        np.ones(1 << 30)
    return Frame(np.full(fmt.frame_shape, data[0], fmt.dtype), fmt.photometric)
