/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cluster/release_target.h"
#include "tests/tap.h"

static void expect_name(const char *to, const char *version, const char *architecture, const char *component,
			const char *want)
{
	struct error err = ERROR_INIT;
	CLEANUP(release_target_release) struct release_target target = RELEASE_TARGET_INIT;
	CLEANUP(reference_release) struct reference name = REFERENCE_INIT;

	EXPECT_OK(release_target_parse(&target, to, &err), &err);
	if (!target.text)
		return;
	EXPECT_STRING(target.text, to);
	EXPECT_STRING(target.repository.tag, "");
	EXPECT_OK(release_target_name(&target, version, architecture, component, &name, &err), &err);
	if (!name.registry)
		return;
	CLEANUP(free_string) char *got = reference_exact(&name);
	EXPECT_STRING(got, want);
}

static void expect_usage(const char *to, const char *part)
{
	struct error err = ERROR_INIT;
	CLEANUP(release_target_release) struct release_target target = RELEASE_TARGET_INIT;

	EXPECT_ERROR(release_target_parse(&target, to, &err), &err, ERROR_USAGE, part);
	EXPECT(!target.text && !target.repository.registry);
}

TEST(tags_are_made_of_version_architecture_and_component)
{
	expect_name("reg.com/ocp/release", "4.16.3", "x86_64", NULL, "reg.com/ocp/release:4.16.3-x86_64");
	expect_name("reg.com/ocp/release", "4.16.3", "aarch64", "cluster-version-operator",
		    "reg.com/ocp/release:4.16.3-aarch64-cluster-version-operator");
	expect_name("reg.com/ocp/release", "4.16.3", "s390x", NULL, "reg.com/ocp/release:4.16.3-s390x");
	expect_name("reg.com/ocp/release", "4.16.3", "multi", "cli", "reg.com/ocp/release:4.16.3-multi-cli");
	expect_name("reg.com/ocp/release", "4.16.3", "", "cli", "reg.com/ocp/release:4.16.3-cli");
	expect_name("reg.com/ocp/release", "4.16.3", "", NULL, "reg.com/ocp/release:4.16.3");
}

TEST(a_pattern_has_the_architecture_at_its_end)
{
	expect_name("reg.com/ocp/release:${component}", "4.16.3", "x86_64", NULL,
		    "reg.com/ocp/release:release-x86_64");
	expect_name("reg.com/ocp:${version}-${component}", "4.16.3", "x86_64", "cli",
		    "reg.com/ocp:4.16.3-cli-x86_64");
	expect_name("reg:5000/ocp:${version}_${component}.${version}", "4.16.3", "", "cli",
		    "reg:5000/ocp:4.16.3_cli.4.16.3");
}

TEST(the_repository_follows_the_rules_of_other_targets)
{
	expect_name("docker://reg:5000/ocp/release", "4.1.0", "x86_64", NULL,
		    "reg:5000/ocp/release:4.1.0-x86_64");
	expect_name("docker://reg/ocp:${component}", "4.1.0", "x86_64", NULL, "reg/ocp:release-x86_64");
	expect_name("reg.com/a/b/c/d", "4.1.0", "x86_64", NULL, "reg.com/a/b/c/d:4.1.0-x86_64");
	expect_usage("reg.com", "reg.com/openshift/release");
	expect_usage("registry/ocp", "docker://registry/ocp");
	expect_usage("docker://reg.com:5000", "reg.com:5000/openshift/release");
	expect_usage("reg.com/Team/x", "lowercase");
	expect_usage("docker://reg.com:${component}", "name a repository");
	expect_usage("file://openshift/release", "'file://openshift/release' is no repository of a registry");
	expect_usage("archive:x.tar", "no repository of a registry");
	expect_usage("", "not a valid image reference");
}

TEST(a_tag_or_digest_is_refused_in_oc_s_words)
{
	static const char words[] = "--to must be to an image repository and may not contain a tag or digest";

	expect_usage("reg.com/ocp/release:tag", words);
	expect_usage("docker://reg.com:5000/release:tag", words);
	expect_usage("reg.com/ocp@sha256:d134a9865524c29fcf75bbc4469013bc38d8a15cb5f41acfddb6b9e492f556e4",
		     words);
	expect_usage("reg.com/ocp@sha256:x", words);
}

TEST(placeholders_belong_in_the_tag)
{
	static const char words[] = "--to must be a valid image reference";

	expect_usage("reg.com/ocp/release:${component}-${component}",
		     "when mirroring to multiple repositories, use the new release command with "
		     "--from-release and --mirror");
	expect_usage("reg.com/ocp/${component}", words);
	expect_usage("reg.com/ocp/${component}:${component}", words);
	expect_usage("reg.com/${version}/x:${component}", words);
	expect_usage("reg.com:${component}/x", words);
	expect_usage("reg.com/ocp:${version}", "--to has ${version} without ${component}");
	expect_usage("reg.com/ocp:-${component}", "'-${component}' makes no tag");
	expect_usage("reg.com/ocp:${component}${arch}", "makes no tag");
	expect_usage("reg.com/ocp:${component}\x1b[1m", "makes no tag");
}

TEST(a_password_is_not_shown)
{
	static const char *const texts[] = {
		"user:secret@reg.com/ocp",
		"user:secret@reg.com/ocp:tag",
		"https://user:secret@reg.com/ocp",
		"user:secret@reg.com/ocp:${component}",
		"user:secret@reg.com/${component}",
		"user:secret@reg.com/ocp:${component}${component}",
		"user:secret@reg.com/ocp:${version}",
		"docker://user:secret@reg.com/ocp:-${component}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		CLEANUP(release_target_release) struct release_target target = RELEASE_TARGET_INIT;
		EXPECT(release_target_parse(&target, texts[i], &err) < 0);
		EXPECT(error_is(&err, ERROR_USAGE));
		EXPECT(err.message && !strstr(err.message, "secret"));
	}
}

TEST(what_is_no_tag_is_refused)
{
	struct error err = ERROR_INIT;
	CLEANUP(release_target_release) struct release_target target = RELEASE_TARGET_INIT;
	CLEANUP(reference_release) struct reference name = REFERENCE_INIT;
	char component[121] = {0};

	memset(component, 'c', sizeof(component) - 1);
	EXPECT_OK(release_target_parse(&target, "reg.com/ocp", &err), &err);
	EXPECT_ERROR(release_target_name(&target, "4.16.3+x", "x86_64", NULL, &name, &err), &err,
		     ERROR_INVALID, "reg.com/ocp: '4.16.3+x-x86_64' is no tag");
	EXPECT_ERROR(release_target_name(&target, "4.16.3\n", "", NULL, &name, &err), &err, ERROR_INVALID,
		     "4.16.3\\x0a");
	EXPECT_ERROR(release_target_name(&target, "4.16.333", "", component, &name, &err), &err,
		     ERROR_INVALID, "128 at most; choose another target");
	EXPECT(!name.registry);
	/* 7 + 1 + 120 characters. */
	EXPECT_OK(release_target_name(&target, "4.16.33", "", component, &name, &err), &err);
}
