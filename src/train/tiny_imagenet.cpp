#include "train/tiny_imagenet.hpp"

#include "graph/error.hpp"
#include "graph/io/atomic_file.hpp"
#include "graph/io/mapped_file.hpp"
#include "graph/io/weights_file.hpp"
#include "graph/parallel.hpp"
#include "train/content_hash.hpp"
#include "train/jpeg.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/stat.h>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

constexpr Size2 image_size{64, 64};
constexpr std::int64_t image_bytes = 3 * 64 * 64;
constexpr const char* set_name = "tiny-imagenet";
constexpr const char* cache_name = "tiny-imagenet-200.cache.safetensors";
/// Goes up when what the cache holds changes.
constexpr const char* cache_version = "1";

/// Files of a split and their classes.
struct Listing {
  std::vector<fs::path> files;
  std::vector<std::int64_t> labels;
};

struct Listings {
  Listing train, test;
};

/// Of a split's images, decoded.
Shape shape_of(const Listing& listing) {
  return {static_cast<std::int64_t>(listing.files.size()), 3, image_size.height, image_size.width};
}

fs::path find_folder(const fs::path& data_dir) {
  std::error_code ignored;
  if (!data_dir.empty())
    for (const fs::path& folder : {data_dir, data_dir / "tiny-imagenet-200", data_dir / set_name})
      if (fs::is_directory(folder / "train", ignored) && fs::is_directory(folder / "val", ignored)) return folder;
  // Stanford states no checksum; this one is what public loaders of the set agree on.
  fail(ExitCode::no_input,
       "{}: found no folder tiny-imagenet-200 in {}; download http://cs231n.stanford.edu/tiny-imagenet-200.zip (MD5 "
       "90528d7ca1a48142e341f4ef8d21d0de), unzip it and give its folder as --data-dir",
       set_name, data_dir.empty() ? "any known folder" : data_dir.string());
}

std::vector<std::string> read_classes(const fs::path& folder) {
  std::vector<std::string> names;
  if (std::ifstream file(folder / "wnids.txt"); file) {
    for (std::string name; file >> name;) names.push_back(name);
  } else {
    for (const auto& entry : fs::directory_iterator(folder / "train"))
      if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  if (names.empty()) fail(ExitCode::data, "{}: found no classes; download the set again", folder.string());
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
    fail(ExitCode::data, "{}: found the class {} twice", (folder / "wnids.txt").string(), *twice);
  for (const std::string& name : names)
    if (name.find('/') != std::string::npos || name.starts_with('.'))
      fail(ExitCode::data, "{}: found the class {}, expected names of folders", (folder / "wnids.txt").string(), name);
  return names;
}

bool is_jpeg(const fs::path& path) {
  std::string suffix = path.extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return suffix == ".jpeg" || suffix == ".jpg";
}

Listing list_train(const fs::path& folder, const std::vector<std::string>& classes) {
  Listing listing;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const fs::path images = folder / "train" / classes[c] / "images";
    if (!fs::is_directory(images))
      fail(ExitCode::data, "{}: found no such folder, expected the images of a class", images.string());
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(images))
      if (is_jpeg(entry.path())) files.push_back(entry.path());
    if (files.empty()) fail(ExitCode::data, "{}: found no JPEG images", images.string());
    std::ranges::sort(files);
    listing.labels.insert(listing.labels.end(), files.size(), static_cast<std::int64_t>(c));
    listing.files.insert(listing.files.end(), files.begin(), files.end());
  }
  return listing;
}

/// Lines of val_annotations.txt: image, class, box; between tabs.
Listing list_test(const fs::path& folder, const std::vector<std::string>& classes) {
  const fs::path path = folder / "val" / "val_annotations.txt";
  std::ifstream file(path);
  if (!file) fail(ExitCode::no_input, "{}: found no file, expected the classes of val/images", path.string());
  Listing listing;
  std::string line;
  for (std::int64_t number = 1; std::getline(file, line); ++number) {
    std::istringstream fields(line);
    std::string image, name;
    if (!(fields >> image >> name))
      fail(ExitCode::data, "{}: line {}: found no image and class", path.string(), number);
    const auto found = std::ranges::lower_bound(classes, name);
    if (found == classes.end() || *found != name)
      fail(ExitCode::data, "{}: line {}: found the class {}, expected one of wnids.txt", path.string(), number, name);
    if (image.find('/') != std::string::npos)
      fail(ExitCode::data, "{}: line {}: found {}, expected the name of a file in val/images", path.string(), number,
           image);
    listing.files.push_back(folder / "val" / "images" / image);
    listing.labels.push_back(found - classes.begin());
  }
  if (listing.files.empty()) fail(ExitCode::data, "{}: found no lines", path.string());
  return listing;
}

