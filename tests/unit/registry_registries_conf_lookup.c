/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of containers/image, pkg/sysregistriesv2/system_registries_v2_test.go (Apache-2.0), as tables. */
#include "registry/registries_conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "registry/registries_conf_file.h"
#include "tests/tap.h"
#include "tests/unit/registry_files.h"

#define SHA "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct registries_conf loaded(const char *text)
{
	struct registries_conf conf = REGISTRIES_CONF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(free_string) char *path = write_file("registries.conf", text, 0600);

	EXPECT_OK(registries_conf_load_files(&conf, path, NULL, &err), &err);
	return conf;
}

struct match_case {
	const char *text;
	const char *prefix;
	long expected;
};

static void expect_matches(const struct match_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		long got = registries_conf_match(cases[i].text, cases[i].prefix);

		if (got != cases[i].expected)
			test_fail(__FILE__, __LINE__, "%s, %s: %ld, should be %ld", cases[i].text,
				  cases[i].prefix, got, cases[i].expected);
	}
}

TEST(a_wildcard_prefix_matches_hosts_below_a_domain)
{
	static const struct match_case cases[] = {
		{"docker.io", "*.io", 9},
		{"example.com/foo", "*.co", -1},
		{"example.com/foo", "*.com", 11},
		{"example.com/foo/bar:baz", "*.com", 11},
		{"yet.another.example.com/foo", "***.another.example.com", -1},
		{"yet.another.example.com/foo/bar", "**********.another.example.com", -1},
		{"another.example.com/namespace.com/foo/bar/bbq:baz", "*.example.com", 19},
		{"another.example.com/namespace.com/foo/bar/bbq:baz", "*.namespace.com", -1},
		{"sub.example.com/foo/bar", "*.example.com", 15},
		{"another.sub.example.com/foo/bar/bbq:baz", "*.sub.example.com", 23},
		{"yet.another.sub.example.com/foo/bar" SHA, "*.sub.example.com", 27},
		{"example.com/foo", "*.example.com", -1},
		{"a.example.com:5000/foo", "*.example.com", 13},
		{"a.example.com.b.example.com/foo", "*.example.com",
		 -1}, /* only the first occurrence counts */
	};

	expect_matches(cases, ARRAY_LENGTH(cases));
}

TEST(a_plain_prefix_matches_whole_components)
{
	static const struct match_case cases[] = {
		{"docker.io", "docker.io", 9},
		{"example.com:5000", "example.com:5000", 16},
		{"example.com:5000", "example.com", 11},
		{"example.com/foo/bar", "example.com", 11},
		{"example.com/foo/bar" SHA, "example.com", 11},
		{"docker.io/library", "docker.io/library", 17},
		{"docker.io/libraryy", "docker.io/library", -1},
		{"docker.io", "docker.io/library/busybox", -1},
		{"example.com/library/busybox", "docker.io/library/busybox", -1},
		{"example.com", "example.com/foo:bar", -1},
		{"example.com/foo:bar", "example.com/foo:bar", 19},
		{"example.com", "example.com/foo" SHA, -1},
		{"example.com/foo" SHA, "example.com/foo" SHA, 87},
		{"example.com/foo", "*", -1},
	};

	expect_matches(cases, ARRAY_LENGTH(cases));
}

/* The rewritten reference as text, or NULL with an error. */
static char *rewritten(const char *text, const char *prefix, const char *location, struct error *err)
{
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference result = REFERENCE_INIT;

	if (reference_parse(&reference, text, err) < 0 ||
	    registries_conf_rewrite(&reference, prefix, location, &result, err) < 0)
		return NULL;
	return reference_exact(&result);
}

