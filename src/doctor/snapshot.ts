// The files that the daemon writes, their directories and file systems, and the directories of state and socket.
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { adviceFor, errorCode, resolveTarget } from "../host/atomic_write.ts";
import { isMountPoint } from "../host/mounts.ts";
import type { Options } from "../options/options.ts";
import { historyDirectory } from "../releases/history_directory.ts";
import { fileName } from "../releases/journal_files.ts";
import { readSealedFile } from "../snapshot/examiner.ts";
import type { Proof, Verify } from "../snapshot/sealed_file.ts";
import { lockTrouble } from "../snapshot/snapshot_lock.ts";
import { verifyServerForm } from "../snapshot/server_form.ts";
import { describeFault, verifyInTurns } from "../snapshot/snapshot.ts";
import { agoText } from "../time/elapsed_text.ts";
import { accessSection, groupNumber, modeText, type Place } from "./access.ts";
import { section, type Subject, type Within } from "./examination.ts";
import { error, type Judgement, note, ok, warning } from "./finding.ts";
import { ANSWER_SHARE } from "./host.ts";
import { mountsOf } from "./machine.ts";
import { isActive, type UnitFacts } from "./unit.ts";

/** The path that a write replaces; if a link cannot be resolved, the same path. */
async function targetOf(path: string): Promise<string> {
  return await resolveTarget(path).catch(() => path);
}

/** The check of a directory that the daemon writes in; without a path it has nothing to say. */
function directorySection(
  code: string,
  about: string,
  directoryOf: (options: Options) => Promise<string | null>,
  placeAt: (path: string) => Place = (path) => ({ path, deed: "write in" }),
) {
  return accessSection(code, about, async ({ options, unit }): Promise<Place[]> => {
    const path = await directoryOf(options);
    // systemd makes a unit's StateDirectory and RuntimeDirectory when it starts the unit.
    const isBeforeStart = unit.state === "known" && !isActive(unit);
    return path === null ? [] : [{ ...placeAt(path), ...isBeforeStart ? { whenMissing: null } : {} }];
  });
}

async function snapshotDirectoryOf({ snapshot: { path } }: Options): Promise<string> {
  return dirname(await targetOf(path));
}

/** Null: it is the snapshot's, which has its own check. */
async function serverDirectoryOf(options: Options): Promise<string | null> {
  const { serverPath } = options.snapshot;
  const directory = serverPath && dirname(await targetOf(serverPath));
  return directory === await snapshotDirectoryOf(options) ? null : directory;
}

export const snapshotDirectory = directorySection(
  "snapshot/directory",
  "The snapshot's directory",
  snapshotDirectoryOf,
);
export const serverDirectory = directorySection(
  "server-form/directory",
  "The server form's directory",
  serverDirectoryOf,
);
export const stateDirectory = directorySection("state/directory", "The state's directory", async (options) => {
  const { directory } = options.state;
  return directory === await snapshotDirectoryOf(options) ? null : directory;
});

export const stateFiles = accessSection("state/files", "Journal and history", ({ options: { state, snapshot } }) => {
  const history = historyDirectory(state.directory, snapshot.path).path;
  return [
    { path: join(dirname(history), fileName(0)), deed: "append to", isMade: true },
    { path: history, deed: "write in", isMade: true },
  ];
});

export const socketDirectory = directorySection(
  "admin/socket",
  "The admin socket's directory",
  ({ admin: { socket } }) => Promise.resolve(socket && dirname(socket)),
  (path) => {
    const whenMissing = warning(`${path} does not exist`, "Create it, or set Admin:Socket (empty: no socket)");
    // Without the socket the daemon works, but cannot be asked.
    return { path, deed: "make a socket in", isMinor: true, whenMissing };
  },
);

/** As the daemon finds the file when it starts. */
async function readWritten(path: string, verify: Verify<Proof>) {
  try {
    return await readSealedFile(await resolveTarget(path), verify);
  } catch (cause) {
    const code = errorCode(cause);
    return code === "ENOENT" ? { state: "none" as const } : { state: "unreadable" as const, code };
  }
}

/** A file that the daemon writes. `gid`: the number of `Snapshot:Group`; null: it has none, or there is no group. */
async function readFile({ options, machine }: Subject, path: string, verify: Verify<Proof>) {
  const { group } = options.snapshot;
  return {
    path,
    read: await readWritten(path, verify),
    gid: group === null ? null : await groupNumber(group, machine),
    isOwnMount: isMountPoint(await mountsOf(machine), await machine.realPath(path)),
  };
}

type FileFacts = Awaited<ReturnType<typeof readFile>>;

function headerOf({ read }: FileFacts) {
  return read.state === "file" && read.verification.ok ? read.verification.header : null;
}

