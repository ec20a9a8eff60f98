// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What processes may do with socket options: SO_MARK belongs to the machine, so it can be neither set nor
// seen; keepalive must not be too eager; an option of our own tags a socket with its tenant; and every TCP
// connection gets a user timeout.
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#define SOL_SOCKET 1
#define SO_MARK 36

// The option that the kernel does not know. A level that no protocol has keeps it apart.
#define SOL_TENANT 29797
#define SO_TENANT 1

#define REFUSE 0
#define ALLOW 1
// As optlen: the kernel's own setsockopt is not called.
#define HANDLED (-1)

// Set at load.
const volatile __s32 shortest_keepalive_seconds = 30;
const volatile __s32 user_timeout_ms = 5000;

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, __u32);
} tenants SEC(".maps");

// Whether the value, which begins at ctx->optval, has room for an int. The second question is the verifier's
// alone: the kernel gives a program more room than the process gave.
static __always_inline bool is_int(const struct bpf_sockopt* ctx, const __s32* value) {
  return ctx->optlen >= (__s32)sizeof(*value) && (const void*)(value + 1) <= ctx->optval_end;
}

static __always_inline int set_tenant(struct bpf_sockopt* ctx) {
  const __s32* value = ctx->optval;
  __u32* tenant;

  if (!is_int(ctx, value)) return REFUSE;
  tenant = bpf_sk_storage_get(&tenants, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
  if (!tenant) return REFUSE;
  *tenant = *value;
  ctx->optlen = HANDLED;
  return ALLOW;
}

SEC("cgroup/setsockopt")
int decide_set(struct bpf_sockopt* ctx) {
  __s32* value = ctx->optval;

  if (ctx->level == SOL_TENANT && ctx->optname == SO_TENANT) return set_tenant(ctx);
  if (ctx->level == SOL_SOCKET && ctx->optname == SO_MARK) return REFUSE;
  if (ctx->level != IPPROTO_TCP || ctx->optname != TCP_KEEPIDLE) return ALLOW;
  if (is_int(ctx, value) && *value < shortest_keepalive_seconds) *value = shortest_keepalive_seconds;
  return ALLOW;
}

static __always_inline int get_tenant(struct bpf_sockopt* ctx) {
  __s32* value = ctx->optval;
  const __u32* tenant;

  if (!is_int(ctx, value)) return REFUSE;
  tenant = bpf_sk_storage_get(&tenants, ctx->sk, NULL, 0);
  *value = tenant ? *tenant : 0;
  // The kernel said ENOPROTOOPT.
  ctx->retval = 0;
  // Two writes: the verifier refuses one of both fields, which clang would make of them.
  barrier();
  ctx->optlen = sizeof(*value);
  return ALLOW;
}

// Runs after the kernel has answered: what it said stands in the context, and can be replaced.
SEC("cgroup/getsockopt")
int decide_get(struct bpf_sockopt* ctx) {
  __s32* value = ctx->optval;

  if (ctx->level == SOL_TENANT && ctx->optname == SO_TENANT) return get_tenant(ctx);
  if (ctx->level != SOL_SOCKET || ctx->optname != SO_MARK) return ALLOW;
  // A part of it would tell as well.
  if (!is_int(ctx, value)) return REFUSE;
  *value = 0;
  return ALLOW;
}

SEC("sockops")
int limit_patience(struct bpf_sock_ops* ctx) {
  __s32 timeout = user_timeout_ms;

  if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB || ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
    bpf_setsockopt(ctx, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
  return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
