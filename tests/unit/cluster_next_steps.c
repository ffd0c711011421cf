/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cluster/next_steps.h"
#include "tests/tap.h"

#define DIGEST "sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de"
#define UPDATE_IMAGE "reg.lan:5000/ocp/release@" DIGEST
#define INSTALLER \
	"reg.lan:5000/ocp/parts@sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387"
#define COMPONENT \
	"reg.lan:5000/ocp/parts@sha256:9aa5a8d3f3a9a8f1f8d1ba3f3e0b1b7e6f0f3d2c1b0a99887766554433221100"
#define OTHER_COMPONENT "parts.lan/ocp@" DIGEST
#define SIGNATURE_FILE "signature-sha256-154d7e0295a94fb3.json"

extern char **environ;

struct fixture {
	struct strvec files;
	struct strvec previous;
	struct next_steps steps;
	struct strbuf text;
};

static void fixture_release(struct fixture *fixture)
{
	strvec_release(&fixture->files);
	strvec_release(&fixture->previous);
	strbuf_release(&fixture->text);
}

static void init(struct fixture *fixture)
{
	*fixture = (struct fixture){.text = STRBUF_INIT};
	strvec_push(&fixture->files, SIGNATURE_FILE);
	strvec_push(&fixture->previous, "4.15.20");
	strvec_push(&fixture->previous, "4.16.2");
	fixture->steps = (struct next_steps){
		.version = "4.16.3",
		.architecture = "x86_64",
		.source = "quay.io/openshift-release-dev/ocp-release:4.16.3-x86_64",
		.update_image = UPDATE_IMAGE,
		.mirror_tag = "reg.lan:5000/ocp/release:4.16.3-x86_64",
		.installer_image = INSTALLER,
		.component_image = COMPONENT,
		.signature_files = &fixture->files,
		.previous = &fixture->previous,
		.n_images = 190,
	};
}

static void make(struct fixture *fixture)
{
	strbuf_reset(&fixture->text);
	next_steps_text(&fixture->steps, &fixture->text);
}

/* Each part behind the one before it. */
static void expect_in_order(const char *text, const char *const *parts)
{
	for (; *parts; parts++) {
		const char *found = strstr(text, *parts);
		if (!found) {
			test_fail(__FILE__, __LINE__, "not there, or not in its place: %s", *parts);
			return;
		}
		text = found + strlen(*parts);
	}
}

/* The lines between "```bash" and "```". */
static void add_commands(const char *text, struct strbuf *out)
{
	bool is_code = false;

	while (*text) {
		size_t length = strcspn(text, "\n");
		bool is_fence = length >= 3 && strncmp(text, "```", 3) == 0;
		if (is_fence) {
			EXPECT(is_code ? length == 3 : strncmp(text, "```bash\n", 8) == 0);
			is_code = !is_code;
		} else if (is_code) {
			strbuf_add(out, text, length + 1);
		}
		text += length + (text[length] == '\n');
	}
	EXPECT(!is_code);
}

