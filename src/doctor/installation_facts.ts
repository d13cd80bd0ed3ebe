// The facts about host, unit, files and daemon that the checks judge. Gathering them changes nothing.
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { SSH_KEYGEN_PATHS } from "../approvals/ssh_keygen.ts";
import { readTokenFile } from "../admin/auth.ts";
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { sourceText } from "../diagnostic/range.ts";
import { openBlockParser } from "../document/hcl/block_parser.ts";
import { openParser } from "../document/hcl/parser.ts";
import { residentBytes } from "../document/hcl/usage.ts";
import { resolveTarget } from "../host/atomic_write.ts";
import { isMountPoint, mountOf } from "../host/mounts.ts";
import { SETPRIV_PATHS } from "../host/program_search.ts";
import { singleMounts } from "../host/single_mount.ts";
import { secretFilesOf } from "../options/secret_files.ts";
import { type Compiled, compileSource, formatOf } from "../compile.ts";
import { type Found, readSealedFile } from "../snapshot/examiner.ts";
import type { Proof, Verify } from "../snapshot/sealed_file.ts";
import { verifyServerForm } from "../snapshot/server_form.ts";
import { verifyInTurns } from "../snapshot/snapshot.ts";
import { holderIn, lockPathOf } from "../snapshot/snapshot_lock.ts";
import { environmentFilePath, readEnvironmentFiles } from "../source/inputs.ts";
import { readSource } from "../source/source_file.ts";
import { facts, type Host, type StatusAnswer, type Subject } from "./examination.ts";
import { groupNumber } from "./identity.ts";
import { type Machine, mountsOf } from "./machine.ts";
import { type PathFacts, readPathFacts } from "./permissions.ts";
import { binaryOf, propertyOf } from "./unit_facts.ts";

/** For checks that judge only the subject. */
export const settings = facts("options/user", "The daemon's user", () => Promise.resolve(null));

/** Null: there is no options file. */
export const optionsFile = facts("options/file", "The options file", async ({ optionsPath, machine, user }) => {
  return optionsPath === null ? null : await readPathFacts(machine, optionsPath, user, ["read"]);
});

export const secretFiles = facts("options/secrets", "The files with secrets", async (subject) => {
  const { options, machine, user, credentialDirectories } = subject;
  return await Promise.all(
    secretFilesOf(options).map(async ({ option, path }) => {
      // A bare name is a credential's if there is such a credential (systemd.exec(5)).
      const places = path.includes("/") ? [] : credentialDirectories.map((directory) => join(directory, path));
      const looked = await Promise.all(places.map((place) => machine.look(place)));
      const place = places.find((_, index) => looked[index]!.ok) ?? path;
      // systemd passes a credential on, whichever user owns it.
      const file = await readPathFacts(machine, place, place === path ? user : null, ["read"]);
      const token = option === "Admin:TokenFile" ? await readTokenFile(place) : null;
      const store = path.includes("/") ? null : credentialDirectories.at(-1) ?? null;
      return { option, file, store, badToken: token === null || token.ok ? null : token.message };
    }),
  );
});

/** The files of signers and revoked keys; empty: no approval is required. */
export const approvalFiles = facts("approvals/files", "The files of the approvals", async (subject) => {
  const { options: { approvals }, machine, user } = subject;
  if (approvals.required === 0) return [];
  const { allowedSigners, revokedKeys } = approvals;
  const named = [["Approvals:AllowedSigners", allowedSigners], ["Approvals:RevokedKeys", revokedKeys]] as const;
  const files = named.map(async ([option, path]) =>
    path === null ? null : { option, file: await readPathFacts(machine, path, user, ["read"]) }
  );
  return (await Promise.all(files)).filter((one) => one !== null);
});

/** Whether the program is there that verifies signatures; null: no approval is required. */
export const sshKeygen = facts("approvals/ssh-keygen", "ssh-keygen", async ({ machine, options }) => {
  if (options.approvals.required === 0) return null;
  const looked = await Promise.all(SSH_KEYGEN_PATHS.map((path) => machine.look(path)));
  return looked.some((one) => one.ok);
});

export interface SourceFacts {
  /** The reason why the source cannot be read. */
  readonly unreadable: Diagnostic | null;
  /** The reason why an environment file cannot be read. */
  readonly unreadableEnvironment: Diagnostic | null;
  /** About the environment files. */
  readonly warnings: readonly Diagnostic[];
  /** The result of a reload now; null: not all files can be read. */
  readonly compiled: Compiled | null;
}

