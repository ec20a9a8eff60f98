// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Nothing to load.
char _license[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
