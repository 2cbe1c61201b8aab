/* keys - no kernel keyrings in a sandbox. No namespace holds them back: a session keyring
 * is inherited, and the rings of a uid open to whoever has that uid, in a user namespace
 * too. So the calls do not exist in here. */
#include "host/init/init.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The three calls as every architecture we may be entered by numbers them: add_key,
 * request_key, keyctl in a row. */
#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define FOREIGN AUDIT_ARCH_I386
enum { FOREIGN_FIRST = 286, NUMBER_MASK = 0x3fffffff }; /* without the bit of x32 */
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#define FOREIGN AUDIT_ARCH_ARM
enum { FOREIGN_FIRST = 309, NUMBER_MASK = -1 };
#endif

#ifdef NATIVE
static bool
filter_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FOREIGN, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_FIRST, 0, 5),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, FOREIGN_FIRST + 2, 4, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (uint32_t)NUMBER_MASK),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_add_key, 0, 1),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_add_key + 2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	const struct sock_fprog program = { sizeof code / sizeof *code, code };

	_Static_assert(
	    SYS_request_key == SYS_add_key + 1 && SYS_keyctl == SYS_add_key + 2,
	    "the three calls stand in a row");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		   SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0;
}
#else
static bool
filter_calls(void)
{
	errno = ENOSYS;
	return false;
}
#endif

/* A ring for each sandbox would eat the person's quota, 200 for ordinary users: only where
 * the kernel has no filters. The host has left its session for all of them. */
bool
keys_leave(void)
{
	if (filter_calls())
		return true;
	if (errno != ENOSYS && errno != EINVAL)
		return false;
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 ||
	       errno == ENOSYS;
}
