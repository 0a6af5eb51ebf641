// HtmlPage: the frame of a report as one self-contained HTML file, which needs no network and no server.
//
// A page is a title, data and scripts that draw the data; its style, the frame's own script (src/analysis/page/page.js:
// theme, figures, tables, CSV) and Chart.js are always there. All files lie in src/analysis/page and are built in.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>
#include <string_view>

namespace phew {

/// A script or style, as it is built into the program.
struct PageFile {
  std::string_view text;
  std::string_view sha256;  ///< of the text, base64
};

namespace page_files {
extern const PageFile chart_js;  ///< Chart.js, with its licence's notice
extern const PageFile page_css;  ///< the style of all pages
extern const PageFile page_js;   ///< the frame: window.page
/// The page of `phew-graph analyze`, to be used in this order.
extern const PageFile graph_drawing_js, layered_graph_js, analysis_figures_js, analysis_js;
}  // namespace page_files

/// The whole page: `scripts` run in their order, after the frame's, and find `data` as page.data. Nothing in the title
/// or the data, whose names may come from untrusted files, can leave its place: it is escaped, and the page's
/// Content-Security-Policy admits these scripts by their hashes and no request at all. Bytes that are no UTF-8 become
/// U+FFFD.
[[nodiscard]] std::string html_page(std::string_view title, const nlohmann::ordered_json& data,
                                    std::span<const PageFile> scripts);

/// A JSON text for a <script> element: as dump() writes it, but `<`, `>` and `&` and the line separators U+2028 and
/// U+2029 as \u escapes, so that no text in it ends the element or begins a comment.
[[nodiscard]] std::string json_for_script(const nlohmann::ordered_json& data);

/// Text for an element or a quoted attribute: & < > " ' as character references.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace phew