export const source = facts("source/valid", "The source", async (subject: Subject, within): Promise<SourceFacts> => {
  const { source, options, environment } = subject;
  const nothing = { unreadable: null, unreadableEnvironment: null, warnings: [], compiled: null };
  if (!("path" in source)) return nothing;
  const { environmentFiles, validateOnReload } = options.configurationWatcher;
  const [read, files] = await Promise.all([readSource(source.path), readEnvironmentFiles(environmentFiles)]);
  if (!read.ok) return { ...nothing, unreadable: read.diagnostic };
  if (!files.ok) return { ...nothing, unreadableEnvironment: files.diagnostic };
  const parsed = files.texts.map(parseEnvironmentFile);
  await using parser = openBlockParser();
  const compiled = await compileSource({
    source: sourceText(source.path, read.text),
    format: formatOf(source.path),
    environment: environmentOf(processEnvironment(environment), parsed.map(({ variables }) => variables)),
    validate: validateOnReload,
    parser,
    signal: within.signal,
  });
  within.hide(compiled.secrets);
  return { ...nothing, warnings: parsed.flatMap(({ diagnostics }) => diagnostics), compiled };
});

function sourcePathOf({ source }: Pick<Subject, "source">): string | null {
  return "path" in source ? source.path : null;
}

/** Null: it was not found. */
export const sourceFiles = facts("source/permissions", "Owners and modes of the source", async (subject) => {
  const { machine, user, options } = subject;
  const path = sourcePathOf(subject);
  const read = (path: string) => readPathFacts(machine, path, user, ["read"]);
  const environment = options.configurationWatcher.environmentFiles.map(environmentFilePath).map(read);
  return { source: path === null ? null : await read(path), environment: await Promise.all(environment) };
});

/** Null: not known. */
export const sourceMount = facts("source/file-system", "The file system of the source", async (subject) => {
  const path = sourcePathOf(subject);
  return path === null ? null : mountOf(await mountsOf(subject.machine), await subject.machine.realPath(path));
});

/** Files that are mount points, so that an editor or tool cannot replace them. */
export const mountedFiles = facts("files/single-mount", "Files that are mounted by themselves", async (subject) => {
  const { machine, options, optionsPath } = subject;
  const { configurationWatcher, admin, highAvailability, approvals } = options;
  const { caFile, certificateFile, keyFile } = highAvailability.tls;
  const named = [sourcePathOf(subject), optionsPath, admin.tls.certificateFile, admin.tls.keyFile];
  const signers = [approvals.allowedSigners, approvals.revokedKeys];
  const files = [...named, caFile, certificateFile, keyFile, ...signers].filter((one) => one !== null);
  const paths = [...files, ...configurationWatcher.environmentFiles.map(environmentFilePath)];
  return await singleMounts(paths, () => mountsOf(machine));
});

/** Null: files are not watched. */
export const watcher = facts("watcher/limits", "The limits of watching", async ({ machine, options, user }) => {
  return options.configurationWatcher.enableFileWatching ? await readWatcherFacts(machine, user?.uid ?? null) : null;
});

/** A bound of the time that the count takes. */
const MAX_DESCRIPTORS = 50_000;

/**
 * The kernel's limits of inotify(7), which apply to each user over all of its processes, and the use that a user makes
 * of them (null: all users). Partial: some processes cannot be read, so more may be in use.
 */
export async function readWatcherFacts(machine: Machine, uid: number | null) {
  const limit = async (name: string) => {
    const read = await machine.readText(`/proc/sys/fs/inotify/${name}`);
    const number = read.ok ? Number(read.text) : NaN;
    return Number.isSafeInteger(number) ? number : null;
  };
  const readLink = (path: string) => Deno.readLink(path).catch(() => null);
  let [usedInstances, usedWatches, seen, isPartial] = [0, 0, 0, false];
  for (const pid of await machine.names("/proc") ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    const process = await machine.look(`/proc/${pid}`);
    if (!process.ok || (uid !== null && process.file.uid !== uid)) continue;
    // A kernel thread has neither a program nor descriptors.
    if (await readLink(`/proc/${pid}/exe`) === null) continue;
    const descriptors = await machine.names(`/proc/${pid}/fd`);
    isPartial ||= descriptors === null || seen + descriptors.length > MAX_DESCRIPTORS;
    for (const descriptor of (descriptors ?? []).slice(0, MAX_DESCRIPTORS - seen)) {
      seen++;
      if (await readLink(`/proc/${pid}/fd/${descriptor}`) !== "anon_inode:inotify") continue;
      usedInstances++;
      const info = await machine.readText(`/proc/${pid}/fdinfo/${descriptor}`);
      if (info.ok) usedWatches += info.text.split("\n").filter((line) => line.startsWith("inotify wd:")).length;
    }
  }
  const [maxInstances, maxWatches] = [await limit("max_user_instances"), await limit("max_user_watches")];
  return { maxInstances, maxWatches, usedInstances, usedWatches, isPartial };
}

