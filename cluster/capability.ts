import { readFileSync } from "node:fs";

/** Linux capabilities by number. */
const names = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
] as const;

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/**
 * Capabilities the kernel knows and this process can never get, as "CAP_SYS_RESOURCE". Containers that ask for one of them
 * (every privileged container does) fail to start. Empty on ordinary machines and where there is no /proc.
 */
export function missingCapabilities(
  status: string = read("/proc/self/status"),
  lastCapability: string = read("/proc/sys/kernel/cap_last_cap"),
): string[] {
  const bounding = /^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1];
  if (!bounding) return [];
  const set = BigInt(`0x${bounding}`);
  const last = Number.parseInt(lastCapability, 10);
  const known = Number.isInteger(last) ? Math.min(last + 1, names.length) : names.length;
  return names
    .slice(0, known)
    .filter((_, bit) => ((set >> BigInt(bit)) & 1n) === 0n)
    .map((name) => `CAP_${name}`);
}

/**
 * A POSIX shell script that stands in for runc: it removes the given capabilities from what the container asks for, in the
 * bundle's config.json (create, run) and in the file given with --process (exec), then becomes the real runc.
 */
export function runtimeWrapper(runc: string, missing: readonly string[]): string {
  if (missing.length === 0) throw new Error("No capability is missing: the wrapper isn't needed.");
  for (const name of missing) if (!/^CAP_[A-Z_]+$/.test(name)) throw new Error(`${name} is no capability.`);
  if (!/^[\w./+-]+$/.test(runc)) throw new Error(`The path of runc holds unusual characters: ${runc}`);
  const edits = missing.flatMap((name) => [
    `s/,[[:space:]]*"${name}"//g`,
    `s/"${name}"[[:space:]]*,[[:space:]]*//g`,
    `s/"${name}"//g`,
  ]);
  return `#!/bin/sh
# Written by the workbook: this machine can't grant ${missing.join(", ")}.
strip() {
  [ -f "$1" ] && sed -z -i ${edits.map((edit) => `-e '${edit}'`).join(" ")} "$1"
}
previous=
for argument do
  case "$previous" in
    --bundle | -b) strip "$argument/config.json" ;;
    --process) strip "$argument" ;;
  esac
  case "$argument" in
    --bundle=*) strip "\${argument#--bundle=}/config.json" ;;
    --process=*) strip "\${argument#--process=}" ;;
  esac
  previous=$argument
done
exec ${runc} "$@"
`;
}
