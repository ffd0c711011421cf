/* SPDX-License-Identifier: Apache-2.0 */
/* Warning headers: what a registry wants its users to know (distribution-spec "Warnings").
 * Private to this module. */
#pragma once

/* Hands on each text of code 299 once per run, escaped. `header` is `299 - "text"`, several of them between
 * commas, or NULL; whatever else it holds is passed over. */
void warning_header_show(const char *host, const char *header);
