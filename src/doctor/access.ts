// The permissions of files and directories: the daemon's user can use them, only the right users can change them, and
// not every user can read a secret. They come from owners, groups and modes (path_resolution(7)); access control lists
// are not read. The daemon's user need not be the user that runs the doctor.
import { dirname } from "node:path";
import { isFleeting, mountOf } from "../host/mounts.ts";
import { type Section, section, type Subject } from "./examination.ts";
import { error, type Judgement, ok, warning } from "./finding.ts";
import { type FileFacts, kindOf, type Machine, mountsOf } from "./machine.ts";

/** A user of the host. */
export interface Identity {
  readonly name: string;
  readonly uid: number;
  /** All its groups. */
  readonly gids: readonly number[];
}

/** A user by its name (null: this process's user), with more groups, as id(1) knows it; null: there is no such user. */
export async function identityOf(
  name: string | null,
  moreGroups: readonly string[],
  machine: Pick<Machine, "run" | "readText">,
  signal: AbortSignal,
): Promise<Identity | null> {
  const which = name === null ? [] : ["--", name];
  const asking = ["-u", "-G", "-un"].map((flag) => machine.run("id", [flag, ...which], signal));
  const [number, groups, own] = await Promise.all(asking);
  if (number?.code !== 0 || groups?.code !== 0) return null;
  const uid = Number(number.out);
  const more = await Promise.all(moreGroups.map((group) => groupNumber(group, machine)));
  const gids = [...groups.out.trim().split(/\s+/).map(Number), ...more.filter((one) => one !== null)];
  // The user of a container may have no name.
  return { name: own?.code === 0 ? own.out.trim() : `user ${uid}`, uid, gids };
}

/** A group's number, by its name in group(5), else as a number; null: it is neither. */
export async function groupNumber(group: string, machine: Pick<Machine, "readText">): Promise<number | null> {
  const read = await machine.readText("/etc/group");
  const groups = read.ok ? read.text.split("\n").map((line) => line.split(":")) : [];
  const named = groups.find(([name, , gid = ""]) => name === group && /^\d{1,10}$/.test(gid));
  const number = named?.[2] ?? group;
  // The highest number means "unchanged" to chown(2).
  return /^\d{1,10}$/.test(number) && Number(number) < 0xffff_ffff ? Number(number) : null;
}

type Right = "read" | "write" | "execute";

const BITS: Readonly<Record<Right, number>> = { read: 4, write: 2, execute: 1 };

/** Whether owner, groups and mode allow it. */
export function may({ uid, gids }: Identity, file: FileFacts, right: Right): boolean {
  // Root needs no bits, except for a file that no user may execute.
  if (uid === 0) return right !== "execute" || kindOf(file) === "directory" || (file.mode & 0o111) !== 0;
  const shift = file.uid === uid ? 6 : gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & BITS[right]) !== 0;
}

/** The rights that a deed needs, and the kind of its path. */
const DEEDS = {
  "read": { rights: ["read"], kind: null },
  "run": { rights: ["execute"], kind: "file" },
  "append to": { rights: ["read", "write"], kind: "file" },
  "write in": { rights: ["read", "write", "execute"], kind: "directory" },
  "make a socket in": { rights: ["write", "execute"], kind: "directory" },
} as const;

/** The power of a user that can change a file, and how bad that is: a source is verified before it is used. */
const STAKES = {
  options: { judge: error, power: "can name commands that the daemon runs" },
  source: { judge: warning, power: "can change the configuration" },
  approvals: { judge: error, power: "can decide which signatures count" },
};

