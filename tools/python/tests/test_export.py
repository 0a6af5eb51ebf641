import copy
import importlib.util

import pytest
import torch
from conftest import CONV_NET_PRUNABLE, ConvNet, lenet, random_masks
from test_masks import Tied
from torch import nn

from phew_graph import apply_masks, export
from phew_graph._onnx_names import initializer_names


def has_dynamo():
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    return version >= (2, 6) and importlib.util.find_spec("onnxscript") is not None


def half_runs_on_cpu():
    try:
        nn.Linear(2, 2).half()(torch.zeros(1, 2, dtype=torch.float16))
    except RuntimeError:
        return False
    return True


EXPORTERS = [
    "torchscript",
    pytest.param("dynamo", marks=pytest.mark.skipif(not has_dynamo(), reason="needs PyTorch 2.6 and onnxscript")),
]
both = pytest.mark.parametrize("exporter", EXPORTERS)
IMAGE = torch.zeros(1, 3, 8, 8)


@pytest.fixture
def onnx():
    return pytest.importorskip("onnx")


def operators(model):
    return [node.op_type for node in model.graph.node]


@pytest.fixture(scope="module", params=EXPORTERS)
def exported(request, tmp_path_factory):
    """A model and its file, written once by each exporter: the newer one takes half a minute."""
    model = ConvNet()
    file = tmp_path_factory.mktemp(request.param) / "model.onnx"
    export(model, IMAGE, file, exporter=request.param)
    return model.eval(), file


def test_names_are_kept(exported):
    _, file = exported
    assert {*CONV_NET_PRUNABLE, "stem.1.weight", "norm.weight"} <= initializer_names(file)


def test_nothing_is_folded(exported, onnx):
    _, file = exported
    model = onnx.load(file)
    onnx.checker.check_model(model)
    assert operators(model).count("BatchNormalization") == 2 and operators(model).count("Conv") == 3
    assert "Dropout" not in operators(model)
    assert [entry.name for entry in file.parent.iterdir()] == ["model.onnx"]


def test_the_file_computes_what_the_model_computes(exported):
    runtime = pytest.importorskip("onnxruntime")
    model, file = exported
    session = runtime.InferenceSession(str(file))
    x = torch.randn(5, 3, 8, 8)
    (found,) = session.run(None, {"input": x.numpy()})
    assert torch.allclose(torch.from_numpy(found), model(x), atol=1e-5)


def test_weights_have_their_own_values(exported):
    numpy_helper = pytest.importorskip("onnx.numpy_helper")
    onnx = pytest.importorskip("onnx")
    model, file = exported
    tensors = {tensor.name: tensor for tensor in onnx.load(file).graph.initializer}
    for name in CONV_NET_PRUNABLE:
        assert torch.equal(torch.from_numpy(numpy_helper.to_array(tensors[name]).copy()), model.get_parameter(name))


def test_names_are_read_as_the_onnx_package_reads_them(exported, onnx):
    _, file = exported
    graph = onnx.load(file).graph
    expected = {tensor.name for tensor in graph.initializer}
    expected |= {node.output[0] for node in graph.node if node.op_type == "Identity" and node.input[0] in expected}
    assert initializer_names(file) == expected


@both
@pytest.mark.parametrize("dynamic", [True, False])
def test_the_batch_is_dynamic_if_wanted(tmp_path, onnx, exporter, dynamic):
    export(nn.Linear(7, 2), torch.zeros(1, 7), tmp_path / "m.onnx", exporter=exporter, dynamic_batch=dynamic)
    (tensor,) = onnx.load(tmp_path / "m.onnx").graph.input
    first, second = tensor.type.tensor_type.shape.dim
    assert tensor.name == "input" and second.dim_value == 7
    assert (first.dim_param == "batch") if dynamic else (first.dim_value == 1)


