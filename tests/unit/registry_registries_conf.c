/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of containers/image, pkg/sysregistriesv2/system_registries_v2_test.go (Apache-2.0), as tables. */
#include "registry/registries_conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "tests/tap.h"
#include "tests/unit/registry_files.h"

#define SHA "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static int load_text(struct registries_conf *conf, const char *text, struct error *err)
{
	CLEANUP(free_string) char *path = write_file("registries.conf", text, 0600);

	return registries_conf_load_files(conf, path, NULL, err);
}

static void expect_refused(const char *text, const char *part)
{
	CLEANUP(registries_conf_release) struct registries_conf conf = REGISTRIES_CONF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	EXPECT_ERROR(load_text(&conf, text, &err), &err, ERROR_INVALID, part);
	EXPECT(!conf.entries);
}

static struct registries_conf loaded(const char *text)
{
	struct registries_conf conf = REGISTRIES_CONF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	EXPECT_OK(load_text(&conf, text, &err), &err);
	return conf;
}

/* The same as one text: "location location ..." */
static void expect_locations(const struct registries_conf *conf, const char *wanted)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < conf->n_entries; i++)
		strbuf_addf(&text, "%s%s", i ? " " : "", conf->entries[i].location);
	EXPECT_STRING(text.buf, wanted);
}

static void expect_search(const struct registries_conf *conf, const char *wanted)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < conf->unqualified_search.count; i++)
		strbuf_addf(&text, "%s%s", i ? " " : "", conf->unqualified_search.items[i]);
	EXPECT_STRING(text.buf, wanted);
}

TEST(a_location_loses_trailing_slashes_and_has_no_scheme)
{
	CLEANUP(registries_conf_release) struct registries_conf plain =
		loaded("[[registry]]\nlocation = \"example.com\"\n");
	CLEANUP(registries_conf_release) struct registries_conf slashes =
		loaded("[[registry]]\nlocation = \"example.com//////\"\nprefix = \"a.com/b//\"\n");

	expect_locations(&plain, "example.com");
	expect_locations(&slashes, "example.com");
	EXPECT_STRING(slashes.entries[0].prefix, "a.com/b");
	expect_refused("[[registry]]\nlocation = \"https://example.com\"\n",
		       "invalid location 'https://example.com': URI schemes are not supported");
	expect_refused("[[registry]]\nlocation = \"r.com\"\nprefix = \"http://schema-is-invalid.com\"\n",
		       "URI schemes are not supported");
	expect_refused(
		"[[registry]]\nlocation = \"r.com\"\n[[registry.mirror]]\nlocation = \"http://m.com\"\n",
		"URI schemes are not supported");
}

