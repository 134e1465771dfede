"""scikit-learn's t-SNE with an ear for every step: its own loop tells nobody how far it is and cannot be stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE, _t_sne


class HeardTSNE(TSNE):
    """The same points as `TSNE` of two components, bit for bit; `tick` is called at every step of the descent.

    What `tick` raises ends the descent. The descent and its objective are scikit-learn's own, by their private names.
    """

    def __init__(self, *, perplexity: float, random_state: int, max_iter: int, tick: Callable[[], None]) -> None:
        """As `TSNE`, started from the principal components."""
        super().__init__(2, perplexity=perplexity, init="pca", random_state=random_state, max_iter=max_iter)
        self.tick = tick

    def _tsne(
        self,
        P: Any,
        degrees_of_freedom: int,
        n_samples: int,
        X_embedded: NDArray[np.float32],
        neighbors: object = None,
        skip_num_points: int = 0,
    ) -> NDArray[np.float32]:
        def objective(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            return _t_sne._kl_divergence_bh(*args, **kwargs)

        # As a NumPy scalar it makes the descent one in float64; a plain float would give other points.
        rate = np.float64(self.learning_rate_)

        def descended(points: NDArray[np.float32], start: int, **schedule: Any) -> tuple[NDArray[np.float32], int]:
            found, self.kl_divergence_, last = _t_sne._gradient_descent(
                objective,
                points,
                start,
                n_iter_check=self._N_ITER_CHECK,
                min_grad_norm=self.min_grad_norm,
                learning_rate=rate,
                args=[P, degrees_of_freedom, n_samples, 2],
                kwargs={
                    "skip_num_points": skip_num_points,
                    "angle": self.angle,
                    "num_threads": _t_sne._openmp_effective_n_threads(),
                },
                **schedule,
            )
            return found, last

        P *= self.early_exaggeration
        early = self._EXPLORATION_MAX_ITER
        points, last = descended(X_embedded.ravel(), 0, max_iter=early, n_iter_without_progress=early, momentum=0.5)
        P /= self.early_exaggeration
        points, self.n_iter_ = descended(
            points,
            last + 1,
            max_iter=self.max_iter,
            n_iter_without_progress=self.n_iter_without_progress,
            momentum=0.8,
        )
        return points.reshape(n_samples, 2)
