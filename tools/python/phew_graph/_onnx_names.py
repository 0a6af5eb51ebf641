"""The names of an ONNX file's initialisers, read from its protobuf bytes, so that checking needs no onnx package.

Field numbers: onnx.proto. Only what leads to names is looked at; weights are skipped.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from typing import Union

_Bytes = memoryview

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP_TYPE = 1, 2, 4
_TENSOR_NAME = 8
_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


def _varint(data: _Bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: _Bytes) -> Iterator[tuple[int, _Bytes]]:
    """A message's length-delimited fields: strings, bytes and messages."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _LENGTH_DELIMITED:
            length, at = _varint(data, at)
            yield key >> 3, data[at : at + length]
            at += length
        elif kind == _VARINT:
            _, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"found protobuf wire type {kind}, expected an ONNX file")


def _strings(data: _Bytes, field: int) -> list[str]:
    return [str(value, "utf-8") for number, value in _fields(data) if number == field]


def _names_in(data: _Bytes) -> set[str]:
    names: set[str] = set()
    copies: list[tuple[str, str]] = []
    for graph in (value for number, value in _fields(data) if number == _MODEL_GRAPH):
        for number, value in _fields(graph):
            if number == _GRAPH_INITIALIZER:
                names.update(_strings(value, _TENSOR_NAME))
            elif number == _GRAPH_NODE and _strings(value, _NODE_OP_TYPE) == ["Identity"]:
                copies.append((_strings(value, _NODE_INPUT)[0], _strings(value, _NODE_OUTPUT)[0]))
    # Of initialisers with equal values the TorchScript exporter keeps one; the others become Identity(that one).
    names.update(output for source, output in copies if source in names)
    return names


def initializer_names(path: Union[str, os.PathLike[str]]) -> set[str]:
    """The names under which an ONNX file holds tensors, those that are an Identity of another tensor included."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        with memoryview(mapped) as data:
            return _names_in(data)