TEST(invalid_configurations_are_refused)
{
	static const char registry[] = "[[registry]]\nlocation = \"registry.com\"\n";
	static const struct {
		const char *more, *part;
	} cases[] = {
		{"[[registry.mirror]]\nlocation=\"m.com\"\n[[registry]]\nlocation=\"registry.com\"\ninsecure="
		 "true\n",
		 "registry 'registry.com' is defined multiple times with conflicting 'insecure' setting"},
		{"[[registry]]\nlocation=\"registry.com\"\nblocked=true\n",
		 "registry 'registry.com' is defined multiple times with conflicting 'blocked' setting"},
		{"[[registry.mirror]]\nlocation = \"mirror-b.com\"\n[[registry.mirror]]\n",
		 "invalid condition: mirror location is unset"},
		{"[[registry]]\nprefix = \"registry-a.com/foo\"\nlocation = \"b.com\"\npull-from-mirror = "
		 "\"digest-only\"\n",
		 "pull-from-mirror must not be set for a non-mirror registry \"registry-a.com/foo\""},
		{"[[registry.mirror]]\npull-from-mirror = \"notvalid\"\nlocation = "
		 "\"mirror-1.registry-a.com\"\n",
		 "unsupported pull-from-mirror value \"notvalid\" for mirror \"mirror-1.registry-a.com\""},
		{"mirror-by-digest-only=true\n[[registry.mirror]]\nlocation=\"m.com\"\npull-from-mirror="
		 "\"digest-only\"\n",
		 "cannot set mirror usage mirror-by-digest-only"},
		{"[[registry]]\n", "invalid condition: both location and prefix are unset"},
		{"[[registry]]\nprefix=\"a.com\"\n",
		 "invalid condition: location is unset and prefix is not in the format"},
		{"insecure = \"yes\"\n", "registry[0].insecure"},
		{"[registries.search]\nregistries = []\n", "mixing sysregistry v1/v2 is not supported"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(free_string) char *text = xasprintf("%s%s", registry, cases[i].more);
		expect_refused(text, cases[i].part);
	}
	expect_refused("unqualified-search-registries = [\"registry-a.com/namespace-is-forbidden\"]\n",
		       "'registry-a.com/namespace-is-forbidden' is not a host[:port]");
	expect_refused("registry = 1\n", "registry");
	expect_refused("invalid\n", "registries.conf");
}

TEST(a_missing_file_is_named)
{
	CLEANUP(registries_conf_release) struct registries_conf conf = REGISTRIES_CONF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	EXPECT_ERROR(registries_conf_load_files(&conf, "this-does-not-exist.conf", NULL, &err), &err,
		     ERROR_NOT_FOUND, "this-does-not-exist.conf: no such file or directory");
}

TEST(versions_1_and_2_do_not_mix_even_when_empty)
{
	expect_refused("unqualified-search-registries = [\"registry-a.com\", \"registry-c.com\"]\n"
		       "[registries.search]\nregistries = [\"registry-a.com\", \"registry-c.com\"]\n"
		       "[registries.block]\nregistries = [\"registry-b.com\"]\n"
		       "[[registry]]\nlocation = \"registry-a.com\"\n",
		       "mixing sysregistry v1/v2 is not supported");
	expect_refused("unqualified-search-registries = []\n[registries.search]\nregistries = []\n"
		       "[registries.block]\nregistries = []\n[registries.insecure]\nregistries = []\n",
		       "mixing sysregistry v1/v2 is not supported");
}

/* Pairs of location and prefix (NULL: none given, "": given as empty); location NULL: none given. */
static char *find_registry_text(void)
{
	static const struct {
		const char *location, *prefix;
	} entries[] = {
		{"registry.com:5000", "simple-prefix.com"},
		{"another-registry.com:5000", "complex-prefix.com:4000/with/path"},
		{"registry.com:5000", "another-registry.com"},
		{"no-prefix.com", NULL},
		{"empty-prefix.com", ""},
		{"subdomain-prefix.com", "*.so.simple-prefix.com"},
		{"subdomain-prefix-2.com", "*.simple-prefix.com"},
		{"subdomain-prefix-1.com", "*.not.quite.simple-prefix.com"},
		{"subdomain-prefix-2.com", "*.docker.io"},
		{"subdomain-prefix-3.com", "*.bar.example.com"},
		{"subdomain-prefix-4.com", "*.bar.docker.io"},
		{"subdomain-prefix-5.com", "foo.bar.example.com:5000"},
		{NULL, "*.internal.registry.com"},
		{NULL, "*.com"},
		{NULL, "*.foobar.io"},
	};
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
		strbuf_add_string(&text, "[[registry]]\n");
		if (entries[i].location)
			strbuf_addf(&text, "location = \"%s\"\n", entries[i].location);
		if (entries[i].prefix)
			strbuf_addf(&text, "prefix = \"%s\"\n", entries[i].prefix);
	}
	return strbuf_detach(&text);
}