static void expect_shell_reads(const struct fixture *fixture)
{
	struct error err = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf commands = STRBUF_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/commands", test_directory());
	char *const arguments[] = {(char[]){"bash"}, (char[]){"-n"}, path, NULL};
	pid_t child = 0;
	int status = -1;

	add_commands(fixture->text.buf, &commands);
	EXPECT(commands.len > 100);
	EXPECT_OK(file_replace(AT_FDCWD, path, commands.buf, commands.len, 0644, &err), &err);
	int result = posix_spawnp(&child, "bash", NULL, NULL, arguments, environ);
	if (result == ENOENT)
		return;
	EXPECT(result == 0);
	EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

static const char *const all_steps[] = {
	("# Updating a cluster to OpenShift 4.16.3, x86_64\n\nRelease digest: `" DIGEST "`\n"),
	"\n## Before you begin\n",
	"`quay.io/openshift-release-dev/ocp-release:4.16.3-x86_64`, 190 images, 0 of them missing",
	"for people as `reg.lan:5000/ocp/release:4.16.3-x86_64`",
	("with its signature in `" SIGNATURE_FILE "`"),
	"reach `reg.lan:5000`",
	("\noc auth can-i '*' '*' --all-namespaces\noc adm release info " UPDATE_IMAGE "\n"),
	"\n## 1. ",
	"\nnode=$(oc get nodes -l node-role.kubernetes.io/master -o name | head -n 1)\n",
	("\noc debug \"$node\" -- chroot /host /usr/local/bin/cluster-backup.sh "
	 "/home/core/assets/backup\n"),
	" > etcd-backup.tar)\n",
	"\n## 2. ",
	"\noc get clusteroperators\noc get mcp\n",
	"\noc adm upgrade\n",
	"\n## 3. ",
	"\noc get machinehealthcheck -n openshift-machine-api\n",
	"annotate --overwrite \"$mhc\" cluster.x-k8s.io/paused=\"\"\n",
	"\n## 4. ",
	"\noc get cloudcredential cluster -o=jsonpath='{.spec.credentialsMode}{\"\\n\"}'\n",
	("\noc adm release extract --from=" UPDATE_IMAGE " --credentials-requests --included --to="),
	("--image-for=cloud-credential-operator " UPDATE_IMAGE ")\n"),
	"oc image extract \"reg.lan:5000/ocp/parts@${cco#*@}\" --file=/usr/bin/ccoctl",
	"--cloud",
	" cloudcredential.openshift.io/upgradeable-to=4.16.3\n",
	"\n## 5. ",
	("\noc apply -f " SIGNATURE_FILE "\n"),
	"\n## 6. ",
	"global pull secret",
	" | grep -cF 'reg.lan:5000'\n",
	"not both",
	"drained",
	"4.13 or later",
	"\noc apply -f imageDigestMirrorSet.yaml\n",
	"before 4.13",
	"\noc apply -f imageContentSourcePolicy.yaml\n",
	"\noc wait mcp --all --for=condition=Updated --timeout=",
	"\noc get mcp\n",
	"\n## 7. ",
	"\n4.15.20, 4.16.2.\n",
	("\noc adm upgrade --allow-explicit-upgrade --to-image " UPDATE_IMAGE "\n```\n"),
	"\n## 8. ",
	"\noc get clusterversion -w\n",
	"\n## 9. ",
	"cluster.x-k8s.io/paused-\n",
	"\n## If it goes wrong\n",
	"\n## New clusters\n",
	("`" INSTALLER "`"),
	(" --command=openshift-install " UPDATE_IMAGE "\n"),
	NULL,
};

TEST(the_steps_are_there_in_their_order)
{
	CLEANUP(fixture_release) struct fixture fixture;

	init(&fixture);
	make(&fixture);
	expect_in_order(fixture.text.buf, all_steps);
	EXPECT(!strstr(fixture.text.buf, "## Stop"));
	EXPECT(!strstr(fixture.text.buf, "--force"));
	EXPECT(!strstr(fixture.text.buf, "multi-architecture"));
	EXPECT(!strstr(fixture.text.buf, "\n$ ") && !strstr(fixture.text.buf, "```\n```"));
	EXPECT(!strstr(fixture.text.buf, "\n\n\n"));
	expect_shell_reads(&fixture);
}

TEST(the_same_release_has_the_same_text)
{
	CLEANUP(fixture_release) struct fixture first;
	CLEANUP(fixture_release) struct fixture second;

	init(&first);
	init(&second);
	make(&first);
	make(&second);
	EXPECT_STRING(first.text.buf, second.text.buf);
}

TEST(missing_images_come_before_everything)
{
	static const char *const parts[] = {
		"# Updating",
		"\n## Stop: this is not ready\n",
		"**3 of the 190 images did not arrive in the mirror.**",
		"`missing.txt`",
		"\n## Before you begin\n",
		"190 images, 3 of them missing",
		"\n## 7. ",
		"**Not yet: images are missing",
		"\noc adm upgrade --allow-explicit-upgrade",
		NULL,
	};
	CLEANUP(fixture_release) struct fixture fixture;

	init(&fixture);
	fixture.steps.n_missing = 3;
	make(&fixture);
	expect_in_order(fixture.text.buf, parts);
	EXPECT(!strstr(fixture.text.buf, "No valid signature"));
}

TEST(an_unsigned_release_has_no_command_that_forces_it)
{
	static const char *const parts[] = {
		"# Updating",
		"\n## Stop: this is not ready\n",
		"**No valid signature was found for this release.**",
		"\n## Before you begin\n",
		"* without a signature.\n",
		"\n## 5. ",
		"The update cannot be verified",
		"`--force`",
		"all rights on all nodes",
		"\n## 6. ",
		"\n## 7. ",
		"**There is no signature: the cluster will refuse this",
		NULL,
	};
	CLEANUP(fixture_release) struct fixture fixture;
	CLEANUP(strbuf_release) struct strbuf commands = STRBUF_INIT;

	init(&fixture);
	strvec_release(&fixture.files);
	make(&fixture);
	expect_in_order(fixture.text.buf, parts);
	add_commands(fixture.text.buf, &commands);
	EXPECT(!strstr(commands.buf, "--force"));
	EXPECT(!strstr(commands.buf, "signature-"));
	EXPECT(!strstr(fixture.text.buf, "did not arrive"));
	expect_shell_reads(&fixture);
}

TEST(several_signature_files_are_all_applied)
{
	CLEANUP(fixture_release) struct fixture fixture;

	init(&fixture);
	strvec_push(&fixture.files, "signature-sha256-0123456789abcdef.json");
	make(&fixture);
	EXPECT(strstr(fixture.text.buf, "\noc apply -f " SIGNATURE_FILE
					"\noc apply -f signature-sha256-0123456789abcdef.json\n") != NULL);
}

TEST(multi_says_so_and_does_not_ask_for_one_architecture)
{
	CLEANUP(fixture_release) struct fixture fixture;

	init(&fixture);
	fixture.steps.architecture = "multi";
	make(&fixture);
	EXPECT(strstr(fixture.text.buf, "OpenShift 4.16.3, multi\n") != NULL);
	EXPECT(strstr(fixture.text.buf, "**multi-architecture** release") != NULL);
	EXPECT(!strstr(fixture.text.buf, "of the architecture"));
	expect_shell_reads(&fixture);
}

/* --to-release-image on another host than --to. */
TEST(where_the_components_are_is_told_too)
{
	CLEANUP(fixture_release) struct fixture fixture;
	static const char *const parts[] = {
		"every node reach `reg.lan:5000` and `parts.lan`, by name",
		"if `reg.lan:5000` wants a login, this machine has one: `podman login reg.lan:5000`;\n",
		"if `parts.lan` wants a login, this machine has one: `podman login parts.lan`.\n",
		"oc image extract \"parts.lan/ocp@${cco#*@}\" ",
		"| grep -cF 'reg.lan:5000'\n",
		"| grep -cF 'parts.lan'\n",
		"podman login --authfile=pull-secret.json reg.lan:5000 &&\n",
		"podman login --authfile=pull-secret.json parts.lan &&\n",
		("--authfile=/var/lib/kubelet/config.json " UPDATE_IMAGE "\n"),
		("--authfile=/var/lib/kubelet/config.json " OTHER_COMPONENT "\n"),
		"`reg.lan:5000` and `parts.lan` is missing",
		NULL,
	};

	init(&fixture);
	fixture.steps.component_image = OTHER_COMPONENT;
	make(&fixture);
	expect_in_order(fixture.text.buf, parts);
	expect_shell_reads(&fixture);
}

TEST(what_is_not_known_is_left_out)
{
	CLEANUP(fixture_release) struct fixture fixture;

	init(&fixture);
	strvec_release(&fixture.previous);
	fixture.steps.architecture = "";
	fixture.steps.installer_image = NULL;
	fixture.steps.component_image = NULL;
	fixture.steps.version = "4.16.0-rc.1";
	make(&fixture);
	EXPECT(strstr(fixture.text.buf, "# Updating a cluster to OpenShift 4.16.0-rc.1\n") != NULL);
	EXPECT(strstr(fixture.text.buf, "does not name the versions") != NULL);
	EXPECT(strstr(fixture.text.buf, "upgradeable-to=4.16.0\n") != NULL);
	EXPECT(strstr(fixture.text.buf, "oc image extract \"reg.lan:5000/ocp/release@${cco#*@}\"") != NULL);
	EXPECT(!strstr(fixture.text.buf, "New clusters"));
	EXPECT(!strstr(fixture.text.buf, "(null)"));
	expect_shell_reads(&fixture);
}

/* "4.15.1, 4.15.2, ..." without line ends. */
static char *unfolded(const char *text)
{
	char *result = xstrdup(text);

	for (char *at = strchr(result, '\n'); at; at = strchr(at, '\n'))
		*at = ' ';
	return result;
}

static void add_previous(struct fixture *fixture, int count)
{
	strvec_release(&fixture->previous);
	for (int i = 1; i <= count; i++)
		strvec_pushf(&fixture->previous, "4.15.%d", i);
}

TEST(a_long_list_of_versions_is_folded_and_cut)
{
	CLEANUP(fixture_release) struct fixture fixture;

	init(&fixture);
	add_previous(&fixture, 40);
	make(&fixture);
	CLEANUP(free_string) char *forty = unfolded(fixture.text.buf);
	EXPECT(strstr(forty, " 4.15.1, 4.15.2, ") != NULL);
	EXPECT(strstr(forty, ", 4.15.39, 4.15.40.  ") != NULL);
	EXPECT(!strstr(forty, "grep Upgrades"));

	add_previous(&fixture, 43);
	make(&fixture);
	CLEANUP(free_string) char *more = unfolded(fixture.text.buf);
	EXPECT(strstr(more, ", 4.15.40, and 3 more.  ") != NULL);
	EXPECT(!strstr(more, "4.15.41"));
	EXPECT(strstr(fixture.text.buf, "\noc adm release info " UPDATE_IMAGE " | grep Upgrades\n") != NULL);
	for (const char *line = strstr(fixture.text.buf, "4.15.1,"); line && strncmp(line, "4.15", 4) == 0;
	     line = strchr(line, '\n') + 1)
		EXPECT(strcspn(line, "\n") <= 100);
	expect_shell_reads(&fixture);
}

TEST(text_from_outside_cannot_break_out)
{
	CLEANUP(fixture_release) struct fixture fixture;

	init(&fixture);
	strvec_push(&fixture.previous, "4.16.1`\n```bash\nrm -rf /");
	strvec_push(&fixture.previous, "");
	fixture.steps.source = "archive:/a`b\n```bash\nreboot\n\x1b[1m";
	make(&fixture);
	EXPECT(strstr(fixture.text.buf, "\n4.15.20, 4.16.2.\n") != NULL);
	EXPECT(strstr(fixture.text.buf, "```` archive:/a`b\\x0a```bash\\x0areboot\\x0a\\x1b[1m ````") !=
	       NULL);
	EXPECT(!strchr(fixture.text.buf, '\x1b'));
	expect_shell_reads(&fixture);
}
