#!/bin/sh
# opencv-python-headless 5.0.0.93, onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, CPython 3.11.
#
# OpenCV's dnn module reads an ONNX graph whose Resize has antialias=1 and leaves the attribute out of account without a
# word: the output is that of the same graph with antialias=0. Enlarging is exact; a graph that makes its input smaller, as
# one does that degrades and restores, is off by a large part of the range.
#
# Output seen:
#   linear x4, antialias=0: largest difference to onnxruntime below 1e-5: True
#   linear x1/4, antialias=0: largest difference to onnxruntime below 1e-5: True
#   linear x1/4, antialias=1: largest difference to onnxruntime 0.33
#   OpenCV with antialias=1 equals OpenCV with antialias=0: True
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import onnxruntime
from onnx import TensorProto, helper


def graph(scale, antialias):
    side = int(32 * scale)
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear", antialias=antialias)
    scales = helper.make_tensor("s", TensorProto.FLOAT, [4], [1, 1, scale, scale])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 32, 32])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, side, side])
    whole = helper.make_graph([node], "resize", [x], [y], [scales])
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 19)], ir_version=10).SerializeToString()


x = np.random.default_rng(0).random((1, 1, 32, 32), dtype=np.float32)


def of_runtime(scale, antialias):
    session = onnxruntime.InferenceSession(graph(scale, antialias), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def of_opencv(scale, antialias):
    network = cv2.dnn.readNetFromONNX(np.frombuffer(graph(scale, antialias), np.uint8))
    network.setInput(x)
    return network.forward()


larger = abs(of_opencv(4, 0) - of_runtime(4, 0)).max()
smaller = abs(of_opencv(0.25, 0) - of_runtime(0.25, 0)).max()
filtered = abs(of_opencv(0.25, 1) - of_runtime(0.25, 1)).max()
same = np.array_equal(of_opencv(0.25, 1), of_opencv(0.25, 0))
print(f"linear x4, antialias=0: largest difference to onnxruntime below 1e-5: {larger < 1e-5}")
print(f"linear x1/4, antialias=0: largest difference to onnxruntime below 1e-5: {smaller < 1e-5}")
print(f"linear x1/4, antialias=1: largest difference to onnxruntime {filtered:.2f}")
print(f"OpenCV with antialias=1 equals OpenCV with antialias=0: {same}")
assert larger < 1e-5 and smaller < 1e-5 and filtered > 0.1 and same
PYTHON
