// The compiled part of Boost.Beast, built here once; everything else includes its headers only.
#include <boost/beast/src.hpp>
