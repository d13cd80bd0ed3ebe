// The snapshot and the state: whether they can be written where they belong, last there, and are whole. What is there is
// read and left as it is.
import { dirname, join } from "node:path";
import type { SnapshotOptions } from "../options/options.ts";
import { resolveTarget } from "../host/atomic_write.ts";
import { describeFault, verifyInTurns } from "../snapshot/snapshot.ts";
import { type Found, readSealedFile } from "../snapshot/examiner.ts";
import type { Proof, Verify } from "../snapshot/sealed_file.ts";
import { holderIn, lockPathOf } from "../snapshot/snapshot_lock.ts";
import type { Check, Subject } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";
import { groupNumber, type Identity, obstacleTo } from "./identity.ts";
import type { Machine, Space } from "./machine.ts";
import { isFleeting, isMountPoint, type Mount, mountOf, parseMounts } from "../host/mounts.ts";
import { judgeObstacle, judgeWriters, modeText, orOk, readPathFacts } from "./permissions.ts";

/** The path that a write replaces; where it cannot be told, the path as it was named. */
export async function targetOf(path: string): Promise<string> {
  return await resolveTarget(path).catch(() => path);
}

/** A file that the daemon writes. */
export interface WrittenFile {
  /** As it is called in findings: "snapshot". */
  readonly name: string;
  /** What its findings begin with. */
  readonly prefix: string;
  /** The setting that names its path. */
  readonly setting: string;
}

const SNAPSHOT: WrittenFile = { name: "snapshot", prefix: "snapshot", setting: "Snapshot:Path" };

/** Whether a file can be made and replaced in the directory. */
export async function examineDirectory(
  check: string,
  { machine, user, unit }: Subject,
  directory: string,
  what: string,
): Promise<Finding[]> {
  const facts = await readPathFacts(machine, directory, user, ["read", "write", "enter"]);
  const { looked } = facts;
  // systemd makes a unit's StateDirectory and RuntimeDirectory when it starts it.
  if (!looked.ok && looked.code === "ENOENT" && isReadied(unit)) {
    return [note(check, `${directory} is not there yet: the unit makes its directories when it starts`)];
  }
  if (facts.looked.ok && facts.looked.file.kind !== "directory") {
    return [error(check, `${directory} is not a directory`, "Name a directory")];
  }
  // Who may write a directory's parent may put another directory in its place: that counts as well.
  const findings = [...judgeObstacle(check, facts, user, "write in"), ...judgeWriters(check, facts)];
  return orOk(findings, check, what);
}

function isReadied(unit: Subject["unit"]): boolean {
  return unit.state === "known" && unit.properties["ActiveState"] !== "active";
}

/** The directory of the snapshot. */
export const snapshotDirectoryCheck: Check = {
  id: "snapshot/directory",
  about: "The snapshot's directory",
  async examine(subject) {
    const directory = dirname(await targetOf(subject.options.snapshot.path));
    return await examineDirectory("snapshot/directory", subject, directory, `The daemon can write in ${directory}`);
  },
};

/** The directory of the state file. */
export const stateDirectoryCheck: Check = {
  id: "state/directory",
  about: "The state's directory",
  async examine(subject) {
    const { state, snapshot } = subject.options;
    const directory = state.directory ?? dirname(snapshot.path);
    return await examineDirectory("state/directory", subject, directory, `The state is kept in ${directory}`);
  },
};

/** The snapshot itself. */
export const snapshotFileCheck: Check = {
  id: "snapshot/file",
  about: "The snapshot",
  async examine(subject) {
    const { options: { snapshot }, machine, user } = subject;
    const groups = await machine.readText("/etc/group");
    const wanted = snapshot.group === null ? null : groupNumber(groups.ok ? groups.text : "", snapshot.group);
    const { findings } = await examineFile(SNAPSHOT, subject, snapshot.path, (bytes) => verifyInTurns(bytes));
    return [...findings, ...judgeGroup(snapshot.group, wanted, user)];
  },
};

/** Reads and judges a file that the daemon writes; `proof` is null if it is not whole. */
export async function examineFile<P extends Proof>(
  file: WrittenFile,
  { options: { snapshot }, machine, unit }: Pick<Subject, "options" | "machine" | "unit">,
  path: string,
  verify: Verify<P>,
): Promise<{ readonly findings: readonly Finding[]; readonly proof: P | null }> {
  const isActive = unit.state === "known" && unit.properties["ActiveState"] === "active";
  const groups = await machine.readText("/etc/group");
  const gid = snapshot.group === null ? null : groupNumber(groups.ok ? groups.text : "", snapshot.group);
  let found: Found<P>;
  try {
    found = await readSealedFile(path, verify);
  } catch (cause) {
    const what = `${path} cannot be read: ${(cause as { code?: string }).code ?? "no reason"}`;
    const findings = [warning(`${file.prefix}/file`, what, "Ask as root or as a member of its group")];
    return { findings, proof: null };
  }
  const findings = judgeFile(file, { path, mode: snapshot.mode, gid }, found, { isActive, now: machine.now() });
  return { findings, proof: found.state === "file" && found.verification.ok ? found.verification : null };
}

