"""Reads a pickle as plain data: every class and function in it stays a name, and nothing is imported or called.

Training programs leave more than weights in their checkpoints: command-line options, dates, NumPy arrays, configuration
objects. PyTorch's own reader refuses such a file as a whole. Here an object becomes an `Inert` record, and a function
that would have been called is refused, unless it only makes such an object.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from zoo.checkpoints.errors import CheckpointError, CodeInCheckpointError, DamagedCheckpointError

MOST_OPERATIONS = 20_000_000
"""Pickle operations beyond which no checkpoint of weights goes."""
CLASSES_OF = {
    "addict", "argparse", "attr", "box", "collections", "datetime", "decimal", "easydict", "fractions", "fvcore",
    "lightning", "lightning_fabric", "ml_collections", "mmcv", "mmengine", "munch", "numpy", "omegaconf", "pandas",
    "pathlib", "pytorch_lightning", "pytz", "torch", "typing", "uuid", "yacs", "zoneinfo",
}  # fmt: skip
"""Packages whose classes say how a network was trained: what they would make of their arguments is left out."""
FUNCTIONS_OF = {
    "collections": ("defaultdict", "deque"),
    "datetime": ("date", "datetime", "time", "timedelta", "timezone"),
    "functools": ("partial",),
    "logging": ("getLogger",),
    "numpy": (
        "__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor", "_frombuffer", "_reconstruct", "dtype",
        "ndarray", "scalar",
    ),
    "pandas": ("__pyx_unpickle_NDArrayBacked", "_new_Index", "_unpickle_block", "_unpickle_timestamp", "new_block"),
    "re": ("_compile",),
    "torch": ("_get_layout", "device", "dtype"),
    "types": ("MappingProxyType", "SimpleNamespace"),
}  # fmt: skip
"""Functions, and classes in small letters, that only make such an object."""
DANGEROUS = {
    "_io", "_operator", "_pickle", "asyncio", "bdb", "builtins", "cProfile", "code", "codeop", "commands", "ctypes",
    "doctest", "fileinput", "ftplib", "gc", "http", "imp", "importlib", "inspect", "io", "ipykernel", "marshal",
    "multiprocessing", "nt", "operator", "os", "pdb", "pickle", "pip", "pkgutil", "platform", "popen2", "posix",
    "posixpath", "profile", "pty", "pydoc", "runpy", "shelve", "shutil", "signal", "site", "smtplib", "socket", "ssl",
    "subprocess", "sys", "tempfile", "threading", "timeit", "trace", "urllib", "venv", "webbrowser", "xmlrpc",
    "zipimport",
}  # fmt: skip
"""Packages with functions that reach out of a program; nothing of theirs has any business beside weights."""
PLAIN_BUILTINS = {
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set",
    "slice", "str", "tuple", "type", "xrange",
}  # fmt: skip
PYTHON_2 = {"__builtin__": "builtins", "exceptions": "builtins", "copy_reg": "copyreg", "UserDict": "collections"}
"""Modules that have another name today."""
_MARK = object()


@dataclass(frozen=True)
class Name:
    """A class or a function that a pickle names."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def package(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]


@dataclass(eq=False)
class Inert:
    """An object of a pickle, not made: its class, and what it would have been made from."""

    kind: Name
    arguments: tuple[Any, ...] = ()
    state: Any = None
    mapping: dict[Any, Any] = field(default_factory=dict)
    """What was put into it as into a dictionary."""
    items: list[Any] = field(default_factory=list)
    """What was appended to it as to a list."""


Calls = Mapping[str, Callable[..., Any]]
Persistent = Callable[[Any], Any]


def _no_persistent(identity: Any) -> Any:
    raise DamagedCheckpointError("its objects refer to data that is not in it")


def read_pickle(file: IO[bytes], *, name: str, calls: Calls, persistent: Persistent = _no_persistent) -> Any:
    """The object of one pickle, read up to its end; `file` is left behind it.

    `calls` are the functions that may be called, by their full name; `persistent` finds what stands outside the pickle.
    `name` is the file's, for messages. Raises `CodeInCheckpointError` or `DamagedCheckpointError`.
    """
    reader = _Reader(name, calls, persistent)
    try:
        for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
            if count > MOST_OPERATIONS:
                raise DamagedCheckpointError(f"{name} holds more than {MOST_OPERATIONS:,} objects; download it again")
            if operation.name == "STOP":
                return reader.stack.pop()
            reader.do(operation.name, argument)
    except CheckpointError:
        raise
    except Exception as error:  # bytes that are no pickle may go wrong in any operation
        raise DamagedCheckpointError(
            f"{name} is damaged ({type(error).__name__} in its pickle); download it again"
        ) from None
    raise DamagedCheckpointError(f"{name} ends inside its pickle; download it again")


