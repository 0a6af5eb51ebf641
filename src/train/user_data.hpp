// A user's own data: arrays x and y in one file.
#pragma once

#include "train/dataset.hpp"

#include <filesystem>

namespace phew {

/// Reads x and y from an npz archive (or any other file of named tensors) for training and another for the test; with
/// `test` empty both splits are the same examples.
///
/// x is [N, C, H, W] or [N, F], floats or uint8. Floats are taken as they are; uint8 is normalised by the training
/// data's mean and deviation, of each channel or of all features together. y is int64 [N], classes counted from 0, or
/// floats [N] or [N, K], targets of a regression. Wider and narrower floats become float32.
/// Throws what read_tensor_file throws, and Error(data) for arrays that are missing, of other types, shapes or lengths,
/// for negative classes, for NaN and infinities, and where both files do not agree.
[[nodiscard]] Dataset read_user_data(const std::filesystem::path& train, const std::filesystem::path& test);

}  // namespace phew
