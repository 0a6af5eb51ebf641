#include "train/cifar.hpp"

#include "graph/error.hpp"
#include "graph/io/mapped_file.hpp"
#include "train/tar.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

namespace phew {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t side = 32;
constexpr std::size_t pixels = 3 * side * side;
constexpr std::int64_t published_train = 50000, published_test = 10000;

/// A file's place, for errors, and its bytes.
struct Member {
  std::string place;
  SharedBytes content;
};
using Members = std::map<std::string, Member>;

std::vector<std::string> file_names(const CifarFormat& format) {
  std::vector<std::string> names = format.train;
  names.push_back(format.test);
  return names;
}

Members read_folder(const CifarFormat& format, const fs::path& folder) {
  Members members;
  for (const std::string& name : file_names(format)) {
    if (!fs::is_regular_file(folder / name))
      fail(ExitCode::no_input, "{}: found no file; download {} (MD5 {})", (folder / name).string(), format.archive,
           format.md5);
    const auto file = std::make_shared<const MappedFile>(folder / name);
    members.emplace(name, Member{file->path().string(), {file->bytes(), file}});
  }
  return members;
}

Members read_archive(const CifarFormat& format, const fs::path& path) {
  GzipFile file(path);
  TarReader archive(file);
  const std::vector<std::string> wanted = file_names(format);
  Members members;
  while (const auto entry = archive.next()) {
    const auto name =
        std::ranges::find_if(wanted, [&](const std::string& n) { return entry->name == format.folder + '/' + n; });
    if (name == wanted.end()) continue;
    const std::string place = path.string() + ": " + entry->name;
    if (!entry->regular) fail(ExitCode::data, "{}: found a link or a folder, expected a file", place);
    auto bytes = std::make_shared<std::vector<std::byte>>(entry->size);
    archive.read(*bytes);
    if (!members.emplace(*name, Member{place, {*bytes, bytes}}).second)
      fail(ExitCode::data, "{}: found twice in the archive", place);
  }
  for (const std::string& name : wanted)
    if (!members.contains(name))
      fail(ExitCode::data, "{}: found no {}/{} in it; download {} (MD5 {})", path.string(), format.folder, name,
           format.archive, format.md5);
  return members;
}

/// The first of the folders that has one of the files; empty if none has.
fs::path find_folder(const CifarFormat& format, const fs::path& data_dir) {
  const std::vector<std::string> names = file_names(format);
  const auto has_one = [&](const fs::path& folder) {
    std::error_code ignored;
    return std::ranges::any_of(names, [&](const std::string& n) { return fs::is_regular_file(folder / n, ignored); });
  };
  for (const fs::path& folder :
       {data_dir, data_dir / format.folder, data_dir / format.name, data_dir / format.name / format.folder})
    if (has_one(folder)) return folder;
  return {};
}

fs::path find_archive(const CifarFormat& format, const fs::path& data_dir) {
  std::error_code ignored;
  for (const fs::path& path : {data_dir, data_dir / format.archive, data_dir / format.name / format.archive})
    if (fs::is_regular_file(path, ignored)) return path;
  return {};
}

Members find_members(const CifarFormat& format, const fs::path& data_dir) {
  if (!data_dir.empty()) {
    if (const fs::path folder = find_folder(format, data_dir); !folder.empty()) return read_folder(format, folder);
    if (const fs::path archive = find_archive(format, data_dir); !archive.empty()) return read_archive(format, archive);
  }
  const bool python = !data_dir.empty() && fs::exists(data_dir / format.python_archive);
  fail(ExitCode::no_input,
       "{}: found no {} or {} in {}{}; download https://www.cs.toronto.edu/~kriz/{} (MD5 {}) and give its folder as "
       "--data-dir",
       format.name, format.folder, format.archive, data_dir.empty() ? "any known folder" : data_dir.string(),
       python ? ", only the version for Python, which is not read" : "", format.archive, format.md5);
}

/// Appends a file's images and classes.
void append(const CifarFormat& format, const Member& member, std::vector<std::byte>& x, std::vector<std::byte>& y) {
  const std::size_t labels = format.coarse_classes > 0 ? 2 : 1;
  const std::size_t record = labels + pixels;
  const auto bytes = member.content.bytes;
  if (bytes.empty() || bytes.size() % record != 0)
    fail(ExitCode::data, "{}: found {} bytes, expected a multiple of {}, a record; download it again", member.place,
         bytes.size(), record);
  const auto check = [&](std::size_t at, std::byte label, const char* what, std::int64_t classes) {
    if (const auto found = std::to_integer<std::int64_t>(label); found >= classes)
      fail(ExitCode::data, "{}: image {}: found the {} {}, expected 0 to {}", member.place, at / record, what, found,
           classes - 1);
  };
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    if (format.coarse_classes > 0) check(at, bytes[at], "superclass", format.coarse_classes);
    const std::byte fine = bytes[at + labels - 1];
    check(at, fine, "class", format.classes);
    const auto label = std::to_integer<std::int64_t>(fine);
    const auto* const begin = reinterpret_cast<const std::byte*>(&label);
    y.insert(y.end(), begin, begin + sizeof label);
    const auto image = bytes.subspan(at + labels, pixels);
    x.insert(x.end(), image.begin(), image.end());
  }
}

Split make_split(const CifarFormat& format, const Members& members, const std::vector<std::string>& files) {
  std::vector<std::byte> x, y;
  std::size_t total = 0;
  for (const std::string& file : files) total += members.at(file).content.bytes.size();
  x.reserve(total);
  for (const std::string& file : files) append(format, members.at(file), x, y);
  const auto count = static_cast<std::int64_t>(x.size() / pixels);
  return {make_tensor("images", DType::u8, {count, 3, side, side}, std::move(x)),
          make_tensor("classes", DType::i64, {count}, std::move(y))};
}

}  // namespace

const std::vector<CifarFormat>& cifar_formats() {
  static const std::vector<CifarFormat> formats{
      {"cifar-10",
       "cifar-10-batches-bin",
       "cifar-10-binary.tar.gz",
       "cifar-10-python.tar.gz",
       "c32a1d4ab5d03f1284b67883e8d87530",
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
       "test_batch.bin",
       0,
       10},
      {"cifar-100",
       "cifar-100-binary",
       "cifar-100-binary.tar.gz",
       "cifar-100-python.tar.gz",
       "03b5dce01913d631647c71ecec9e9cb8",
       {"train.bin"},
       "test.bin",
       20,
       100}};
  return formats;
}

Dataset read_cifar(const CifarFormat& format, const fs::path& data_dir, const Notice& notice) {
  const Members members = find_members(format, data_dir);
  Dataset data;
  data.name = format.name;
  data.classes = format.classes;
  data.train = make_split(format, members, format.train);
  data.test = make_split(format, members, {format.test});
  if (data.train.size() != published_train || data.test.size() != published_test)
    notice(fmt::format("{}: found {} training and {} test images, the published set has {} and {}", format.name,
                       data.train.size(), data.test.size(), published_train, published_test));
  data.normalisation = channel_normalisation(data.train.x);
  return data;
}

}  // namespace phew
