"""Networks that come as a graph of operators: ncnn's `.param` with `.bin`, and ONNX."""