TEST(a_reference_is_rewritten_to_a_location)
{
	static const struct {
		const char *text, *prefix, *location, *expected;
	} cases[] = {
		{"example.com/image", "example.com", "example.com", "example.com/image"},
		{"example.com:5000/image", "example.com:5000", "example.com:5000", "example.com:5000/image"},
		{"example.com/foo" SHA, "example.com", "example.com", "example.com/foo" SHA},
		{"example.com/foo/image:latest", "example.com/foo", "example.com/path",
		 "example.com/path/image:latest"},
		{"docker.io/library/image", "docker.io/library", "example.com", "example.com/image"},
		{"docker.io/library/prefix/image", "docker.io/library/prefix", "example.com",
		 "example.com/image"},
		{"docker.io/library/prefix/image", "*.io", "example.com", "example.com/library/prefix/image"},
		{"another.sub.example.io:5000/library/prefix/image:latest", "*.sub.example.io", "example.com",
		 "example.com:5000/library/prefix/image:latest"},
		{"abc.internal.registry.com/foo:bar", "*.internal.registry.com", "",
		 "abc.internal.registry.com/foo:bar"},
		{"alien.vs.predator.foobar.io:5000/omg", "*.foobar.io", "",
		 "alien.vs.predator.foobar.io:5000/omg"},
		{"alien.vs.predator.foobar.io:5000/omg:bbq", "*.foobar.io", "",
		 "alien.vs.predator.foobar.io:5000/omg:bbq"},
		{"quay.io/a/b" SHA, "quay.io/a/b", "mirror:5000/x", "mirror:5000/x" SHA},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		CLEANUP(free_string) char *got =
			rewritten(cases[i].text, cases[i].prefix, cases[i].location, &err);

		EXPECT_STRING(got, cases[i].expected);
		EXPECT_STRING(err.message, NULL);
	}
}

TEST(a_rewriting_without_a_full_name_is_refused)
{
	static const struct {
		const char *text, *prefix, *location;
	} cases[] = {
		{"example.com/foo/image:latest", "example.com/foo", "example.com/path/"},
		{"example.com:5000/image:latest", "example.com", ""},
		{"example.com/foo/image:latest", "example.com//foo", "example.com/path"},
		{"example.com/foo/image:latest", "example.com/foo/", "example.com"},
		{"example.com/foo:latest", "example.com/f", "example.com/foo"},
		{"docker.io/library/image", "example.com", "example.com"},
		{"foo.docker.io/library/image", "*.example.com", "example.com/image"},
		{"example.com/foo", "example.com/foo", "mirror.com"}, /* no path is left */
		{"example.com/foo", "example.com", "mirror"},         /* a namespace, not a host */
		{"example.com/foo", "example.com/foo", "mirror.com/a:b"},
		{"example.com/foo", "example.com", "mirror.com/UPPER"},
		{"example.com/foo", "example.com", "mirror.com/\033[2J"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		CLEANUP(free_string) char *got =
			rewritten(cases[i].text, cases[i].prefix, cases[i].location, &err);

		EXPECT_STRING(got, NULL);
		EXPECT(error_is(&err, ERROR_INVALID) && !strchr(err.message, '\033'));
	}
}

/* One "[[registry]]": mirrors as "location", "!location" (insecure), "d:" and "t:" in front of it for
 * digest-only and tag-only, "a:" for all. */
static void add_registry(struct strbuf *text, const char *prefix, const char *location, bool digest_only,
			 const char *const mirrors[])
{
	strbuf_addf(text, "[[registry]]\nprefix = \"%s\"\nlocation = \"%s\"\n", prefix, location);
	if (digest_only)
		strbuf_add_string(text, "mirror-by-digest-only = true\n");
	for (; *mirrors; mirrors++) {
		const char *mirror = *mirrors;

		strbuf_add_string(text, "\n[[registry.mirror]]\n");
		if (mirror[1] == ':') {
			strbuf_addf(text, "pull-from-mirror = \"%s\"\n",
				    *mirror == 'd'   ? "digest-only"
				    : *mirror == 't' ? "tag-only"
						     : "all");
			mirror += 2;
		}
		if (*mirror == '!')
			strbuf_add_string(text, "insecure = true\n");
		strbuf_addf(text, "location = \"%s\"\n", mirror + (*mirror == '!'));
	}
	strbuf_add_char(text, '\n');
}

/* Wanted: the repositories in front of "/image", "!" for insecure ones. The last one is the original. */
static void expect_sources(const struct registries_conf *conf, const char *prefix, const char *suffix,
			   const char *const wanted[])
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(free_string) char *text = xasprintf("%s/image%s", prefix, suffix);
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	CLEANUP(pull_sources_release) struct pull_sources sources = PULL_SOURCES_INIT;
	size_t count = 0;

	EXPECT_OK(reference_parse(&reference, text, &err), &err);
	EXPECT_OK(registries_conf_sources(conf, &reference, &sources, &err), &err);
	while (wanted[count])
		count++;
	EXPECT(sources.count == count);
	for (size_t i = 0; i < count && i < sources.count; i++) {
		const char *location = wanted[i] + (*wanted[i] == '!');
		CLEANUP(free_string) char *want = xasprintf("%s/image%s", location, suffix);
		CLEANUP(free_string) char *got = reference_exact(&sources.items[i].reference);

		EXPECT_STRING(got, want);
		EXPECT(sources.items[i].is_insecure == (*wanted[i] == '!'));
		EXPECT(sources.items[i].is_original == (i + 1 == count));
	}
}

