// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The types that the data plane's programs share with the control plane that fills their maps. Layouts and
// byte orders are an interface: addresses and ports are in network order unless a comment says otherwise, and
// a port in a __u32 field is its 16-bit network-order value in the low half. Included by every *.bpf.c.
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

#define MAX_PRIORITIES 7
#define MAX_PORTS 10
#define MAX_SERVICES 10

// Maps keep keys and values aligned: saying so saves reading them byte by byte.
#define PACKED __attribute__((packed, aligned(4)))

// An IPv4 address sits in the first four bytes; the rest is zero then.
struct ip_addr {
  union {
    __u32 ip4;
    __u32 ip6[4];
  };
};

typedef struct {
  struct ip_addr addr;
} PACKED frontend_key;

typedef struct {
  __u32 upstream_id;  // a service's id, or a backend's uid
} PACKED frontend_value;

typedef struct {
  __u32 service_id;
} PACKED service_key;

enum lb_policy {
  LB_RANDOM = 0,
  LB_STRICT = 1,
  LB_FAILOVER = 2,
};

typedef struct {
  __u32 prio_endpoint_count[MAX_PRIORITIES];
  __u32 lb_policy;  // enum lb_policy
  __u32 service_port[MAX_PORTS];
  __u32 target_port[MAX_PORTS];
  struct ip_addr wp_addr;
  __u32 waypoint_port;
} PACKED service_value;

typedef struct {
  __u32 service_id;
  __u32 prio;
  __u32 backend_index;  // from 1
} PACKED endpoint_key;

typedef struct {
  __u32 backend_uid;
} PACKED endpoint_value;

typedef struct {
  __u32 backend_uid;
} PACKED backend_key;

typedef struct {
  struct ip_addr addr;
  __u32 service_count;
  __u32 service[MAX_SERVICES];
  struct ip_addr wp_addr;
  __u32 waypoint_port;  // 0: none
} PACKED backend_value;

// What is managed: a network namespace by its cookie, a local address.
struct manager_key {
  union {
    __u64 netns_cookie;
    struct ip_addr addr;
  };
};

enum direction {
  DIRECTION_INBOUND = 1,
  DIRECTION_OUTBOUND = 2,
};

// What a socket remembers of its connection.
struct sock_storage_data {
  __u64 connect_ns;
  __u64 last_report_ns;
  __u8 direction;  // enum direction
  __u8 connect_success;
  bool via_waypoint;
  bool has_encoded;
  bool has_set_ip;
  struct bpf_sock_tuple sk_tuple;  // destination: what was dialled, its port in network order
};

enum ip_version {
  IP_VERSION_4 = 0,
  IP_VERSION_6 = 1,
};

// A record of km_auth_req.
struct ringbuf_msg_type {
  __u32 type;                   // enum ip_version
  struct bpf_sock_tuple tuple;  // the client's view, ports in host order
};

struct orig_dst_info {
  union {
    struct {
      __be32 addr;
      __be16 port;  // host order in a record
    } ipv4;
    struct {
      __be32 addr[4];
      __be16 port;  // host order in a record
    } ipv6;
  };
};

// A record of km_tcp_probe.
struct tcp_probe_info {
  __u32 type;                   // enum ip_version
  struct bpf_sock_tuple tuple;  // the client's view, ports in host order
  struct orig_dst_info orig_dst;
  __u32 sent_bytes;
  __u32 received_bytes;
  __u32 conn_success;
  __u32 direction;  // enum direction
  __u32 state;      // BPF_TCP_*
  __u64 duration;
  __u64 start_ns;
  __u64 last_report_ns;
  __u32 protocol;
  __u32 srtt_us;
  __u32 rtt_min;
  __u32 total_retrans;
  __u32 lost_out;
};

_Static_assert(sizeof(struct ip_addr) == 16, "an interface");
_Static_assert(sizeof(service_value) == 132, "an interface");
_Static_assert(sizeof(backend_value) == 80, "an interface");
_Static_assert(sizeof(struct manager_key) == 16, "an interface");
_Static_assert(sizeof(struct sock_storage_data) == 64, "an interface");
_Static_assert(sizeof(struct ringbuf_msg_type) == 40, "an interface");
_Static_assert(sizeof(struct tcp_probe_info) == 128, "an interface");