/** A path that the daemon needs. */
export interface Place {
  readonly path: string;
  /** The daemon's use of it. */
  readonly deed: keyof typeof DEEDS;
  /** At the beginning of each finding: the option or the hook that names it. */
  readonly namedBy?: string;
  /** Only root and the daemon's user may change it: the harm that others could do. */
  readonly stake?: keyof typeof STAKES;
  /** A secret: not everyone may read it. */
  readonly holds?: string | null;
  /** systemd passes a credential on, whichever user owns it. */
  readonly isCredential?: boolean;
  /** The daemon works without it: errors are warnings. */
  readonly isMinor?: boolean;
  /** The daemon makes it, in a directory that has a check of its own; it need not be there. */
  readonly isMade?: boolean;
  /** Default: an error; null: it need not be there. */
  readonly whenMissing?: Judgement | null;
}

/** The first place on the way from the root that the user cannot pass (`code`), or use (`lacking`). */
interface Obstacle {
  readonly path: string;
  readonly code: string | null;
  readonly lacking: readonly Right[];
}

/** `user` is the one that needs the path; null: not known. `real` has no symbolic links. */
async function readPlace(place: Place, subject: Subject) {
  const { machine } = subject;
  const real = await machine.realPath(place.path);
  const user = place.isCredential ? null : subject.user;
  const way = wayTo(real);
  const found = await Promise.all(way.map((path) => machine.look(path)));
  let obstacle: Obstacle | null = null;
  for (const [index, looked] of found.entries()) {
    const path = way[index]!;
    const needed: readonly Right[] = path === real ? DEEDS[place.deed].rights : ["execute"];
    const lacking = looked.ok && user !== null ? needed.filter((right) => !may(user, looked.file, right)) : [];
    if (!looked.ok || lacking.length > 0) obstacle ??= { path, code: looked.ok ? null : looked.code, lacking };
  }
  const [looked, directory] = [found.at(-1)!, found.at(-2) ?? found.at(-1)!];
  const mount = place.deed === "write in" ? mountOf(await mountsOf(machine), real) : null;
  return { ...place, real, looked, directory, mount, user, obstacle };
}

type PlaceFacts = Awaited<ReturnType<typeof readPlace>>;

/** All directories above a path, and the path. */
function wayTo(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [...wayTo(above), path];
}

/** The section of one check of places; without any it has nothing to say. */
export function accessSection(
  code: string,
  about: string,
  placesOf: (subject: Subject) => readonly Place[] | Promise<readonly Place[]>,
): Section<readonly PlaceFacts[]> {
  const gather = async (subject: Subject) => {
    const places = await placesOf(subject);
    return await Promise.all(places.map((place) => readPlace(place, subject)));
  };
  return section(about, gather, {
    [code]: (places, { daemonUid }) => {
      const troubles = places.flatMap((place) => judgePlace(place, daemonUid));
      const there = places.filter(({ looked }) => looked.ok).map(({ path }) => path);
      return troubles.length > 0 || there.length === 0
        ? troubles
        : ok(`Owners and modes are right: ${there.join(", ")}`);
    },
  });
}

/** For a program without all permissions, as the compiled one is. */
const UNWRITABLE = /^\/(dev|proc|sys)(\/|$)/;

const LASTING = "Name a directory that lasts (/var/lib/honua-configd)";

function judgePlace(place: PlaceFacts, daemonUid: number | null): Judgement[] {
  const { path, real, deed, looked, namedBy, isMade, isMinor, whenMissing } = place;
  if (deed === "write in" && !isMade && UNWRITABLE.test(real)) {
    const what = `Nothing can be written in ${path}: Deno refuses all that is under /dev, /proc and /sys`;
    return [error(what, LASTING)];
  }
  const isMissing = !looked.ok && looked.code === "ENOENT";
  if (isMissing && (isMade || whenMissing === null)) return [];
  if (isMade) return judgeObstacle(place);
  const missing = whenMissing ?? error(`${path} does not exist`, "Create it");
  const others = [...judgeWriters(place, daemonUid), ...judgeReaders(place), ...judgeMount(place)];
  const judgements = isMissing ? [missing, ...whenMissing ? [] : others] : [...judgeObstacle(place), ...others];
  return judgements.map(({ level, what, todo }) => ({
    level: isMinor && level === "error" ? "warning" : level,
    what: namedBy === undefined ? what : `${namedBy}: ${what}`,
    todo,
  }));
}

