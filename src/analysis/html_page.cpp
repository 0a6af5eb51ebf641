#include "analysis/html_page.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace phew {
namespace {

/// `text` with each of `from` replaced by what stands beside it.
struct Replacement {
  std::string_view from, to;
};

std::string replaced(std::string_view text, std::span<const Replacement> replacements) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Replacement* hit = nullptr;
    for (const Replacement& r : replacements)
      if (text.substr(i, r.from.size()) == r.from) hit = &r;
    result += hit ? hit->to : text.substr(i, 1);
    i += hit ? hit->from.size() : 1;
  }
  return result;
}

std::string policy(std::span<const PageFile> scripts) {
  std::string allowed;
  for (const PageFile& script : scripts) allowed += fmt::format(" 'sha256-{}'", script.sha256);
  return fmt::format("default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'; script-src{}",
                     page_files::page_css.sha256, allowed);
}

// The MIT licence asks that its text goes with every copy of what it covers.
constexpr std::string_view licences = R"(<!--
The charts on this page are drawn by Chart.js, (c) 2014-2022 Chart.js Contributors, and @kurkle/color, (c) Jukka
Kurkela, both under the MIT License:

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and
this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
-->
)";

}  // namespace

std::string escape_html(std::string_view text) {
  constexpr Replacement replacements[] = {
      {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}};
  return replaced(text, replacements);
}

std::string json_for_script(const nlohmann::ordered_json& data) {
  // In JSON these stand within strings only, where an escape means the same.
  constexpr Replacement replacements[] = {
      {"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}};
  return replaced(data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), replacements);
}

std::string html_page(std::string_view title, const nlohmann::ordered_json& data, std::span<const PageFile> scripts) {
  std::vector<PageFile> all{page_files::chart_js, page_files::page_js};
  all.insert(all.end(), scripts.begin(), scripts.end());
  std::string page =
      fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{}</title>
<style>{}</style>
</head>
<body data-state="loading">
{}<main id="page"></main>
<noscript><p>This page draws its data with JavaScript, which is switched off here.</p></noscript>
<script type="application/json" id="data">{}</script>
)",
                  policy(all), escape_html(title), page_files::page_css.text, licences, json_for_script(data));
  for (const PageFile& script : all) page.append("<script>").append(script.text).append("</script>\n");
  return page + "</body>\n</html>\n";
}

}  // namespace phew
