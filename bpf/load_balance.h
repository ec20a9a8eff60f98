// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// From the dialled address to the connection's destination, by the maps of services and backends. Used by
// cgroup_sock.
#pragma once

#include <bpf/bpf_helpers.h>

#include "branches.h"
#include "service_maps.h"

// Ports in network order.
struct target {
  struct ip_addr addr;
  __u16 port;
  bool via_waypoint;
};

static __always_inline void target_waypoint(struct target* target, struct ip_addr addr, __u32 port) {
  target->addr = addr;
  target->port = port;
  target->via_waypoint = true;
  keep_branches_apart();
}

static __always_inline bool has_address(struct ip_addr addr) {
  return (addr.ip6[0] | addr.ip6[1] | addr.ip6[2] | addr.ip6[3]) != 0;
}

// To the backend's own address, by the service's mapping of ports. False if it does not have the port.
static __always_inline bool target_backend(struct target* target, const service_value* service,
                                           const backend_value* backend) {
  __u32 target_port = 0;
  bool found = false;

#pragma unroll
  for (int i = 0; i < MAX_PORTS; i++) {
    if (!found && service->service_port[i] == target->port) {
      target_port = service->target_port[i];
      found = true;
    }
    keep_branches_apart();
  }
  if (!found) return false;
  target->addr = backend->addr;
  target->port = target_port;
  return true;
}

// Any endpoint of one priority. False if there is none, or its backend cannot take the connection; *found
// tells the two apart.
static __always_inline bool target_endpoint(struct target* target, __u32 service_id,
                                            const service_value* service, __u32 priority, __u32 count,
                                            bool* found) {
  endpoint_key key = {.service_id = service_id, .prio = priority};
  backend_key backend_key = {};
  const endpoint_value* endpoint;
  const backend_value* backend;

  *found = false;
  if (count == 0) return false;
  key.backend_index = bpf_get_prandom_u32() % count + 1;
  endpoint = bpf_map_lookup_elem(&km_endpoint, &key);
  if (!endpoint) return false;
  *found = true;
  backend_key.backend_uid = endpoint->backend_uid;
  backend = bpf_map_lookup_elem(&km_backend, &backend_key);
  if (!backend) return false;
  if (backend->waypoint_port != 0) {
    target_waypoint(target, backend->wp_addr, backend->waypoint_port);
    return true;
  }
  return target_backend(target, service, backend);
}

// The first priority that has endpoints, and how many; a count of 0 if none has.
static __always_inline __u32 first_priority(const service_value* service, __u32* count) {
  __u32 priority = 0;

  *count = 0;
#pragma unroll
  for (__u32 i = 0; i < MAX_PRIORITIES; i++) {
    if (*count == 0) {
      *count = service->prio_endpoint_count[i];
      priority = i;
    }
    keep_branches_apart();
  }
  return priority;
}

static __always_inline bool target_service(struct target* target, __u32 service_id,
                                           const service_value* service) {
  __u32 priority = 0, count = service->prio_endpoint_count[0];
  bool found, targeted;

  if (has_address(service->wp_addr) && service->waypoint_port != 0) {
    target_waypoint(target, service->wp_addr, service->waypoint_port);
    return true;
  }
  if (service->lb_policy == LB_FAILOVER) priority = first_priority(service, &count);
  targeted = target_endpoint(target, service_id, service, priority, count, &found);
  // If random finds no endpoint, the connection goes where it was dialled and still counts as the service's;
  // the other policies leave it alone.
  if (service->lb_policy == LB_RANDOM && !found) return true;
  return targeted;
}

// Where a connection to target's address and port goes instead. False: it is left alone.
static __always_inline bool find_target(struct target* target) {
  frontend_key frontend_key = {.addr = target->addr};
  service_key service_key = {};
  backend_key backend_key = {};
  const frontend_value* frontend;
  const service_value* service;
  const backend_value* backend;

  frontend = bpf_map_lookup_elem(&km_frontend, &frontend_key);
  if (!frontend) return false;
  service_key.service_id = frontend->upstream_id;
  service = bpf_map_lookup_elem(&km_service, &service_key);
  if (service) return target_service(target, service_key.service_id, service);
  backend_key.backend_uid = frontend->upstream_id;
  backend = bpf_map_lookup_elem(&km_backend, &backend_key);
  if (!backend) return false;
  if (backend->waypoint_port != 0) target_waypoint(target, backend->wp_addr, backend->waypoint_port);
  return true;
}
