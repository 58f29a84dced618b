# ===-- expert_profile.py - who was chosen, counted twice ------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""usage: expert_profile.py FIXTURES FOLDER

Compiles models whose routing numpy can follow, runs them with --profile, and compares."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx

HERE = pathlib.Path(__file__).parent
sys.path += [str(HERE.parent), str(HERE.parent.parent / "Raising" / "Inputs")]
import layers as raised  # noqa: E402
from fixture import Fixture  # noqa: E402

FIXTURES, FOLDER = map(pathlib.Path, sys.argv[1:])


def check(condition, what):
    if not condition:
        sys.exit(f"wrong: {what}")


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    check(done.returncode == 0, f"{command}: {done.stderr}")
    return done


class Compiled:
    """A library, and the names of its layers as its manifest has them."""

    def __init__(self, model, name):
        self.folder = FOLDER / name
        self.folder.mkdir(parents=True)
        if isinstance(model, onnx.ModelProto):
            onnx.save(model, self.folder / "model.onnx")
            model = self.folder / "model.onnx"
        self.model = model
        run("moec", "compile", model, "-o", self.folder, "--name", "m", "--cpu", "x86-64-v3")
        self.layers = json.loads((self.folder / "m.json").read_text())["moe_layers"]

    def profile(self, inputs, *options):
        command = ["moec-run", self.folder / "libm.so", "--profile", self.folder / "profile.json"]
        for name, array in inputs.items():
            np.save(self.folder / f"{len(command)}.npy", array)
            command += ["--input", f"{name}={self.folder / f'{len(command)}.npy'}"]
        run(*command, *options)
        return json.loads((self.folder / "profile.json").read_text())

    def recompile(self):
        """What was written is a profile that can be read."""
        run("moec", "compile", self.model, "--emit", "moe", "-o", self.folder / "moe.mlir",
            "--expert-profile", self.folder / "profile.json", "--drop-below", "1e-9")


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def choose(keys, k):
    """The k largest of each row; of equal ones the first, as TopK has it."""
    return np.argsort(-keys, axis=-1, kind="stable")[:, :k]


def count(ids, weights, experts):
    """Choices and weights of each expert; what is no expert's counts nowhere."""
    counts, sums = np.zeros(experts, np.int64), np.zeros(experts)
    for expert, weight in zip(ids.ravel(), weights.ravel()):
        if 0 <= expert < experts and np.isfinite(weight):
            counts[expert] += 1
            sums[expert] += abs(float(weight))
    return counts, sums


def compare(layer, what, tokens, ids, weights, experts, runs=1):
    counts, sums = count(ids, weights, experts)
    check(layer["experts"] == experts and layer["top_k"] == ids.shape[1], f"{what}: extents")
    check(layer["tokens"] == runs * tokens, f"{what}: {layer['tokens']} tokens")
    check(layer["expert_tokens"] == [runs * int(n) for n in counts],
          f"{what}: {layer['expert_tokens']}, expected {runs} times {list(counts)}")
    check(np.allclose(layer["expert_weight"], runs * sums, rtol=1e-5, atol=1e-6),
          f"{what}: {layer['expert_weight']}, expected {runs} times {sums}")


def check_all_ways(compiled, inputs, what, *expected):
    """One run, with one thread and with two; and as many as a measurement makes."""
    profiles = [compiled.profile(inputs, "--threads", n) for n in (1, 2)]
    one = profiles[0]["moe_layers"]
    check(one == profiles[1]["moe_layers"], f"{what}: depends on threads")
    check([layer["name"] for layer in one] == [layer["name"] for layer in compiled.layers],
          f"{what}: names {one}")
    compare(one[0], what, *expected)
    many = compiled.profile(inputs, "--bench")
    check(many["counters"]["runs"] > 5, f"{what}: runs")
    compare(many["moe_layers"][0], what, *expected, runs=many["counters"]["runs"])
    compiled.recompile()


# -- Nodes that are a layer --


