#define BOOST_TEST_MODULE phew
#include <boost/test/unit_test.hpp>
