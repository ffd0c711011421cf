/* SPDX-License-Identifier: Apache-2.0 */
/* next-steps.md: the update itself, and what comes after it. */
#include "cluster/next_steps_sections.h"

#include <string.h>

#define MAX_VERSIONS_SHOWN 40
#define LINE_LENGTH 100

/* A release names them: only what can be a version is shown. */
static bool is_version(const char *text)
{
	return *text &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-")] ==
		       '\0' &&
	       strlen(text) <= LINE_LENGTH;
}

/* Adds a word to a paragraph. */
static void add_word(struct strbuf *out, size_t *line_length, const char *word)
{
	size_t length = strlen(word);

	if (*line_length && *line_length + 1 + length > LINE_LENGTH) {
		strbuf_add_char(out, '\n');
		*line_length = 0;
	} else if (*line_length) {
		strbuf_add_char(out, ' ');
		++*line_length;
	}
	strbuf_add_string(out, word);
	*line_length += length;
}

static void add_versions(const struct strvec *versions, struct strbuf *out)
{
	size_t shown = versions->count > MAX_VERSIONS_SHOWN ? MAX_VERSIONS_SHOWN : versions->count;
	size_t line_length = 0;

	for (size_t i = 0; i < shown; i++) {
		bool is_last = i + 1 == versions->count;
		CLEANUP(free_string) char *word = xasprintf("%s%s", versions->items[i], is_last ? "." : ",");
		add_word(out, &line_length, word);
	}
	if (shown < versions->count) {
		CLEANUP(free_string) char *rest = xasprintf("and %zu more.", versions->count - shown);
		add_word(out, &line_length, rest);
	}
	strbuf_add_string(out, "\n\n");
}

static void add_previous(const struct next_steps *steps, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec versions = STRVEC_INIT;

	for (size_t i = 0; i < steps->previous->count; i++) {
		if (is_version(steps->previous->items[i]))
			strvec_push(&versions, steps->previous->items[i]);
	}
	if (!versions.count) {
		strbuf_add_string(out,
				  "The release does not name the versions from which it can be updated to: "
				  "find that out before you go on.\n\n");
		return;
	}
	strbuf_add_string(out,
			  "The release itself names the versions that may be updated to it directly; the "
			  "cluster must run one of them\n(otherwise update it to one of them first):\n\n");
	add_versions(&versions, out);
	if (versions.count > MAX_VERSIONS_SHOWN)
		strbuf_addf(out,
			    "All of them:\n\n"
			    "```bash\n"
			    "oc adm release info %s | grep Upgrades\n"
			    "```\n\n",
			    steps->update_image);
}

void next_steps_update(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_add_string(out, "## 7. Update\n\n");
	if (steps->n_missing)
		strbuf_add_string(
			out, "**Not yet: images are missing in the mirror, as it says at the top.**\n\n");
	if (!steps->signature_files->count)
		strbuf_add_string(out,
				  "**There is no signature: the cluster will refuse this, see step 5.**\n\n");
	add_previous(steps, out);
	strbuf_addf(
		out,
		"A cluster without update service knows no list of updates: it has to be told the image, by "
		"digest, and that an\n"
		"image from no list is meant. One line:\n\n"
		"```bash\n"
		"oc adm upgrade --allow-explicit-upgrade --to-image %s\n"
		"```\n\n"
		"(With an update service that lists %s: `oc adm upgrade --to=%s`.)\n\n",
		steps->update_image, steps->version, steps->version);
}

void next_steps_watch(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_addf(
		out,
		"## 8. Watch it\n\n"
		"Was it accepted? This must speak of %s, and not of an update that cannot be verified (the "
		"second command says\n"
		"nothing on clusters before 4.11):\n\n"
		"```bash\n"
		"oc adm upgrade\n"
		"oc get clusterversion version -o "
		"jsonpath='{.status.conditions[?(@.type==\"ReleaseAccepted\")].message}{\"\\n\"}'\n"
		"```\n\n"
		"Progress, as it comes (Ctrl-C ends the watching, not the update):\n\n"
		"```bash\n"
		"oc get clusterversion -w\n"
		"```\n\n"
		"It is done when the version is %s everywhere, no operator is PROGRESSING or DEGRADED, and "
		"all pools are UPDATED:\n"
		"the nodes of the workers come last.\n\n"
		"```bash\n"
		"oc get clusterversion\n"
		"oc get clusteroperators\n"
		"oc get mcp\n"
		"oc get nodes\n"
		"```\n\n",
		steps->version, steps->version);
}

void next_steps_resume_checks(struct strbuf *out)
{
	strbuf_add_string(
		out,
		"## 9. Resume the MachineHealthChecks\n\n"
		"```bash\n"
		"for mhc in $(oc get machinehealthcheck -n openshift-machine-api -o name); do\n"
		"  oc -n openshift-machine-api annotate \"$mhc\" cluster.x-k8s.io/paused-\n"
		"done\n"
		"oc get machinehealthcheck -n openshift-machine-api -o yaml | grep -c "
		"'cluster.x-k8s.io/paused'\n"
		"```\n\n"
		"The last line must print 0, or the number of those that somebody else had paused and that "
		"you pause again.\n\n");
}

void next_steps_trouble(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_add_string(
		out,
		"## If it goes wrong\n\n"
		"* The update is not accepted: `oc adm upgrade` says why. Mend it, or withdraw it with `oc "
		"adm "
		"upgrade --clear`.\n"
		"* Pods stay in ImagePullBackOff: the image, the policy (step 6), the login or the "
		"certificate of\n  ");
	next_steps_add_hosts(steps, out);
	strbuf_add_string(
		out,
		" is missing. The pull at the end of step 6, with that image, shows which.\n"
		"* An operator stays DEGRADED, or a pool does not go on: the messages of the commands below. "
		"An update that hangs is\n"
		"  tried again by itself; it goes on as soon as the cause is gone.\n"
		"* Do not try to go back to the old version: that is not possible. The backup of step 1 is "
		"for the case that the\n"
		"  control plane is lost.\n\n"
		"```bash\n"
		"oc adm upgrade\n"
		"oc describe clusteroperators | grep -B 4 'Type: *Degraded'\n"
		"oc describe mcp\n"
		"oc get pods -A | grep -E 'ImagePull|ErrImage'\n"
		"```\n\n");
}

void next_steps_new_clusters(const struct next_steps *steps, struct strbuf *out)
{
	if (!steps->installer_image)
		return;
	strbuf_addf(out,
		    "## New clusters\n\n"
		    "An installer that installs exactly this release from the mirror; it comes from\n"
		    "`%s`:\n\n"
		    "```bash\n"
		    "oc adm release extract --idms-file=imageDigestMirrorSet.yaml "
		    "--command=openshift-install %s\n"
		    "oc adm release extract --idms-file=imageDigestMirrorSet.yaml --command=oc %s\n"
		    "./openshift-install version\n"
		    "```\n\n"
		    "(Before 4.14 `oc` wants `--icsp-file=imageContentSourcePolicy.yaml` instead.)\n",
		    steps->installer_image, steps->update_image, steps->update_image);
}
