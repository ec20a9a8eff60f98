// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Stops the compiler from optimising what the verifier then refuses. Used by the other headers.
#pragma once

#include <bpf/bpf_helpers.h>

// If two branches read different members of one thing, clang makes it one read at a selected address. The
// verifier refuses that on sockets ("pointer arithmetic on sock prohibited", seen on 6.18), and on map values
// if the loader lacks CAP_PERFMON. This at the end of a branch keeps its reads in it.
#define keep_branches_apart() barrier()
