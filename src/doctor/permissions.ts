// What is asked of every file that the daemon trusts or keeps to itself: that its user can use it, that not everyone can
// write it, and that not everyone can read a secret.
import { dirname } from "node:path";
import { error, type Finding, note, ok, warning } from "./finding.ts";
import { type Identity, type Obstacle, obstacleTo, type Wanted } from "./identity.ts";
import type { FileFacts, Looked, Machine } from "./machine.ts";

/** What is known of a path and the way to it. */
export interface PathFacts {
  /** As it was named. */
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
  /** What is there. */
  readonly looked: Looked;
  /** The directory that it is in. */
  readonly directory: Looked;
  /** What keeps the daemon's user from it; null: nothing, or the user is not known. */
  readonly obstacle: Obstacle | null;
}

/** Finds out about a path; what is wanted of it is what the daemon needs. */
export async function readPathFacts(
  machine: Pick<Machine, "look" | "realPath">,
  path: string,
  user: Identity | null,
  wanted: readonly Wanted[],
): Promise<PathFacts> {
  const real = await machine.realPath(path);
  const [looked, directory, obstacle] = await Promise.all([
    machine.look(real),
    machine.look(dirname(real)),
    user === null ? null : obstacleTo(machine, user, real, wanted),
  ]);
  return { path, real, looked, directory, obstacle };
}

const EVERYONE_WRITES = 0o002;
const EVERYONE_READS = 0o004;
const STICKY = 0o1000;

/** An octal mode as people write it. */
export function modeText(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`;
}

/** What is wrong with who can write a file that the daemon does as it says; none: nothing. */
export function judgeWriters(check: string, facts: PathFacts): Finding[] {
  const { path, real, looked, directory } = facts;
  const findings: Finding[] = [];
  if (looked.ok && (looked.file.mode & EVERYONE_WRITES) !== 0) {
    const what = `Everyone can write ${path} (mode ${modeText(looked.file.mode)})`;
    findings.push(error(check, what, `chmod o-w ${real}`));
  }
  if (directory.ok && isOpen(directory.file)) {
    const what = `Everyone can replace ${path}: its directory has mode ${modeText(directory.file.mode)}`;
    findings.push(error(check, what, `chmod o-w ${dirname(real)}`));
  }
  return findings;
}

/** In a directory with the sticky bit none but owners can replace a file (inode(7)). */
function isOpen({ mode }: FileFacts): boolean {
  return (mode & EVERYONE_WRITES) !== 0 && (mode & STICKY) === 0;
}

/** What the daemon takes from a file: commands that it runs, or a text that it judges before it believes it. */
export type Stake = "options" | "source";

const GROUP_WRITES = 0o020;

/**
 * What is wrong with whom a file and its directory belong to; none: nothing. An owner can write what is his whatever its
 * mode (chmod(2)), and who owns the directory can put another file in its place.
 */
export function judgeOwners(check: string, facts: PathFacts, daemonUid: number | null, stake: Stake): Finding[] {
  const { path, real, looked, directory } = facts;
  const findings: Finding[] = [];
  let isDaemons = false;
  for (
    const [place, at, found] of [[path, real, looked], [`the directory of ${path}`, dirname(real), directory]] as const
  ) {
    if (!found.ok) continue;
    const { uid, gid, mode } = found.file;
    if (uid !== 0 && uid === daemonUid) isDaemons = true;
    else if (uid !== 0 && daemonUid !== null) findings.push(judgeStranger(check, { place, at, uid, stake }));
    const isHeld = found.file.kind === "directory" && (mode & STICKY) !== 0;
    // What everyone can write is told already.
    if (gid === 0 || isHeld || (mode & GROUP_WRITES) === 0 || (mode & EVERYONE_WRITES) !== 0) continue;
    findings.push(warning(check, `The group ${gid} can write ${place} (mode ${modeText(mode)})`, `chmod g-w ${at}`));
  }
  if (!isDaemons || stake === "source") return findings;
  const what = `The daemon's user can change ${path}, and with it what the daemon runs: it owns it or its directory`;
  return [...findings, note(check, what)];
}

function judgeStranger(
  check: string,
  { place, at, uid, stake }: {
    readonly place: string;
    readonly at: string;
    readonly uid: number;
    readonly stake: Stake;
  },
): Finding {
  const todo = `chown root ${at}`;
  const whose = `The user ${uid}, who is neither root nor the daemon's user, owns ${place}`;
  if (stake === "source") return warning(check, `${whose}, and can change the configuration`, todo);
  return error(check, `${whose}, and can name commands that the daemon runs`, todo);
}

/** What is wrong with who can read a file that holds a secret; none: nothing. */
export function judgeReaders(check: string, { path, real, looked }: PathFacts, holds: string): Finding[] {
  if (!looked.ok || (looked.file.mode & EVERYONE_READS) === 0) return [];
  const what = `Everyone can read ${path} (mode ${modeText(looked.file.mode)}), which holds ${holds}`;
  return [warning(check, what, `chmod o-r ${real}`)];
}

/** What keeps the daemon's user from a path; none: nothing. */
export function judgeObstacle(check: string, facts: PathFacts, user: Identity | null, deed: string): Finding[] {
  const { path, obstacle, looked } = facts;
  if (!looked.ok && looked.code === "ENOENT") return [error(check, `${path} does not exist`, "Create it")];
  if (obstacle !== null) return [error(check, ...describeObstacle(obstacle, path, user, deed))];
  if (!looked.ok) return [error(check, `${path} cannot be looked at: ${looked.code}`, "Look at it as root")];
  return [];
}

function describeObstacle(
  { path: at, code, wanted }: Obstacle,
  path: string,
  user: Identity | null,
  deed: string,
): [string, string] {
  const name = user?.name ?? "the daemon's user";
  if (code !== "denied") return [`${name} cannot ${deed} ${path}: ${at}: ${code}`, "Look at it as root"];
  const where = at === path ? "" : `: ${at} keeps it out`;
  return [
    `${name} cannot ${deed} ${path}${where}`,
    `Give ${name} or a group of its ${LIST.format(wanted.map((one) => RIGHTS[one]))} permission on ${at}`,
  ];
}

const LIST = new Intl.ListFormat("en-GB");

const RIGHTS: Readonly<Record<Wanted, string>> = { read: "read", write: "write", enter: "execute" };

/** The findings, or where there is none that all is well. */
export function orOk(findings: readonly Finding[], check: string, what: string): Finding[] {
  return findings.length > 0 ? [...findings] : [ok(check, what)];
}