function judgeFile(name: string, { path, read, isOwnMount }: FileFacts, unit: UnitFacts): Judgement {
  if (isOwnMount) {
    const what = `The ${name} is a mount point of its own, which cannot be replaced (rename answers EBUSY)`;
    return error(what, "Mount its directory in its place");
  }
  if (read.state === "unreadable") {
    const what = `The ${name} ${path} cannot be read: ${read.code}`;
    return read.code === "EACCES"
      ? warning(what, "Ask as root or as a member of its group")
      : error(what, adviceFor(read.code));
  }
  if (read.state === "none") {
    const todo = "Remove the reason why the daemon cannot write it: see the other findings and its log";
    return isActive(unit)
      ? error(`There is no ${name} at ${path}, and the daemon runs`, todo)
      : note(`There is no ${name} at ${path} yet: the daemon makes it from the first valid source`);
  }
  const { verification, identity } = read;
  if (verification.ok) {
    const written = agoText(new Date(identity.mtime).toISOString(), Date.now());
    return ok(`The ${name} is whole, hash ${verification.header.hash.slice(0, 8)}, written ${written}`);
  }
  const what = `The ${name} ${path} ${describeFault(verification.reason)}`;
  return verification.reason === "newer-format"
    ? warning(what, "Run the newer version, or let the next reload replace it")
    : error(what, "Start the daemon, or reload it: it sets the damaged one aside and writes it again");
}

function judgeMode(name: string, file: FileFacts, { snapshot }: Options): Judgement | null {
  if (file.read.state !== "file" || headerOf(file) === null) return null;
  const { mode, gid } = file.read.identity;
  const isRight = mode === snapshot.mode && gid === (file.gid ?? gid);
  const wanted = `Snapshot:Mode is ${modeText(snapshot.mode)}${
    file.gid === null ? "" : `, Snapshot:Group ${file.gid}`
  }`;
  const what = `The ${name} has mode ${modeText(mode)} and the group ${gid}, and ${wanted}`;
  return isRight ? null : warning(what, "Reload the daemon: it writes it again");
}

export const snapshotFile = section("The snapshot", async (subject) => {
  return await readFile(subject, subject.options.snapshot.path, verifyInTurns);
}, {
  "snapshot/file": (file, { unit }) => judgeFile("snapshot", file, unit),
  "snapshot/mode": (file, { options }) => judgeMode("snapshot", file, options),
  "snapshot/group": ({ gid }, { options: { snapshot: { group } }, user }) => {
    if (group === null) return null;
    if (gid === null) {
      return error(`There is no group ${group}, which Snapshot:Group names`, `groupadd --system ${group}`);
    }
    if (user === null || user.uid === 0 || user.gids.includes(gid)) return null;
    const what = `${user.name} is no member of ${group}, so it cannot give the snapshot that group`;
    return error(what, `usermod --append --groups ${group} ${user.name}, and restart the daemon`);
  },
});

export const serverForm = section("The server form", async (subject) => {
  const { path, serverPath } = subject.options.snapshot;
  if (serverPath === null) return null;
  const file = await readFile(subject, serverPath, (bytes) => verifyServerForm(bytes));
  const [form, snapshot] = [file, await readFile(subject, path, verifyInTurns)].map(headerOf);
  const isOfAnother = form && snapshot &&
    (form.hash !== snapshot.hash || form.contentHash !== snapshot.contentHash);
  return { ...file, isOfAnother };
}, {
  "server-form/file": (file, { unit }) => {
    if (file === null) return null;
    const what = "The server form is that of another snapshot than the one beside it";
    const other = error(what, "Start the daemon, or reload it: it writes both again");
    return file.isOfAnother ? other : judgeFile("server form", file, unit);
  },
  "server-form/mode": (file, { options }) => file && judgeMode("server form", file, options),
});

/** Null: no process has the locks, or it can be the daemon. */
async function otherWriter(subject: Subject, { limitMilliseconds }: Within): Promise<string | null> {
  const { options: { snapshot: { path, serverPath }, admin: { socket } }, unit } = subject;
  if (socket === null || isActive(unit)) return null;
  const answer = await subject.askStatus(limitMilliseconds * ANSWER_SHARE);
  if (answer.ok || answer.isOverdue) return null;
  return await lockTrouble(path, "snapshot") ?? (serverPath && await lockTrouble(serverPath, "server form"));
}

export const writer = section("The writer of the snapshot", otherWriter, {
  "snapshot/writer": (trouble) => trouble !== null && error(trouble, "The daemon refuses to start while it runs"),
});

/** For a few snapshots and their temporary files. */
const AMPLE_BYTES = 16 * 1024 * 1024;
const AMPLE_INODES = 100;

async function readSpace({ options: { snapshot: { path } }, machine }: Subject) {
  const looked = await machine.look(path);
  const space = await statfs(dirname(await targetOf(path))).catch(() => null);
  return space && {
    freeBytes: space.bavail * space.bsize,
    // Some file systems do not count inodes.
    freeInodes: space.files === 0 ? null : space.ffree,
    fileBytes: looked.ok ? looked.file.size : 0,
  };
}

export const space = section("The space for the snapshot", readSpace, {
  "snapshot/space": (found) => {
    if (found === null) return null;
    const { freeBytes, freeInodes, fileBytes } = found;
    const inodes = freeInodes === null ? "" : ` and ${freeInodes} inodes`;
    const what = `${Math.floor(freeBytes / 1024 / 1024)} MiB${inodes} are free for the snapshot`;
    const todo = "Free space or inodes there";
    // Another snapshot of that size is written beside the old one.
    if (freeBytes < Math.max(fileBytes, 4096) || freeInodes === 0) return error(what, todo);
    const isAmple = freeBytes >= Math.max(AMPLE_BYTES, 3 * fileBytes) && (freeInodes ?? AMPLE_INODES) >= AMPLE_INODES;
    return isAmple ? ok(what) : warning(what, todo);
  },
});
