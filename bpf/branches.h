// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Help against a compiler that knows better than the verifier. Used by the other headers.
#pragma once

#include <bpf/bpf_helpers.h>

// Where two branches read different members of one thing, clang makes it one read at a selected address. The
// verifier refuses that on sockets ("pointer arithmetic on sock prohibited", seen on 6.18), and on map values
// where the loader lacks CAP_PERFMON. This at a branch's end keeps its reads there.
#define keep_branches_apart() barrier()
