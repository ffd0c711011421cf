/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/platform_filter.h"

#include "base/text.h"

int platform_filter_compile(regex_t *pattern, const char *flag, const char *filter, struct error *err)
{
	if (regcomp(pattern, filter, REG_EXTENDED | REG_NOSUB) == 0)
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(filter);
	return error_set(err, ERROR_USAGE, "%s: '%s' is not a regular expression", flag, shown);
}

int platform_filter_check(const char *flag, const char *filter, struct error *err)
{
	regex_t pattern;

	if (platform_filter_compile(&pattern, flag, filter, err) < 0)
		return -1;
	regfree(&pattern);
	return 0;
}

bool platform_filter_matches(const regex_t *pattern, const struct descriptor *child)
{
	if (!child->has_platform)
		return false;
	CLEANUP(free_string) char *platform = platform_format(&child->platform);
	return regexec(pattern, platform, 0, NULL, 0) == 0;
}

void platform_filter_list(const struct manifest *index, struct strbuf *out)
{
	for (size_t i = 0; i < index->n_children; i++) {
		const struct descriptor *child = &index->children[i];
		char digest[DIGEST_TEXT_SIZE];
		CLEANUP(free_string)
		char *platform = child->has_platform ? platform_format(&child->platform) : xstrdup("(none)");
		CLEANUP(free_string) char *shown = text_escaped(platform);

		strbuf_addf(out, "\n  %-16s %s", shown, digest_format(&child->digest, digest));
	}
}
