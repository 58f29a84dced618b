"""Which layers of ordinary operators become routed experts, model by model, as a page.

Arguments: the folder of models, the page that must say the same, and, to write it, --update.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

# How many layers a model has, by hand: the oracle of this test.
LAYERS = {
    "deepseek2_groups_dynamo18_batched": 1, "deepseek3_hf20_grouped": 1, "einsum_dense_dynamo20": 1, "functions_dense": 1,
    "gptoss_dynamo_batched": 2, "gptoss_dynamo_cache": 2, "gptoss_grouped": 2, "gptoss_mobius_dense": 1, "gshard_dynamo20": 1,
    "jetmoe_dynamo18_batched": 1, "llama4_dynamo18_batched": 1, "longcat_dynamo20_loop": 1, "loop_boolmask_dynamo20": 1,
    "loop_dense_dynamo20": 1,
    "mean_pooled_dynamo20": 1, "mixtral_batched": 2, "mixtral_cache": 2, "mixtral_grouped": 2, "mixtral_mobius_dense": 1,
    "olmoe_hf20_grouped": 1, "qwen2moe_dynamo18_batched": 1, "qwen3moe_batched": 2, "qwen3moe_cache": 2,
    "qwen3moe_dynamo20_loop": 1, "switch_capacity_dynamo20": 1, "top_one_script17": 1, "unrolled_opset13": 1, "unrolled_opset17": 1,
}
# Those that the passes are known to leave as they are.
LEFT = {}

OP = re.compile(r"= (?:\"?)(moe\.\w+)")
FROM = re.compile(r'moe\.raised_from = "(\w+)"')
# Experts of several kinds have a combination for each.
LAYER = re.compile(r'moe\.combine .*moe\.layer = "([^"]*)"')

HEAD = """# Layers of ordinary operators that become routed experts

Each model of `test/fixtures/models` whose MoE layers are written as ordinary operators: how many layers it has, how many the
moe stage holds, by which pattern (see [raise-decomposed-layers](passes/raising.md)), and how many of them have their
router as `moe.route` and their experts as one `moe.expert_ffn`. Every model is compared with ONNX Runtime or the oracle
by its own test, raised or not. `test/Raising/raised-layers.test` makes this page and compares.

| model | made by | layers | raised | pattern | routers | networks | left because |
|---|---|---|---|---|---|---|---|
"""


def row(folder):
    text = subprocess.run(["moec", "compile", str(folder / "model.onnx"), "-j", "1", "--emit", "moe", "-o", "-"],
                          check=True, capture_output=True, text=True).stdout
    ops = collections.Counter(OP.findall(text))
    # Results are many, so the ops stand behind other text, too.
    for name in ("moe.plan", "moe.route"):
        ops[name] = text.count(f"= {name} ")
    patterns = sorted(set(FROM.findall(text)))
    source = json.loads((folder / "fixture.json").read_text())["source"]
    raised = len(set(LAYER.findall(text)))
    return (LAYERS[folder.name], raised,
            f"| {folder.name} | {source} | {LAYERS[folder.name]} | {raised} | {', '.join(patterns) or '-'} | "
            f"{ops['moe.route']} | {ops['moe.expert_ffn']} | {LEFT.get(folder.name, '')} |\n")


def main():
    models, page = map(pathlib.Path, sys.argv[1:3])
    text, wrong = HEAD, 0
    for name in sorted(LAYERS):
        layers, raised, line = row(models / name)
        text += line
        expected = 0 if name in LEFT else layers
        if raised != expected:
            print(f"{name}: {raised} of {layers} layers are raised, expected {expected}")
            wrong += 1
    if "--update" in sys.argv:
        page.write_text(text)
    elif page.read_text() != text:
        print(f"{page.name} is not what the compiler does; run this script with --update")
        wrong += 1
    print(f"{len(LAYERS)} models, {wrong} wrong")
    sys.exit(bool(wrong))


main()
