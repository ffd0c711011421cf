/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image config in -o json. oc reads it into its own structures (openshift/library-go,
 * pkg/image/dockerv1client; openshift/api, image/docker10) and writes those: members that they do not have
 * are left out, the others stand in their order, most of them only when they are not empty.
 */
#include <string.h>

#include "document/node_writer.h"
#include "operation/release_report.h"

static const char no_time[] = "0001-01-01T00:00:00Z";

static bool is_empty(const struct node *node)
{
	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *text;

	if (node_type(node) == NODE_ABSENT)
		return true;
	if (node_string(node, &text, &ignored) == 0)
		return !*text;
	if (node_format_plain(node, &plain))
		return !strcmp(plain.buf, "0") || !strcmp(plain.buf, "false");
	return !node_count(node);
}

/* Those members of an object that are not empty; NULL ends the list. */
static void write_members(struct json_writer *writer, const struct node *object, const char *const *names)
{
	for (; *names; names++) {
		struct node member = node_member(object, *names);
		if (!is_empty(&member))
			json_write_node(writer, *names, &member, json_sort_all);
	}
}

/* A text that is always there. */
static void write_text(struct json_writer *writer, const struct node *object, const char *name,
		       const char *fallback)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct node member = node_member(object, name);
	const char *text = NULL;

	if (node_optional_string(&member, &text, &ignored) < 0 || !text)
		text = fallback;
	json_write_string(writer, name, text);
}

static void write_settings(struct json_writer *writer, const struct node *config, const char *name)
{
	static const char *const names[] = {
		"Hostname",    "Domainname",   "User",        "Memory",          "MemorySwap",
		"CpuShares",   "Cpuset",       "AttachStdin", "AttachStdout",    "AttachStderr",
		"PortSpecs",   "ExposedPorts", "Tty",         "OpenStdin",       "StdinOnce",
		"Env",         "Cmd",          "Dns",         "Image",           "Volumes",
		"VolumesFrom", "WorkingDir",   "Entrypoint",  "NetworkDisabled", "SecurityOpts",
		"OnBuild",     "Labels",       NULL,
	};
	struct node settings = node_member(config, name);

	json_open_object(writer, name);
	write_members(writer, &settings, names);
	json_close_object(writer);
}

static void write_layers(struct json_writer *writer, const struct node *config)
{
	static const char *const names[] = {"diff_ids", NULL};
	struct node rootfs = node_member(config, "rootfs");

	if (node_type(&rootfs) != NODE_OBJECT)
		return;
	json_open_object(writer, "rootfs");
	write_text(writer, &rootfs, "type", "");
	write_members(writer, &rootfs, names);
	json_close_object(writer);
}

static void write_history(struct json_writer *writer, const struct node *config)
{
	static const char *const names[] = {"author", "created_by", "comment", "empty_layer", NULL};
	struct node history = node_member(config, "history");

	if (node_type(&history) != NODE_ARRAY || !node_count(&history))
		return;
	json_open_array(writer, "history");
	for (size_t i = 0; i < node_count(&history); i++) {
		struct node entry = node_element(&history, i);
		json_open_object(writer, NULL);
		write_text(writer, &entry, "created", no_time);
		write_members(writer, &entry, names);
		json_close_object(writer);
	}
	json_close_array(writer);
}

/* The sum of the layers as they are packed. */
static void write_size(struct json_writer *writer, const struct release_image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->platform.manifest.n_layers; i++)
		if (__builtin_add_overflow(size, image->platform.manifest.layers[i].size, &size))
			size = UINT64_MAX;
	if (size)
		json_write_unsigned(writer, "size", size);
}

int release_report_write_config(struct json_writer *writer, const struct release_image *image,
				struct error *err)
{
	static const char *const first[] = {"parent", "comment", NULL}, *const second[] = {"container", NULL},
				 *const third[] = {"docker_version", "author", NULL},
				 *const fourth[] = {"architecture", NULL},
				 *const last[] = {"os", "os.version", "os.features", NULL};
	CLEANUP(document_freep) struct document *document = NULL;

	if (document_parse_json(&document, "image config", image->config_bytes.buf, image->config_bytes.len,
				err) < 0)
		return -1;
	struct node config = document_root(document);
	struct node settings = node_member(&config, "config");
	json_open_object(writer, "config");
	write_text(writer, &config, "id", "");
	write_members(writer, &config, first);
	write_text(writer, &config, "created", no_time);
	write_members(writer, &config, second);
	write_settings(writer, &config, "container_config");
	write_members(writer, &config, third);
	if (node_type(&settings) == NODE_OBJECT)
		write_settings(writer, &config, "config");
	write_members(writer, &config, fourth);
	write_size(writer, image);
	write_layers(writer, &config);
	write_history(writer, &config);
	write_members(writer, &config, last);
	json_close_object(writer);
	return 0;
}