const LIST = new Intl.ListFormat("en-GB");

function judgeObstacle({ path, real, deed, obstacle, looked, user, isMade }: PlaceFacts): Judgement[] {
  const { kind } = DEEDS[deed];
  if (looked.ok && kind !== null && kindOf(looked.file) !== kind) {
    return [error(`${path} is not a ${kind}`, isMade ? "Move it away: the daemon makes its own" : `Name a ${kind}`)];
  }
  if (obstacle === null || (isMade && obstacle.path !== real)) return [];
  const name = user?.name ?? "the daemon's user";
  const what = `${name} cannot ${deed} ${path}`;
  const { path: at, code, lacking } = obstacle;
  if (code !== null) {
    const todo = code === "EACCES" ? "Look at it as root" : "Mend the path, or name another";
    return [error(`${what}: ${at}: ${code}`, todo)];
  }
  const todo = `Give ${name} or a group of its ${LIST.format(lacking)} permission on ${at}`;
  return [error(at === path ? what : `${what}: ${at} keeps it out`, todo)];
}

const EVERYONE_WRITES = 0o002;
const EVERYONE_READS = 0o004;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/** Octal, as chmod(1) takes it. */
export function modeText(mode: number): string {
  return `0${(mode & 0o7777).toString(8).padStart(3, "0")}`;
}

/** An owner can write a file of any mode (chmod(2)), and a user that can write its directory can replace it. */
function judgeWriters(
  { path, deed, real, looked, directory, stake }: PlaceFacts,
  daemonUid: number | null,
): Judgement[] {
  const judgements: Judgement[] = [];
  const places = [[path, real, looked], [`the directory of ${path}`, dirname(real), directory]] as const;
  for (const [place, at, found] of places) {
    if (!found.ok) continue;
    const { uid, gid, mode } = found.file;
    // In such a directory only owners can replace a file (inode(7)), but everyone can make one.
    const isSticky = kindOf(found.file) === "directory" && (mode & STICKY) !== 0;
    const isEveryones = (mode & EVERYONE_WRITES) !== 0;
    if (isEveryones && (!isSticky || (at === real && deed === "write in"))) {
      judgements.push(error(`Everyone can write ${place} (mode ${modeText(mode)})`, `chmod o-w ${at}`));
    }
    if (stake === undefined) continue;
    const { judge, power } = STAKES[stake];
    if (uid !== 0 && daemonUid !== null && uid !== daemonUid) {
      judgements.push(judge(`The user ${uid} owns ${place}, and ${power}`, `chown root ${at}`));
    }
    if (gid !== 0 && (mode & GROUP_WRITES) !== 0 && !isSticky && !isEveryones) {
      judgements.push(warning(`The group ${gid} can write ${place} (mode ${modeText(mode)})`, `chmod g-w ${at}`));
    }
  }
  return judgements;
}

function judgeReaders({ path, real, looked, holds = null }: PlaceFacts): Judgement[] {
  if (holds === null || !looked.ok || (looked.file.mode & EVERYONE_READS) === 0) return [];
  const what = `Everyone can read ${path} (mode ${modeText(looked.file.mode)}), which holds ${holds}`;
  return [warning(what, `chmod o-r ${real}`)];
}

function judgeMount({ path, mount }: PlaceFacts): Judgement[] {
  if (mount === null) return [];
  const where = `${path} is on ${mount.type} (mounted at ${mount.point})`;
  if (mount.readOnly) {
    const todo = "Remount it read-write, or list the directory under ReadWritePaths of the unit";
    return [error(`${where}, which is read-only`, todo)];
  }
  return isFleeting(mount) ? [warning(`${where}: it is empty after a restart of the host`, LASTING)] : [];
}
