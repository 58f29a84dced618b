# ===-- model_group.py - models that compute the same, side by side --------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Libraries of models over the same weights, interleaved: whether the form of a graph makes
a difference."""

import statistics

from .model_rounds import figures, interleave, seed
from .model_worker import ModelWorker
from .peers import PeerError


class Group:
    """Comparisons of single models, whose libraries are still there."""

    def __init__(self, comparisons, options, report):
        self.comparisons, self.options, self.report = comparisons, options, report

    def run(self):
        for threads in self.options.threads:
            workers = {}
            try:
                for comparison in self.comparisons:
                    if "moec" not in comparison.failures:
                        self.load(comparison, threads, workers)
                for tokens in sorted(self.options.tokens):
                    self.measure(workers, tokens, threads)
            finally:
                for worker in workers:
                    worker.close()

    def load(self, comparison, threads, workers):
        worker = ModelWorker("moec", comparison.builds["moec"]["folder"])
        try:
            worker.load(self.options.patience, comparison.model.path, threads)
            workers[worker] = comparison.model
        except PeerError as problem:
            worker.close()
            self.report([], f"{comparison.model.name}, {threads} thread(s): {problem}")

    def measure(self, workers, tokens, threads):
        def ask(worker, number, save=None):
            model = workers[worker]
            return worker.ask(self.options.patience, inputs=model.specs, least_ms=self.options.least,
                              symbols=model.symbols(tokens, self.options.dim), save=save,
                              seed=seed(self.options, tokens, number))

        try:
            for number, worker in enumerate(workers):
                ask(worker, 0, f"{self.comparisons[0].scratch}/results{number}.npz")
            answers = interleave(list(workers), self.options.rounds, self.options.budget, ask)
        except PeerError as problem:
            self.report([], f"{tokens} token(s), {threads} thread(s): {problem}")
            return
        if not all(answers.values()):
            self.report([], f"{tokens} token(s), {threads} thread(s): not all models ran")
            return
        found = [figures(answer) for answer in answers.values()]
        fastest, first = min(row["ms_min"] for row in found), next(iter(answers.values()))
        for (worker, answer), row in zip(answers.items(), found):
            # By round: what else the machine does then, it does to both.
            shares = [a["ms"] / b["ms"] for a, b in zip(answer, first)]
            row.update(model=workers[worker].name, threads=threads, tokens=tokens,
                       to_fastest=row["ms_min"] / fastest, to_first=statistics.median(shares))
        self.report(found, None)
