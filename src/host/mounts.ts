// The file systems of paths, from the kernel's table of mounts (proc(5), mountinfo): their types, and the consequences
// for events, renames and persistence.
import { dirname } from "node:path";

/** One line of the table. */
export interface Mount {
  readonly point: string;
  /** The file system's type: `ext4`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
  /** Whether the mount or the file system is read-only. */
  readonly readOnly: boolean;
}

/** The events that a file system gives. */
export type Eventfulness =
  /** Changes made through this host, which are all. */
  | "all"
  /** Other hosts, or processes beneath the file system, change files without an event here. */
  | "own"
  /** A layer of a container: changes made beneath it come without an event. */
  | "layered";

/** Types of file systems that other hosts can change, as mount(8) and their own projects name them. */
const SHARED_TYPES = new Set(
  ("nfs nfs4 cifs smb3 smbfs 9p virtiofs ceph afs coda lustre gpfs glusterfs beegfs ocfs2 gfs2 orangefs pvfs2 davfs " +
    "vboxsf vmhgfs prl_fs ncpfs fuse").split(" "),
);

const FLEETING_TYPES = new Set(["tmpfs", "ramfs", "rootfs"]);

/** Reads the table; a malformed line is left out. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const fields = before.split(" ");
    const [type, , superOptions = ""] = after.split(" ");
    const [point, options] = [fields[4], fields[5]];
    if (point === undefined || options === undefined || type === undefined || type === "") return [];
    const readOnly = [...options.split(","), ...superOptions.split(",")].includes("ro");
    return [{ point: unescaped(point), type, readOnly }];
  });
}

/** The table writes space, tab, newline and backslash as three octal digits of a byte. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** The mount of a path without symbolic links; of several at one point the last, which hides the others. */
export function mountOf(mounts: readonly Mount[], real: string): Mount | null {
  for (let path = real;; path = dirname(path)) {
    const found = mounts.findLast(({ point }) => point === path);
    if (found !== undefined) return found;
    if (dirname(path) === path) return null;
  }
}

/** Whether the path itself is a mount point, so that it cannot be replaced: rename(2) answers EBUSY. */
export function isMountPoint(mounts: readonly Mount[], real: string): boolean {
  return mounts.some(({ point }) => point === real);
}

/** The events of a mount's file system. */
export function eventfulness({ type }: Mount): Eventfulness {
  if (SHARED_TYPES.has(type) || type.startsWith("fuse.")) return "own";
  return type === "overlay" || type === "aufs" ? "layered" : "all";
}

/** Whether a restart of the host empties it. */
export function isFleeting({ type }: Mount): boolean {
  return FLEETING_TYPES.has(type);
}
