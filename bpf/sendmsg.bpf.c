// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Tells a waypoint where a connection was going: puts the original destination in front of the first message.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "address.h"
#include "socket_map.h"
#include "storage.h"

#define TLV_ORIGINAL_DESTINATION 0x01
#define TLV_END 0xfe

// On the wire, all in network order: the original destination, then an empty end mark.
struct header4 {
  __u8 type;
  __be32 length;
  __be32 addr;
  __be16 port;
  __u8 end;
  __be32 end_length;
} __attribute__((packed));

struct header6 {
  __u8 type;
  __be32 length;
  __be32 addr[4];
  __be16 port;
  __u8 end;
  __be32 end_length;
} __attribute__((packed));

_Static_assert(sizeof(struct header4) == 16, "an interface");
_Static_assert(sizeof(struct header6) == 28, "an interface");

static __always_inline void push_header4(struct sk_msg_md* msg, const struct bpf_sock_tuple* original) {
  struct header4* header;

  // The room is in memory of its own, to which msg->data then points.
  if (bpf_msg_push_data(msg, 0, sizeof(*header), 0) != 0) return;  // bpfrig: equivalent: out of memory
  header = msg->data;
  if ((void*)(header + 1) > msg->data_end) return;
  header->type = TLV_ORIGINAL_DESTINATION;
  header->length = bpf_htonl(sizeof(header->addr) + sizeof(header->port));  // bpfrig: equivalent: zeroed page
  header->addr = original->ipv4.daddr;
  header->port = original->ipv4.dport;
  header->end = TLV_END;
  header->end_length = 0;
}

static __always_inline void push_header6(struct sk_msg_md* msg, const struct bpf_sock_tuple* original) {
  struct header6* header;

  // The room is in memory of its own, to which msg->data then points.
  if (bpf_msg_push_data(msg, 0, sizeof(*header), 0) != 0) return;  // bpfrig: equivalent: out of memory
  header = msg->data;
  if ((void*)(header + 1) > msg->data_end) return;
  header->type = TLV_ORIGINAL_DESTINATION;
  header->length = bpf_htonl(sizeof(header->addr) + sizeof(header->port));  // bpfrig: equivalent: zeroed page
  __builtin_memcpy(header->addr, original->ipv6.daddr, sizeof(header->addr));
  header->port = original->ipv6.dport;
  header->end = TLV_END;
  header->end_length = 0;
}

SEC("sk_msg")
int sendmsg_prog(struct sk_msg_md* msg) {
  struct sock_storage_data* storage = get_storage(msg->sk);
  struct endpoints ends = {};

  if (!storage || !storage->via_waypoint || storage->has_encoded) return SK_PASS;
  storage->has_encoded = true;
  read_endpoints(msg->sk, &ends);
  if (ends.ipv4)
    push_header4(msg, &storage->sk_tuple);
  else
    push_header6(msg, &storage->sk_tuple);
  return SK_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