/// What the decoded images follow from: names, sizes, times and classes of all files.
std::string fingerprint(const Listings& listings, const fs::path& folder) {
  ContentHash hash;
  hash.add(cache_version);
  for (const Listing* listing : {&listings.train, &listings.test}) {
    hash.add(std::as_bytes(std::span(listing->labels)));
    for (const fs::path& file : listing->files) {
      struct stat status {};
      if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        fail(ExitCode::data, "{}: found no file of that name, expected an image", file.string());
      hash.add(file.lexically_relative(folder).string());
      const std::int64_t facts[] = {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
      hash.add(std::as_bytes(std::span(facts)));
    }
  }
  return hash.hex();
}

/// The safetensors header of the cache.
std::string cache_header(const Listings& listings, const std::string& print) {
  nlohmann::ordered_json header;
  header["__metadata__"] = {{"fingerprint", print}};
  std::int64_t offset = 0;
  const auto add = [&](const char* name, const Listing& listing) {
    const Shape shape = shape_of(listing);
    header[name] = {{"dtype", "U8"}, {"shape", shape}, {"data_offsets", {offset, offset + element_count(shape)}}};
    offset += element_count(shape);
  };
  add("train", listings.train);
  add("test", listings.test);
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const auto length = static_cast<std::uint64_t>(text.size());
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  return out + text;
}

void write_images(AtomicFile& cache, const Listing& listing, int threads) {
  constexpr std::size_t chunk = 1024;  // images in memory at once
  std::vector<std::byte> images(chunk * image_bytes);
  for (std::size_t first = 0; first < listing.files.size(); first += chunk) {
    const std::size_t count = std::min(chunk, listing.files.size() - first);
    parallel_for(threads, static_cast<std::int64_t>(count), [&](std::int64_t i) {
      const MappedFile file(listing.files[first + static_cast<std::size_t>(i)]);
      decode_jpeg(file.bytes(), file.path().string(), image_size,
                  std::span(images).subspan(static_cast<std::size_t>(i * image_bytes), image_bytes));
    });
    cache.write(std::span(images).first(count * image_bytes));
  }
}

void write_cache(const fs::path& path, const Listings& listings, const std::string& print, int threads) {
  std::optional<AtomicFile> cache;
  try {
    cache.emplace(path);
  } catch (const Error& error) {
    throw Error(error.code(), std::string(error.what()) + "; give --cache-dir another folder for the decoded images");
  }
  cache->write(cache_header(listings, print));
  for (const Listing* listing : {&listings.train, &listings.test}) write_images(*cache, *listing, threads);
  cache->commit();
}

/// The cache's tensors if it is there, whole and of these files.
std::optional<TensorFile> read_cache(const fs::path& path, const Listings& listings, const std::string& print) {
  if (!fs::exists(path)) return std::nullopt;
  try {
    TensorFile file = read_tensor_file(path);
    const auto fits = [&](const char* name, const Listing& listing) {
      const Tensor* tensor = file.find(name);
      return tensor != nullptr && tensor->dtype == DType::u8 && tensor->shape == shape_of(listing);
    };
    const auto found = file.metadata.find("fingerprint");
    if (found != file.metadata.end() && found->second == print && fits("train", listings.train) &&
        fits("test", listings.test))
      return file;
  } catch (const Error&) {
    // Damaged: made anew like one of other files.
  }
  return std::nullopt;
}

Split make_split(const TensorFile& cache, const char* images, const Listing& listing) {
  const auto bytes = std::as_bytes(std::span(listing.labels));
  return {*cache.find(images), make_tensor("classes", DType::i64, {static_cast<std::int64_t>(listing.labels.size())},
                                           {bytes.begin(), bytes.end()})};
}

}  // namespace

Dataset read_tiny_imagenet(const TinyImageNetPlaces& places, int threads, const Notice& notice) {
  const fs::path folder = find_folder(places.data_dir);
  const std::vector<std::string> classes = read_classes(folder);
  const Listings listings{list_train(folder, classes), list_test(folder, classes)};
  const std::string print = fingerprint(listings, folder);
  const fs::path path = (places.cache_dir.empty() ? folder : places.cache_dir) / cache_name;
  auto cache = read_cache(path, listings, print);
  if (!cache) {
    notice(fmt::format("{}: decoding {} images into {}, once", set_name,
                       listings.train.files.size() + listings.test.files.size(), path.string()));
    write_cache(path, listings, print, threads);
    cache = read_cache(path, listings, print);
    if (!cache) fail(ExitCode::io, "{}: found other content than was written; check the disk", path.string());
  }
  Dataset data;
  data.name = set_name;
  data.classes = static_cast<std::int64_t>(classes.size());
  data.train = make_split(*cache, "train", listings.train);
  data.test = make_split(*cache, "test", listings.test);
  data.normalisation = channel_normalisation(data.train.x);
  return data;
}

}  // namespace phew
