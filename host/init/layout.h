/*
 * layout - where things lie inside a sandbox; the host mounts by it, the
 * supervisor furnishes by it.
 *
 * The root is the sandbox's own directory, writable and kept. Everything the
 * host mounts lies directly below the root: the kernel lets nobody rename or
 * remove a mount point, so what a hostile sandbox leaves behind cannot turn a
 * later mount elsewhere. Files of the machine come in under LAYOUT_OWN, which
 * is fresh and read-only each time; /etc holds links to them.
 */
#ifndef HOST_INIT_LAYOUT_H
#define HOST_INIT_LAYOUT_H

#define LAYOUT_OWN "/.sandtop"
#define LAYOUT_INIT LAYOUT_OWN "/init"
/* While the supervisor starts: "<name>/upper" and "/work" of each directory of the system
 * that is written over, in the sandbox's root; and the host's LAYOUT_LAYER, "<name>". */
#define LAYOUT_SYSTEM LAYOUT_OWN "/system"
#define LAYOUT_LAYER LAYOUT_OWN "/layer"
#define LAYOUT_HOME "/home/user"
#define LAYOUT_NAMESERVER "10.0.2.3" /* slirp4netns's own */

enum { LAYOUT_UID = 1000, LAYOUT_GID = 1000 };

/*
 * What a sandbox sees of the machine's /etc: certificates, the linker's cache,
 * alternatives, shell profiles. Nothing of it may hold a secret: as root the
 * host would hand it in readable. Each is a mount and costs 0.1 ms.
 */
static const char *const layout_machine_etc[] = {
	"alternatives",
	"bash.bashrc",
	"bashrc",
	"fonts",
	"inputrc",
	"ld.so.cache",
	"matplotlibrc",
	"pki/ca-trust",
	"pki/tls/cert.pem",
	"pki/tls/certs",
	"profile",
	"profile.d",
	"ssl/cert.pem",
	"ssl/certs",
	"ssl/openssl.cnf",
};

/* The machine's programs. All but the first are links into it on most systems. */
static const char *const layout_system_dirs[] = {
	"usr",
	"bin",
	"sbin",
	"lib",
	"lib32",
	"lib64",
	"libx32",
};

/*
 * Written over as well, where the system is: what package managers keep elsewhere.
 * `name` is that of the layer; the supervisor mounts them, so that `path` may lie
 * deeper: a link on the way leads nowhere but into the sandbox.
 */
#define LAYOUT_LOWER LAYOUT_OWN "/lower" /* "<name>": the machine's, while it starts */
static const struct {
	const char *name, *path;
} layout_overlays[] = {
	{ "alternatives", "/etc/alternatives" },
	{ "dpkg", "/var/lib/dpkg" },
};

#endif
