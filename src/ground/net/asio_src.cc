// The compiled part of Boost.Asio, built here once; everything else includes its headers only.
#include <boost/asio/impl/src.hpp>
