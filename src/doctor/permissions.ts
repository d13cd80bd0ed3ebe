// The permissions of files that the daemon trusts or keeps to itself: its user can use them, only the right users can
// write them, and not every user can read a secret.
import { dirname } from "node:path";
import { error, type Judgement, note, ok, warning } from "./finding.ts";
import { type Identity, type Obstacle, obstacleTo, type Wanted } from "./identity.ts";
import type { FileFacts, Looked, Machine } from "./machine.ts";

export interface PathFacts {
  /** As it is written. */
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
  readonly looked: Looked;
  /** The directory of `real`. */
  readonly directory: Looked;
  /** The user that needs the path; null: not known. */
  readonly user: Identity | null;
  /** Of that user. */
  readonly obstacle: Obstacle | null;
}

/** Gathers the facts about a path that a user needs. */
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
  return { path, real, looked, directory, user, obstacle };
}

export function isMissing({ looked }: PathFacts): boolean {
  return !looked.ok && looked.code === "ENOENT";
}

const EVERYONE_WRITES = 0o002;
const EVERYONE_READS = 0o004;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/** Octal, as chmod(1) takes it. */
export function modeText(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`;
}

export interface Owners {
  /** Null: not known. */
  readonly daemonUid: number | null;
  /** The daemon runs commands from its options, and verifies a source before it uses it. */
  readonly stake: Stake;
}

type Stake = "options" | "source" | "approvals";

/** The power of a user that can write the file. */
const POWERS: Readonly<Record<Stake, string>> = {
  options: "can name commands that the daemon runs",
  source: "can change the configuration",
  approvals: "can decide which signatures count",
};

/** The harm that the daemon's user can do with a file that it owns; null: none. */
const OWN_POWERS: Readonly<Record<Stake, string | null>> = {
  options: "the commands that the daemon runs",
  source: null,
  approvals: "which signatures count",
};

/** The troubles of a path with which the daemon does a deed ("read"), and which `holds` a secret; none: all is well. */
export function judgeAccess(
  path: PathFacts,
  deed: string,
  { owners, holds = null }: { readonly owners?: Owners; readonly holds?: string | null } = {},
): Judgement[] {
  return [
    ...judgeObstacle(path, deed),
    ...judgeWriters(path),
    ...(owners === undefined ? [] : judgeOwners(path, owners)),
    ...(holds === null ? [] : judgeReaders(path, holds)),
  ];
}

function judgeWriters({ path, real, looked, directory }: PathFacts): Judgement[] {
  const judgements: Judgement[] = [];
  if (looked.ok && (looked.file.mode & EVERYONE_WRITES) !== 0) {
    judgements.push(error(`Everyone can write ${path} (mode ${modeText(looked.file.mode)})`, `chmod o-w ${real}`));
  }
  if (directory.ok && (directory.file.mode & EVERYONE_WRITES) !== 0 && !isSticky(directory.file)) {
    const what = `Everyone can replace ${path}: its directory has mode ${modeText(directory.file.mode)}`;
    judgements.push(error(what, `chmod o-w ${dirname(real)}`));
  }
  return judgements;
}

/** In such a directory only owners can replace a file (inode(7)). */
function isSticky({ kind, mode }: FileFacts): boolean {
  return kind === "directory" && (mode & STICKY) !== 0;
}

/** An owner can write a file of any mode (chmod(2)), and the owner of its directory can replace it. */
function judgeOwners({ path, real, looked, directory }: PathFacts, { daemonUid, stake }: Owners): Judgement[] {
  const judgements: Judgement[] = [];
  let isDaemons = false;
  const places = [[path, real, looked], [`the directory of ${path}`, dirname(real), directory]] as const;
  for (const [place, at, found] of places) {
    if (!found.ok) continue;
    const { uid, gid, mode } = found.file;
    if (uid !== 0 && uid === daemonUid) isDaemons = true;
    else if (uid !== 0 && daemonUid !== null) {
      const whose = `The user ${uid} owns ${place}`;
      const todo = `chown root ${at}`;
      judgements.push((stake === "source" ? warning : error)(`${whose}, and ${POWERS[stake]}`, todo));
    }
    // judgeWriters() reports the paths that everyone can write.
    const isHeld = gid === 0 || isSticky(found.file) || (mode & EVERYONE_WRITES) !== 0;
    if (isHeld || (mode & GROUP_WRITES) === 0) continue;
    judgements.push(warning(`The group ${gid} can write ${place} (mode ${modeText(mode)})`, `chmod g-w ${at}`));
  }
  const power = OWN_POWERS[stake];
  if (!isDaemons || power === null) return judgements;
  const what = `The daemon's user can change ${path}, and with it ${power}: it owns it or its directory`;
  return [...judgements, note(what)];
}

function judgeReaders({ path, real, looked }: PathFacts, holds: string): Judgement[] {
  if (!looked.ok || (looked.file.mode & EVERYONE_READS) === 0) return [];
  const what = `Everyone can read ${path} (mode ${modeText(looked.file.mode)}), which holds ${holds}`;
  return [warning(what, `chmod o-r ${real}`)];
}

const LIST = new Intl.ListFormat("en-GB");
const RIGHTS: Readonly<Record<Wanted, string>> = { read: "read", write: "write", enter: "execute" };

/** The reason why the user cannot use the path; none: it can. */
export function judgeObstacle(facts: PathFacts, deed: string): Judgement[] {
  const { path, obstacle, looked, user } = facts;
  if (isMissing(facts)) return [error(`${path} does not exist`, "Create it")];
  if (obstacle === null) {
    return looked.ok ? [] : [error(`${path} cannot be looked at: ${looked.code}`, "Look at it as root")];
  }
  const { path: at, code, wanted } = obstacle;
  const name = user?.name ?? "the daemon's user";
  if (code !== "denied") return [error(`${name} cannot ${deed} ${path}: ${at}: ${code}`, "Look at it as root")];
  const rights = LIST.format(wanted.map((one) => RIGHTS[one]));
  const what = `${name} cannot ${deed} ${path}${at === path ? "" : `: ${at} keeps it out`}`;
  return [error(what, `Give ${name} or a group of its ${rights} permission on ${at}`)];
}

/** The troubles, or if there is none that all is well. */
export function orOk(troubles: readonly Judgement[], what: string): readonly Judgement[] {
  return troubles.length > 0 ? troubles : [ok(what)];
}

/** The same judgements about a part: "Hook nginx: …". */
export function about(part: string, judgements: readonly Judgement[]): Judgement[] {
  return judgements.map((one) => ({ ...one, what: `${part}: ${one.what}` }));
}
