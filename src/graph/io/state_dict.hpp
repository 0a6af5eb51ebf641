// PyTorch's zip-format `.pt` files: state_dicts and checkpoints that contain one.
#pragma once

#include "graph/io/atomic_file.hpp"
#include "graph/io/unpickler.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/io/zip_archive.hpp"

#include <map>
#include <string>
#include <vector>

namespace phew {

/// Whether an archive is one that torch.save or torch.jit.save wrote: it has a record ROOT/data.pkl.
[[nodiscard]] bool is_torch_archive(const ZipArchive& archive);

/// Reads the state_dict that find_state_dict finds, in its order (metadata: the archive's comment, see
/// write_state_dict); only storages that its tensors use are read, each once. A tensor that lies in C order is a view
/// of its storage, any other a copy. Throws Error(data) for TorchScript, a whole module, a big-endian file, a view that
/// leaves its storage, a name twice, and what read_pickle, ZipArchive and find_state_dict throw; Error(unsupported) for
/// types that DType lacks.
[[nodiscard]] TensorFile read_state_dict(const ZipArchive& archive);

/// Writes tensors as torch.save writes an OrderedDict of them, so that torch.load takes the file, also with
/// weights_only. Metadata becomes the archive's comment as a JSON object; PyTorch does not look there.
/// Throws Error(data) for a name twice, or for more than 64 KB of metadata.
void write_state_dict(AtomicFile& file, const std::vector<Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata);

/// The dict of tensors in a checkpoint. From the pickle's root, at each level:
///  1. under the keys state_dict, model_state_dict, model, net, network, weights, params and module: the dict that
///  holds
///     tensors, itself or in dicts below it, is searched next;
///  2. else this dict, if one of its values is a tensor that is not a scalar;
///  3. else the dict that holds tensors under any other key is searched next.
/// Only names count as keys, so an optimiser's state, which is numbered, does not. Scalars do not make a state_dict,
/// since a checkpoint may hold its loss as one.
/// Throws Error(data) naming the candidates if there are several, or if there are none.
[[nodiscard]] const PickleDict& find_state_dict(const Pickle& pickle, const std::string& where);

}  // namespace phew
