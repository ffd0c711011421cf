/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Appends the text of the bytes, with padding, without line ends. */
void base64_encode(struct strbuf *out, const void *bytes, size_t length);

/* Appends the bytes of a text. Padding may be missing, line ends may be there. False when it is not
 * base64; `out` may have grown then. No copy of the bytes is left behind in memory. */
bool base64_decode(struct strbuf *out, const char *text);
