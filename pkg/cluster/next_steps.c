/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/next_steps.h"

#include <string.h>

#include "base/text.h"
#include "cluster/next_steps_sections.h"

static size_t longest_run(const char *text, char character)
{
	size_t longest = 0;

	while (*text) {
		size_t length = 0;
		while (text[length] == character)
			length++;
		longest = length > longest ? length : longest;
		text += length ? length : 1;
	}
	return longest;
}

void next_steps_add_code(struct strbuf *out, const char *text)
{
	CLEANUP(free_string) char *shown = text_escaped(text);
	size_t run = longest_run(shown, '`');
	const char *space = run ? " " : "";

	/* CommonMark 6.1: more backticks outside than inside. */
	for (size_t i = 0; i <= run; i++)
		strbuf_add_char(out, '`');
	strbuf_addf(out, "%s%s%s", space, shown, space);
	for (size_t i = 0; i <= run; i++)
		strbuf_add_char(out, '`');
}

static void add_host(struct strvec *hosts, const char *image)
{
	CLEANUP(free_string) char *host = xstrndup(image, strcspn(image, "/"));

	if (!strvec_contains(hosts, host))
		strvec_push(hosts, host);
}

void next_steps_hosts(const struct next_steps *steps, struct strvec *hosts)
{
	add_host(hosts, steps->update_image);
	if (steps->component_image)
		add_host(hosts, steps->component_image);
}

void next_steps_add_hosts(const struct next_steps *steps, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec hosts = STRVEC_INIT;

	next_steps_hosts(steps, &hosts);
	for (size_t i = 0; i < hosts.count; i++)
		strbuf_addf(out, "%s`%s`", i ? " and " : "", hosts.items[i]);
}

static void add_title(const struct next_steps *steps, struct strbuf *out)
{
	const char *at = strchr(steps->update_image, '@');

	strbuf_addf(out, "# Updating a cluster to OpenShift %s%s%s\n\n", steps->version,
		    *steps->architecture ? ", " : "", steps->architecture);
	if (at)
		strbuf_addf(out, "Release digest: `%s`\n\n", at + 1);
}

/* What must be mended first: above everything else. */
static void add_obstacles(const struct next_steps *steps, struct strbuf *out)
{
	bool is_unsigned = steps->signature_files->count == 0;

	if (!steps->n_missing && !is_unsigned)
		return;
	strbuf_add_string(out, "## Stop: this is not ready\n\n");
	if (steps->n_missing)
		strbuf_addf(
			out,
			"**%zu of the %zu images did not arrive in the mirror.** They are listed in "
			"`missing.txt`. A cluster that is\n"
			"updated now gets stuck halfway, when it needs one of them. Run the mirroring again "
			"until nothing is missing,\n"
			"and then follow the `next-steps.md` that it writes, perhaps in a newer directory: "
			"do not go beyond step 6 with this one.\n\n",
			steps->n_missing, steps->n_images);
	if (is_unsigned)
		strbuf_add_string(
			out, "**No valid signature was found for this release.** Nobody has shown that it is "
			     "what its maker\n"
			     "published, and a cluster refuses it as it should. Find out where it comes from "
			     "before you go on;\n"
			     "step 5 says what is possible.\n\n");
}

static void add_what_was_mirrored(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_add_string(out, "What was mirrored:\n\n* the release ");
	next_steps_add_code(out, steps->source);
	strbuf_addf(out, ", %zu images, %zu of them missing;\n* to be used by clusters as `%s`",
		    steps->n_images, steps->n_missing, steps->update_image);
	strbuf_addf(out, ",\n  for people as `%s`;\n", steps->mirror_tag);
	if (!steps->signature_files->count)
		strbuf_add_string(out, "* without a signature.\n\n");
	else
		strbuf_addf(out,
			    "* with its signature in `%s`; the cluster checks it,\n  and `airlift release "
			    "verify` "
			    "tells who has made it.\n\n",
			    steps->signature_files->items[0]);
}

static void add_before_you_begin(const struct next_steps *steps, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec hosts = STRVEC_INIT;

	next_steps_hosts(steps, &hosts);
	strbuf_add_string(out, "## Before you begin\n\n");
	add_what_was_mirrored(steps, out);
	strbuf_add_string(
		out, "What must be true:\n\n"
		     "* your shell stands in the directory of this file: some commands name files that lie "
		     "beside it;\n"
		     "* `oc` is logged in to the right cluster as a cluster administrator, and is no older "
		     "than the cluster;\n"
		     "* this machine and every node reach ");
	next_steps_add_hosts(steps, out);
	strbuf_add_string(out, ", by name and with a certificate that they trust\n"
			       "  (the nodes: `additionalTrustedCA` of `image.config.openshift.io/cluster`)");
	for (size_t i = 0; i < hosts.count; i++)
		strbuf_addf(out, ";\n* if `%s` wants a login, this machine has one: `podman login %s`",
			    hosts.items[i], hosts.items[i]);
	strbuf_add_string(out, ".\n\n");
	strbuf_addf(out,
		    "The second line must say `yes`, the last one must show version %s:\n\n"
		    "```bash\n"
		    "oc whoami --show-server\n"
		    "oc auth can-i '*' '*' --all-namespaces\n"
		    "oc adm release info %s\n"
		    "```\n\n",
		    steps->version, steps->update_image);
	if (strcmp(steps->architecture, "multi") == 0)
		strbuf_add_string(
			out,
			"This is the **multi-architecture** release. It is for clusters that run such a "
			"release already. One that\n"
			"runs a release of a single architecture is first changed to multi at the version "
			"that it has, and there\n"
			"is no way back from it.\n\n");
}

void next_steps_text(const struct next_steps *steps, struct strbuf *out)
{
	add_title(steps, out);
	add_obstacles(steps, out);
	add_before_you_begin(steps, out);
	next_steps_backup(out);
	next_steps_health(steps, out);
	next_steps_pause_checks(out);
	next_steps_credentials(steps, out);
	next_steps_signature(steps, out);
	next_steps_policy(steps, out);
	next_steps_update(steps, out);
	next_steps_watch(steps, out);
	next_steps_resume_checks(out);
	next_steps_trouble(steps, out);
	next_steps_new_clusters(steps, out);
}
