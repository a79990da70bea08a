"""Reads URLs from stdin, each ended by a NUL, and prints what libpq itself makes of them, as a JSON list."""
import ctypes
import json
import sys


class Option(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val", "label", "dispchar")]
    _fields_.append(("dispsize", ctypes.c_int))


libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconninfoParse.restype = ctypes.POINTER(Option)


def parse(url):
    options = libpq.PQconninfoParse(ctypes.c_char_p(url), None)
    if not options:
        return None
    found, index = {}, 0
    while options[index].keyword:
        if options[index].val is not None:
            found[options[index].keyword.decode()] = options[index].val.hex()
        index += 1
    return found


print(json.dumps([parse(url) for url in sys.stdin.buffer.read().split(b"\0")[:-1]]))
