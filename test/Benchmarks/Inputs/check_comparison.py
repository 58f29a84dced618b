# ===-- check_comparison.py - what benchmarks/compare writes --------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Checks the JSON of a comparison: its keys, one row for each system, number of tokens
and of threads, and errors as small as each type of activations allows."""

import argparse
import json
import math

KEYS = {"system": str, "layer": str, "weights": str, "activations": str, "tokens": int,
        "threads": int, "ms_min": float, "ms_median": float, "rounds": int, "nmse": float}
# Rounding alone; rows rounded to int8 (the older kernels also round the weights again).
BOUNDS = {"f32": 1e-10, "int8": 1e-2}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--systems", nargs="+", required=True)
    options = parser.parse_args()
    with open(options.file) as f:
        result = json.load(f)
    rows = result["rows"]
    for row in rows:
        for key, kind in KEYS.items():
            assert type(row[key]) is kind, f"{key} is {row[key]!r}, not {kind.__name__}: {row}"
        assert row["layer"] == "E" and row["weights"] == options.weights and row["rounds"] == 2, row
        assert 0 < row["ms_min"] <= row["ms_median"], row
        # An error of nothing would be a comparison of something with itself.
        assert 0 < row["nmse"] < BOUNDS[row["activations"]], row
        if row["system"] == "moec":
            assert row["activations"] == "f32", row
        assert math.isfinite(row["dram_read_gbs"]) and row["dram_read_gbs"] > 0, row
    found = [(row["system"], row["tokens"], row["threads"]) for row in rows]
    assert len(set(found)) == len(found), "a row is there twice"
    settings = {setting[1:] for setting in found}
    assert {tokens for tokens, _ in settings} == {1, 9}, settings
    for system in options.systems:
        for setting in settings:
            assert (system, *setting) in found, f"no row of {system} for {setting}"
        assert result["systems"][system], f"no version of {system}"
    assert set(result["dram_read_gbs"]) == {str(threads) for _, threads in settings}
    assert all(value > 0 for value in result["dram_read_gbs"].values())


if __name__ == "__main__":
    main()
