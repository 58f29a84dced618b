# ===-- model_table.py - rows as text and as Markdown ----------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Rows of a comparison of models, side by side: a line for each model, number of threads
and of tokens; then what compiling and loading took; then means by pattern."""

import math
import statistics

WIDTHS = {"pattern": -7, "exporter": -10, "model": -34, "threads": 7, "tokens": 6}


def labels(systems):
    """A word for each system: moec, before, onnxruntime."""
    others = systems[1:-1]
    words = ["before"] if len(others) == 1 else [f"before{i + 1}" for i in range(len(others))]
    return dict(zip(systems, [systems[0], *words, systems[-1]]))


def legend(systems):
    return [f"{word}: {system}" for system, word in labels(systems).items() if word != system]


class Lines:
    """Prints lines of cells as text in columns, or as Markdown."""

    def __init__(self, markdown):
        self.markdown, self.widths = markdown, {}

    def head(self, names):
        self.names = names
        self.line(dict(zip(names, names)))
        if self.markdown:
            print("|---" * len(names) + "|", flush=True)

    def line(self, cells):
        if self.markdown:
            print("| " + " | ".join(cells[name] for name in self.names) + " |", flush=True)
            return
        print("  ".join(self.padded(cells[name], name) for name in self.names).rstrip(), flush=True)

    def padded(self, cell, name):
        width = WIDTHS.get(name, max(len(name), 9))
        return cell.ljust(-width) if width < 0 else cell.rjust(width)


def number(value, digits=3):
    """With that many significant digits, and no exponent."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"


def time_names(systems):
    words = labels(systems).values()
    return [*WIDTHS, *(f"{word} ms" for word in words),
            *(f"ratio {word}" for word in list(words)[:-1]), *(f"{word} MB" for word in words),
            "error"]


def time_cells(rows):
    """A line of the first table: the rows of all systems for one setting."""
    words = labels([row["system"] for row in rows])
    cells = {name: str(rows[0][name]) for name in WIDTHS}
    for row in rows:
        word = words[row["system"]]
        cells[f"{word} ms"] = "-" if row["failed"] else \
            f"{number(row['ms_min'])} ({number(row['ms_median'])})"
        cells[f"{word} MB"] = number(row.get("peak_mb"))
        cells[f"ratio {word}"] = number(row.get("ratio_min"))
    errors = [row["error"] for row in rows[:-1] if row["error"] is not None]
    cells["error"] = f"{max(errors):.0e}" if errors else "-"
    return cells


def build_names(systems):
    words = list(labels(systems).values())
    return ["pattern", "exporter", "model", "threads", *(f"{word} compile s" for word in words[:-1]),
            *(f"{word} compile MB" for word in words[:-1]), *(f"{word} load ms" for word in words),
            *(f"{word} load MB" for word in words)]


def build_cells(rows):
    """A line of the second table: what came before the runs."""
    words = labels([row["system"] for row in rows])
    cells = {name: str(rows[0][name]) for name in WIDTHS}
    for row in rows:
        word = words[row["system"]]
        for name, key in (("compile s", "compile_s"), ("compile MB", "compile_mb"),
                          ("load ms", "load_ms"), ("load MB", "loaded_mb")):
            cells[f"{word} {name}"] = number(row.get(key))
    return cells


MEAN_NAMES = ["pattern", "of", "threads", "tokens", "models", "geometric mean", "least",
              "greatest"]


def mean_cells(rows):
    """Lines of the third table: ratios of moec by pattern, and of all; whole models apart, of
    which the layers are only a part."""
    groups = {}
    for row in rows:
        if row["system"] == "moec" and row.get("ratio_min"):
            for pattern in (row["pattern"], "all"):
                key = (pattern == "all", row["whole"], pattern, row["threads"], row["tokens"])
                groups.setdefault(key, []).append(row["ratio_min"])
    for (_, whole, pattern, threads, tokens), ratios in sorted(groups.items()):
        mean = statistics.geometric_mean(ratios)
        yield dict(zip(MEAN_NAMES, [pattern, "models" if whole else "layers", str(threads),
                                    str(tokens), str(len(ratios)), number(mean),
                                    number(min(ratios)), number(max(ratios))]))


GROUP_NAMES = ["model", "threads", "tokens", "moec ms", "to fastest", "to first"]


def group_cells(row):
    """A line of the table of models that compute the same."""
    return dict(zip(GROUP_NAMES, [
        row["model"], str(row["threads"]), str(row["tokens"]),
        f"{number(row['ms_min'])} ({number(row['ms_median'])})", number(row["to_fastest"]),
        number(row["to_first"])]))