/** Judges what was found at the path; `gid` is the group that it should have, null for any. */
function judgeFile(
  { name, prefix }: WrittenFile,
  { path, mode, gid }: Pick<SnapshotOptions, "path" | "mode"> & { readonly gid: number | null },
  found: Found<Proof>,
  { isActive, now }: { readonly isActive: boolean; readonly now: number },
): Finding[] {
  const check = `${prefix}/file`;
  if (found.state === "none") {
    const todo = "Mend what keeps the daemon from writing it: see the other findings and its log";
    return [
      isActive
        ? error(check, `There is no ${name} at ${path}, and the daemon runs`, todo)
        : note(check, `There is no ${name} at ${path} yet: the daemon makes it from the first valid source`),
    ];
  }
  const { verification, identity } = found;
  if (!verification.ok) {
    const what = `The ${name} ${path} ${describeFault(verification.reason)}`;
    if (verification.reason === "newer-format") {
      return [warning(check, what, "Run the newer version, or let the next reload replace it")];
    }
    return [error(check, what, "Start the daemon, or reload it: it sets the damaged one aside and writes it anew")];
  }
  const findings: Finding[] = [];
  if (identity.mode !== null && identity.mode !== mode) {
    const what = `The ${name} has mode ${modeText(identity.mode)}, and Snapshot:Mode is ${modeText(mode)}`;
    findings.push(warning(`${prefix}/mode`, what, "Reload the daemon: it writes it anew"));
  }
  if (gid !== null && identity.gid !== gid) {
    const what = `The ${name} belongs to the group ${identity.gid}, and Snapshot:Group is ${gid}`;
    findings.push(warning(`${prefix}/group`, what, "Reload the daemon: it writes it anew"));
  }
  const age = ageText(now - identity.mtime);
  const whole = ok(check, `The ${name} is whole, hash ${verification.header.hash.slice(0, 8)}, written ${age}`);
  return [whole, ...findings];
}

/** Judges whether the daemon can give the snapshot its group (chown(2)). */
export function judgeGroup(group: string | null, gid: number | null, user: Identity | null): Finding[] {
  const check = "snapshot/group";
  if (group === null) return [];
  if (gid === null) {
    return [error(check, `There is no group ${group}, which Snapshot:Group names`, `groupadd --system ${group}`)];
  }
  if (user === null || user.uid === 0 || user.gids.includes(gid)) return [];
  const what = `${user.name} is no member of ${group}, so it cannot give the snapshot that group`;
  return [error(check, what, `usermod --append --groups ${group} ${user.name}, and restart the daemon`)];
}

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const;

/** How long ago, in the largest unit that is not zero. */
export function ageText(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => milliseconds >= length) ?? ["s", 1000];
  return milliseconds < 1000 ? "just now" : `${Math.floor(milliseconds / length)} ${unit} ago`;
}

/** The file system of the snapshot. */
export const snapshotFileSystemCheck: Check = {
  id: "snapshot/file-system",
  about: "The file system of the snapshot",
  async examine({ options: { snapshot }, machine }) {
    const looked = await machine.look(snapshot.path);
    const space = await machine.space(dirname(await targetOf(snapshot.path)));
    return [
      await examineFileSystem(SNAPSHOT, machine, snapshot.path),
      ...judgeSpace(space, looked.ok ? looked.file.size : 0),
    ];
  },
};

/** Judges whether the file can be replaced at its path, and lasts there. */
export async function examineFileSystem(file: WrittenFile, machine: Machine, path: string): Promise<Finding> {
  const target = await targetOf(path);
  const table = await machine.readText("/proc/self/mountinfo");
  const mounts = table.ok ? parseMounts(table.text) : [];
  const directory = dirname(target);
  const real = join(await machine.realPath(directory), target.slice(directory.length));
  return judgeFileSystem(file, mountOf(mounts, dirname(real)), isMountPoint(mounts, real));
}

