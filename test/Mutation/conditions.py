# ===-- conditions.py - the conditions of a source, by its syntax tree -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What can be left out of a C++ source: operands, and conditions of early returns.

Clang's own parser finds them, with the flags of compile_commands.json.
"""

import dataclasses
import json
import pathlib
import shlex

from clang.cindex import BinaryOperator, Config, CursorKind, Index

Config.set_library_file("/usr/lib/llvm-22/lib/libclang-22.so.1")

# What an early return says no by.
REFUSALS = {"failure", "fail", "nullopt", "error", "refuse", "malformed", "invalid", "emitError", "emitOpError",
            "emitUnsupported", "notifyMatchFailure", "signalPassFailure", "makeError", "createStringError"}
# What is known at compile time has no environment.
CONSTANT = {CursorKind.STATIC_ASSERT, CursorKind.ENUM_CONSTANT_DECL, CursorKind.TEMPLATE_NON_TYPE_PARAMETER}
NEUTRAL = {BinaryOperator.LAnd: "true", BinaryOperator.LOr: "false"}


@dataclasses.dataclass(frozen=True)
class Condition:
    """Bytes `begin` to `end` of `file`; without it, it is as if it were `neutral`.

    One of no bytes is the variable `text`, which the condition declares, and ends there.
    """

    file: str
    begin: int
    end: int
    line: int
    neutral: str
    function: str
    text: str


def read_commands(build):
    """The flags of each source below the build's source folder."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        start = next(at for at, word in enumerate(words) if word.startswith("-"))
        commands[entry["file"]] = [word for word in words[start:] if word not in ("-c", "-o")
                                   and not word.endswith((".o", ".cpp"))]
    return commands


def strip(cursor):
    """Without the nodes that are no text of their own, and parentheses."""
    while cursor.kind in (CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR):
        inner = list(cursor.get_children())
        if len(inner) != 1:
            break
        cursor = inner[0]
    return cursor


def get_logical(cursor):
    if cursor.kind == CursorKind.BINARY_OPERATOR and cursor.binary_operator in NEUTRAL:
        return cursor.binary_operator
    return None


def is_early_return(branch):
    """A branch that ends in a return and says no."""
    last = branch
    if branch.kind == CursorKind.COMPOUND_STMT:
        *_, last = [None, *branch.get_children()]
    return (last is not None and last.kind == CursorKind.RETURN_STMT
            and any(token.spelling in REFUSALS for token in branch.get_tokens()))


def find_operands(cursor):
    """The operands of a logical operator that are none themselves."""
    neutral = NEUTRAL[get_logical(cursor)]
    left, right = cursor.get_children()
    # In a macro's arguments every place is that of the macro.
    if left.extent.end.offset <= right.extent.start.offset:
        for operand in (left, right):
            if get_logical(strip(operand)) is None:
                yield operand, neutral


def find_early_return(cursor):
    """The condition of an early return, unless its operands are there one by one."""
    *before, condition, branch = cursor.get_children()
    # What is before declares something. An expression would be the condition, and the branch that of an else.
    if (condition.kind.is_expression() and not any(part.kind.is_expression() for part in before)
            and is_early_return(branch) and get_logical(strip(condition)) != BinaryOperator.LOr):
        declares = before and before[-1].kind == CursorKind.VAR_DECL
        yield before[-1] if declares else condition, "false"


def find_in(cursor):
    """Pairs of a condition right here, not further down, and its neutral value."""
    if get_logical(cursor) is not None:
        return find_operands(cursor)
    return find_early_return(cursor) if cursor.kind == CursorKind.IF_STMT else ()


def get_start(cursor):
    """Of a variable, where its name is."""
    return cursor.location if cursor.kind == CursorKind.VAR_DECL else cursor.extent.start


def make_condition(cursor, data, **facts):
    begin, end = cursor.extent.start.offset, cursor.extent.end.offset
    text = " ".join(data[begin:end].decode().split())
    if cursor.kind == CursorKind.VAR_DECL:
        begin, text = end, cursor.spelling
    return Condition(begin=begin, end=end, line=get_start(cursor).line, text=text, **facts)


def find_conditions(source, name, flags):
    """Every condition of one source that the environment can switch."""
    unit = Index.create().parse(str(source), args=flags)
    errors = [str(note) for note in unit.diagnostics if note.severity >= 3]
    if errors:
        raise SystemExit(errors[0])
    data = source.read_bytes()
    found = {}

    def visit(cursor, function):
        if cursor.kind in CONSTANT:
            return
        if cursor.kind.is_declaration() and cursor.kind != CursorKind.VAR_DECL:
            function = cursor.spelling or function
        for condition, neutral in find_in(cursor):
            place = get_start(condition).offset, -condition.extent.end.offset
            found[place] = make_condition(condition, data, file=name, neutral=neutral, function=function)
        for child in cursor.get_children():
            visit(child, function)

    for child in unit.cursor.get_children():
        if child.location.file and child.location.file.name == str(source):
            visit(child, "")
    return [found[place] for place in sorted(found)]
