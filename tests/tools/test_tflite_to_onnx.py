"""The converter against plain numpy versions of TFLite's operators, on tiny graphs."""

from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import tflite
from onnx import TensorProto, helper

from tools.tflite_to_onnx.convert import OPSET
from tools.tflite_to_onnx.operators import EMITTERS, Graph, same_padding
from tools.tflite_to_onnx.sparse import SparseAxis, densify

SAME, VALID = tflite.Padding.SAME, tflite.Padding.VALID
RELU6 = tflite.ActivationFunctionType.RELU6
RNG = np.random.default_rng(7)


class FakeSource:
    """Tensors by index, as `Source` shows them: an array is a constant, a tuple the shape of a computed one."""

    def __init__(self, tensors):
        self.tensors = tensors

    def name(self, tensor):
        return f"t{tensor}"

    def shape(self, tensor):
        found = self.tensors[tensor]
        return found.shape if isinstance(found, np.ndarray) else found

    def constant(self, tensor):
        found = self.tensors[tensor]
        return found if isinstance(found, np.ndarray) else None


def run_one(name, image, constants, out_shape, **options):
    """Convert one operator whose first input is `image` (channels last) and run it."""
    tensors = [tuple(image.shape), *constants, tuple(out_shape)]
    graph = Graph(FakeSource(tensors))
    graph.take_input(0, "image")
    read = SimpleNamespace(**{key: (lambda value=value: value) for key, value in options.items()})
    operator = SimpleNamespace(
        inputs=tuple(range(len(tensors) - 1)), outputs=(len(tensors) - 1,), options=lambda kind: read
    )
    EMITTERS[name](graph, operator)
    graph.give_output(len(tensors) - 1, "out")
    made = helper.make_graph(
        graph.nodes,
        "one",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", *image.shape[1:]])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", *out_shape[1:]])],
        graph.initializers,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["out"], {"image": image})[0]


def convolve(image, weights, stride, padding, depthwise):
    """TFLite's reference loops; weights [out,h,w,in], or [1,h,w,out] for a depthwise convolution."""
    kh, kw = weights.shape[1:3]
    pads = [
        same_padding(n, k, stride) if padding == SAME else (0, 0)
        for n, k in zip(image.shape[1:3], (kh, kw), strict=True)
    ]
    padded = np.pad(image, ((0, 0), *pads, (0, 0)))
    rows, columns = ((n - k) // stride + 1 for n, k in zip(padded.shape[1:3], (kh, kw), strict=True))
    out = np.zeros((len(image), rows, columns, weights.shape[3 if depthwise else 0]))
    for y in range(rows):
        for x in range(columns):
            patch = padded[:, y * stride : y * stride + kh, x * stride : x * stride + kw]
            if depthwise:
                repeated = np.repeat(patch, weights.shape[3] // image.shape[3], axis=3)
                out[:, y, x] = (repeated * weights).sum(axis=(1, 2))
            else:
                out[:, y, x] = np.einsum("nhwc,ohwc->no", patch, weights)
    return out


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (7, 10)])
@pytest.mark.parametrize("depthwise", [False, True])
def test_convolutions(padding, stride, size, depthwise):
    image = RNG.normal(size=(2, *size, 3)).astype(np.float32)
    weights = RNG.normal(size=(1, 3, 5, 6) if depthwise else (4, 3, 5, 3)).astype(np.float16)
    bias = RNG.normal(size=6 if depthwise else 4).astype(np.float32)
    wanted = np.clip(convolve(image, weights.astype(float), stride, padding, depthwise) + bias, 0, 6)
    found = run_one(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
        image,
        [weights, bias],
        wanted.shape,
        StrideH=stride,
        StrideW=stride,
        DilationHFactor=1,
        DilationWFactor=1,
        Padding=padding,
        FusedActivationFunction=RELU6,
    )
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert 0 < (wanted == 0).mean() < 1  # the clip was at work


def test_resize_is_bilinear_with_half_pixel_centres():
    image = RNG.normal(size=(2, 4, 6, 3)).astype(np.float32)

    def sample(n, m):
        at = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
        low = np.floor(at).astype(int)
        weights = np.zeros((m, n))
        weights[np.arange(m), low] += 1 - (at - low)
        weights[np.arange(m), np.minimum(low + 1, n - 1)] += at - low
        return weights

    wanted = np.einsum("yh,xw,nhwc->nyxc", sample(4, 8), sample(6, 12), image)
    found = run_one("RESIZE_BILINEAR", image, [], wanted.shape, HalfPixelCenters=True, AlignCorners=False)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_depth_to_space_keeps_tflites_order_of_channels():
    image = RNG.normal(size=(2, 3, 4, 8)).astype(np.float32)
    wanted = image.reshape(2, 3, 4, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(2, 6, 8, 2)
    np.testing.assert_array_equal(run_one("DEPTH_TO_SPACE", image, [], wanted.shape, BlockSize=2), wanted)


def test_reshape_reads_the_numbers_channels_last():
    image = RNG.normal(size=(2, 3, 4, 6)).astype(np.float32)
    found = run_one("RESHAPE", image, [np.array([1, 24, 3], np.int32)], (1, 24, 3))
    np.testing.assert_array_equal(found, image.reshape(2, 24, 3))


def test_pad_and_pool():
    image = RNG.normal(size=(2, 5, 7, 3)).astype(np.float32)
    widths = np.array([[0, 0], [1, 2], [3, 0], [0, 1]], np.int32)
    np.testing.assert_array_equal(run_one("PAD", image, [widths], (1, 8, 10, 4)), np.pad(image, widths))
    padded = np.pad(image, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    wanted = padded.reshape(2, 3, 2, 4, 2, 3).max(axis=(2, 4))
    options = {"StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2, "Padding": SAME}
    found = run_one("MAX_POOL_2D", image, [], wanted.shape, FusedActivationFunction=0, **options)
    np.testing.assert_array_equal(found, wanted)


def test_same_padding_puts_the_odd_pixel_after():
    assert same_padding(8, 3, 2) == (0, 1)
    assert same_padding(7, 3, 2) == (1, 1)
    assert same_padding(8, 1, 2) == (0, 0)


def test_sparse_rows_become_dense():
    # The matrix [[1,0,2],[0,0,0],[0,3,0]] as dense rows of compressed columns (CSR).
    axes = [SparseAxis(size=3), SparseAxis(segments=np.array([0, 2, 2, 3]), indices=np.array([0, 2, 1]))]
    found = densify(np.array([1, 2, 3], np.float16), (3, 3), [0, 1], [], axes)
    assert found.tolist() == [[1, 0, 2], [0, 0, 0], [0, 3, 0]]


def test_sparse_blocks_become_dense():
    # 4x4 of 2x2 blocks, of which the upper right and the lower left are stored.
    axes = [
        SparseAxis(size=2),
        SparseAxis(segments=np.array([0, 1, 2]), indices=np.array([1, 0])),
        SparseAxis(size=2),
        SparseAxis(size=2),
    ]
    found = densify(np.arange(1, 9, dtype=np.float32), (4, 4), [0, 1, 2, 3], [0, 1], axes)
    assert found.tolist() == [[0, 0, 1, 2], [0, 0, 3, 4], [5, 6, 0, 0], [7, 8, 0, 0]]


def test_a_wrong_number_of_sparse_values_is_refused():
    with pytest.raises(ValueError, match="2 values"):
        densify(np.ones(2), (3,), [0], [], [SparseAxis(size=3)])
