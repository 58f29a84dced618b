# ===-- check_model_parts.py - parts of benchmarks/compare-models ----------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""That a wrong result is never timed, whoever is wrong; inputs of graphs without a manifest;
memory that is refused; figures."""

import argparse
import mmap
import os
import pathlib
import sys
import types

import numpy as np
import onnx
from onnx import TensorProto, helper

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "benchmarks")]

from comparison import graph_inputs, memory, model_systems, model_table, models  # noqa: E402
from comparison.fixtures import make_inputs  # noqa: E402
from comparison.model_rounds import PEER, ModelComparison, seed  # noqa: E402
from comparison.peers import PeerError  # noqa: E402
from comparison.process import Process  # noqa: E402


def refuses(function, *arguments, text):
    try:
        function(*arguments)
    except PeerError as problem:
        assert text in str(problem), problem
        return
    raise AssertionError(f"it does not say: {text}")


def options_of(bin, **more):
    return types.SimpleNamespace(**{**dict(
        bin=bin, without=[], threads=[1], tokens=[3], dim={}, rounds=2, least=0.0, budget=9.0,
        patience=60.0, seed=1), **more})


def compare(model, options, scratch, answers):
    rows = []
    comparison = ModelComparison(model, options, str(scratch), answers, rows.extend)
    comparison.run()
    return {row["system"]: row for row in rows}


def check_wrong(model, bin, scratch):
    """One number of the reference is moved: neither it nor the other result are timed."""
    options, answers = options_of(bin), {}
    rows = compare(model, options, scratch / "right", answers)
    assert set(rows) == {"moec", PEER} and not any(row["failed"] for row in rows.values()), rows
    (key, (y,)), = answers.items()
    y.reshape(-1)[5] += 10 * model.tolerance * np.abs(y).max()
    rows = compare(model, options, scratch / "wrong", answers)
    for row in rows.values():
        assert row["wrong"] and row["failed"].startswith("wrong: the error is"), row
        assert "ms_min" not in row and "ratio_min" not in row, row


def check_failures(model, bin, scratch):
    rows = compare(model, options_of(bin, without=[["no-such-pass"]]), scratch / "pass", {})
    assert "no-such-pass" in rows["moec without no-such-pass"]["failed"], rows
    assert rows["moec"]["ratio_min"] > 0, rows
    rows = compare(model, options_of(bin, dim={"B": 2}), scratch / "dim", {})
    assert all("3 token(s) are not 2 equal sequences" in row["failed"] for row in rows.values())
    process = Process("slow", "model_worker", ["moec", str(scratch)])
    refuses(lambda: process.ask(0.0, model="m", threads=1), text="slow: no answer within 0 s")
    refuses(lambda: process.ask(9.0, model="m", threads=1), text="slow: its process ended with -9")
    process.close()


def graph(path, **inputs):
    values = [helper.make_tensor_value_info(name, kind, shape)
              for name, (kind, shape) in inputs.items()]
    node = helper.make_node("Identity", [values[0].name], ["y"])
    y = helper.make_tensor_value_info("y", values[0].type.tensor_type.elem_type, None)
    onnx.save(helper.make_model(helper.make_graph([node], "g", values, [y])), path)
    return str(path)


def check_graphs(folder):
    path = graph(folder / "decoder.onnx",
                 input_ids=(TensorProto.INT64, ["batch_size", "sequence_length"]),
                 attention_mask=(TensorProto.INT64, ["batch_size", "total_sequence_length"]),
                 position_ids=(TensorProto.INT64, ["batch_size", "sequence_length"]),
                 past=(TensorProto.FLOAT, ["batch_size", 2, "past_sequence_length", 4]))
    model = models.find(path, {}, (3, 9))
    assert model.name == f"{folder.name}/decoder", model
    dims = {"past_sequence_length": 4, "batch_size": 2}
    arrays = make_inputs(model.specs, model.symbols(6, dims))
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == dict(input_ids=(2, 3), attention_mask=(2, 7), position_ids=(2, 3),
                          past=(2, 2, 4, 4)), shapes
    assert 3 <= arrays["input_ids"].min() <= arrays["input_ids"].max() < 9
    assert (arrays["attention_mask"] == 1).all() and arrays["position_ids"][1].tolist() == [4, 5, 6]
    assert make_inputs(model.specs, model.symbols(6, {}))["past"].shape == (1, 2, 0, 4)

    path = graph(folder / "two.onnx", x=(TensorProto.FLOAT, ["s77", "s27", 8]))
    refuses(models.find, path, {}, (0, 2), text="Give all but one of s77, s27 by --dim NAME=N")
    assert models.find(path, {"s77": 1}, (0, 2)).symbols(5, {"s77": 1}) == {"s77": 1, "s27": 5}
    path = graph(folder / "none.onnx", x=(TensorProto.FLOAT, [3, 8]))
    refuses(models.find, path, {}, (0, 2), text="Give all but one of none by --dim NAME=N")
    path = graph(folder / "free.onnx", x=(TensorProto.FLOAT, [None, 8]))
    refuses(graph_inputs.describe, path, {}, (0, 2), text="neither a name nor a value")
    path = graph(folder / "kind.onnx", x=(TensorProto.STRING, ["T", 8]))
    refuses(graph_inputs.describe, path, {}, (0, 2), text="what is in input 'x'")


def check_figures():
    for value, text in ((None, "-"), (0, "0"), (0.01234, "0.0123"), (1.234, "1.23"),
                        (12.34, "12.3"), (1234.5, "1234")):
        assert model_table.number(value) == text, (value, model_table.number(value))
    for source, word in (("torch 2.15.0, torch.onnx.export(dynamo=True), opset 18", "dynamo18"),
                         ("transformers 5.23.0 OnnxExporter, torch 2.15.0, opset 20", "hf20"),
                         ("torch 2.15.0, torch.onnx.export(dynamo=False), opset 13", "script13"),
                         ("mobius-onnx 0.1.0", "mobius"), ("onnx.helper", "onnx.helper")):
        assert models.exporter(source) == word, models.exporter(source)
    row = dict(system="moec", pattern="P2", whole=False, threads=1, tokens=1)
    rows = [dict(row, ratio_min=0.5), dict(row, ratio_min=2.0), dict(row, ratio_min=None),
            dict(row, ratio_min=8.0, pattern="P3"), dict(row, ratio_min=9.0, system=PEER),
            dict(row, ratio_min=7.0, whole=True)]
    means = [(line["pattern"], line["of"], line["models"], line["geometric mean"])
             for line in model_table.mean_cells(rows)]
    assert means == [("P2", "layers", "2", "1.00"), ("P3", "layers", "1", "8.00"),
                     ("P2", "models", "1", "7.00"), ("all", "layers", "3", "2.00"),
                     ("all", "models", "1", "7.00")], means
    options = options_of("")
    seeds = {seed(options, tokens, number) for tokens in (1, 64, 512) for number in range(8)}
    assert len(seeds) == 24, "rounds have inputs of other rounds"


def check_memory(model, bin, scratch):
    """Peaks are of whom they are said to be, though this process has been larger."""
    ballast = np.ones(50_000_000)
    assert memory.peak() > ballast.nbytes
    del ballast
    memory.forget_peak()
    assert memory.peak() < 300_000_000, "the peak is not forgotten"
    _, peak = model_systems.compile(f"{bin}/moec", model.path, [], str(scratch / "library"))
    assert peak < 300_000_000, f"{peak} bytes: that is the peak of this process"

    size = 64 * memory.MIB
    (scratch / "weights").mkdir()
    with open(scratch / "weights" / "file", "wb+") as file:
        file.truncate(size)
        with mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ):
            before = memory.resident()
            memory.touch([str(scratch / "library")])
            assert memory.resident() - before < size // 2, "other files were read"
            memory.touch([str(scratch / "weights")])
            assert memory.resident() - before > size * 0.9, "mapped pages were not read"

    child = os.fork()
    if child == 0:
        memory.available = lambda: size
        memory.limit()
        try:
            np.ones(2 * size, np.uint8)
        except MemoryError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0, "more memory was given than was there"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("fixture", "bin", "scratch"):
        parser.add_argument(name)
    options = parser.parse_args()
    scratch = pathlib.Path(options.scratch)
    for name in ("right", "wrong", "pass", "dim", "graphs"):
        (scratch / name).mkdir(parents=True)
    check_figures()
    check_graphs(scratch / "graphs")
    model = models.find(options.fixture, {}, (0, 2))
    check_wrong(model, options.bin, scratch)
    check_failures(model, options.bin, scratch)
    check_memory(model, options.bin, scratch)


if __name__ == "__main__":
    main()