/** Who writes the snapshot. */
export const snapshotLockCheck: Check = {
  id: "snapshot/lock",
  about: "The lock of the snapshot",
  async examine({ options: { snapshot }, machine, unit }) {
    const file = await machine.readText(lockPathOf(await targetOf(snapshot.path)));
    const locks = await machine.readText("/proc/locks");
    const holder = file.ok ? holderIn(file.text) : null;
    if (holder === null || !locks.ok) return [];
    const isHeld = locks.text.split("\n").some((line) => new RegExp(`: FLOCK .* WRITE ${holder} `).test(line));
    const main = unit.state === "known" ? Number(unit.properties["MainPID"] ?? 0) : 0;
    return isHeld ? [judgeLock(holder, main === 0 ? null : main)] : [];
  },
};

/** Judges whether it is the unit's process that writes the snapshot; `mainPid` is null where the unit has none. */
export function judgeLock(holder: number, mainPid: number | null): Finding {
  const check = "snapshot/lock";
  if (mainPid === null || mainPid === holder) {
    return ok(check, `Process ${holder} writes the snapshot, and no other can`);
  }
  const what = `Process ${holder} writes the snapshot, and not the unit's process ${mainPid}`;
  return warning(check, what, "End it, or give it a Snapshot:Path of its own");
}

/** Judges whether the snapshot can be replaced there, and lasts. `mount` is its directory's. */
export function judgeSnapshotFileSystem(mount: Mount | null, isOwnMount: boolean): Finding {
  return judgeFileSystem(SNAPSHOT, mount, isOwnMount);
}

function judgeFileSystem({ name, prefix, setting }: WrittenFile, mount: Mount | null, isOwnMount: boolean): Finding {
  const check = `${prefix}/file-system`;
  if (isOwnMount) {
    const what = `The ${name} is a mount point of its own, which cannot be replaced (rename answers EBUSY)`;
    return error(check, what, "Mount its directory in its place");
  }
  if (mount === null) return note(check, `It is not known on which file system the ${name} is`);
  const where = `The ${name} is on ${mount.type} (mounted at ${mount.point})`;
  if (mount.readOnly) {
    const todo = "Remount it read-write, or list the directory under ReadWritePaths of the unit";
    return error(check, `${where}, which is read-only`, todo);
  }
  if (!isFleeting(mount)) return ok(check, where);
  const todo = `Name a directory that lasts in ${setting} (/var/lib/honua-configd)`;
  return warning(check, `${where}: it is gone after a restart of the host`, todo);
}

/** Room for a few snapshots and their temporary files. */
const AMPLE_BYTES = 16 * 1024 * 1024;
const AMPLE_INODES = 100;

/** Judges whether another snapshot of that size finds room beside the old one. */
export function judgeSpace(space: Space | null, snapshotBytes: number): Finding[] {
  const check = "snapshot/space";
  if (space === null) return [note(check, "It is not known how much space is left for the snapshot")];
  const { freeBytes, freeInodes } = space;
  const inodes = freeInodes === null ? "" : ` and ${freeInodes} inodes`;
  const what = `${Math.floor(freeBytes / 1024 / 1024)} MiB${inodes} are free for the snapshot`;
  const todo = "Free space or inodes there";
  if (freeBytes < Math.max(snapshotBytes, 4096) || freeInodes === 0) return [error(check, what, todo)];
  const isAmple = freeBytes >= Math.max(AMPLE_BYTES, 3 * snapshotBytes);
  if (!isAmple || (freeInodes !== null && freeInodes < AMPLE_INODES)) return [warning(check, what, todo)];
  return [ok(check, what)];
}

/** Whether the admin socket can be made; the daemon goes on without it, and cannot be asked then. */
export const socketDirectoryCheck: Check = {
  id: "admin/socket",
  about: "The admin socket's directory",
  async examine({ options: { admin: { socket } }, machine, user, unit }) {
    if (socket === null) return [];
    const directory = await machine.realPath(dirname(socket));
    const looked = await machine.look(directory);
    if (!looked.ok && isReadied(unit)) return [note("admin/socket", `${directory} is not there: the unit makes it`)];
    if (!looked.ok) {
      const todo = "Create it, or set Admin:Socket (empty: no socket)";
      return [warning("admin/socket", `${directory}, where the admin socket belongs: ${looked.code}`, todo)];
    }
    const obstacle = user && await obstacleTo(machine, user, directory, ["write", "enter"]);
    if (obstacle === null) return [ok("admin/socket", `The admin socket's place is ${socket}`)];
    const what = `${user?.name} cannot make the admin socket in ${directory}`;
    return [warning("admin/socket", what, `Give it to ${user?.name}, or set Admin:Socket`)];
  },
};
