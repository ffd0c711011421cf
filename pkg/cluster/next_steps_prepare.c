/* SPDX-License-Identifier: Apache-2.0 */
/* next-steps.md: everything before the update itself. */
#include "cluster/next_steps_sections.h"

#include <string.h>

void next_steps_backup(struct strbuf *out)
{
	strbuf_add_string(
		out,
		"## 1. Back up etcd\n\n"
		"On one node of the control plane:\n\n"
		"```bash\n"
		"node=$(oc get nodes -l node-role.kubernetes.io/master -o name | head -n 1)\n"
		"echo \"$node\"\n"
		"oc debug \"$node\" -- chroot /host /usr/local/bin/cluster-backup.sh "
		"/home/core/assets/backup\n"
		"```\n\n"
		"It must end with `snapshot db and kube resources are successfully saved`. Then take it "
		"off the cluster (in the\n"
		"same shell, which knows `$node`; if nodes cannot be reached by ssh, use the way that you "
		"have):\n\n"
		"```bash\n"
		"address=$(oc get \"$node\" -o "
		"jsonpath='{.status.addresses[?(@.type==\"InternalIP\")].address}' | cut -d ' ' -f 1)\n"
		"(umask 077; ssh -n core@\"$address\" sudo tar -C /home/core/assets -cf - backup > "
		"etcd-backup.tar)\n"
		"```\n\n"
		"```bash\n"
		"tar -tvf etcd-backup.tar\n"
		"```\n\n"
		"The list must have a `snapshot_*.db` and a `static_kuberesources_*.tar.gz` of today. The "
		"file holds all secrets\n"
		"of the cluster: keep it where only administrators get at it.\n\n");
}

void next_steps_health(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_add_string(
		out,
		"## 2. Check that the cluster is well\n\n"
		"```bash\n"
		"oc get clusterversion\n"
		"oc get clusteroperators\n"
		"oc get mcp\n"
		"oc get mcp -o custom-columns=NAME:.metadata.name,PAUSED:.spec.paused\n"
		"oc get nodes -L kubernetes.io/arch\n"
		"oc adm upgrade\n"
		"```\n\n"
		"Go on only if\n\n"
		"* every ClusterOperator is AVAILABLE and none is DEGRADED;\n"
		"* every MachineConfigPool is UPDATED, none is DEGRADED and none is paused (`true` in the "
		"second list);\n"
		"* every node is `Ready`");
	if (*steps->architecture && strcmp(steps->architecture, "multi") != 0)
		strbuf_addf(out, " and of the architecture %s (`amd64` is x86_64, `arm64` is aarch64)",
			    steps->architecture);
	strbuf_add_string(
		out,
		";\n"
		"* `oc adm upgrade` reports no update in progress, and no `Upgradeable=False`. If it does, "
		"the message says what\n"
		"  has to be done first: often an acknowledgement that removed APIs are not used any "
		"more.\n\n");
}

void next_steps_pause_checks(struct strbuf *out)
{
	strbuf_add_string(
		out,
		"## 3. Pause the MachineHealthChecks\n\n"
		"Nodes are away for a while during the update; a health check must not replace them.\n\n"
		"```bash\n"
		"oc get machinehealthcheck -n openshift-machine-api\n"
		"for mhc in $(oc get machinehealthcheck -n openshift-machine-api -o name); do\n"
		"  oc -n openshift-machine-api annotate --overwrite \"$mhc\" "
		"cluster.x-k8s.io/paused=\"\"\n"
		"done\n"
		"```\n\n"
		"Without any there is nothing to do. Step 9 resumes all of them: note those that somebody "
		"had paused before.\n\n");
}

/* Where the components are, which may be another repository than the release's. */
static char *component_repository(const struct next_steps *steps)
{
	const char *image = steps->component_image ? steps->component_image : steps->update_image;

	return xstrndup(image, strcspn(image, "@"));
}

static void add_credential_tools(const struct next_steps *steps, struct strbuf *out)
{
	CLEANUP(free_string) char *repository = component_repository(steps);

	strbuf_addf(out,
		    "Otherwise take out what the new release asks for, and the program that makes it:\n\n"
		    "```bash\n"
		    "oc adm release extract --from=%s --credentials-requests --included "
		    "--to=credentials-requests\n"
		    "ls credentials-requests\n"
		    "cco=$(oc adm release info --image-for=cloud-credential-operator %s)\n"
		    "oc image extract \"%s@${cco#*@}\" --file=/usr/bin/ccoctl --confirm\n"
		    "chmod u+x ccoctl\n"
		    "./ccoctl --help\n"
		    "```\n\n",
		    steps->update_image, steps->update_image, repository);
	strbuf_addf(out,
		    "An `oc` that does not know `--included` takes `--cloud` with the platform instead: "
		    "`--cloud=aws`. Make or\n"
		    "update the credentials, with `ccoctl` for your platform or by hand as they were made "
		    "before, and apply the\n"
		    "secrets. Then say that it is done:\n\n"
		    "```bash\n"
		    "oc annotate --overwrite cloudcredential cluster "
		    "cloudcredential.openshift.io/upgradeable-to=%.*s\n"
		    "```\n\n"
		    "It may take some minutes until `oc adm upgrade` knows.\n\n",
		    (int)strcspn(steps->version, "-+"), steps->version);
}

void next_steps_credentials(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_add_string(
		out,
		"## 4. Cloud credentials, if they are maintained by hand\n\n"
		"```bash\n"
		"oc get cloudcredential cluster -o=jsonpath='{.spec.credentialsMode}{\"\\n\"}'\n"
		"```\n\n"
		"Unless this prints `Manual`, the cluster looks after its credentials itself: go on with "
		"step 5.\n\n");
	add_credential_tools(steps, out);
}

