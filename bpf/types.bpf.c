// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// An object with types only: every type of the interface, for tests of other builds, whose maps and ring
// buffers have none.
#include "mesh_types.h"

struct ip_addr* unused_ip_addr;
frontend_key* unused_frontend_key;
frontend_value* unused_frontend_value;
service_key* unused_service_key;
service_value* unused_service_value;
endpoint_key* unused_endpoint_key;
endpoint_value* unused_endpoint_value;
backend_key* unused_backend_key;
backend_value* unused_backend_value;
struct manager_key* unused_manager_key;
struct sock_storage_data* unused_sock_storage_data;
struct bpf_sock_tuple* unused_bpf_sock_tuple;
struct ringbuf_msg_type* unused_ringbuf_msg_type;
struct orig_dst_info* unused_orig_dst_info;
struct tcp_probe_info* unused_tcp_probe_info;
