"""Commands that messages advise do what they promise."""

import numpy as np
import safetensors.numpy

from zoo.checkpoints.foreign_formats import of_members


def test_the_way_from_a_numpy_archive_keeps_arrays_of_every_order(tmp_path, monkeypatch):
    # safetensors writes the memory of an array in its own order: the advice must copy what is in Fortran's.
    monkeypatch.chdir(tmp_path)
    weight = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.savez("weights.npz", weight=weight.transpose(2, 0, 1), count=np.int64(7), fortran=np.asfortranarray(weight))
    advice = of_members("weights.npz", ["weight.npy", "count.npy", "fortran.npy"])
    code = advice.remedy.partition(": ")[2]
    exec(code, {"numpy": np, "safetensors": safetensors, "FILE": "weights.npz"})
    back = safetensors.numpy.load_file("model.safetensors")
    assert np.array_equal(back["weight"], weight.transpose(2, 0, 1))
    assert np.array_equal(back["fortran"], weight)
    assert back["count"].shape == ()
