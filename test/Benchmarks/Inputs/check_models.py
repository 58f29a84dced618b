# ===-- check_models.py - what benchmarks/compare-models writes ------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Checks the JSON of a comparison of models: a row for each model, system, number of tokens and
of threads, with figures that fit each other; never how large a time is."""

import argparse
import json
import math

KINDS = {"model": str, "pattern": str, "exporter": str, "whole": bool, "system": str,
         "threads": int, "tokens": int,
         "ms_min": float, "ms_median": float, "rounds": int, "runs": int, "peak_mb": float,
         "error": float, "load_ms": float, "loaded_mb": float, "ratio_min": float,
         "ratio_median": float}
BUILT = {"compile_s": float, "compile_mb": float, "layers": int}


def check_row(row, peer, options):
    kinds = KINDS if row["system"] == peer["system"] else {**KINDS, **BUILT}
    for key, kind in kinds.items():
        assert type(row[key]) is kind, f"{key} is {row.get(key)!r}, not {kind.__name__}: {row}"
    assert row["failed"] is None and row["wrong"] is False, row
    assert 0 < row["ms_min"] <= row["ms_median"] and 1 <= row["rounds"] <= row["runs"], row
    assert row["rounds"] == options.rounds and row["error"] < 1e-5, row
    assert row["peak_mb"] >= 0 and row["loaded_mb"] > 0, row
    for kind in ("min", "median"):
        ratio = peer[f"ms_{kind}"] / row[f"ms_{kind}"]
        assert math.isclose(row[f"ratio_{kind}"], ratio), f"the ratio is not {ratio}: {row}"
    if row["system"] == "moec":
        assert row["layers"] == 1, f"its layer is not raised: {row}"
    if "compile_mb" in row:
        assert row["compile_mb"] > 20 and row["compile_s"] > 0, row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    for name in ("--models", "--systems", "--patterns"):
        parser.add_argument(name, nargs="+", required=True)
    for name in ("--tokens", "--threads"):
        parser.add_argument(name, nargs="+", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--group", action="store_true", help="the models compute the same")
    options = parser.parse_args()
    with open(options.file) as f:
        result = json.load(f)
    assert set(result["versions"]) == {"moec", "onnxruntime"}, result["versions"]
    found = {(r["model"], r["system"], r["threads"], r["tokens"]): r for r in result["rows"]}
    wanted = {(model, system, threads, tokens) for model in options.models
              for system in options.systems for threads in options.threads
              for tokens in options.tokens}
    assert set(found) == wanted and len(result["rows"]) == len(wanted), sorted(found)
    for (model, system, threads, tokens), row in found.items():
        check_row(row, found[model, "onnxruntime", threads, tokens], options)
        assert row["pattern"] == dict(zip(options.models, options.patterns))[model], row
    # Errors of all that is not the reference itself: nothing is compared with itself.
    assert all(row["error"] > 0 for row in result["rows"] if row["system"] == "moec")
    group = [(row["model"], row["threads"], row["tokens"]) for row in result["groups"]]
    assert len(set(group)) == len(group)
    assert set(group) == ({(m, t, n) for m, _, t, n in wanted} if options.group else set()), group
    for row in result["groups"]:
        assert row["to_fastest"] >= 1 and row["to_first"] > 0, row
        assert row["to_first"] == 1 or row["model"] != options.models[0], row


if __name__ == "__main__":
    main()
