/* SPDX-License-Identifier: Apache-2.0 */
/* The versions that components report, one by one and together. */
#include "release/component_versions.h"

#include <string.h>

#include "tests/tap.h"

/* "name=version|display name|component" and so on, with a space between them, in the order of the list. */
static char *describe(const struct component_versions *versions)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < versions->count; i++) {
		const struct component_version *item = &versions->items[i];
		strbuf_addf(&out, "%s%s=%s|%s|%s", i ? " " : "", item->name, item->version,
			    item->display_name, item->component ? item->component : "");
	}
	return strbuf_detach(&out);
}

static void expect_label(const char *label, const char *display_names, const char *want)
{
	CLEANUP(component_versions_release) struct component_versions versions = COMPONENT_VERSIONS_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(component_versions_parse(&versions, label, display_names, &err), &err);
	CLEANUP(free_string) char *got = describe(&versions);
	EXPECT_STRING(got, want);
}

static void expect_bad_label(const char *label, const char *display_names, const char *part)
{
	CLEANUP(component_versions_release) struct component_versions versions = COMPONENT_VERSIONS_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(component_versions_parse(&versions, label, display_names, &err), &err, ERROR_INVALID,
		     part);
	EXPECT(versions.count == 0);
}

TEST(a_label_is_pairs_of_name_and_version)
{
	expect_label("", NULL, "");
	expect_label("a1=1.0.0", NULL, "a1=1.0.0||");
	expect_label("a1=1.0.0", "a1=Red Hat Enterprise Linux CoreOS 9.8",
		     "a1=1.0.0|Red Hat Enterprise Linux CoreOS 9.8|");
	expect_label("a1=1.0.0,b1=2.0.0", "a1=other,a1=valid", "a1=1.0.0|valid| b1=2.0.0||");
}

TEST(white_space_around_pairs_is_dropped)
{
	expect_label(" \t b1=2.0.0 ,\n a1=1.0.0  ", "  \n", "a1=1.0.0|| b1=2.0.0||");
	expect_label("  \n", "not a pair", "");
	expect_label("a1=1.0.0", " a1=A (b): c-d. ,b1=Nobody", "a1=1.0.0|A (b): c-d.|");
}

TEST(later_pairs_win_and_builds_are_dropped)
{
	expect_label("a1=1.0.0,a1=1.1.0-rc.1+build.5", NULL, "a1=1.1.0-rc.1||");
	expect_label("machine-os=412.86.202301061548-0", "machine-os=Red Hat Enterprise Linux CoreOS",
		     "machine-os=412.86.202301061548-0|Red Hat Enterprise Linux CoreOS|");
}

TEST(a_bad_pair_voids_the_label)
{
	expect_bad_label("a=1.0.0", NULL, "\"a\" is not a name");
	expect_bad_label("ab", NULL, "\"ab\" has no '='");
	expect_bad_label("a1=1.0.0", "a1=!,a1=valid", "\"!\" is not a display name");
	expect_bad_label("a1=1.0.0,", NULL, "\"\" has no '='");
	expect_bad_label("a1=1.0.0,A1=1.0.0", NULL, "\"A1\" is not a name");
	expect_bad_label("-a=1.0.0", NULL, "is not a name");
	expect_bad_label("a-=1.0.0", NULL, "is not a name");
	expect_bad_label("a1=1.0", NULL, "\"1.0\" is not a semantic version");
	expect_bad_label("a1=v1.0.0", NULL, "is not a semantic version");
	expect_bad_label("a1= 1.0.0", NULL, "is not a semantic version");
	expect_bad_label("a1=1.0.0", "a1=", "is not a display name");
	expect_bad_label("a1=1.0.0", "a1", "\"a1\" has no '='");
	expect_bad_label("a1=1.0.0", "a1=\x1b[2J", "\"\\x1b[2J\" is not a display name");
}

/* --- together */

struct report {
	const char *component;
	const char *versions;
	const char *display_names;
};

#define AMBIGUOUS "multiple versions or display names reported for the following component(s): "