static void write_drop_ins(void)
{
	static const char *const files[][2] = {
		{"registries.conf.d/config-1.conf",
		 "unqualified-search-registries = [\"example-overwrite.com\"]\n"
		 "credential-helpers = [\"we\", \"will\", \"be\", \"overridden\", \"later\"]\n"
		 "[[registry]]\nlocation = \"1.com\"\n[aliases]\ndocker=\"docker.io/library/config1\"\n"},
		{"registries.conf.d/config-2.conf",
		 "short-name-mode=\"permissive\"\n[[registry]]\nlocation = \"1.com\"\n"
		 "[[registry]]\nlocation = \"2.com\"\n[[registry]]\nlocation = \"base.com\"\nblocked = "
		 "true\n"},
		{"registries.conf.d/config-3.conf", ""},
		{"registries.conf.d/config-3.ignore",
		 "unqualified-search-registries = [\"ignore-example-overwrite.com\"]\n"
		 "[[registry]]\nlocation = \"ignore-me-because-i-have-a-wrong-suffix.com\"\n"},
		{"registries.conf.d/subdomain-override-1.conf",
		 "[[registry]]\nlocation = \"subdomain-prefix-1-overridden-by-dropin-location.com\"\n"
		 "prefix = \"*.not.quite.simple-prefix.com\"\n"},
		{"registries.conf.d/subdomain-override-2.conf",
		 "[[registry]]\nlocation = \"subdomain-prefix-2-overridden-by-dropin-location.com\"\n"
		 "prefix = \"*.docker.com\"\n"},
		{"registries.conf.d/subdomain-override-3.conf",
		 "[[registry]]\nlocation = \"subdomain-prefix-3-overridden-by-dropin-location.com\"\n"
		 "prefix = \"*.bar.example.com\"\n"},
		{"registries.conf.d/directory.conf/x", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
		free(write_file(files[i][0], files[i][1], 0600));
}

static struct registries_conf loaded_with_drop_ins(const char *text)
{
	struct registries_conf conf = REGISTRIES_CONF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(free_string) char *path = write_file("registries.conf", text, 0600);
	CLEANUP(free_string) char *directory = xasprintf("%s.d", path);

	write_drop_ins();
	EXPECT_OK(registries_conf_load_files(&conf, path, directory, &err), &err);
	return conf;
}

TEST(the_entry_with_the_longest_prefix_is_found)
{
	static const struct {
		const char *text, *prefix, *location; /* NULL: not looked at */
		bool is_absent;
	} cases[] = {
		{"simple-prefix.com/foo/bar:latest", "simple-prefix.com", "registry.com:5000", false},
		{"simple-prefix.com/", NULL, NULL, false},
		{"simple-prefix.com", NULL, NULL, false},
		{"not.so.simple-prefix.com/", NULL, "subdomain-prefix.com", false},
		{"not.quite.simple-prefix.com/", NULL, "subdomain-prefix-2.com", false},
		{"not.quite.simple-prefix.com:5000/with/path/and/beyond:tag", NULL, "subdomain-prefix-2.com",
		 false},
		{"really.not.quite.simple-prefix.com:5000/with/path/and/beyond:tag", NULL,
		 "subdomain-prefix-1-overridden-by-dropin-location.com", false},
		{"foo.docker.io:5000/omg/wtf/bbq:foo", NULL, "subdomain-prefix-2.com", false},
		{"foo.bar.example.com:6000/omg/wtf/bbq" SHA, NULL,
		 "subdomain-prefix-3-overridden-by-dropin-location.com", false},
		{"foo.bar.docker.io:5000/omg/wtf/bbq:foo", NULL, "subdomain-prefix-4.com", false},
		{"foo.bar.example.com:5000/omg/wtf/bbq:foo", NULL, "subdomain-prefix-5.com", false},
		{"simple-prefix.comx", NULL, NULL, true},
		{"complex-prefix.com:4000/with/path/and/beyond:tag", "complex-prefix.com:4000/with/path",
		 "another-registry.com:5000", false},
		{"no-prefix.com/foo:tag", "no-prefix.com", "no-prefix.com", false},
		{"empty-prefix.com/foo:tag", "empty-prefix.com", "empty-prefix.com", false},
		{"abc.internal.registry.com/foo:bar", "*.internal.registry.com", "", false},
	};
	CLEANUP(free_string) char *text = find_registry_text();
	CLEANUP(registries_conf_release) struct registries_conf conf = loaded_with_drop_ins(text);

	EXPECT(conf.n_entries == 19);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct registry_entry *entry = registries_conf_find(&conf, cases[i].text);

		if (!entry != cases[i].is_absent)
			test_fail(__FILE__, __LINE__, "%s: %s", cases[i].text,
				  entry ? entry->prefix : "nothing");
		if (entry && cases[i].prefix)
			EXPECT_STRING(entry->prefix, cases[i].prefix);
		if (entry && cases[i].location)
			EXPECT_STRING(entry->location, cases[i].location);
	}
}

TEST(mirrors_have_a_location_and_flags)
{
	CLEANUP(registries_conf_release) struct registries_conf conf =
		loaded("[[registry]]\nlocation = \"registry.com\"\n"
		       "[[registry.mirror]]\nlocation = \"mirror-1.registry.com\"\n"
		       "[[registry.mirror]]\nlocation = \"mirror-2.registry.com\"\ninsecure = true\n"
		       "[[registry]]\nlocation = \"blocked.registry.com\"\nblocked = true\n");
	const struct registry_entry *entry = registries_conf_find(&conf, "registry.com/image");

	EXPECT(conf.n_entries == 2);
	EXPECT(entry && entry->n_mirrors == 2);
	if (!entry || entry->n_mirrors != 2)
		return;
	EXPECT_STRING(entry->mirrors[0].location, "mirror-1.registry.com");
	EXPECT(!entry->mirrors[0].is_insecure && entry->mirrors[1].is_insecure);
	EXPECT_STRING(entry->mirrors[1].location, "mirror-2.registry.com");
}

TEST(the_search_list_is_replaced_only_by_one_that_is_present)
{
	static const char base[] = "unqualified-search-registries = [\"registry-a.com\", \"registry-c.com\", "
				   "\"registry-d.com\"]\n[[registry]]\nlocation = \"registry-a.com\"\n"
				   "[[registry]]\nlocation = \"registry-b.com\"\n[[registry]]\nlocation = "
				   "\"registry-c.com\"\n[[registry]]\nlocation = \"registry-d.com\"\n";
	static const char *const cases[][2] = {
		{"# unqualified-search-registries is not set\n",
		 "registry-a.com registry-c.com registry-d.com"},
		{"unqualified-search-registries = []\n", ""},
		{"unqualified-search-registries = [\"x.com\"]\n", "x.com"},
	};
	CLEANUP(registries_conf_release) struct registries_conf alone = loaded(base);

	EXPECT(alone.n_entries == 4);
	expect_search(&alone, "registry-a.com registry-c.com registry-d.com");
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(registries_conf_release) struct registries_conf conf = REGISTRIES_CONF_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		CLEANUP(free_string) char *path = write_file("registries.conf", base, 0600);
		CLEANUP(free_string) char *directory = xasprintf("%s.d", path);

		free(write_file("registries.conf.d/usr.conf", cases[i][0], 0600));
		EXPECT_OK(registries_conf_load_files(&conf, path, directory, &err), &err);
		expect_search(&conf, cases[i][1]);
	}
}

