# ===-- generate.py - text from a trained fixture, token by token -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Continues a prompt greedily through a compiled library and its cache.

    generate.py LIB FIXTURE [--prompt TEXT] [--count N]

The fixture needs characters.json (the text of each token) and, to be checked,
"generate" in its manifest: without --prompt the text must be the expected one.
"""

import argparse
import json
import sys

import numpy as np

from compare import CompareError, Library
from fixture import Fixture


def generate(party, fixture, prompt, count):
    """The text of `count` tokens after `prompt`; `party.run` maps inputs to outputs."""
    table = json.loads((fixture.directory / "characters.json").read_text())
    unknown = sorted(set(prompt) - set(table))
    if unknown:
        raise CompareError(f"the prompt's {unknown[0]!r} is not a character of this model")
    decode, specs = fixture.decode, fixture.manifest["inputs"]
    ids = [table.index(ch) for ch in prompt]
    cache = {past: np.zeros([{"B": 1, decode["past"]: 0}.get(d, d) for d in specs[past]["shape"]],
                            specs[past]["dtype"]) for past in decode["pairs"]}
    new, text = ids, ""
    for _ in range(count):
        inputs = {"input_ids": np.array([new], np.int64),
                  "attention_mask": np.ones((1, len(ids)), np.int64), **cache}
        outputs = party.run(inputs)
        best = int(np.argmax(outputs["logits"][0, -1]))
        text += table[best]
        ids, new = ids + [best], [best]
        cache = {past: outputs[present].astype(specs[past]["dtype"])
                 for past, present in decode["pairs"].items()}
    return text


class Named:
    """A library that is asked for the outputs of a fixture's cache and logits."""

    def __init__(self, library, fixture):
        self.library = library
        self.names = ["logits", *fixture.decode["pairs"].values()]

    def run(self, inputs):
        return self.library.run(inputs, self.names)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("fixture")
    parser.add_argument("--moec-run", default="moec-run", dest="program")
    parser.add_argument("--prompt")
    parser.add_argument("--count", type=int)
    options = parser.parse_args()
    fixture = Fixture(options.fixture)
    expected = fixture.manifest["generate"]
    prompt = expected["prompt"] if options.prompt is None else options.prompt
    count = options.count or len(expected["text"])
    try:
        text = generate(Named(Library(options.library, options.program), fixture), fixture,
                        prompt, count)
    except CompareError as problem:
        print(f"generate: {problem}", file=sys.stderr)
        return 1
    print(prompt + text)
    shared = min(count, len(expected["text"]))
    if options.prompt is None and text[:shared] != expected["text"][:shared]:
        print(f"generate: expected {expected['text']!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