def route_node(node, scores):
    """As the operators define it: ids and weights, [T, k]."""
    k = onnx.helper.get_node_attr_value(node, "k")
    # Of equal ones the last.
    ids = scores.shape[1] - 1 - choose(scores[:, ::-1], k)
    if node.op_type == "QMoE":
        return ids, softmax(np.take_along_axis(scores, ids, axis=1))
    weights = np.take_along_axis(softmax(scores), ids, axis=1)
    normalize = [a.i for a in node.attribute if a.name == "normalize_routing_weights"]
    return ids, weights / weights.sum(axis=1, keepdims=True) if normalize == [1] else weights


def check_fused(name, case):
    fixture = Fixture(FIXTURES / name)
    compiled = Compiled(fixture.model, name)
    inputs = fixture.inputs(case)
    node = next(n for n in onnx.load(fixture.model, load_external_data=False).graph.node
                if n.op_type in ("MoE", "QMoE"))
    scores = inputs[node.input[1]].astype(np.float64)
    scores = scores.reshape(-1, scores.shape[-1])
    ids, weights = route_node(node, scores)
    check_all_ways(compiled, inputs, name, len(scores), ids, weights, scores.shape[1])
    print(f"ok   fused {name}")


def check_dropped():
    """A row with a NaN drops its choices; the operator drops weights of zero."""
    fixture = Fixture(FIXTURES / "moe_relu")
    compiled = Compiled(fixture.model, "dropped")
    inputs = fixture.inputs({"T": 7})
    scores = inputs["router_probs"]
    scores[2, 1] = np.nan
    scores[4, :] = -np.inf
    scores[4, 3] = 0
    ids, weights = route_node(onnx.load(fixture.model).graph.node[0], scores.astype(np.float64))
    ids[2] = -1
    ids[4, 1] = -1
    layer = compiled.profile(inputs)["moe_layers"][0]
    compare(layer, "dropped choices", 7, ids, weights, 8)
    check(sum(layer["expert_tokens"]) == 11, "dropped choices are counted")
    print("ok   dropped choices")


def check_dead():
    """Experts whose weights went are counted as the model numbers them."""
    fixture = Fixture(FIXTURES / "moe_relu")
    model = onnx.load(fixture.model)
    node = model.graph.node[0]
    for place in (2, 4):
        weight = next(i for i in model.graph.initializer if i.name == node.input[place])
        array = onnx.numpy_helper.to_array(weight).copy()
        array[5] = array[1]
        array[3] = 0
        weight.CopyFrom(onnx.numpy_helper.from_array(array, weight.name))
    compiled = Compiled(model, "dead")
    check({dead["expert"] for dead in compiled.layers[0]["dead_experts"]} == {5},
          f"dead experts {compiled.layers[0]['dead_experts']}")
    inputs = fixture.inputs({"T": 33})
    scores = inputs[node.input[1]]
    ids, weights = route_node(node, scores.astype(np.float64))
    check_all_ways(compiled, inputs, "dead experts", 33, ids, weights, 8)
    print("ok   dead experts")


# -- Layers of ordinary operators --


def build(name, seed=3):
    make, _, options = raised.LAYERS[name]
    graph = raised.Graph(seed, **options)
    return graph, graph.model(make(graph))


def check_raised(name, route):
    graph, model = build(name)
    compiled = Compiled(model, name)
    x = np.random.default_rng(5).normal(size=(23, graph.D)).astype(np.float32)
    arrays = [onnx.numpy_helper.to_array(i).astype(np.float64) for i in model.graph.initializer]
    ids, weights = route(graph, x.astype(np.float64), arrays)
    check_all_ways(compiled, {"x": x}, name, len(x), ids, weights, graph.E)
    print(f"ok   raised {name}")


def by_scores(graph, x, arrays):
    scores = softmax(x @ arrays[0])
    ids = choose(scores, graph.k)
    return ids, np.take_along_axis(scores, ids, axis=1)


def by_two(graph, x, arrays):
    """Two routers, of which each chooses one."""
    scores = [x @ array for array in arrays if array.shape == (graph.D, graph.E)][:2]
    ids = np.concatenate([choose(s, 1) for s in scores], axis=1)
    return ids, softmax(np.concatenate([s.max(axis=1, keepdims=True) for s in scores], axis=1))


# -- Several layers, and none --


