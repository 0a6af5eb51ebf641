"""phew-graph from PyTorch: a model goes in, a sparse ticket comes out and into the model.

    import phew_graph

    masks = phew_graph.find_ticket(model, "phew", density=0.05, seed=0, example_input=torch.zeros(1, 3, 224, 224))
    phew_graph.apply_masks(model, masks)  # torch.nn.utils.prune: pruned weights stay at zero while the model trains

`export` and `load_masks` are the two halves of `find_ticket`, for those who run `phew-graph` themselves.
"""

from ._export import Exporter, export
from ._masks import Masks, apply_masks, load_masks
from ._ticket import PhewGraphError, find_ticket

__all__ = ["Exporter", "Masks", "PhewGraphError", "apply_masks", "export", "find_ticket", "load_masks"]