static void add_unsigned(struct strbuf *out)
{
	strbuf_add_string(
		out,
		"There is no signature to apply: none was found that a trusted key has made. The cluster "
		"will refuse step 7 with\n"
		"`The update cannot be verified`.\n\n"
		"The right way is to find the signature, or to mirror a release that has one. The wrong "
		"way is the option `--force`\n"
		"in step 7: the cluster then runs whatever that image contains, with all rights on all "
		"nodes, and it also goes over\n"
		"every other check that would have stopped the update. It is for test clusters, and for "
		"images whose origin you have\n"
		"proved in another way; therefore no command with it stands here.\n\n");
}

void next_steps_signature(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_add_string(out, "## 5. Give the cluster the release's signature\n\n");
	if (!steps->signature_files->count) {
		add_unsigned(out);
		return;
	}
	strbuf_add_string(out,
			  "Without access to the internet the cluster finds it nowhere else:\n\n```bash\n");
	for (size_t i = 0; i < steps->signature_files->count; i++)
		strbuf_addf(out, "oc apply -f %s\n", steps->signature_files->items[i]);
	strbuf_add_string(out, "oc get configmap -n openshift-config-managed "
			       "-l release.openshift.io/verification-signatures\n```\n\n");
}

static void add_pull_secret(const struct next_steps *steps, struct strbuf *out)
{
	static const char read_secret[] = "oc get secret/pull-secret -n openshift-config "
					  "--template='{{index .data \".dockerconfigjson\" | base64decode}}'";
	CLEANUP(strvec_release) struct strvec hosts = STRVEC_INIT;

	next_steps_hosts(steps, &hosts);
	strbuf_add_string(
		out,
		"First the credentials. Where an ImageContentSourcePolicy or one of its successors names "
		"mirrors, nodes look into\n"
		"the global pull secret alone: a pull secret that belongs to a project counts for nothing "
		"there. If the mirror wants\n"
		"a login, this must not print 0:\n\n"
		"```bash\n");
	for (size_t i = 0; i < hosts.count; i++)
		strbuf_addf(out, "%s | grep -cF '%s'\n", read_secret, hosts.items[i]);
	strbuf_addf(out,
		    "```\n\n"
		    "If it prints 0, add the login; this asks for name and password (nodes may be drained "
		    "for this, too):\n\n"
		    "```bash\n"
		    "(umask 077; %s > pull-secret.json) &&\n",
		    read_secret);
	for (size_t i = 0; i < hosts.count; i++)
		strbuf_addf(out, "podman login --authfile=pull-secret.json %s &&\n", hosts.items[i]);
	strbuf_add_string(out, "oc set data secret/pull-secret -n openshift-config "
			       "--from-file=.dockerconfigjson=pull-secret.json\n"
			       "```\n\n"
			       "Afterwards, and also if it went wrong:\n\n"
			       "```bash\n"
			       "rm -f pull-secret.json\n"
			       "```\n\n");
}

/* Of the release, and of a component if that is somewhere else. */
static void add_proof(const struct next_steps *steps, struct strbuf *out)
{
	static const char pull[] = "oc debug \"$node\" -- chroot /host podman pull "
				   "--authfile=/var/lib/kubelet/config.json";
	CLEANUP(strvec_release) struct strvec hosts = STRVEC_INIT;

	next_steps_hosts(steps, &hosts);
	strbuf_addf(out,
		    "Proof that a node can pull from the mirror:\n\n"
		    "```bash\n"
		    "node=$(oc get nodes -l node-role.kubernetes.io/master -o name | head -n 1)\n"
		    "%s %s\n",
		    pull, steps->update_image);
	if (hosts.count > 1)
		strbuf_addf(out, "%s %s\n", pull, steps->component_image);
	strbuf_add_string(out, "```\n\n");
}

static void add_policy_choice(struct strbuf *out)
{
	strbuf_add_string(
		out, "Then one of the two policies, not both: they say the same. Depending on the cluster's "
		     "version and on what changes,\n"
		     "**nodes are drained and restarted one after the other**, which may take hours.\n\n"
		     "```bash\n"
		     "oc get clusterversion\n"
		     "oc get imagecontentsourcepolicy\n"
		     "```\n\n"
		     "A cluster that runs 4.13 or later now, and has no ImageContentSourcePolicy:\n\n"
		     "```bash\n"
		     "oc apply -f imageDigestMirrorSet.yaml\n"
		     "```\n\n"
		     "A cluster before 4.13, or one that still has objects of the old kind (`oc adm migrate "
		     "icsp` converts them, some\n"
		     "other day):\n\n"
		     "```bash\n"
		     "oc apply -f imageContentSourcePolicy.yaml\n"
		     "```\n\n");
}

void next_steps_policy(const struct next_steps *steps, struct strbuf *out)
{
	strbuf_add_string(out, "## 6. Tell the nodes where the mirror is\n\n");
	add_pull_secret(steps, out);
	add_policy_choice(out);
	strbuf_add_string(
		out,
		"Wait until all nodes have it. The pause is there because the pools still say UPDATED at "
		"first; on a large cluster\n"
		"repeat the second command until it no longer times out:\n\n"
		"```bash\n"
		"sleep 60\n"
		"oc wait mcp --all --for=condition=Updated --timeout=120m\n"
		"oc get mcp\n"
		"oc get nodes\n"
		"```\n\n");
	add_proof(steps, out);
}
