/* SPDX-License-Identifier: Apache-2.0 */
/* Link headers of lists in pages (RFC 8288; distribution-spec "Listing Referrers").
 * Private to this module. */
#pragma once

/* The target of rel="next", as written, or NULL. The caller frees it. */
char *link_header_next(const char *header);
