#include "analysis/html_page.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <string>

namespace {

using Json = nlohmann::ordered_json;

/// A name as an untrusted file may have it.
const std::string hostile = "</script><script>alert(1)</script><!--<script> & \xe2\x80\xa8 \xe2\x80\xa9 ' \" \\ \n";

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string page_of(const Json& data, std::string_view title = "title") {
  const phew::PageFile scripts[] = {phew::page_files::layered_graph_js, phew::page_files::analysis_js};
  return phew::html_page(title, data, scripts);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(html_page)

BOOST_AUTO_TEST_CASE(data_cannot_end_its_element) {
  const Json data{{hostile, hostile}};
  const std::string text = phew::json_for_script(data);
  for (const char* part : {"<", ">", "&", "\xe2\x80\xa8", "\xe2\x80\xa9", "\n"})
    BOOST_TEST(text.find(part) == std::string::npos, "left in: " << part);
  BOOST_TEST(Json::parse(text) == data);
  // The page has the same elements whatever the data is.
  const std::string page = page_of(data), plain = page_of({{"name", "0.weight"}});
  BOOST_TEST(occurrences(page, "<script") == occurrences(plain, "<script"));
  BOOST_TEST(occurrences(page, "</script") == occurrences(plain, "</script"));
  BOOST_TEST(occurrences(page, "<!--") == occurrences(plain, "<!--"));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_are_replaced) {
  const Json data{{"name", "a\xff\xfe"}};
  BOOST_TEST(Json::parse(phew::json_for_script(data))["name"] == "a\xef\xbf\xbd\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(a_title_cannot_end_its_element) {
  BOOST_TEST(phew::escape_html("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  const std::string page = page_of({}, "</title><script>alert(1)</script>");
  BOOST_TEST(page.find("<title>&lt;/title&gt;&lt;script&gt;") != std::string::npos);
  BOOST_TEST(page.find("alert(1)</script>") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_policy_admits_the_scripts_of_the_page_and_nothing_else) {
  const std::string page = page_of({});
  const std::size_t at = page.find("Content-Security-Policy"), end = page.find('>', at);
  BOOST_REQUIRE(at != std::string::npos);
  const std::string policy = page.substr(at, end - at);
  BOOST_TEST(policy.find("default-src 'none'") != std::string::npos);
  BOOST_TEST(policy.find("unsafe") == std::string::npos);
  using namespace phew::page_files;
  for (const phew::PageFile* file : {&chart_js, &page_css, &page_js, &layered_graph_js, &analysis_js}) {
    BOOST_TEST(file->sha256.size() == 44U);  // 32 bytes as base64
    BOOST_TEST(policy.find("'sha256-" + std::string(file->sha256) + "'") != std::string::npos);
    BOOST_TEST(page.find(file->text) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_licence_of_the_charts_stays) {
  const std::string page = page_of({});
  BOOST_TEST(page.find("Chart.js Contributors") != std::string::npos);
  BOOST_TEST(page.find("THE SOFTWARE IS PROVIDED \"AS IS\"") != std::string::npos);
  BOOST_TEST(phew::page_files::chart_js.text.find("Released under the MIT License") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(nothing_is_fetched) {
  const std::string page = page_of({});
  for (const char* part : {" src=", "<link", "@import", "url("})
    BOOST_TEST(page.find(part, page.find("<body")) == std::string::npos, "found " << part);
}

BOOST_AUTO_TEST_SUITE_END()