static const struct {
	const char *prefix, *location;
	bool digest_only;
	const char *mirrors[5], *by_digest[6], *by_tag[6];
} mirror_cases[] = {
	{"registry-a.com/foo",
	 "registry-a.com/bar",
	 false,
	 {"mirror-1.registry-a.com", "!mirror-2.registry-a.com"},
	 {"mirror-1.registry-a.com", "!mirror-2.registry-a.com", "registry-a.com/bar"},
	 {"mirror-1.registry-a.com", "!mirror-2.registry-a.com", "registry-a.com/bar"}},
	{"registry-b.com/foo",
	 "registry-b.com/bar",
	 true,
	 {"mirror-1.registry-b.com", "mirror-2.registry-b.com"},
	 {"mirror-1.registry-b.com", "mirror-2.registry-b.com", "registry-b.com/bar"},
	 {"registry-b.com/bar"}},
	{"registry-a.com/baz",
	 "registry-a.com/bar",
	 false,
	 {"mirror-1.registry-a.com", "!mirror-2.registry-a.com"},
	 {"mirror-1.registry-a.com", "!mirror-2.registry-a.com", "registry-a.com/bar"},
	 {"mirror-1.registry-a.com", "!mirror-2.registry-a.com", "registry-a.com/bar"}},
	{"registry-b.com/baz",
	 "registry-b.com/bar",
	 false,
	 {"d:mirror-1.registry-b.com", "d:mirror-2.registry-b.com"},
	 {"mirror-1.registry-b.com", "mirror-2.registry-b.com", "registry-b.com/bar"},
	 {"registry-b.com/bar"}},
	{"registry-c.com/baz",
	 "registry-c.com/bar",
	 false,
	 {"mirror-1.registry-c.com", "d:mirror-2.registry-c.com"},
	 {"mirror-1.registry-c.com", "mirror-2.registry-c.com", "registry-c.com/bar"},
	 {"mirror-1.registry-c.com", "registry-c.com/bar"}},
	{"registry-d.com/baz",
	 "registry-d.com/bar",
	 true,
	 {"mirror-1.registry-d.com", "mirror-2.registry-d.com"},
	 {"mirror-1.registry-d.com", "mirror-2.registry-d.com", "registry-d.com/bar"},
	 {"registry-d.com/bar"}},
	{"registry-e.com/baz",
	 "registry-e.com/bar",
	 false,
	 {"t:mirror-1.registry-e.com", "t:mirror-2.registry-e.com"},
	 {"registry-e.com/bar"},
	 {"mirror-1.registry-e.com", "mirror-2.registry-e.com", "registry-e.com/bar"}},
	{"registry-f.com/baz",
	 "registry-f.com/bar",
	 false,
	 {"mirror-1.registry-f.com", "t:mirror-2.registry-f.com"},
	 {"mirror-1.registry-f.com", "registry-f.com/bar"},
	 {"mirror-1.registry-f.com", "mirror-2.registry-f.com", "registry-f.com/bar"}},
	{"registry-g.com/baz",
	 "registry-g.com/bar",
	 false,
	 {"d:mirror-1.registry-g.com", "t:mirror-2.registry-g.com", "mirror-3.registry-g.com",
	  "a:mirror-4.registry-g.com"},
	 {"mirror-1.registry-g.com", "mirror-3.registry-g.com", "mirror-4.registry-g.com",
	  "registry-g.com/bar"},
	 {"mirror-2.registry-g.com", "mirror-3.registry-g.com", "mirror-4.registry-g.com",
	  "registry-g.com/bar"}},
};