/** The path that a write replaces; if a link cannot be resolved, the same path. */
async function targetOf(path: string): Promise<string> {
  return await resolveTarget(path).catch(() => path);
}

function readDirectory({ machine, user }: Subject, directory: string): Promise<PathFacts> {
  return readPathFacts(machine, directory, user, ["read", "write", "enter"]);
}

export const snapshotDirectory = facts("snapshot/directory", "The snapshot's directory", async (subject) => {
  return await readDirectory(subject, dirname(await targetOf(subject.options.snapshot.path)));
});

export const stateDirectory = facts("state/directory", "The state's directory", (subject) => {
  const { state, snapshot } = subject.options;
  return readDirectory(subject, state.directory ?? dirname(snapshot.path));
});

/** Null: there is no admin socket. */
export const socketDirectory = facts("admin/socket", "The admin socket's directory", async (subject) => {
  const { options: { admin: { socket } }, machine, user } = subject;
  if (socket === null) return null;
  return await readPathFacts(machine, await machine.realPath(dirname(socket)), user, ["write", "enter"]);
});

/** A file that the daemon writes; `gid`: the number of `Snapshot:Group`, null if it has none. */
export interface WrittenFacts {
  readonly path: string;
  readonly read: Found<Proof> | { readonly state: "unreadable"; readonly code: string };
  readonly gid: number | null;
  readonly now: number;
}

async function readWritten(
  { options: { snapshot: { group } }, machine }: Subject,
  path: string,
  verify: Verify<Proof>,
): Promise<WrittenFacts> {
  const groups = await machine.readText("/etc/group");
  const gid = group === null ? null : groupNumber(groups.ok ? groups.text : "", group);
  const read = await readSealedFile(path, verify).catch((cause: { code?: string }) => {
    return { state: "unreadable" as const, code: cause.code ?? "no reason" };
  });
  return { path, read, gid, now: machine.now() };
}

export const snapshotFile = facts("snapshot/file", "The snapshot", (subject) => {
  return readWritten(subject, subject.options.snapshot.path, verifyInTurns);
});

/** The mount of a file's directory (null: not known), and whether the file itself is a mount point. */
async function readPlace(machine: Machine, path: string) {
  const target = await targetOf(path);
  const mounts = await mountsOf(machine);
  const directory = dirname(target);
  const real = join(await machine.realPath(directory), target.slice(directory.length));
  return { mount: mountOf(mounts, dirname(real)), isOwnMount: isMountPoint(mounts, real) };
}

export const snapshotPlace = facts("snapshot/file-system", "The file system of the snapshot", async (subject) => {
  const { options: { snapshot: { path } }, machine } = subject;
  const looked = await machine.look(path);
  const found = await statfs(dirname(await targetOf(path))).catch(() => null);
  const space = found && {
    freeBytes: found.bavail * found.bsize,
    // Some file systems do not count inodes.
    freeInodes: found.files === 0 ? null : found.ffree,
  };
  return { ...await readPlace(machine, path), space, snapshotBytes: looked.ok ? looked.file.size : 0 };
});

export type PlaceFacts = Awaited<ReturnType<typeof readPlace>>;

/** Null: no server form is written. */
export const serverForm = facts("server-form/file", "The server form", async (subject) => {
  const { path, serverPath } = subject.options.snapshot;
  if (serverPath === null) return null;
  const file = await readWritten(subject, serverPath, (bytes) => verifyServerForm(bytes));
  const snapshot = await readWritten(subject, path, verifyInTurns);
  const [one, other] = [file, snapshot].map(({ read }) =>
    read.state === "file" && read.verification.ok ? read.verification.header : null
  );
  const isOfAnother = one != null && other != null &&
    (one.hash !== other.hash || one.contentHash !== other.contentHash);
  const directory = dirname(await targetOf(serverPath));
  const place = directory === dirname(await targetOf(path)) ? null : {
    directory: await readDirectory(subject, directory),
    fileSystem: await readPlace(subject.machine, serverPath),
  };
  return { file, isOfAnother, place };
});