class _Reader:
    """The stack machine of the pickle format."""

    def __init__(self, name: str, calls: Calls, persistent: Persistent) -> None:
        self.name, self.calls, self.persistent = name, calls, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def do(self, operation: str, argument: Any) -> None:
        stack = self.stack
        match operation:
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                stack.append(_MARK)
            case "POP":
                stack.pop()
            case "POP_MARK":
                self._marked()
            case "DUP":
                stack.append(stack[-1])
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(operation == "NEWTRUE")
            case "EMPTY_LIST" | "LIST":
                stack.append(self._marked() if operation == "LIST" else [])
            case "EMPTY_TUPLE" | "TUPLE":
                stack.append(tuple(self._marked()) if operation == "TUPLE" else ())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack[-int(operation[-1]) :] = [tuple(stack[-int(operation[-1]) :])]
            case "EMPTY_DICT" | "DICT":
                items = self._marked() if operation == "DICT" else []
                stack.append(dict(zip(items[::2], items[1::2], strict=True)))
            case "EMPTY_SET" | "FROZENSET":
                stack.append(frozenset(self._marked()) if operation == "FROZENSET" else set())
            case "APPEND" | "APPENDS":
                items = [stack.pop()] if operation == "APPEND" else self._marked()
                (stack[-1].items if isinstance(stack[-1], Inert) else stack[-1]).extend(items)
            case "ADDITEMS":
                items = self._marked()
                stack[-1].update(items)
            case "SETITEM" | "SETITEMS":
                items = [stack.pop(-2), stack.pop()] if operation == "SETITEM" else self._marked()
                target = stack[-1].mapping if isinstance(stack[-1], Inert) else stack[-1]
                target.update(zip(items[::2], items[1::2], strict=True))
            case "PUT" | "BINPUT" | "LONG_BINPUT" | "MEMOIZE":
                self.memo[len(self.memo) if operation == "MEMOIZE" else argument] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "GLOBAL":
                stack.append(self._named(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                stack[-2:] = [self._named(*stack[-2:])]
            case "INST":
                stack.append(self._called(self._named(*argument.split(" ", 1)), tuple(self._marked())))
            case "OBJ":
                kind, *arguments = self._marked()
                stack.append(self._called(kind, tuple(arguments)))
            case "REDUCE":
                arguments = stack.pop()
                stack[-1] = self._called(stack[-1], arguments)
            case "NEWOBJ":
                arguments = stack.pop()
                stack[-1] = self._made(stack[-1], arguments)
            case "NEWOBJ_EX":
                keywords, arguments = stack.pop(), stack.pop()
                stack[-1] = self._made(stack[-1], (*arguments, keywords))
            case "BUILD":
                state = stack.pop()
                if isinstance(stack[-1], Inert):
                    stack[-1].state = state
                elif isinstance(stack[-1], Name):
                    raise CodeInCheckpointError(self._refusal(stack[-1], "change"))
            case "PERSID" | "BINPERSID":
                stack.append(self.persistent(argument if operation == "PERSID" else stack.pop()))
            case _ if argument is not None:
                stack.append(argument)
            case _:
                raise DamagedCheckpointError(
                    f"{self.name} holds a pickle operation, {operation}, that no checkpoint has"
                )

    def _marked(self) -> list[Any]:
        """What stands on the stack above the last mark."""
        at = len(self.stack) - 1 - next(i for i, item in enumerate(reversed(self.stack)) if item is _MARK)
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def _named(self, module: str, name: str) -> Name:
        found = Name(PYTHON_2.get(module, module), name)
        is_plain = found.module == "builtins" and (
            name in PLAIN_BUILTINS or re.fullmatch(r"[A-Z]\w*(Error|Exception)", name)
        )
        if found.package in DANGEROUS and not is_plain:
            raise CodeInCheckpointError(self._refusal(found, "call"))
        return found

    def _called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """What a call gives: of a function in `calls` its result, of one that makes an inert object a record."""
        if not isinstance(function, Name):
            raise DamagedCheckpointError(f"{self.name} calls what is no function ({type(function).__name__})")
        if made := self.calls.get(str(function)):
            return made(*arguments)
        if str(function) in ("copyreg._reconstructor", "copyreg.__newobj__"):
            return self._made(arguments[0], arguments[1:])
        if function.module == "builtins" or is_inert(function):
            return Inert(function, arguments)
        raise CodeInCheckpointError(self._refusal(function, "call"))

    def _made(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        """An object of a class, whatever the class: it would be made without running the class's own start."""
        if not isinstance(kind, Name):
            raise DamagedCheckpointError(f"{self.name} makes an object of what is no class ({type(kind).__name__})")
        return self.calls[str(kind)](*arguments) if str(kind) in self.calls else Inert(kind, arguments)

    def _refusal(self, function: Name, verb: str) -> str:
        if function.package not in DANGEROUS | CLASSES_OF and function.name[:1].isupper():
            return (
                f"{self.name} holds an object that only the code of its authors, {function}, can make, and nothing of "
                "it was run; ask them for safetensors, or, if you trust it, save its state dict alone"
            )
        return (
            f"{self.name} would run code while it is read: it would {verb} {function}, and nothing of it was run; ask "
            "its authors for safetensors, or, if you trust it, save its state dict alone"
        )


def is_inert(function: Name) -> bool:
    """Whether a function or class only makes an object that says how a network was trained."""
    if function.name in FUNCTIONS_OF.get(function.package, ()):
        return True
    if function.name.startswith("__pyx_unpickle_"):  # how compiled classes are made
        return function.package in CLASSES_OF
    # By custom, classes begin with a capital letter; a method of one has a dot in its name.
    return function.package in CLASSES_OF and "." not in function.name and function.name[:1].isupper()
