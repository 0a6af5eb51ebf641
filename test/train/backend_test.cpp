#include "train/backend.hpp"

#include "train/support.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(backend)

BOOST_AUTO_TEST_CASE(devices_are_resolved_or_refused) {
  using phew::test::thrown_by;
  BOOST_TEST(phew::resolve_device("cpu") == "cpu");
  const std::string any = phew::resolve_device("auto");
  BOOST_TEST((any == "cpu" || any == "cuda:0"));
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cpu:0"})
    BOOST_TEST(thrown_by([&] { (void)phew::resolve_device(name); }).code == 64, name);
  const auto absent = thrown_by([] { (void)phew::resolve_device("cuda:4095"); });
  BOOST_TEST(absent.code == 69);
  BOOST_TEST(absent.mentions("cuda:4095"));
}

BOOST_AUTO_TEST_CASE(versions_name_libtorch_blas_and_cuda) {
  const std::string text = phew::backend_versions();
  BOOST_TEST(text.starts_with("LibTorch "));
  BOOST_TEST(text.find(", BLAS " + phew::blas_info().name + ", CUDA ") != std::string::npos);
  BOOST_TEST(!phew::blas_info().name.empty());
}

BOOST_AUTO_TEST_SUITE_END()
