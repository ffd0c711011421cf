/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: which ones match a request, merged into one. */
#include <stdlib.h>
#include <string.h>

#include "tests/fake_registry/internal.h"

static const char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void fake_registry_add_rule(struct fake_registry *registry, const struct fake_rule *rule)
{
	struct rule *added = xcalloc(1, sizeof(*added));

	added->rule = *rule;
	added->rule.method = copy(rule->method);
	added->rule.path = copy(rule->path);
	added->rule.header = copy(rule->header);
	added->rule.body = copy(rule->body);
	added->rule.retry_after = copy(rule->retry_after);
	added->rule.redirect = copy(rule->redirect);
	added->rule.raw = copy(rule->raw);
	added->rule.headers = copy(rule->headers);
	pthread_mutex_lock(&registry->mutex);
	struct rule **last = &registry->rules;
	while (*last)
		last = &(*last)->next;
	*last = added;
	pthread_mutex_unlock(&registry->mutex);
}

/* Requests under way may still use their strings: they are kept until the end. */
void fake_registry_clear_rules(struct fake_registry *registry)
{
	pthread_mutex_lock(&registry->mutex);
	struct rule **last = &registry->old_rules;
	while (*last)
		last = &(*last)->next;
	*last = steal(&registry->rules);
	pthread_mutex_unlock(&registry->mutex);
}

static bool is_match(const struct fake_rule *rule, const struct fake_request *request)
{
	return (!rule->method || !strcmp(rule->method, request->method)) &&
	       (!rule->path || strstr(request->target, rule->path)) &&
	       (!rule->header || strstr(request->headers, rule->header));
}

/* Request number `number` (from 1) of those that match. */
static bool is_due(const struct fake_rule *rule, unsigned number)
{
	if (number <= rule->skip)
		return false;
	number -= rule->skip;
	return (!rule->first || number <= rule->first) && (!rule->every || number % rule->every == 0);
}

#define MERGE(field) \
	do { \
		if (rule->field) \
			merged->field = rule->field; \
	} while (0)

static void merge(struct fake_rule *merged, const struct fake_rule *rule)
{
	MERGE(delay_ms);
	MERGE(body_limit_bytes);
	MERGE(drop);
	MERGE(reset);
	MERGE(answers_early);
	MERGE(performs);
	MERGE(status);
	MERGE(body);
	MERGE(retry_after);
	MERGE(redirect);
	MERGE(raw);
	MERGE(headers);
	MERGE(header_padding_bytes);
	MERGE(no_range);
	MERGE(content_length_delta);
	MERGE(no_content_length);
	MERGE(chunked);
	MERGE(endless);
	MERGE(corrupt);
	MERGE(corrupt_offset);
	MERGE(cut_after_bytes);
	MERGE(cut_connection_bytes);
	MERGE(cut_at_once);
	MERGE(stall_after_bytes);
	MERGE(stall);
	MERGE(trickle_ms);
}

void rules_apply(struct exchange *exchange)
{
	pthread_mutex_lock(&exchange->registry->mutex);
	for (struct rule *rule = exchange->registry->rules; rule; rule = rule->next)
		if (is_match(&rule->rule, &exchange->request) && is_due(&rule->rule, ++rule->n_seen))
			merge(&exchange->rule, &rule->rule);
	pthread_mutex_unlock(&exchange->registry->mutex);
}
