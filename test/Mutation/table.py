# ===-- table.py - what became of the conditions, as a page's table -===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Prints docs/mutation.md's counts and table.

    table.py SAMPLE.json STATE.json [EARLIER-STATE.json]

With an earlier state a column says what it had found. verdicts.json has what a person
found of conditions that no test can notice.
"""

import collections
import json
import pathlib
import sys

VERDICTS = pathlib.Path(__file__).with_name("verdicts.json")
LONGEST = 100


def judge(outcome, verdict):
    """What became of a condition, in a word or two, and the rest of what is known."""
    if "caught" in outcome:
        return "caught", f"`{outcome['caught']}`"
    if verdict:
        return verdict["verdict"], verdict["reason"]
    if outcome["reaching"]:
        return "survived", f"reached by {outcome['reaching']} tests"
    return "not reached", ""


def quote(text):
    text = text if len(text) <= LONGEST else text[:LONGEST - 3] + "..."
    return "`" + text.replace("|", "\\|") + "`"


def print_counts(title, kinds):
    counts = collections.Counter(kinds)
    print(f"{title}: {', '.join(f'{count} {kind}' for kind, count in counts.most_common())}.")


def main():
    if not 3 <= len(sys.argv) <= 4:
        raise SystemExit(__doc__)
    sample, *states = [json.loads(pathlib.Path(name).read_text()) for name in sys.argv[1:]]
    verdicts = {(one["file"], one["function"], one["text"]): one for one in json.loads(VERDICTS.read_text())}
    rows = []
    for number, one in enumerate(sample):
        verdict = verdicts.get((one["file"], one["function"], one["text"]))
        judged = [judge(state["mutants"][str(number)], verdict) for state in states]
        rows.append((one, [kind for kind, _ in judged], judged[0][1]))
    if len(states) == 2:
        print_counts("Before", [kinds[1] for _, kinds, _ in rows])
    print_counts("Now", [kinds[0] for _, kinds, _ in rows])
    print("\n| condition | is | of | |" + " before |" * (len(states) - 1))
    print("|---|---|---|---|" + "---|" * (len(states) - 1))
    for one, kinds, rest in rows:
        before = f" {kinds[1] if kinds[1] != kinds[0] else ''} |" if len(states) == 2 else ""
        print(f"| {quote(one['text'])} | {one['neutral']} | {one['file']}, `{one['function']}` | {kinds[0]} {rest} |"
              f"{before}")


if __name__ == "__main__":
    main()
