/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/challenge.h"

#include <string.h>

#include "base/strbuf.h"
#include "tests/tap.h"

/* The challenge of up to two header lines. */
static struct challenge parsed(const char *first, const char *second)
{
	CLEANUP(strvec_release) struct strvec lines = STRVEC_INIT;
	struct challenge challenge = CHALLENGE_INIT;

	if (first)
		strvec_push(&lines, first);
	if (second)
		strvec_push(&lines, second);
	challenge_parse(&challenge, &lines);
	return challenge;
}

static void expect_scheme(const char *line, enum challenge_scheme scheme, const char *realm)
{
	CLEANUP(challenge_release) struct challenge challenge = parsed(line, NULL);

	if (challenge.scheme != scheme)
		test_fail(__FILE__, __LINE__, "%s: scheme %d, should be %d", line, (int)challenge.scheme,
			  (int)scheme);
	EXPECT_STRING(challenge.realm, realm);
}

TEST(a_bearer_challenge_gives_realm_service_and_scope)
{
	CLEANUP(challenge_release) struct challenge challenge =
		parsed("Bearer realm=\"https://auth.example.com/token\",service=\"registry.example.com\","
		       "scope=\"repository:a/b:pull,push\",error=\"insufficient_scope\"",
		       NULL);

	EXPECT(challenge.scheme == CHALLENGE_BEARER);
	EXPECT_STRING(challenge.realm, "https://auth.example.com/token");
	EXPECT_STRING(challenge.service, "registry.example.com");
	EXPECT_STRING(challenge.scope, "repository:a/b:pull,push");
	EXPECT_STRING(challenge.error, "insufficient_scope");
	EXPECT_STRING(challenge.offered, "Bearer");
}

TEST(no_header_is_no_challenge)
{
	CLEANUP(challenge_release) struct challenge challenge = parsed(NULL, NULL);

	EXPECT(challenge.scheme == CHALLENGE_NONE);
	EXPECT_STRING(challenge.offered, "");
}

TEST(names_are_compared_without_case)
{
	expect_scheme("BASIC realm=\"Sonatype Nexus\"", CHALLENGE_BASIC, NULL);
	expect_scheme("bEARER Realm=\"https://a/t\"", CHALLENGE_BEARER, "https://a/t");
}

TEST(values_may_be_tokens_or_quoted_with_escapes_and_space_around)
{
	expect_scheme("Bearer realm=x", CHALLENGE_BEARER, "x");
	expect_scheme("Bearer  realm =\t\"a\\\"b\\\\c\" ,  service = s ", CHALLENGE_BEARER, "a\"b\\c");
	expect_scheme(" , ,Bearer realm=\"https://a/t\",,", CHALLENGE_BEARER, "https://a/t");
	expect_scheme("Bearer realm=\"https://a/t?x=1,2\"", CHALLENGE_BEARER, "https://a/t?x=1,2");
	expect_scheme("Bearer , realm=\"https://a/t\"", CHALLENGE_BEARER, "https://a/t");
}

TEST(bearer_is_preferred_to_basic_wherever_it_stands)
{
	CLEANUP(challenge_release) struct challenge two_lines =
		parsed("Basic realm=\"r\"", "Bearer realm=\"https://a/t\"");
	CLEANUP(challenge_release) struct challenge one_line =
		parsed("Negotiate, Basic realm=\"x\", Bearer realm=\"https://a/t\", service=\"s\"", NULL);

	EXPECT(two_lines.scheme == CHALLENGE_BEARER);
	EXPECT_STRING(two_lines.offered, "Basic, Bearer");
	EXPECT(one_line.scheme == CHALLENGE_BEARER);
	EXPECT_STRING(one_line.service, "s");
	EXPECT_STRING(one_line.offered, "Negotiate, Basic, Bearer");
	expect_scheme("Bearer realm=\"https://a/t\", Basic realm=\"x\"", CHALLENGE_BEARER, "https://a/t");
}

TEST(the_first_usable_bearer_challenge_counts)
{
	expect_scheme("Bearer realm=\"https://a/t\", Bearer realm=\"https://b/t\"", CHALLENGE_BEARER,
		      "https://a/t");
	expect_scheme("Bearer service=\"s\", Bearer realm=\"https://b/t\"", CHALLENGE_BEARER, "https://b/t");
}