static void expect_reports(const struct report *reports, size_t n_reports, const char *want,
			   const char *warning)
{
	CLEANUP(component_versions_release) struct component_versions versions = COMPONENT_VERSIONS_INIT;
	struct release_component components[4] = {0};
	struct release_payload payload = {.components = components, .n_components = n_reports};

	for (size_t i = 0; i < n_reports; i++)
		components[i] = (struct release_component){
			.name = (char *)reports[i].component,
			.versions = (char *)reports[i].versions,
			.display_names = (char *)reports[i].display_names,
		};
	component_versions_collect(&versions, &payload);
	CLEANUP(free_string) char *got = describe(&versions);
	EXPECT_STRING(got, want);
	EXPECT(versions.warnings.count == (warning ? 1 : 0));
	if (versions.warnings.count && warning)
		EXPECT_STRING(versions.warnings.items[0], warning);
}

#define EXPECT_REPORTS(want, warning, ...) \
	expect_reports((const struct report[]){__VA_ARGS__}, \
		       ARRAY_LENGTH(((const struct report[]){__VA_ARGS__})), want, warning)

TEST(empty_labels_report_nothing)
{
	EXPECT_REPORTS("", NULL, {"foo", "", ""});
	EXPECT_REPORTS("", NULL, {"foo", NULL, NULL}, {"bar", NULL, "a1=Name"});
}

TEST(a_component_reports_several_versions)
{
	EXPECT_REPORTS("a1=1.0.0||foo b1=1.0.1|Test Name|foo", NULL,
		       {"foo", "a1=1.0.0,b1=1.0.1", "b1=Test Name"});
}

TEST(the_last_component_that_names_it_counts)
{
	EXPECT_REPORTS("a1=1.0.0||test2", NULL, {"test1", "a1=1.0.0", NULL}, {"test2", "a1=1.0.0", NULL});
}

TEST(of_several_versions_the_lowest_is_shown)
{
	EXPECT_REPORTS("a1=1.0.0||test2", AMBIGUOUS "a1", {"test1", "a1=1.0.0", "a1=Test Name"},
		       {"test2", "a1=1.0.1", NULL});
	EXPECT_REPORTS("a1=1.0.0||test2", AMBIGUOUS "a1", {"test1", "a1=1.0.1", NULL},
		       {"test2", "a1=1.0.0", "a1=Test Name"});
}

TEST(of_several_display_names_the_lowest_is_shown)
{
	EXPECT_REPORTS("a1=1.0.0|Test Name|test2", AMBIGUOUS "a1", {"test1", "a1=1.0.0", "a1=Test Name"},
		       {"test2", "a1=1.0.0", "a1=Test Name 2"});
}

TEST(about_kubectl_only_the_clients_are_believed)
{
	EXPECT_REPORTS("kubectl=1.0.0||test3", AMBIGUOUS "kubectl", {"cli", "kubectl=1.1.0", NULL},
		       {"cli-artifacts", "kubectl=1.0.0", NULL}, {"test3", "kubectl=1.0.0", NULL});
	EXPECT_REPORTS("kubectl=1.1.0||test3", NULL, {"cli", "kubectl=1.1.0", NULL},
		       {"cli-artifacts", "kubectl=1.1.0", NULL}, {"test3", "kubectl=1.0.0", NULL},
		       {"test3", "kubectl=1.0.1", NULL});
	EXPECT_REPORTS("", NULL, {"test3", "kubectl=1.0.0", NULL});
}

TEST(ambiguous_names_are_listed_without_machine_os)
{
	EXPECT_REPORTS("a1=1.0.0||y b1=1.0.0||y machine-os=1.0.0||y", AMBIGUOUS "a1,  b1",
		       {"x", "machine-os=1.0.0,b1=1.0.0,a1=1.0.0", NULL},
		       {"y", "machine-os=2.0.0,b1=2.0.0,a1=2.0.0", NULL});
}

TEST(a_bad_label_is_a_warning)
{
	EXPECT_REPORTS("a1=1.0.0||y",
		       "the versions that component x reports are not used: \"1\" is not a semantic version",
		       {"x", "b1=1.0.0,c1=1", NULL}, {"y", "a1=1.0.0", NULL});
}
