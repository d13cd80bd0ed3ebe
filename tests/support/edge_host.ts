// A host for daemons: a directory with a source and a place for the snapshot, and the daemons that a test started on
// it. Disposing of it stops them and removes the directory.
import { dirname, join } from "node:path";
import type { JsonObject } from "../../src/snapshot/canonical.ts";
import { formatOf } from "../../src/compile.ts";
import { type ServerFormHeader, verifyServerForm } from "../../src/snapshot/server_form.ts";
import { type SnapshotHeader, verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { SAMPLE_CONNECTION, sampleJson, sampleSource } from "./sample_source.ts";

/** A snapshot that was read and verified. */
export interface ReadSnapshot {
  /** Its `$snapshot`. */
  readonly header: SnapshotHeader;
  readonly config: JsonObject;
  /** The title of the layer `roads`, which differs between versions of the sample. */
  readonly title: string;
}

/** The identity and content of a file: two marks are equal if nothing was written between them. */
export interface FileMark {
  /** An atomic write makes a new one. */
  readonly inode: number | null;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number | undefined;
  readonly text: string;
}

/** The options of a daemon's start. */
export interface StartOptions {
  /** Further arguments of `run`. */
  readonly args?: readonly string[];
  /** Default: one in which the sample's references resolve. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the checkout. */
  readonly cwd?: string;
  /** A program and its arguments that run the daemon, such as unshare(1). Default: none. */
  readonly wrapper?: readonly string[];
}

/** A directory with a source and a snapshot. */
export interface EdgeHost extends AsyncDisposable {
  readonly directory: string;
  /** A path. */
  readonly source: string;
  readonly snapshotPath: string;
  readonly serverPath: string;
  /** Replaces the source with a text, atomically: no daemon reads half of it. */
  put(text: string): Promise<void>;
  /** Replaces the source with the sample of this title, atomically. */
  edit(title: string): Promise<void>;
  /** Starts a daemon that debounces for only 20 ms, has no admin socket, and logs everything. */
  start(options?: StartOptions): Daemon;
  /** Starts a daemon and waits for the snapshot with this title. */
  follow(title: string, options?: StartOptions): Promise<Daemon>;
  /** Rejects if the snapshot is missing or not whole. */
  snapshot(): Promise<ReadSnapshot>;
  /** Rejects if the server form is missing or not whole. */
  serverForm(): Promise<ServerFormHeader>;
  /** Waits for a snapshot with this title. */
  hasSnapshot(title: string): Promise<ReadSnapshot>;
  /** Of the snapshot's file as it is now. */
  mark(): Promise<FileMark>;
}

/** Makes a host whose source is the sample titled "first"; its file name `name` may have directories. */
export async function openEdgeHost(name = "honua.hcl"): Promise<EdgeHost> {
  const directory = await Deno.makeTempDir({ prefix: "edge-host-" });
  const source = join(directory, name);
  const sampleOf = formatOf(name) === "json" ? sampleJson : sampleSource;
  const snapshotPath = `${directory}/snapshot/config.snapshot.json`;
  const serverPath = `${directory}/snapshot/config.snapshot.honua`;
  await Deno.mkdir(`${directory}/snapshot`);
  await Deno.mkdir(dirname(source), { recursive: true });
  const put = (text: string) => replaceFile(source, text);
  await put(sampleOf("first"));
  const daemons: Daemon[] = [];
  const snapshot = () => readSnapshot(snapshotPath);
  const start = ({ args = [], env = { SAMPLE_CONNECTION }, ...surroundings }: StartOptions = {}) => {
    const own = ["--config", source, "--snapshot", snapshotPath, "--log-level", "debug", "--set", "Admin:Socket="];
    const daemon = startDaemon([...own, "--set", "ConfigurationWatcher:DebounceMilliseconds=20", ...args], {
      env,
      ...surroundings,
    });
    daemons.push(daemon);
    return daemon;
  };
  const hasSnapshot = (title: string) =>
    eventually(`a snapshot titled ${title}`, async () => {
      const read = await snapshot();
      return read.title === title ? read : null;
    }, 30_000);
  return {
    directory,
    source,
    snapshotPath,
    serverPath,
    put,
    edit: (title) => put(sampleOf(title)),
    start,
    async follow(title, options) {
      const daemon = start(options);
      await daemon.logged("File watching enabled");
      await daemon.logged(({ outcome }) => outcome !== undefined);
      try {
        await hasSnapshot(title);
      } catch (error) {
        throw new Error(`the daemon wrote:\n${daemon.output()}`, { cause: error });
      }
      return daemon;
    },
    snapshot,
    serverForm: () => readServerForm(serverPath),
    hasSnapshot,
    mark: () => markOf(snapshotPath),
    async [Symbol.asyncDispose]() {
      await Promise.all(daemons.map((daemon) => daemon[Symbol.asyncDispose]()));
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Replaces a file by a new one under its name, as most editors and tools do. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await Deno.writeTextFile(temporary, text);
  await Deno.rename(temporary, path);
}

/** Reads and verifies a snapshot; rejects with the fault if it is not whole. */
export async function readSnapshot(path: string): Promise<ReadSnapshot> {
  const verification = await verifyInTurns(await Deno.readFile(path));
  if (!verification.ok) throw new Error(`the snapshot is ${verification.reason}`);
  const { header, config } = verification;
  const { layers } = config as { layers?: { roads?: { title?: string } } };
  return { header, config, title: layers?.roads?.title ?? "" };
}

async function readServerForm(path: string): Promise<ServerFormHeader> {
  const verification = await verifyServerForm(await Deno.readFile(path));
  if (!verification.ok) throw new Error(`the server form is ${verification.reason}`);
  return verification.header;
}

async function markOf(path: string): Promise<FileMark> {
  const { ino, mtime } = await Deno.stat(path);
  return { inode: ino, modifiedAt: mtime?.getTime(), text: await Deno.readTextFile(path) };
}
