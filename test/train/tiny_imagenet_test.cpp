#include "train/tiny_imagenet.hpp"

#include "archives.hpp"
#include "train/image_sets.hpp"
#include "train/jpeg.hpp"
#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

namespace {

namespace fs = std::filesystem;
using phew::test::jpeg;
using phew::test::labels;
using phew::test::read_text;
using phew::test::TemporaryFolder;
using phew::test::thrown_by;
using phew::test::write_text;

constexpr const char* cache = "tiny-imagenet-200.cache.safetensors";

/// A set of two classes, in wnids.txt not in order: n01 has a red and a grey image, n02 a green one; two test images.
void write_set(const fs::path& folder) {
  for (const char* part : {"train/n01/images", "train/n02/images", "val/images"}) fs::create_directories(folder / part);
  write_text(folder / "wnids.txt", "n02\nn01\n");
  write_text(folder / "train/n01/images/n01_0.JPEG", jpeg(64, 200, 0, 0));
  write_text(folder / "train/n01/images/n01_1.JPEG", jpeg(64, 90, 90, 90, true));
  write_text(folder / "train/n02/images/n02_0.JPEG", jpeg(64, 0, 150, 0));
  write_text(folder / "train/n01/images/Thumbs.db", "not an image");
  write_text(folder / "val/images/val_0.JPEG", jpeg(64, 0, 150, 0));
  write_text(folder / "val/images/val_1.JPEG", jpeg(64, 0, 0, 250));
  write_text(folder / "val/val_annotations.txt", "val_1.JPEG\tn01\t0\t0\t62\t62\nval_0.JPEG\tn02\t1\t2\t3\t4\n");
}

/// Reads the set and counts the notices, of which there is one when images are decoded.
struct Reading {
  phew::Dataset data;
  int notices = 0;
};
Reading read(const fs::path& folder, const fs::path& cache_dir = {}) {
  Reading reading;
  reading.data = phew::read_tiny_imagenet({folder, cache_dir}, 2, [&](const std::string&) { ++reading.notices; });
  return reading;
}

/// Red, green and blue in the middle of an image; JPEG is not exact.
std::array<int, 3> colour(const phew::Split& split, std::size_t image) {
  std::array<int, 3> out{};
  for (std::size_t c = 0; c < 3; ++c)
    out[c] = std::to_integer<int>(split.x.bytes[image * 12288 + c * 4096 + 32 * 64 + 32]);
  return out;
}
bool near(const std::array<int, 3>& a, const std::array<int, 3>& b) {
  for (std::size_t c = 0; c < 3; ++c)
    if (std::abs(a[c] - b[c]) > 2) return false;
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tiny_imagenet)

BOOST_AUTO_TEST_CASE(images_and_classes_are_read) {
  const TemporaryFolder folder;
  write_set(folder / "tiny-imagenet-200");
  const phew::Dataset data = read(folder.path()).data;
  BOOST_TEST(data.classes == 2);
  BOOST_TEST(data.train.x.shape == (phew::Shape{3, 3, 64, 64}));
  BOOST_TEST(labels(data.train.y) == (std::vector<std::int64_t>{0, 0, 1}));
  BOOST_TEST(near(colour(data.train, 0), {200, 0, 0}));
  BOOST_TEST(near(colour(data.train, 1), {90, 90, 90}));
  BOOST_TEST(near(colour(data.train, 2), {0, 150, 0}));
  BOOST_TEST(labels(data.test.y) == (std::vector<std::int64_t>{0, 1}));  // in the order of the annotations
  BOOST_TEST(near(colour(data.test, 0), {0, 0, 250}));
  BOOST_TEST(near(colour(data.test, 1), {0, 150, 0}));
}

BOOST_AUTO_TEST_CASE(images_are_decoded_once) {
  const TemporaryFolder folder;
  write_set(folder.path());
  const Reading first = read(folder.path());
  BOOST_TEST(first.notices == 1);
  BOOST_TEST(fs::exists(folder / cache));
  const Reading second = read(folder.path());
  BOOST_TEST(second.notices == 0);
  BOOST_TEST(hash_of(second.data) == hash_of(first.data));

  fs::create_directories(folder / "elsewhere");
  BOOST_TEST(read(folder.path(), folder / "elsewhere").notices == 1);
  BOOST_TEST(read(folder.path(), folder / "elsewhere").notices == 0);
}

BOOST_AUTO_TEST_CASE(a_change_of_the_images_or_a_damaged_cache_decodes_anew) {
  const TemporaryFolder folder;
  write_set(folder.path());
  (void)read(folder.path());
  // Another image of another size in place of one; one more; a cache cut short; one of other bytes.
  write_text(folder / "train/n02/images/n02_0.JPEG", jpeg(64, 7, 70, 170));
  const Reading changed = read(folder.path());
  BOOST_TEST(changed.notices == 1);
  BOOST_TEST(near(colour(changed.data.train, 2), {7, 70, 170}));
  write_text(folder / "train/n02/images/n02_1.jpg", jpeg(64, 1, 1, 1));
  BOOST_TEST(read(folder.path()).data.train.size() == 4);
  const std::string whole = read_text(folder / cache);
  for (const std::string& bad : {whole.substr(0, whole.size() - 1), std::string("x"), std::string()}) {
    write_text(folder / cache, bad);
    BOOST_TEST(read(folder.path()).notices == 1);
    BOOST_TEST(read_text(folder / cache) == whole);
  }
}

BOOST_AUTO_TEST_CASE(damaged_images_are_refused_by_name) {
  const std::string good = jpeg(64, 10, 20, 30);
  std::string broken = good;  // near its end, where the compressed pixels are
  for (std::size_t i = good.size() - 30; i < good.size() - 20; ++i) broken[i] = static_cast<char>(i * 37);
  for (const std::string& bad :
       {good.substr(0, good.size() - 40), std::string("<html>"), std::string(), broken, jpeg(32, 10, 20, 30)}) {
    const TemporaryFolder folder;
    write_set(folder.path());
    write_text(folder / "val/images/val_1.JPEG", bad);
    const auto thrown = thrown_by([&] { (void)read(folder.path()); });
    BOOST_TEST(thrown.code == 65);
    BOOST_TEST(thrown.mentions("val_1.JPEG: found a"));
    BOOST_TEST(thrown.message.find('\n') == std::string::npos);
    BOOST_TEST(!fs::exists(folder / cache));
  }
}

BOOST_AUTO_TEST_CASE(folders_that_do_not_fit_are_refused) {
  const auto reading = [](auto change) {
    const TemporaryFolder folder;
    write_set(folder.path());
    change(folder.path());
    return thrown_by([&] { (void)read(folder.path()); });
  };
  const auto annotate = [](const char* text) {
    return [text](const fs::path& folder) { write_text(folder / "val/val_annotations.txt", text); };
  };
  BOOST_TEST(reading([](const fs::path&) {}).code == 0);
  BOOST_TEST(reading([](const fs::path& f) { fs::remove(f / "wnids.txt"); }).code == 0);
  BOOST_TEST(reading([](const fs::path& f) { fs::remove(f / "val/val_annotations.txt"); }).code == 66);
  BOOST_TEST(reading(annotate("")).code == 65);
  BOOST_TEST(reading(annotate("val_0.JPEG\n")).mentions("line 1"));
  BOOST_TEST(reading(annotate("val_0.JPEG\tn03\n")).mentions("found the class n03"));
  BOOST_TEST(reading(annotate("val_7.JPEG\tn01\n")).mentions("val_7.JPEG: found no file"));
  BOOST_TEST(reading(annotate("../images/val_0.JPEG\tn01\n")).mentions("expected the name of a file"));
  BOOST_TEST(reading([](const fs::path& f) { write_text(f / "wnids.txt", "n01\nn02\nn03\n"); }).mentions("n03"));
  BOOST_TEST(reading([](const fs::path& f) { write_text(f / "wnids.txt", "n01\nn01\n"); }).mentions("twice"));
  BOOST_TEST(reading([](const fs::path& f) { write_text(f / "wnids.txt", "../val\n"); }).code == 65);
}

BOOST_AUTO_TEST_CASE(a_missing_set_and_a_missing_cache_folder_say_what_to_do) {
  const TemporaryFolder folder;
  const auto missing = thrown_by([&] { (void)phew::load_dataset("tiny-imagenet", folder.path()); });
  BOOST_TEST(missing.code == 66);
  BOOST_TEST(missing.mentions("90528d7ca1a48142e341f4ef8d21d0de"));
  write_set(folder.path());
  const auto nowhere = thrown_by([&] { (void)read(folder.path(), folder / "nowhere"); });
  BOOST_TEST(nowhere.code == 73);
  BOOST_TEST(nowhere.mentions("--cache-dir"));
}

BOOST_AUTO_TEST_SUITE_END()
