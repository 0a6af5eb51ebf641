// Contact sheets: a few examples of a data set, to be looked at.
#pragma once

#include "train/dataset.hpp"
#include "train/png.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace phew {

/// A row of pictures of one size and what they are.
struct SheetRow {
  std::string caption;
  std::vector<Picture> pictures;
};

/// A row of the first `columns` training images of each class, captioned by `caption(class)`; of a regression whose
/// targets are images of the same size, a second row below with the targets. Where no classes are known, one row of the
/// first images. Small images are doubled. Values are shown from 0 to 255 (uint8), or from the lowest to the highest
/// among those shown.
/// Throws Error(usage) if the examples are no images of one or three channels.
[[nodiscard]] std::vector<SheetRow> contact_sheet(const Dataset& data, std::int64_t columns,
                                                  const std::function<std::string(std::int64_t)>& caption);

/// Writes the rows one below another as `.png`, or with their captions as one self-contained `.html` page.
/// Throws Error(usage) for another extension, and what AtomicFile throws.
void write_contact_sheet(const std::filesystem::path& path, const std::string& title,
                         const std::vector<SheetRow>& rows);

}  // namespace phew
