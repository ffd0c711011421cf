/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci/descriptor.h"
#include "oci/strict_json.h"

void platform_release(struct platform *platform)
{
	free(platform->os);
	free(platform->architecture);
	free(platform->variant);
	*platform = (struct platform){0};
}

/* A platform that was never parsed counts as empty. */
static const char *or_empty(const char *member)
{
	return member ? member : "";
}

char *platform_format(const struct platform *platform)
{
	const char *variant = or_empty(platform->variant);

	return xasprintf("%s/%s%s%s", or_empty(platform->os), or_empty(platform->architecture),
			 *variant ? "/" : "", variant);
}

/* Takes letters, digits and "._-" off the front of *text; NULL if there are none. */
static char *take_word(const char **text)
{
	size_t length = strspn(*text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	const char *start = *text;

	*text += length;
	return length ? xstrndup(start, length) : NULL;
}

static bool take_slash(const char **text)
{
	bool is_slash = **text == '/';

	*text += is_slash;
	return is_slash;
}

int platform_parse(struct platform *platform, const char *text, struct error *err)
{
	const char *rest = text;
	CLEANUP(free_string) char *os = take_word(&rest);
	CLEANUP(free_string) char *architecture = take_slash(&rest) ? take_word(&rest) : NULL;
	CLEANUP(free_string) char *variant = take_slash(&rest) ? take_word(&rest) : xstrdup("");

	if (!os || !architecture || !variant || *rest) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return error_set(err, ERROR_USAGE,
				 "'%s' is not a platform; write os/architecture or os/architecture/variant, "
				 "such as linux/amd64",
				 shown);
	}
	*platform = (struct platform){
		.os = steal(&os),
		.architecture = steal(&architecture),
		.variant = steal(&variant),
	};
	return 0;
}

/* arm64 has had one variant so far, which may be left out (containerd's platforms package says the same). */
static bool variant_matches(const char *architecture, const char *have, const char *wanted)
{
	if (!*wanted || !strcmp(have, wanted))
		return true;
	return !*have && !strcmp(architecture, "arm64") && !strcmp(wanted, "v8");
}

bool platform_matches(const struct platform *have, const struct platform *wanted)
{
	return !strcmp(or_empty(have->os), or_empty(wanted->os)) &&
	       !strcmp(or_empty(have->architecture), or_empty(wanted->architecture)) &&
	       variant_matches(or_empty(have->architecture), or_empty(have->variant),
			       or_empty(wanted->variant));
}

static int read_word(char **word, const json_t *object, const char *key, struct error *err)
{
	if (strict_json_string(object, key, word, err) < 0)
		return -1;
	if (!*word)
		*word = xstrdup("");
	return 0;
}

int platform_from_json(struct platform *platform, const json_t *object, struct error *err)
{
	CLEANUP(platform_release) struct platform parsed = {0};

	if (read_word(&parsed.os, object, "os", err) < 0 ||
	    read_word(&parsed.architecture, object, "architecture", err) < 0 ||
	    read_word(&parsed.variant, object, "variant", err) < 0)
		return -1;
	*platform = steal(&parsed);
	return 0;
}
