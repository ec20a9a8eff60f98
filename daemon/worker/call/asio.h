// The parts of Boost.Asio that the worker uses, under one short name. Its exceptions stay out: only overloads
// that take an error_code are called. Its sockets are not CLOEXEC: a worker never runs another program.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace bpfrig::worker {

namespace asio = boost::asio;
using Loop = asio::io_context;
using Clock = asio::steady_timer::clock_type;
using boost::system::error_code;

}  // namespace bpfrig::worker