TEST(drop_ins_replace_whole_entries_in_lexical_order)
{
	CLEANUP(registries_conf_release) struct registries_conf conf = loaded_with_drop_ins(
		"unqualified-search-registries = [\"example.com\"]\n[[registry]]\nlocation = "
		"\"base.com\"\ninsecure = true\n");
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	CLEANUP(pull_sources_release) struct pull_sources sources = PULL_SOURCES_INIT;

	expect_search(&conf, "example-overwrite.com");
	expect_locations(&conf, "subdomain-prefix-3-overridden-by-dropin-location.com "
				"subdomain-prefix-2-overridden-by-dropin-location.com "
				"subdomain-prefix-1-overridden-by-dropin-location.com 1.com 2.com base.com");
	const struct registry_entry *base = registries_conf_find(&conf, "base.com/test:latest");
	EXPECT(base && base->is_blocked && !base->is_insecure);
	EXPECT_OK(reference_parse(&reference, "base.com/test:latest", &err), &err);
	CLEANUP(free_string) char *message =
		xasprintf("registry base.com is blocked in %s/registries.conf or %s/registries.conf.d",
			  test_directory(), test_directory());
	EXPECT_ERROR(registries_conf_sources(&conf, &reference, &sources, &err), &err, ERROR_INVALID,
		     message);
}

TEST(a_drop_in_of_version_1_is_refused)
{
	CLEANUP(registries_conf_release) struct registries_conf conf = REGISTRIES_CONF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(free_string) char *path = write_file("registries.conf", "", 0600);
	CLEANUP(free_string) char *directory = xasprintf("%s/d", test_directory());

	free(write_file("d/a.conf", "[registries.search]\nregistries = []\n", 0600));
	EXPECT_ERROR(registries_conf_load_files(&conf, path, directory, &err), &err, ERROR_INVALID,
		     "d/a.conf");
}

TEST(entries_are_sorted_by_prefix)
{
	CLEANUP(registries_conf_release) struct registries_conf conf =
		loaded("[[registry]]\nlocation = \"registry.com\"\n"
		       "[[registry.mirror]]\nlocation = \"mirror-1.registry.com\"\n"
		       "[[registry.mirror]]\nlocation = \"mirror-2.registry.com\"\n"
		       "[[registry]]\nlocation = \"blocked.registry.com\"\nblocked = true\n"
		       "[[registry]]\nlocation = \"insecure.registry.com\"\ninsecure = true\n"
		       "[[registry]]\nlocation = \"untrusted.registry.com\"\ninsecure = true\n");

	EXPECT(conf.n_entries == 4);
	expect_locations(&conf,
			 "blocked.registry.com insecure.registry.com registry.com untrusted.registry.com");
}

