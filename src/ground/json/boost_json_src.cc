// The compiled part of Boost.JSON, built here once (BOOST_JSON_STANDALONE linking is not wanted:
// the static library of Debian is built with other flags).
#include <boost/json/src.hpp>
