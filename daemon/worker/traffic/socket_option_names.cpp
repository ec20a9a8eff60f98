#include "daemon/worker/traffic/socket_option_names.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <iterator>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/near_names.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

struct Named {
  const char* name;
  int number;
};

#define BPFRIG_NAMED(name) \
  Named { #name, name }
constexpr Named kLevels[] = {
    BPFRIG_NAMED(SOL_SOCKET),   BPFRIG_NAMED(SOL_IP),      BPFRIG_NAMED(SOL_IPV6),
    BPFRIG_NAMED(SOL_TCP),      BPFRIG_NAMED(SOL_UDP),     BPFRIG_NAMED(IPPROTO_IP),
    BPFRIG_NAMED(IPPROTO_IPV6), BPFRIG_NAMED(IPPROTO_TCP), BPFRIG_NAMED(IPPROTO_UDP),
};
// Those of Debian 12's headers that a test has a use for.
constexpr Named kOptions[] = {
    BPFRIG_NAMED(SO_ATTACH_BPF),      BPFRIG_NAMED(SO_BINDTODEVICE),  BPFRIG_NAMED(SO_BROADCAST),
    BPFRIG_NAMED(SO_COOKIE),          BPFRIG_NAMED(SO_DOMAIN),        BPFRIG_NAMED(SO_DONTROUTE),
    BPFRIG_NAMED(SO_ERROR),           BPFRIG_NAMED(SO_INCOMING_CPU),  BPFRIG_NAMED(SO_INCOMING_NAPI_ID),
    BPFRIG_NAMED(SO_KEEPALIVE),       BPFRIG_NAMED(SO_LINGER),        BPFRIG_NAMED(SO_MARK),
    BPFRIG_NAMED(SO_MAX_PACING_RATE), BPFRIG_NAMED(SO_NETNS_COOKIE),  BPFRIG_NAMED(SO_OOBINLINE),
    BPFRIG_NAMED(SO_PRIORITY),        BPFRIG_NAMED(SO_PROTOCOL),      BPFRIG_NAMED(SO_RCVBUF),
    BPFRIG_NAMED(SO_RCVLOWAT),        BPFRIG_NAMED(SO_RCVTIMEO),      BPFRIG_NAMED(SO_REUSEADDR),
    BPFRIG_NAMED(SO_REUSEPORT),       BPFRIG_NAMED(SO_SNDBUF),        BPFRIG_NAMED(SO_SNDTIMEO),
    BPFRIG_NAMED(SO_TXREHASH),        BPFRIG_NAMED(SO_TYPE),          BPFRIG_NAMED(IP_BIND_ADDRESS_NO_PORT),
    BPFRIG_NAMED(IP_FREEBIND),        BPFRIG_NAMED(IP_MTU),           BPFRIG_NAMED(IP_MTU_DISCOVER),
    BPFRIG_NAMED(IP_PKTINFO),         BPFRIG_NAMED(IP_RECVTOS),       BPFRIG_NAMED(IP_TOS),
    BPFRIG_NAMED(IP_TRANSPARENT),     BPFRIG_NAMED(IP_TTL),           BPFRIG_NAMED(IPV6_AUTOFLOWLABEL),
    BPFRIG_NAMED(IPV6_FREEBIND),      BPFRIG_NAMED(IPV6_MTU),         BPFRIG_NAMED(IPV6_RECVTCLASS),
    BPFRIG_NAMED(IPV6_TCLASS),        BPFRIG_NAMED(IPV6_TRANSPARENT), BPFRIG_NAMED(IPV6_UNICAST_HOPS),
    BPFRIG_NAMED(IPV6_V6ONLY),        BPFRIG_NAMED(TCP_CONGESTION),   BPFRIG_NAMED(TCP_CORK),
    BPFRIG_NAMED(TCP_DEFER_ACCEPT),   BPFRIG_NAMED(TCP_FASTOPEN),     BPFRIG_NAMED(TCP_INFO),
    BPFRIG_NAMED(TCP_KEEPCNT),        BPFRIG_NAMED(TCP_KEEPIDLE),     BPFRIG_NAMED(TCP_KEEPINTVL),
    BPFRIG_NAMED(TCP_LINGER2),        BPFRIG_NAMED(TCP_MAXSEG),       BPFRIG_NAMED(TCP_NODELAY),
    BPFRIG_NAMED(TCP_NOTSENT_LOWAT),  BPFRIG_NAMED(TCP_QUICKACK),     BPFRIG_NAMED(TCP_SAVE_SYN),
    BPFRIG_NAMED(TCP_SAVED_SYN),      BPFRIG_NAMED(TCP_SYNCNT),       BPFRIG_NAMED(TCP_USER_TIMEOUT),
    BPFRIG_NAMED(TCP_WINDOW_CLAMP),   BPFRIG_NAMED(UDP_CORK),         BPFRIG_NAMED(UDP_GRO),
    BPFRIG_NAMED(UDP_SEGMENT),
};
#undef BPFRIG_NAMED

absl::StatusOr<int> NumberOf(const std::string& word, absl::string_view what, absl::Span<const Named> known) {
  int number = 0;
  if (absl::SimpleAtoi(word, &number)) return number;
  if (absl::StartsWith(word, "0x") && absl::SimpleHexAtoi(word, &number)) return number;
  std::vector<std::string> names;
  for (const Named& named : known) {
    if (word == named.name) return named.number;
    names.emplace_back(named.name);
  }
  const absl::Status unknown =
      base::MakeError(base::Reason::kUnknownName,
                      absl::StrCat("there is no ", what, " \"", word,
                                   "\"; near it: ", common::NamesNear(word, std::move(names), 5)));
  return base::WithField(base::WithHint(unknown, "one that has no name here can be given as its number"),
                         what);
}

}  // namespace

absl::StatusOr<OptionNumber> FindOption(const std::string& level, const std::string& option) {
  OptionNumber number;
  BPFRIG_ASSIGN_OR_RETURN(number.level, NumberOf(level, "level", kLevels));
  BPFRIG_ASSIGN_OR_RETURN(number.option, NumberOf(option, "option", kOptions));
  return number;
}

}  // namespace bpfrig::worker
