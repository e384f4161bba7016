"""A small converter from TFLite to ONNX for convolutional networks with fp16 and sparse weights.

It knows the operators that BlazePose's networks are made of and refuses others. Activations run in ONNX's layout
(batch, channels, height, width); inputs and flat outputs keep TFLite's. The batch axis becomes dynamic.
"""

from tools.tflite_to_onnx.convert import convert

__all__ = ["convert"]
