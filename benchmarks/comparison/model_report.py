# ===-- model_report.py - what a comparison of models prints ---------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A line as soon as there is one; at the end, what compiling and loading took, models that
compute the same, and means by pattern."""

from . import model_table as table
from .model_rounds import system_names


class Report:
    """The rows, printed as they come."""

    def __init__(self, options, note):
        self.systems, self.rows, self.lines = system_names(options.without), [], []
        self.note, self.said, self.groups = note, set(), []
        self.printer = table.Lines(options.markdown)

    def start(self):
        for line in table.legend(self.systems):
            print(line)
        self.printer.head(table.time_names(self.systems))

    def add(self, rows):
        self.rows += rows
        self.lines.append(rows)
        self.printer.line(table.time_cells(rows))
        for row in rows:
            said = (row["model"], row["system"], row["failed"])
            if row["failed"] and said not in self.said:
                self.said.add(said)
                self.note(f"{row['model']}, {row['threads']} thread(s), {row['tokens']} token(s): "
                          f"{row['system']} is not timed: {row['failed']}")

    def add_group(self, rows, problem):
        self.groups += rows
        if problem:
            self.note(problem)

    def good(self):
        """Something was timed, and nothing was wrong."""
        return (any(row["failed"] is None for row in self.rows)
                and not any(row["wrong"] for row in self.rows))

    def finish(self):
        print()
        self.printer.head(table.build_names(self.systems))
        seen = set()
        for rows in self.lines:
            key = (rows[0]["model"], rows[0]["threads"])
            if key not in seen:
                self.printer.line(table.build_cells(rows))
            seen.add(key)
        if self.groups:
            print()
            self.printer.head(table.GROUP_NAMES)
            for row in self.groups:
                self.printer.line(table.group_cells(row))
        print()
        self.printer.head(table.MEAN_NAMES)
        for cells in table.mean_cells(self.rows):
            self.printer.line(cells)
