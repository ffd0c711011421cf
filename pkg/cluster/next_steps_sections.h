/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of next-steps.md, in their order; each starts with its heading. Private to this module. */
#pragma once

#include "base/strbuf.h"
#include "cluster/next_steps.h"

/* Getting the cluster ready (next_steps_prepare.c). */
void next_steps_backup(struct strbuf *out);
void next_steps_health(const struct next_steps *steps, struct strbuf *out);
void next_steps_pause_checks(struct strbuf *out);
void next_steps_credentials(const struct next_steps *steps, struct strbuf *out);
void next_steps_signature(const struct next_steps *steps, struct strbuf *out);
void next_steps_policy(const struct next_steps *steps, struct strbuf *out);

/* The update itself (next_steps_update.c). */
void next_steps_update(const struct next_steps *steps, struct strbuf *out);
void next_steps_watch(const struct next_steps *steps, struct strbuf *out);
void next_steps_resume_checks(struct strbuf *out);
void next_steps_trouble(const struct next_steps *steps, struct strbuf *out);
void next_steps_new_clusters(const struct next_steps *steps, struct strbuf *out);

/* Text from outside as code inside a sentence: escaped, and no backtick in it ends the code. */
void next_steps_add_code(struct strbuf *out, const char *text);
/* "reg.example.com:5000": the hosts that the release and its components are pulled from; one or two. */
void next_steps_hosts(const struct next_steps *steps, struct strvec *hosts);
/* "`a`", "`a` and `b`" */
void next_steps_add_hosts(const struct next_steps *steps, struct strbuf *out);
