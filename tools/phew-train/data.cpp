// phew-train data: what a data set holds, and a contact sheet of it.
#include "phew-train/commands.hpp"
#include "phew-train/data_options.hpp"
#include "train/contact_sheet.hpp"
#include "train/image_sets.hpp"
#include "train/transformation.hpp"

#include <fmt/ranges.h>

#include <cstring>
#include <memory>

namespace phew::tools {
namespace {

struct Options : DataOptions, Globals {
  std::string contact_sheet;
  std::int64_t columns = 10;
};

/// Training examples of each class; empty where classes are not known.
std::vector<std::int64_t> class_counts(const Dataset& data) {
  const Tensor& classes = data.is_regression() ? data.train.classes : data.train.y;
  std::vector<std::int64_t> counts(static_cast<std::size_t>(data.classes));
  for (std::size_t at = 0; at < classes.bytes.size(); at += sizeof(std::int64_t)) {
    std::int64_t label = 0;
    std::memcpy(&label, classes.bytes.data() + at, sizeof label);
    if (label >= static_cast<std::int64_t>(counts.size())) counts.resize(static_cast<std::size_t>(label) + 1);
    ++counts[static_cast<std::size_t>(label)];
  }
  return counts;
}

std::string caption(const Options& o, std::int64_t c) {
  if (!is_transformation(o.data)) return fmt::format("class {}", c);
  const AffineWarp warp = class_warp(c, o.data_seed);
  return fmt::format("class {}: rotated by {}°, sheared by {:.3f}", c, warp.degrees(), warp.shear);
}

Json report(const Options& o, const Dataset& data) {
  const Extent extent = data.extent();
  return {{"schema", {{"name", "phew-train/data"}, {"version", 1}}},
          {"data", data.name},
          {"train", data.train.size()},
          {"test", data.test.size()},
          {"shape", {extent.channels, extent.height, extent.width}},
          {"dtype", std::string(name_of(data.train.x.dtype))},
          {"classes", data.is_regression() ? Json() : Json(data.classes)},
          {"outputs", data.outputs()},
          {"class_counts", class_counts(data)},
          {"normalisation", {{"mean", data.normalisation.mean}, {"deviation", data.normalisation.deviation}}},
          {"hash", hash_of(data)},
          {"contact_sheet", o.contact_sheet.empty() ? Json() : Json(o.contact_sheet)}};
}

void print_text(const Options& o, const Dataset& data) {
  const Extent extent = data.extent();
  fmt::print("{}: {} training and {} test examples of {}x{}x{}, {}\n", data.name, data.train.size(), data.test.size(),
             extent.channels, extent.height, extent.width, name_of(data.train.x.dtype));
  if (data.is_regression())
    fmt::print("targets        {} of each example\n", data.outputs());
  else
    fmt::print("classes        {}\n", data.classes);
  if (const auto counts = class_counts(data); !counts.empty())
    fmt::print("of each class  {}\n", fmt::join(counts, " "));
  if (data.normalisation.mean.size() <= 3)
    fmt::print("normalisation  mean {:.4g}, deviation {:.4g}\n", fmt::join(data.normalisation.mean, " "),
               fmt::join(data.normalisation.deviation, " "));
  if (is_transformation(o.data))
    for (std::size_t c = 0; c < class_counts(data).size(); ++c)
      fmt::print("{}\n", caption(o, static_cast<std::int64_t>(c)));
  if (!o.contact_sheet.empty()) fmt::print("contact sheet  {}\n", o.contact_sheet);
}

void show(const Options& o) {
  const Dataset data = load_data(o, o);
  if (!o.contact_sheet.empty())
    write_contact_sheet(o.contact_sheet, data.name,
                        contact_sheet(data, o.columns, [&](std::int64_t c) { return caption(o, c); }));
  if (o.json)
    print_json(report(o, data));
  else
    print_text(o, data);
}

}  // namespace

void add_data(CLI::App& app) {
  CLI::App* command = app.add_subcommand("data", "What a data set holds, and a contact sheet of it");
  const auto options = std::make_shared<Options>();
  add_data_options(*command, *options);
  command->add_option("--contact-sheet", options->contact_sheet,
                      "Write the first training images of each class, as .png or .html; of the image-transformation "
                      "task with the targets below");
  command->add_option("--columns", options->columns, "Images of each class on the contact sheet")
      ->check(count_check(1))
      ->capture_default_str();
  add_globals(*command, *options);
  command->footer("Example: phew-train data --data fashion-transformation --contact-sheet sheet.html");
  command->callback([options] { show(*options); });
}

}  // namespace phew::tools
