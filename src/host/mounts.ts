// The file systems that paths are on, from the kernel's table of mounts (proc(5), mountinfo): what kind they are, and
// what that means for events, for renames and for what survives a restart.
import { dirname } from "node:path";

/** One line of the table. */
export interface Mount {
  /** Where it is mounted. */
  readonly point: string;
  /** The file system's type: `ext4`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
  /** Whether nothing can be written, by the mount or by the file system. */
  readonly readOnly: boolean;
}

/** What events can be expected of a file system. */
export type Eventfulness =
  /** Changes made through this host, which are all. */
  | "all"
  /** Other hosts, or whoever writes beneath, change files without an event here. */
  | "own"
  /** A layer of a container: changes made beneath it come without an event. */
  | "layered";

/** Types on which others change files, as mount(8) and their own projects name them. */
const SHARED_TYPES = new Set(
  ("nfs nfs4 cifs smb3 smbfs 9p virtiofs ceph afs coda lustre gpfs glusterfs beegfs ocfs2 gfs2 orangefs pvfs2 davfs " +
    "vboxsf vmhgfs prl_fs ncpfs fuse").split(" "),
);

const FLEETING_TYPES = new Set(["tmpfs", "ramfs", "rootfs"]);

/** Reads the table; a line that is none is left out. */
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

/** Space, tab, newline and backslash stand there as three octal digits of a byte. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** The mount that a path without symbolic links is on; of several at one point the last, which hides the others. */
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

/** What events to expect of it. */
export function eventfulness({ type }: Mount): Eventfulness {
  if (SHARED_TYPES.has(type) || type.startsWith("fuse.")) return "own";
  return type === "overlay" || type === "aufs" ? "layered" : "all";
}

/** Whether it is gone after a restart of the host. */
export function isFleeting({ type }: Mount): boolean {
  return FLEETING_TYPES.has(type);
}