def check_two_layers():
    """Equal but for their weights: the same kernels, and counts of their own."""
    fixture = Fixture(FIXTURES / "moe_relu")
    model = onnx.load(fixture.model)
    first = model.graph.node[0]
    second = onnx.NodeProto()
    second.CopyFrom(first)
    first.name, second.name = "lower", "upper"
    first.output[0], second.input[0], second.input[1] = "between", "between", "others"
    for place in (2, 4):
        old, new = first.input[place], f"other{place}"
        second.input[place] = new
        weight = next(i for i in model.graph.initializer if i.name == old)
        model.graph.initializer.append(onnx.numpy_helper.from_array(2 * onnx.numpy_helper.to_array(weight), new))
    others = onnx.ValueInfoProto()
    others.CopyFrom(next(i for i in model.graph.input if i.name == first.input[1]))
    others.name = "others"
    model.graph.input.append(others)
    model.graph.node.append(second)
    compiled = Compiled(model, "two_layers")
    check(compiled.layers[0]["kernels"] == compiled.layers[1]["kernels"], "equal layers are other kernels")
    inputs = fixture.inputs({"T": 33})
    inputs["others"] = np.random.default_rng(9).normal(size=(33, 8)).astype(np.float32)
    profile = compiled.profile(inputs)["moe_layers"]
    check([layer["name"] for layer in profile] == ["lower", "upper"], f"names {profile}")
    for layer, scores in zip(profile, (inputs[first.input[1]], inputs["others"])):
        ids, weights = route_node(first, scores.astype(np.float64))
        compare(layer, layer["name"], 33, ids, weights, 8)
    compiled.recompile()
    print("ok   two layers")


def check_no_layers():
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Relu", ["x"], ["y"], "n")
    graph = onnx.helper.make_graph([node], "g", [value("x", 1, ["N"])], [value("y", 1, ["N"])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8)
    compiled = Compiled(model, "no_layers")
    check(compiled.profile({})["moe_layers"] == [], "a model without layers has some")
    compiled.recompile()
    print("ok   no layers")


# -- Steps over a cache --


def check_generation():
    """Token by token, the same experts are chosen as for the whole line at once."""
    fixture = Fixture(FIXTURES / "trained_gptoss")
    compiled = Compiled(fixture.model, "generation")
    profile = compiled.folder / "generated.json"
    done = run("moec-run", compiled.folder / "libm.so", "--generate", "1,5,7", "--max-tokens", 20,
               "--profile", profile)
    # The last token that was made was not read.
    line = [int(token) for token in done.stdout.split()][:-1]
    steps = json.loads(profile.read_text())
    check(len(line) == 22 and steps["measured"] == 20, f"{len(line)} tokens in {steps['measured']} steps")
    inputs = {name: array[:, :, :0] for name, array in fixture.inputs({"B": 1, "S": 22, "P": 12}).items()
              if name.startswith("past")}
    inputs["input_ids"] = np.array([line], np.int64)
    inputs["attention_mask"] = np.ones((1, 22), np.int64)
    whole = compiled.profile(inputs)["moe_layers"]
    check(len(whole) == 2, "layers")
    for layer, at_once in zip(steps["moe_layers"], whole):
        check(at_once["tokens"] == 22 and sum(at_once["expert_tokens"]) == 22 * layer["top_k"], "tokens")
        check(layer["expert_tokens"] == at_once["expert_tokens"], f"{layer}, expected {at_once}")
        check(np.allclose(layer["expert_weight"], at_once["expert_weight"], rtol=1e-4), f"{layer}, {at_once}")
        check({**layer, "expert_weight": 0} == {**at_once, "expert_weight": 0}, f"{layer}, {at_once}")
    print("ok   generation")


check_fused("moe_relu", {"T": 33})
check_fused("moe_ties", {"T": 33})
check_fused("qmoe_unnormalised", {"T": 33})
check_fused("moe_swiglu_rank3", {"B": 2, "S": 7})
check_fused("moe_gelu_f16", {"T": 33})
check_fused("moe_dense", {"T": 33})
check_raised("masked_by_equal", by_scores)
check_raised("two_choices_of_one", by_two)
check_raised("one_choice_by_argmax", by_scores)
check_dropped()
check_dead()
check_two_layers()
check_no_layers()
check_generation()
