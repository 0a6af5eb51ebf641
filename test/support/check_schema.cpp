// check-schema SCHEMA DOCUMENT: what a JSON file has that its schema does not allow, a line each; exit 1 if anything.
#include "support/json_schema.hpp"

#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  std::ifstream schema(argv[1]), document(argv[2]);
  const auto found = phew::test::violations(nlohmann::json::parse(schema), nlohmann::json::parse(document));
  for (const std::string& line : found) std::cout << line << '\n';
  return found.empty() ? 0 : 1;
}
