#!/bin/sh
# onnxruntime 1.32.0 (CPU), onnx 1.23.2, numpy 2.4.6, CPython 3.11.
#
# Resize of uint8 in mode "linear" drops the fraction in onnxruntime, so an enlarged image is half a level too dark on
# average; the reference evaluator of onnx rounds. A graph that enlarges its 8-bit input gives another image in each.
#
# Output seen:
#   onnxruntime, linear x4: error -0.984 to 0.000, mean -0.489
#   onnx reference, linear x4: error -0.500 to 0.500, mean -0.000
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def graph(kind):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear")
    scales = helper.make_tensor("s", TensorProto.FLOAT, [4], [1, 1, 4, 4])
    x = helper.make_tensor_value_info("x", kind, [1, 1, 32, 32])
    y = helper.make_tensor_value_info("y", kind, [1, 1, 128, 128])
    whole = helper.make_graph([node], "resize", [x], [y], [scales])
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)


def run(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0].astype(float)


x = np.random.default_rng(0).integers(0, 256, (1, 1, 32, 32)).astype(np.uint8)
exact = run(graph(TensorProto.FLOAT), x.astype(np.float32))
truncated = run(graph(TensorProto.UINT8), x) - exact
rounded = ReferenceEvaluator(graph(TensorProto.UINT8)).run(None, {"x": x})[0].astype(float) - exact

print(f"onnxruntime, linear x4: error {truncated.min():.3f} to {truncated.max():.3f}, mean {truncated.mean():.3f}")
print(f"onnx reference, linear x4: error {rounded.min():.3f} to {rounded.max():.3f}, mean {rounded.mean():.3f}")

assert -1 < truncated.min() < -0.9 and truncated.max() < 0.01 and -0.55 < truncated.mean() < -0.4
assert abs(rounded).max() <= 0.501 and abs(rounded.mean()) < 0.05
PYTHON