TEST(sources_are_the_fitting_mirrors_and_then_the_location)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(mirror_cases); i++)
		add_registry(&text, mirror_cases[i].prefix, mirror_cases[i].location,
			     mirror_cases[i].digest_only, mirror_cases[i].mirrors);
	CLEANUP(registries_conf_release) struct registries_conf conf = loaded(text.buf);
	EXPECT(conf.n_entries == 9);
	for (size_t i = 0; i < ARRAY_LENGTH(mirror_cases); i++) {
		expect_sources(&conf, mirror_cases[i].prefix, SHA, mirror_cases[i].by_digest);
		expect_sources(&conf, mirror_cases[i].prefix, ":aaa", mirror_cases[i].by_tag);
	}
}

TEST(a_reference_with_tag_and_digest_goes_by_digest_and_keeps_both)
{
	CLEANUP(registries_conf_release) struct registries_conf conf =
		loaded("[[registry]]\nlocation=\"a.com\"\n[[registry.mirror]]\nlocation=\"m.com/x\"\n"
		       "pull-from-mirror=\"digest-only\"\n");
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	CLEANUP(pull_sources_release) struct pull_sources sources = PULL_SOURCES_INIT;

	EXPECT_OK(reference_parse(&reference, "a.com/b/c:v1" SHA, &err), &err);
	EXPECT_OK(registries_conf_sources(&conf, &reference, &sources, &err), &err);
	EXPECT(sources.count == 2);
	EXPECT_STRING(sources.items[0].reference.registry, "m.com");
	EXPECT_STRING(sources.items[0].reference.namespace, "x");
	EXPECT_STRING(sources.items[0].reference.name, "b/c");
	EXPECT_STRING(sources.items[0].reference.tag, "v1");
	EXPECT_STRING(sources.items[0].reference.id, &SHA[1]);
}

TEST(without_a_matching_entry_the_reference_itself_is_the_source)
{
	CLEANUP(registries_conf_release) struct registries_conf conf = REGISTRIES_CONF_INIT;

	expect_sources(&conf, "registry.com:5000/foo", ":tag",
		       (const char *const[]){"registry.com:5000/foo", NULL});
}

TEST(a_blocked_registry_still_has_its_mirrors)
{
	static const char text[] =
		"[[registry]]\nlocation = \"quay.io/a\"\nblocked = true\n"
		"[[registry.mirror]]\nlocation = \"mirror.com/a\"\npull-from-mirror = \"digest-only\"\n"
		"[[registry.mirror]]\nlocation = \"bad.com/a\"\npull-from-mirror = \"digest-only\"\n"
		"[[registry]]\nlocation = \"bad.com\"\nblocked = true\n";
	CLEANUP(registries_conf_release) struct registries_conf conf = loaded(text);
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference by_digest = REFERENCE_INIT, by_tag = REFERENCE_INIT;
	CLEANUP(pull_sources_release) struct pull_sources sources = PULL_SOURCES_INIT;

	EXPECT_OK(reference_parse(&by_digest, "quay.io/a/b" SHA, &err), &err);
	EXPECT_OK(registries_conf_sources(&conf, &by_digest, &sources, &err), &err);
	EXPECT(sources.count == 1 && !sources.items[0].is_original);
	EXPECT_STRING(sources.items[0].reference.registry, "mirror.com");
	reference_release(&by_tag);
	EXPECT_OK(reference_parse(&by_tag, "quay.io/a/b:v1", &err), &err);
	EXPECT_ERROR(registries_conf_sources(&conf, &by_tag, &sources, &err), &err, ERROR_INVALID,
		     "its mirrors are not for references by tag");
}

TEST(a_mirror_in_a_blocked_registry_is_left_out)
{
	static const char text[] = "[[registry]]\nlocation = \"quay.io\"\n"
				   "[[registry.mirror]]\nlocation = \"bad.com/a\"\n"
				   "[[registry.mirror]]\nlocation = \"bad.com/good\"\n"
				   "[[registry]]\nlocation = \"bad.com\"\nblocked = true\n"
				   "[[registry]]\nlocation = \"bad.com/good\"\n";
	CLEANUP(registries_conf_release) struct registries_conf conf = loaded(text);

	expect_sources(&conf, "quay.io", ":v1", (const char *const[]){"bad.com/good", "quay.io", NULL});
}
