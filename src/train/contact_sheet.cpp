#include "train/contact_sheet.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace phew {
namespace {

constexpr std::int64_t gap = 2;          // pixels between pictures
constexpr std::int64_t small_side = 32;  // images up to this size are shown twice as large
constexpr std::uint8_t background = 255;

/// Examples of one kind, each channels × height × width values, and how their values become bytes.
struct Images {
  Tensor values;  ///< u8 or f32; example after example
  Extent extent;
  double low = 0, high = 255;

  [[nodiscard]] double value(std::size_t i) const {
    if (values.dtype == DType::u8) return std::to_integer<int>(values.bytes[i]);
    return static_cast<double>(float_values(values)[i]);
  }
  [[nodiscard]] std::uint8_t byte(std::size_t i) const {
    const double share = high > low ? (value(i) - low) / (high - low) : 0;
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
  }
};

Images images_of(const Tensor& values, const Extent& extent, const std::vector<std::int64_t>& shown) {
  Images images{values, extent};
  if (values.dtype == DType::u8 || shown.empty()) return images;
  const std::int64_t size = extent.channels * extent.positions();
  images.low = images.high = images.value(static_cast<std::size_t>(shown.front() * size));
  for (const std::int64_t example : shown)
    for (std::int64_t i = example * size; i < (example + 1) * size; ++i) {
      images.low = std::min(images.low, images.value(static_cast<std::size_t>(i)));
      images.high = std::max(images.high, images.value(static_cast<std::size_t>(i)));
    }
  return images;
}

Picture picture_of(const Images& images, std::int64_t example) {
  const Extent& e = images.extent;
  const std::int64_t scale = std::max(e.height, e.width) <= small_side ? 2 : 1;
  Picture picture(e.height * scale, e.width * scale, 0);
  const std::int64_t begin = example * e.channels * e.positions();
  for (std::int64_t row = 0; row < picture.height; ++row)
    for (std::int64_t column = 0; column < picture.width; ++column)
      for (std::int64_t colour = 0; colour < 3; ++colour) {
        const std::int64_t channel = e.channels == 3 ? colour : 0;
        const std::int64_t from = begin + (channel * e.height + row / scale) * e.width + column / scale;
        picture.rgb[static_cast<std::size_t>(3 * (row * picture.width + column) + colour)] =
            images.byte(static_cast<std::size_t>(from));
      }
  return picture;
}

/// The examples to show, one list per class, or a single one where there are no classes.
std::vector<std::vector<std::int64_t>> choose(const Dataset& data, std::int64_t columns) {
  const Tensor& classes = data.is_regression() ? data.train.classes : data.train.y;
  std::vector<std::vector<std::int64_t>> chosen;
  for (std::int64_t i = 0; i < data.train.size(); ++i) {
    std::int64_t label = 0;
    if (!classes.shape.empty())
      std::memcpy(&label, classes.bytes.data() + static_cast<std::size_t>(i) * sizeof label, sizeof label);
    if (label >= static_cast<std::int64_t>(chosen.size())) chosen.resize(static_cast<std::size_t>(label) + 1);
    auto& list = chosen[static_cast<std::size_t>(label)];
    if (static_cast<std::int64_t>(list.size()) < columns) list.push_back(i);
  }
  return chosen;
}

SheetRow row_of(const Images& images, const std::vector<std::int64_t>& examples, std::string caption) {
  SheetRow row{std::move(caption), {}};
  for (const std::int64_t example : examples) row.pictures.push_back(picture_of(images, example));
  return row;
}

/// Rows one below another.
Picture joined(std::span<const SheetRow> rows) {
  std::int64_t height = 0, width = 0;
  for (const SheetRow& row : rows) {
    std::int64_t row_width = 0;
    for (const Picture& picture : row.pictures) row_width += picture.width + gap;
    width = std::max(width, row_width - gap);
    height += row.pictures.front().height + gap;
  }
  Picture sheet(height - gap, width, background);
  std::int64_t top = 0;
  for (const SheetRow& row : rows) {
    std::int64_t left = 0;
    for (const Picture& picture : row.pictures) {
      sheet.paste(picture, top, left);
      left += picture.width + gap;
    }
    top += row.pictures.front().height + gap;
  }
  return sheet;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

std::string page(const std::string& title, const std::vector<SheetRow>& rows) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>\n"
      "<style>body{{font-family:sans-serif}}img{{image-rendering:pixelated;display:block}}"
      "td{{padding:1px 12px 1px 0}}</style>\n<h1>{0}</h1>\n<table>\n",
      escaped(title));
  for (const SheetRow& row : rows)
    out += fmt::format("<tr><td>{0}</td><td><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"></td></tr>\n",
                       escaped(row.caption), base64(png(joined(std::span(&row, 1)))));
  return out + "</table></html>\n";
}

}  // namespace

std::vector<SheetRow> contact_sheet(const Dataset& data, std::int64_t columns,
                                    const std::function<std::string(std::int64_t)>& caption) {
  const Extent extent = data.extent();
  if (extent.positions() == 1 || (extent.channels != 1 && extent.channels != 3))
    fail(ExitCode::usage, "--contact-sheet: found examples of {}x{}x{} in {}, expected images of 1 or 3 channels",
         extent.channels, extent.height, extent.width, data.name);
  const auto chosen = choose(data, columns);
  std::vector<std::int64_t> shown;
  for (const auto& examples : chosen) shown.insert(shown.end(), examples.begin(), examples.end());
  const Images inputs = images_of(data.train.x, extent, shown);
  const bool pairs = data.is_regression() && data.outputs() == extent.channels * extent.positions();
  const bool has_classes = !data.is_regression() || !data.train.classes.shape.empty();
  std::vector<SheetRow> rows;
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    if (chosen[c].empty()) continue;
    rows.push_back(row_of(inputs, chosen[c], has_classes ? caption(static_cast<std::int64_t>(c)) : "inputs"));
    if (pairs) rows.push_back(row_of(images_of(data.train.y, extent, shown), chosen[c], "targets"));
  }
  return rows;
}

void write_contact_sheet(const std::filesystem::path& path, const std::string& title,
                         const std::vector<SheetRow>& rows) {
  if (path.extension() == ".png") return write_file(path, png(joined(rows)));
  if (path.extension() == ".html") return write_file(path, page(title, rows));
  fail(ExitCode::usage, "--contact-sheet: found {}, expected a .png or .html file", path.string());
}

}  // namespace phew