TEST(unsupported_schemes_are_named)
{
	CLEANUP(challenge_release) struct challenge challenge =
		parsed("Negotiate YII==, NTLM", "Digest realm=\"d\", nonce=\"n\", NTLM");

	EXPECT(challenge.scheme == CHALLENGE_NONE);
	EXPECT_STRING(challenge.offered, "Negotiate, NTLM, Digest");
}

TEST(bearer_without_a_realm_is_not_usable)
{
	expect_scheme("Bearer service=\"s\"", CHALLENGE_NONE, NULL);
	expect_scheme("Bearer realm=\"\"", CHALLENGE_NONE, NULL);
	expect_scheme("Bearer realm=", CHALLENGE_NONE, NULL);
	expect_scheme("Bearer", CHALLENGE_NONE, NULL);
	expect_scheme("Bearer abc==", CHALLENGE_NONE, NULL);
	expect_scheme("Bearer service=\"s\", Basic realm=\"x\"", CHALLENGE_BASIC, NULL);
}

TEST(malformed_challenges_are_ignored_and_others_used)
{
	static const char *const malformed[] = {
		"Bearer realm=\"https://a/t", /* unclosed */
		"Bearer realm=\"https://a/t\\",
		"Bearer realm=\"https://a/t\" service=\"s\"",        /* no comma */
		"Bearer realm=\"https://a/t\", realm=\"https://b\"", /* twice */
		"Bearer realm=\"https://a/t\", x=1, X=2",
		"Bearer realm=\"https://a/t\x01\"",
		"Bearer realm=\"https://a/t\ty\"",
		"Bearer realm=\"https://a/t\\\x7f\"",
		"Bearer realm=\"https://a/t\"\x02, service=s",
		"Bearer realm=\"https://a/t\", =x",
		"Bearer realm=\"https://a/t\", service=a b",
		"Bearer realm=\"https://a/t\", \"x\"",
		"Bearer realm=\"https://a/t\", service\"s\"",
		"Bearer\x01realm=\"https://a/t\"",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
		expect_scheme(malformed[i], CHALLENGE_NONE, NULL);
		CLEANUP(challenge_release) struct challenge challenge =
			parsed(malformed[i], "Basic realm=\"x\"");
		EXPECT(challenge.scheme == CHALLENGE_BASIC);
	}
	expect_scheme("Bearer realm=\"https://a/t\" service=\"s\", Basic realm=\"x\"", CHALLENGE_BASIC, NULL);
	expect_scheme("realm=\"https://a/t\", Basic realm=\"x\"", CHALLENGE_BASIC, NULL);
	expect_scheme("Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\", Basic x\", "
		      "Basic realm=\"simple\"",
		      CHALLENGE_BASIC, NULL);
}

TEST(a_malformed_challenge_does_not_take_the_place_of_a_good_one_before_it)
{
	expect_scheme("Bearer realm=\"https://a/t\", Bearer realm=\"x\" y", CHALLENGE_BEARER, "https://a/t");
	expect_scheme("Bearer realm=\"https://a/t\", Basic realm=\"un", CHALLENGE_BEARER, "https://a/t");
}

TEST(unknown_parameters_are_ignored)
{
	expect_scheme("Bearer charset=\"UTF-8\", realm=\"https://a/t\", nonce=z", CHALLENGE_BEARER,
		      "https://a/t");
}

TEST(more_than_16_KiB_of_header_are_ignored)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	strbuf_add_string(&line, "Bearer realm=\"https://a/t\", x=\"");
	while (line.len < 16383)
		strbuf_add_char(&line, 'y');
	strbuf_add_char(&line, '"');
	expect_scheme(line.buf, CHALLENGE_BEARER, "https://a/t");
	CLEANUP(challenge_release) struct challenge behind = parsed("Basic realm=\"x\"", line.buf);
	EXPECT(behind.scheme == CHALLENGE_BASIC);
	strbuf_add_char(&line, ' ');
	expect_scheme(line.buf, CHALLENGE_NONE, NULL);
	while (line.len < 100000)
		strbuf_add_string(&line, ",Basic realm=\"x\"");
	expect_scheme(line.buf, CHALLENGE_NONE, NULL);
}

TEST(what_is_offered_stays_short)
{
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	for (int i = 0; i < 1000; i++)
		strbuf_addf(&line, "Scheme%d,", i);
	CLEANUP(challenge_release) struct challenge challenge = parsed(line.buf, NULL);
	EXPECT(strlen(challenge.offered) < 300);
	EXPECT(challenge.scheme == CHALLENGE_NONE);
}
