# ===-- model_rounds.py - one model in all systems, in rounds --------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiles a model, loads it everywhere, and runs rounds: each system once, on the same
inputs; who goes first changes from round to round."""

import json
import os
import shutil
import statistics

import numpy as np

from . import memory
from .fixtures import error
from .model_systems import NAME, compile
from .model_worker import ModelWorker
from .peers import PeerError

PEER = "onnxruntime"


def seed(options, tokens, number):
    """Of the inputs of a round: the same for every system and number of threads."""
    return (options.seed * 1000 + number) * 100000 + tokens


def interleave(workers, rounds, budget, ask):
    """By worker: the answers of rounds in which each is asked once, who is first changing;
    one that fails, or has run for `budget` seconds, is asked no more."""
    answers = {worker: [] for worker in workers}
    active = list(workers)
    for number in range(1, rounds + 1):
        first = number % max(1, len(active))
        for worker in active[first:] + active[:first]:
            answer = ask(worker, number)
            if answer:
                answers[worker].append(answer)
            if not answer or sum(a["ms"] * a["count"] for a in answers[worker]) > budget * 1e3:
                active.remove(worker)
    return answers


def system_names(without):
    """moec, moec without each of the lists of passes, the peer."""
    return ["moec", *(f"moec without {' '.join(passes)}" for passes in without), PEER]


class ModelComparison:
    """One model in all systems. `answers` are the peer's results, shared by models that
    compute the same."""

    def __init__(self, model, options, scratch, answers, report):
        self.model, self.options, self.scratch = model, options, scratch
        self.answers, self.report = answers, report
        self.systems, self.builds, self.failures = system_names(options.without), {}, {}

    def run(self):
        for system, without in zip(self.systems, [[], *self.options.without]):
            self.build(system, without)
        for threads in self.options.threads:
            self.run_threads(threads)

    def build(self, system, without):
        folder = os.path.join(self.scratch, f"build{len(self.builds)}")
        build = self.builds[system] = dict(folder=folder)
        try:
            seconds, peak = compile(os.path.join(self.options.bin, "moec"), self.model.path,
                                    without, folder)
        except PeerError as problem:
            self.failures[system] = str(problem)
            return
        build.update(compile_s=seconds, compile_mb=peak / memory.MIB)
        with open(os.path.join(folder, NAME + ".json")) as file:
            layers = json.load(file)["moe_layers"]
        if not self.model.pattern and layers:
            self.model.pattern = layers[0]["raised_from"]
        build.update(layers=len(layers))

    def forget_others(self):
        """Removes the libraries but that of moec itself."""
        for system, build in self.builds.items():
            if system != "moec":
                shutil.rmtree(build["folder"], ignore_errors=True)

    def run_threads(self, threads):
        workers, failures = {}, dict(self.failures)
        try:
            for system in self.systems:
                if system not in failures:
                    self.load(system, threads, workers, failures)
            for tokens in sorted(self.options.tokens):
                self.measure(workers, failures, tokens, threads)
        finally:
            for worker in workers.values():
                worker.close()

    def load(self, system, threads, workers, failures):
        folder = self.builds.get(system, dict(folder=self.scratch))["folder"]
        try:
            worker = ModelWorker(system, folder)
            workers[system] = worker
            worker.load(self.options.patience, self.model.path, threads)
        except PeerError as problem:
            failures[system] = str(problem)

    def measure(self, workers, failures, tokens, threads):
        """All rounds of one number of tokens. Who fails is not asked for more tokens."""
        errors, answers, reasons = {}, {}, failures
        try:
            symbols = self.model.symbols(tokens, self.options.dim)
        except PeerError as problem:
            reasons = {**dict.fromkeys(self.systems, str(problem)), **failures}
        else:
            errors, wrong = self.check(workers, failures, symbols, tokens)
            answers = self.rounds(workers, failures, wrong, symbols, tokens)
            reasons = {**wrong, **failures}
        rows = [self.row(system, workers, reasons.get(system), errors.get(system),
                         answers.get(system), tokens, threads) for system in self.systems]
        add_ratios(rows)
        self.report(rows)

    def ask(self, worker, failures, symbols, seed, save=None):
        """The answer, or None where there is none: then `failures` says why."""
        try:
            return worker.ask(self.options.patience, inputs=self.model.specs, symbols=symbols,
                              seed=seed, least_ms=self.options.least, save=save)
        except PeerError as problem:
            failures[worker.name] = str(problem)
            return None

    def check(self, workers, failures, symbols, tokens):
        """Errors against the peer, and why systems are not timed: nothing is whose results
        are not known to be right. These runs are not counted."""
        key = tuple(symbols.items())
        theirs = self.results(PEER, workers, failures, symbols, tokens)
        if theirs:
            self.answers.setdefault(key, theirs)
        if key not in self.answers:
            return {}, dict.fromkeys(workers, f"{PEER} has no result to compare with")
        errors = {}
        for system, worker in workers.items():
            found = theirs if system == PEER else \
                self.results(system, workers, failures, symbols, tokens)
            if found:
                errors[system] = self.error(worker.outputs, found, self.answers[key])
        return errors, {system: f"wrong: the error is {value:.1e}, not {self.model.tolerance:.0e} "
                        "or less" for system, value in errors.items() if self.wrong(value)}

    def results(self, system, workers, failures, symbols, tokens):
        if system in failures or system not in workers:
            return None
        save = os.path.join(self.scratch, "results.npz")
        if not self.ask(workers[system], failures, symbols, seed(self.options, tokens, 0), save):
            return None
        with np.load(save) as arrays:
            return [arrays[f"arr_{i}"] for i in range(len(arrays.files))]

    def error(self, names, found, expected):
        return max(error(y, r) for name, y, r in zip(names, found, expected, strict=True)
                   if name not in self.model.unspecified)

    def wrong(self, value):
        return value is not None and value > self.model.tolerance

    def rounds(self, workers, failures, wrong, symbols, tokens):
        taking = [worker for system, worker in workers.items()
                  if system not in failures and system not in wrong]
        answers = interleave(
            taking, self.options.rounds, self.options.budget, lambda worker, number: self.ask(
                worker, failures, symbols, seed(self.options, tokens, number)))
        return {worker.name: found for worker, found in answers.items()}

    def row(self, system, workers, failed, error, answers, tokens, threads):
        row = dict(model=self.model.name, pattern=self.model.pattern or "-",
                   exporter=self.model.exporter or "-", whole=self.model.whole, system=system,
                   threads=threads, tokens=tokens, error=error, wrong=self.wrong(error), failed=failed)
        row.update({key: value for key, value in self.builds.get(system, {}).items()
                    if key != "folder"})
        row.update(getattr(workers.get(system), "loaded", {}))
        if failed is None:
            row.update(figures(answers))
        return row


def figures(answers):
    """What a table has of the answers of all rounds."""
    times = [answer["ms"] for answer in answers]
    return dict(ms_min=min(times), ms_median=statistics.median(times), rounds=len(times),
                runs=sum(answer["count"] for answer in answers),
                peak_mb=max(answer["peak"] for answer in answers) / memory.MIB)


def add_ratios(rows):
    """The last row's times over each row's."""
    for row in rows:
        if row["failed"] is None and rows[-1]["failed"] is None:
            for kind in ("min", "median"):
                row[f"ratio_{kind}"] = rows[-1][f"ms_{kind}"] / row[f"ms_{kind}"]