/** The process that holds the snapshot's lock; null: none, or not known. */
export const snapshotLock = facts("snapshot/lock", "The lock of the snapshot", async ({ options, machine }) => {
  const file = await machine.readText(lockPathOf(await targetOf(options.snapshot.path)));
  const locks = await machine.readText("/proc/locks");
  const holder = file.ok ? holderIn(file.text) : null;
  if (holder === null || !locks.ok) return null;
  return new RegExp(`: FLOCK .* WRITE ${holder} `).test(locks.text) ? holder : null;
});

/** `synchronised`: NTPSynchronized of timedatectl(1), `yes` or `no`. Null: not known. */
export const clock = facts("clock/synchronised", "The clock", async ({ machine, options, unit }, { signal }) => {
  const isMarked = (await machine.look("/run/systemd/timesync/synchronized")).ok;
  // Without systemd there is no answer, and the question takes its time.
  const asks = !isMarked && unit.state !== "no-systemd";
  const args = ["show", "--property=NTPSynchronized", "--value"];
  const ran = asks ? await machine.run("timedatectl", args, signal) : null;
  const looked = await machine.look(options.snapshot.path);
  return {
    synchronised: isMarked ? "yes" : ran?.code === 0 ? ran.out.trim() : null,
    writtenMilliseconds: looked.ok ? looked.file.modifiedMilliseconds : null,
    now: machine.now(),
  };
});

/** `trouble` is null if it answered. */
export const parser = facts("host/parser", "The parser's process", async (_: Host, { signal }) => {
  const before = performance.now();
  await using parser = openParser();
  const judgement = await parser.judge(["x = 1\n"], signal);
  return { trouble: judgement.ok ? null : judgement.reason, milliseconds: performance.now() - before };
});

/** The memory of this process in bytes, by which the parser's memory is limited; null: /proc does not have it. */
export const ownMemory = facts("host/proc", "/proc", (_: Host) => residentBytes(Deno.pid));

/** Whether the program is there. */
export const setpriv = facts("host/setpriv", "setpriv", async ({ machine }: Host) => {
  const looked = await Promise.all(SETPRIV_PATHS.map((path) => machine.look(path)));
  return looked.some((one) => one.ok);
});

/** The program that the unit starts; null: not known. */
export const unitBinary = facts("unit/installed", "The systemd unit", async ({ unit, machine }: Host) => {
  const path = binaryOf(propertyOf(unit, "ExecStart"));
  if (path === null) return null;
  const looked = await machine.look(path);
  const isProgram = looked.ok && looked.file.kind === "file" && (looked.file.mode & 0o111) !== 0;
  return { path, real: await machine.realPath(path), isProgram, own: Deno.execPath() };
});

/** The members of a status that are judged; another version may have more or fewer. */
const statusSchema = z.object({
  version: z.string(),
  active: z.object({ hash: z.string() }).nullable(),
  standing: z.string().catch("unknown"),
  lastReload: z.object({ outcome: z.string(), reason: z.string().nullable().catch(null) }).nullable(),
  restartNeeded: z.boolean().catch(false),
  stored: z.string().nullable().catch(null),
  serverForm: z.object({ stored: z.string().nullable() }).nullable().catch(null),
  hooks: z.array(z.object({ name: z.string(), failures: z.number() })).catch([]),
});

export type Status = z.infer<typeof statusSchema>;

/** Leaves time to say that the daemon does not answer. */
const SHARE = 0.8;

export const daemon = facts("daemon/answers", "The daemon", async (subject: Subject, { limitMilliseconds }) => {
  return subject.options.admin.socket === null
    ? "no-socket"
    : readStatus(await subject.askStatus(limitMilliseconds * SHARE));
});

/** The status; else the message of an error, or that another version answers. */
export function readStatus(answer: StatusAnswer): Status | { readonly message: string } | "other-version" {
  if (!answer.ok) return { message: answer.message };
  const { success, data } = statusSchema.safeParse(answer.status);
  return success ? data : "other-version";
}
