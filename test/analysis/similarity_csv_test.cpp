#include "analysis/similarity_csv.hpp"

#include "graph/zoo.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(similarity_csv)

// Masks of mlp:2-1-1: 11|1, 10|0, 00|0; the first is group A. Two masks that keep nothing have no index.
BOOST_AUTO_TEST_CASE(a_table_by_hand) {
  const phew::Network network = phew::make_network("mlp:2-1-1");
  std::vector<phew::Mask> masks(3, phew::Mask(network.parameters()));
  masks[0][0].set(0, 0), masks[0][0].set(0, 1), masks[0][1].set(0, 0);
  masks[1][0].set(0, 0);
  const std::vector<phew::MaskSource> sources{{"a.safetensors", 3, 1}, {"b, \"c\".npz", 1, 1.0 / 3}, {"d", 0, 0}};
  const std::string expected =
      "group,first,second,scope,link,parameter,prunable,kept_first,kept_second,jaccard,chance,chance_error,"
      "chance_global,corrected,unaligned\n"
      "across,a.safetensors,\"b, \"\"c\"\".npz\",whole,,,3,3,1,0.3333333333333333,0.3333333333333333,,"
      "0.3333333333333333,0,\n"
      "across,a.safetensors,\"b, \"\"c\"\".npz\",link,0,0.weight,2,2,1,0.5,0.5,,,0,\n"
      "across,a.safetensors,\"b, \"\"c\"\".npz\",link,2,2.weight,1,1,0,0,0,,,0,\n"
      "across,a.safetensors,d,whole,,,3,3,0,0,0,,0,0,\n"
      "across,a.safetensors,d,link,0,0.weight,2,2,0,0,0,,,0,\n"
      "across,a.safetensors,d,link,2,2.weight,1,1,0,0,0,,,0,\n"
      "within_b,\"b, \"\"c\"\".npz\",d,whole,,,3,1,0,0,0,,0,0,\n"
      "within_b,\"b, \"\"c\"\".npz\",d,link,0,0.weight,2,1,0,0,0,,,0,\n"
      "within_b,\"b, \"\"c\"\".npz\",d,link,2,2.weight,1,0,0,,,,,,\n";
  BOOST_TEST(phew::to_csv(phew::compare_groups(masks, 1), network.parameters(), masks, sources, 1) == expected);
}

BOOST_AUTO_TEST_SUITE_END()
