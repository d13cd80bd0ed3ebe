// The user whose permissions are judged: the daemon's, which need not be the user that runs the doctor. Permissions
// come from owners, groups and modes (path_resolution(7)); access control lists are not read.
import { dirname } from "node:path";
import type { FileFacts, Looked, Machine } from "./machine.ts";

export interface Identity {
  readonly name: string;
  readonly uid: number;
  /** All its groups. */
  readonly gids: readonly number[];
}

/** The bits of rwx. */
export type Wanted = "read" | "write" | "enter";

const BITS: Readonly<Record<Wanted, number>> = { read: 4, write: 2, enter: 1 };

/** Whether owner, groups and mode allow it. To execute a file is to enter it. */
export function may({ uid, gids }: Identity, file: FileFacts, wanted: readonly Wanted[]): boolean {
  const bits = wanted.reduce((all, one) => all | BITS[one], 0);
  // Root needs no bits, except for a file that no user may execute.
  if (uid === 0) return !wanted.includes("enter") || file.kind === "directory" || (file.mode & 0o111) !== 0;
  const shift = file.uid === uid ? 6 : gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & bits) === bits;
}

/** The reason why a user cannot use a path. */
export interface Obstacle {
  /** The path itself or a directory above it. */
  readonly path: string;
  /** `denied`, or the errno's name. */
  readonly code: string;
  /** The permissions that the user lacks there. */
  readonly wanted: readonly Wanted[];
}

/** The first obstacle on the way from the root to a path without symbolic links; null: there is none. */
export async function obstacleTo(
  machine: Pick<Machine, "look">,
  identity: Identity,
  real: string,
  wanted: readonly Wanted[],
): Promise<Obstacle | null> {
  const way = [...directoriesAbove(real), real];
  const looked: Looked[] = await Promise.all(way.map((path) => machine.look(path)));
  for (const [index, path] of way.entries()) {
    const found = looked[index]!;
    const needed = path === real ? wanted : ["enter" as const];
    if (!found.ok) return { path, code: found.code, wanted: needed };
    if (may(identity, found.file, needed)) continue;
    const lacking = needed.filter((one) => !may(identity, found.file, [one]));
    return { path, code: "denied", wanted: lacking };
  }
  return null;
}

function directoriesAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [...directoriesAbove(above), above];
}

/** This process's user (proc(5), `/proc/self/status`); null: not readable. */
export async function ownIdentity(machine: Pick<Machine, "readText" | "run">): Promise<Identity | null> {
  const read = await machine.readText("/proc/self/status");
  if (!read.ok) return null;
  const numbers = (name: string) =>
    (new RegExp(`^${name}:\\s*(.*)$`, "m").exec(read.text)?.[1] ?? "").trim().split(/\s+/).filter(Boolean).map(Number);
  const [, uid] = numbers("Uid");
  const [, gid] = numbers("Gid");
  if (uid === undefined || gid === undefined) return null;
  const known = await machine.readText("/etc/passwd");
  return {
    name: uid === 0 ? "root" : (known.ok ? nameIn(known.text, uid) : null) ?? `user ${uid}`,
    uid,
    gids: [...new Set([gid, ...numbers("Groups")])],
  };
}

function nameIn(passwd: string, uid: number): string | null {
  const line = passwd.split("\n").map((one) => one.split(":")).find(([, , number]) => number === String(uid));
  return line?.[0] ?? null;
}

/** A user of the host by its name, from any of the host's databases (id(1)); null: there is none. */
export async function identityOf(
  name: string,
  moreGroups: readonly string[],
  machine: Pick<Machine, "run" | "readText">,
  signal: AbortSignal,
): Promise<Identity | null> {
  const [user, groups] = await Promise.all(["-u", "-G"].map((flag) => machine.run("id", [flag, "--", name], signal)));
  if (user?.code !== 0 || groups?.code !== 0) return null;
  const text = await machine.readText("/etc/group");
  const more = moreGroups.map((group) => groupNumber(text.ok ? text.text : "", group)).filter((one) => one !== null);
  return { name, uid: Number(user.out), gids: [...groups.out.trim().split(/\s+/).map(Number), ...more] };
}

/** A group's number, by its name in the text of group(5), else as a number; null: it is neither. */
export function groupNumber(groups: string, group: string): number | null {
  for (const line of groups.split("\n")) {
    const [name, , gid] = line.split(":");
    if (name === group && gid !== undefined && /^\d{1,10}$/.test(gid)) return Number(gid);
  }
  return /^\d{1,10}$/.test(group) ? Number(group) : null;
}