TEST(the_first_of_two_entries_with_the_same_prefix_counts)
{
	CLEANUP(registries_conf_release) struct registries_conf conf =
		loaded("[[registry]]\nprefix = \"a.com\"\nlocation = \"first.com\"\n"
		       "[[registry]]\nprefix = \"a.com\"\nlocation = \"second.com\"\n");

	expect_locations(&conf, "first.com");
}

TEST(version_1_is_read_as_version_2)
{
	CLEANUP(registries_conf_release) struct registries_conf conf =
		loaded("[registries.search]\nregistries = [\"registry-a.com////\", \"registry-c.com\", "
		       "\"registry-d.com\"]\n"
		       "[registries.block]\nregistries = [\"registry-b.com\"]\n"
		       "[registries.insecure]\nregistries = [\"registry-b.com////\", \"registry-d.com\", "
		       "\"registry-e.com\", \"registry-a.com\"]\n");
	const struct registry_entry *entry =
		registries_conf_find(&conf, "registry-b.com/bar/foo/barfoo:latest");

	EXPECT(conf.n_entries == 4);
	expect_search(&conf, "registry-a.com registry-c.com registry-d.com");
	expect_locations(&conf, "registry-a.com registry-b.com registry-d.com registry-e.com");
	EXPECT(entry && entry->is_insecure && entry->is_blocked);
	for (size_t i = 0; i < 3; i++) {
		static const char *const lists[] = {"search", "block", "insecure"};
		CLEANUP(free_string) char *text = xasprintf(
			"[registries.%s]\nregistries = [\"a.com\", \"http://schema-is-invalid.com\"]\n",
			lists[i]);
		expect_refused(text, "URI schemes are not supported");
	}
}

TEST(the_users_drop_ins_need_no_file_of_the_users)
{
	CLEANUP(free_string) char *directory = xasprintf("%s/xdg", test_directory());
	CLEANUP(registries_conf_release) struct registries_conf conf = REGISTRIES_CONF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	free(write_file("xdg/containers/registries.conf.d/1.conf",
			"[[registry]]\nlocation = \"drop-in.example\"\n", 0600));
	unsetenv("CONTAINERS_REGISTRIES_CONF");
	setenv("XDG_CONFIG_HOME", directory, 1);
	EXPECT_OK(registries_conf_load(&conf, NULL, &err), &err);
	EXPECT(registries_conf_find(&conf, "drop-in.example/a") != NULL);
	EXPECT(strstr(conf.origin, "/etc/containers/registries.conf") && strstr(conf.origin, "/xdg/"));
	unsetenv("XDG_CONFIG_HOME");
}

TEST(the_file_of_the_environment_and_the_users_own_are_found)
{
	CLEANUP(free_string) char *named =
		write_file("named.conf", "[[registry]]\nlocation = \"named.com\"\n", 0600);
	CLEANUP(free_string) char *own =
		write_file("xdg/containers/registries.conf", "[[registry]]\nlocation = \"own.com\"\n", 0600);
	CLEANUP(free_string) char *directory = xasprintf("%s/xdg", test_directory());
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	free(write_file("named.conf.d/1.conf", "[[registry]]\nlocation = \"drop-in.com\"\n", 0600));
	setenv("CONTAINERS_REGISTRIES_CONF", "", 1);
	setenv("XDG_CONFIG_HOME", directory, 1);
	CLEANUP(registries_conf_release) struct registries_conf users = REGISTRIES_CONF_INIT;
	EXPECT_OK(registries_conf_load(&users, NULL, &err), &err);
	expect_locations(&users, "own.com");
	setenv("CONTAINERS_REGISTRIES_CONF", named, 1);
	CLEANUP(registries_conf_release) struct registries_conf environments = REGISTRIES_CONF_INIT;
	EXPECT_OK(registries_conf_load(&environments, NULL, &err), &err);
	expect_locations(&environments, "drop-in.com named.com");
	CLEANUP(registries_conf_release) struct registries_conf explicit = REGISTRIES_CONF_INIT;
	EXPECT_OK(registries_conf_load(&explicit, own, &err), &err);
	expect_locations(&explicit, "own.com");
	setenv("CONTAINERS_REGISTRIES_CONF", "/nonexistent/registries.conf", 1);
	CLEANUP(registries_conf_release) struct registries_conf none = REGISTRIES_CONF_INIT;
	EXPECT_ERROR(registries_conf_load(&none, NULL, &err), &err, ERROR_NOT_FOUND,
		     "/nonexistent/registries.conf");
	unsetenv("CONTAINERS_REGISTRIES_CONF");
	unsetenv("XDG_CONFIG_HOME");
}
