"""The same work timed with the code of two trees in turns, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parents[1]
RESAMPLES = 10_000


class Worker:
    """A process that runs `work()` of a program of this tree with the packages of another one.

    `work` reads a line of JSON a task from its input and prints a line of JSON in answer.
    """

    def __init__(self, tree: Path, program: str, threads: int = 1) -> None:
        # The programs are this tree's, whatever packages they time.
        code = f"import sys; sys.path.insert(0, {str(HERE)!r}); import benchmarks; sys.path[0] = {str(tree)!r}; "
        code += f"import runpy; runpy.run_path({program!r}, run_name='worker')['work']()"
        environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": str(threads)}
        self.tree = tree
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env=environment,
        )

    def ask(self, *task: object) -> Any:
        """The answer to one task; raises `EOFError` if the process ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(task), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise EOFError(f"the process of {self.tree} ended at {task}")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def interval(ratios: NDArray[np.float64]) -> tuple[float, float, float]:
    """Median and the 95 % interval of the median over resampled pairs."""
    draws = np.random.default_rng(0).choice(ratios, (RESAMPLES, len(ratios)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(np.median(ratios)), float(low), float(high)