class Sequence(nn.Module):
    """Linear layers over a sequence: MatMul with a transposed weight, which folding would rename."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 5)
        self.second = nn.Linear(5, 4, bias=False)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


@both
def test_transposed_weights_keep_their_names(tmp_path, exporter):
    export(Sequence(), torch.zeros(2, 3, 6), tmp_path / "m.onnx", exporter=exporter)
    assert {"first.weight", "second.weight"} <= initializer_names(tmp_path / "m.onnx")


def test_equal_weights_keep_both_names(tmp_path):
    model = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 5))
    model[1].load_state_dict(model[0].state_dict())
    export(model, torch.zeros(2, 5), tmp_path / "m.onnx")
    assert {"0.weight", "1.weight"} <= initializer_names(tmp_path / "m.onnx")


@both
def test_tied_weights_keep_one_of_their_names(tmp_path, exporter):
    export(Tied(), torch.zeros(2, 5), tmp_path / "m.onnx", exporter=exporter)
    assert {"encoder.weight", "decoder.weight", "again.weight"} & initializer_names(tmp_path / "m.onnx")


@both
def test_every_module_comes_back_in_its_mode(tmp_path, exporter):
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5)).train()
    model[1].eval()
    before = {name: module.training for name, module in model.named_modules()}
    state = copy.deepcopy(model.state_dict())
    export(model, torch.ones(2, 4), tmp_path / "m.onnx", exporter=exporter)
    assert {name: module.training for name, module in model.named_modules()} == before
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name  # batch statistics included
    with pytest.raises(RuntimeError):
        export(model, torch.zeros(1, 5), tmp_path / "m.onnx", exporter=exporter)
    assert {name: module.training for name, module in model.named_modules()} == before


@pytest.mark.parametrize("wrap", [nn.DataParallel, lambda model: torch.compile(model, backend="eager")])
def test_wrappers_are_looked_through(tmp_path, wrap):
    if not hasattr(torch, "compile") and wrap is not nn.DataParallel:
        pytest.skip("this PyTorch has no torch.compile")
    export(wrap(ConvNet()), IMAGE, tmp_path / "m.onnx")
    assert set(CONV_NET_PRUNABLE) <= initializer_names(tmp_path / "m.onnx")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_halves_are_exported_as_they_are(tmp_path, onnx, dtype):
    if dtype == torch.float16 and not half_runs_on_cpu():
        pytest.skip("this PyTorch has no half precision on the CPU")
    export(lenet().to(dtype), torch.zeros(1, 784), tmp_path / "m.onnx")
    expected = {torch.float16: onnx.TensorProto.FLOAT16, torch.bfloat16: onnx.TensorProto.BFLOAT16}[dtype]
    tensors = {tensor.name: tensor for tensor in onnx.load(tmp_path / "m.onnx").graph.initializer}
    assert tensors["0.weight"].data_type == expected


def test_channels_last_weights_are_exported_in_order(tmp_path, onnx):
    from onnx import numpy_helper

    model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    export(model, IMAGE, tmp_path / "m.onnx")
    tensors = {tensor.name: tensor for tensor in onnx.load(tmp_path / "m.onnx").graph.initializer}
    assert torch.equal(torch.from_numpy(numpy_helper.to_array(tensors["weight"]).copy()), model.weight)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@both
def test_a_model_on_cuda_takes_an_example_from_the_cpu(tmp_path, exporter):
    export(ConvNet().cuda().half(), IMAGE, tmp_path / "m.onnx", exporter=exporter)
    assert set(CONV_NET_PRUNABLE) <= initializer_names(tmp_path / "m.onnx")


class WithAuxiliary(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 3)
        self.auxiliary = nn.Linear(4, 2)

    def forward(self, x):
        return (self.body(x), self.auxiliary(x)) if self.training else self.body(x)


def test_what_takes_no_part_is_left_out_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="left out auxiliary.weight: the forward pass does not use"):
        export(WithAuxiliary(), torch.zeros(2, 4), tmp_path / "m.onnx")
    assert "body.weight" in initializer_names(tmp_path / "m.onnx")


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(4, 3), nn.Linear(2, 3)

    def forward(self, x, y):
        return self.left(x) + self.right(y)


def test_several_inputs_have_numbered_names(tmp_path, onnx):
    export(TwoInputs(), (torch.zeros(1, 4), torch.zeros(1, 2)), tmp_path / "m.onnx")
    assert [tensor.name for tensor in onnx.load(tmp_path / "m.onnx").graph.input] == ["input_0", "input_1"]


class Idle(nn.Module):
    """Has a weight that no layer uses, so that the file cannot have it."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 3)
        self.lost = nn.Parameter(torch.ones(3, 3))

    def forward(self, x):
        return self.body(x)


def test_lost_names_are_told_and_no_file_is_left(tmp_path):
    with pytest.raises(ValueError, match="m.onnx: found no lost, expected every parameter"):
        export(Idle(), torch.zeros(2, 4), tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file(tmp_path):
    (tmp_path / "m.onnx").write_text("old")
    with pytest.raises(ValueError):
        export(Idle(), torch.zeros(2, 4), tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_pruned_model_is_refused(tmp_path):
    model = lenet()
    apply_masks(model, random_masks(model))
    with pytest.raises(ValueError, match="found 0.weight, 2.weight, 4.weight pruned"):
        export(model, torch.zeros(1, 784), tmp_path / "m.onnx")


def test_arguments_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="found no folder"):
        export(lenet(), torch.zeros(1, 784), tmp_path / "none" / "m.onnx")
    with pytest.raises(TypeError, match="example_input: found list"):
        export(lenet(), [torch.zeros(1, 784)], tmp_path / "m.onnx")
    with pytest.raises(ValueError, match="exporter: found 'tensorflow'"):
        export(lenet(), torch.zeros(1, 784), tmp_path / "m.onnx", exporter="tensorflow")
