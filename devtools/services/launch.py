"""Replace this process by a command that ends with its parent.

Usage: `launch.py SIGNAL PARENT UID:GID|- REACH COMMAND...`, with `-` to keep the account.

This is a program and not a `preexec_fn`: Python code between fork and exec may deadlock in a
process that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
# Without it, access(2) ignores capabilities, and PostgreSQL does not find its own programs.
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
# Either lets an account pass through folders closed to it. Containers usually grant the second.
CAP_DAC_READ_SEARCH = 2
CAP_DAC_OVERRIDE = 1
LINUX_CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    signal_number, parent, account, reach = sys.argv[1:5]
    command = sys.argv[5:]
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if account != "-":
        uid, gid = (int(number) for number in account.split(":"))
        become(uid, gid, keep_reach=reach == "reach")
    die_with_parent(int(signal_number), int(parent))
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]} cannot be started: {error.strerror}.")


def become(uid: int, gid: int, *, keep_reach: bool) -> None:
    """Drop root for good. `keep_reach` keeps the privilege to pass through closed folders."""
    # With this bit, setresuid drops no capability. `keep_only` drops all but one, or we exit.
    kept = keep_reach and libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if keep_reach and not (
        kept
        and any(keep_only(capability) for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE))
    ):
        sys.exit(
            "The server's account cannot enter this folder: move the project out of root's home."
        )


def keep_only(capability: int) -> bool:
    """Drop every capability but one, and keep that one across exec. Returns whether it worked."""
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    return bool(
        libc.capset(header, data) == 0
        and libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0
    )


def die_with_parent(signal_number: int, parent: int) -> None:
    # after the change of account, which clears it
    libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The program that started this one has ended.")


if __name__ == "__main__":
    main()
