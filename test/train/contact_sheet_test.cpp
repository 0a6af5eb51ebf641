#include "train/contact_sheet.hpp"

#include "train/support.hpp"
#include "train/transformation.hpp"

#include <boost/test/unit_test.hpp>
#include <zlib.h>

namespace {

using phew::Picture;
using phew::test::read_text;
using phew::test::TemporaryFolder;
using phew::test::thrown_by;

std::uint32_t big_endian(const std::string& text, std::size_t at) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<std::uint8_t>(text[at + i]);
  return n;
}

/// Reads back what png() writes, checking every chunk: 8 bits, RGB, rows without a filter.
Picture read_png(const std::string& file) {
  BOOST_REQUIRE(file.starts_with("\x89PNG\r\n\x1a\n"));
  std::string header, data;
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t size = big_endian(file, at);
    const std::string type = file.substr(at + 4, 4);
    const auto* const body = reinterpret_cast<const Bytef*>(file.data() + at + 4);
    BOOST_TEST(::crc32(0, body, static_cast<uInt>(size + 4)) == big_endian(file, at + 8 + size));
    (type == "IHDR" ? header : data) += file.substr(at + 8, size);
    at += size + 12;
  }
  BOOST_TEST(header.substr(8) == (std::string{8, 2, 0, 0, 0}));
  Picture picture(big_endian(header, 4), big_endian(header, 0), 0);
  const auto row = static_cast<std::size_t>(3 * picture.width);
  std::string rows(static_cast<std::size_t>(picture.height) * (row + 1), '\0');
  uLongf size = rows.size();
  BOOST_REQUIRE(::uncompress(reinterpret_cast<Bytef*>(rows.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
                             data.size()) == Z_OK);
  BOOST_TEST(size == rows.size());
  for (std::size_t i = 0; i < picture.rgb.size(); ++i)
    picture.rgb[i] = static_cast<std::uint8_t>(rows[i / row * (row + 1) + 1 + i % row]);
  return picture;
}

std::string name_of_class(std::int64_t c) { return "class " + std::to_string(c); }

}  // namespace

BOOST_AUTO_TEST_SUITE(contact_sheet)

BOOST_AUTO_TEST_CASE(base64_is_that_of_rfc_4648) {
  for (const auto& [text, encoded] : {std::pair{"", ""},
                                      {"f", "Zg=="},
                                      {"fo", "Zm8="},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg=="},
                                      {"fooba", "Zm9vYmE="},
                                      {"foobar", "Zm9vYmFy"}})
    BOOST_TEST(phew::base64(text) == encoded);
  BOOST_TEST(phew::base64("\xff\xfe\xfd") == "//79");
}

BOOST_AUTO_TEST_CASE(a_png_holds_the_picture) {
  Picture picture(3, 5, 0);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = static_cast<std::uint8_t>(5 * i);
  const Picture back = read_png(phew::png(picture));
  BOOST_TEST(back.height == 3);
  BOOST_TEST(back.width == 5);
  BOOST_TEST(back.rgb == picture.rgb);
}

BOOST_AUTO_TEST_CASE(a_row_per_class_of_its_first_images) {
  const phew::Dataset data = phew::test::banded_data(40, 4, 6, 3);
  const auto rows = phew::contact_sheet(data, 4, name_of_class);
  BOOST_REQUIRE(rows.size() == 3U);
  for (std::size_t c = 0; c < 3; ++c) {
    BOOST_TEST(rows[c].caption == name_of_class(static_cast<std::int64_t>(c)));
    BOOST_REQUIRE(rows[c].pictures.size() == 4U);
    // Doubled, and bright in the class's band of two rows.
    const Picture& p = rows[c].pictures[0];
    BOOST_TEST(p.height == 12);
    BOOST_TEST((p.rgb[3 * (4 * c * 12)] >= 140));
    BOOST_TEST((p.rgb[3 * (4 * ((c + 1) % 3) * 12)] < 100));
  }
}

BOOST_AUTO_TEST_CASE(targets_stand_below_inputs) {
  const phew::Dataset images = phew::test::banded_data(40, 4, 6, 3);
  const phew::Dataset task = phew::transformation_task(images, 0, 2);
  const auto rows = phew::contact_sheet(task, 10, name_of_class);
  BOOST_REQUIRE(rows.size() == 6U);
  BOOST_TEST(rows[3].caption == "targets");
  BOOST_TEST(rows[2].pictures.size() == 2U);
  BOOST_TEST(rows[3].pictures.size() == 2U);
  BOOST_TEST(rows[2].pictures[0].rgb != rows[3].pictures[0].rgb);
}

BOOST_AUTO_TEST_CASE(sheets_are_written_as_png_and_as_a_page) {
  const TemporaryFolder folder;
  const auto rows = phew::contact_sheet(phew::test::banded_data(40, 4, 6, 3), 4, name_of_class);
  phew::write_contact_sheet(folder / "sheet.png", "bands", rows);
  const Picture sheet = read_png(read_text(folder / "sheet.png"));
  BOOST_TEST(sheet.width == 4 * 12 + 3 * 2);
  BOOST_TEST(sheet.height == 3 * 12 + 2 * 2);
  // The second picture of the first row begins at column 14.
  for (std::size_t i = 0; i < 36; ++i) BOOST_TEST(sheet.rgb[3 * 14 + i] == rows[0].pictures[1].rgb[i]);
  phew::write_contact_sheet(folder / "sheet.html", "a < b", rows);
  const std::string page = read_text(folder / "sheet.html");
  BOOST_TEST(page.find("a &lt; b") != std::string::npos);
  BOOST_TEST(page.find("class 2") != std::string::npos);
  BOOST_TEST(page.find("src=\"http") == std::string::npos);
  BOOST_TEST(thrown_by([&] { phew::write_contact_sheet(folder / "sheet.gif", "", rows); }).code == 64);
  BOOST_TEST(thrown_by([&] { phew::write_contact_sheet(folder / "no/sheet.png", "", rows); }).code == 73);
}

BOOST_AUTO_TEST_CASE(what_has_no_images_is_refused) {
  phew::Dataset data = phew::test::banded_data(40, 4, 6, 3);
  data.train.x.shape = {40, 36, 1, 1};
  BOOST_TEST(thrown_by([&] { (void)phew::contact_sheet(data, 4, name_of_class); }).code == 64);
}

BOOST_AUTO_TEST_SUITE_END()
