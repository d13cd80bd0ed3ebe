// A host as the daemon finds it: a directory with a source and a place for the snapshot, and the daemons that were
// started on it. Disposing of it stops them and removes the directory.
import { dirname, join } from "node:path";
import type { JsonObject } from "../../src/snapshot/canonical.ts";
import { formatOf } from "../../src/snapshot/compile.ts";
import { type ServerFormHeader, verifyServerForm } from "../../src/snapshot/server_form.ts";
import { type SnapshotHeader, verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { SAMPLE_CONNECTION, sampleJson, sampleSource } from "./sample_source.ts";

/** A snapshot that was read and proven. */
export interface ReadSnapshot {
  /** Its `$snapshot`. */
  readonly header: SnapshotHeader;
  /** What it holds. */
  readonly config: JsonObject;
  /** The title of the layer `roads`, by which samples tell one version from another. */
  readonly title: string;
}

/** Which file it is, and whether it was touched: equal where nothing was written. */
export interface FileMark {
  /** The number of the inode; an atomic write makes a new one. */
  readonly inode: number | null;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number | undefined;
  /** All of its bytes, as text. */
  readonly text: string;
}

/** What a daemon is started with beside the host's own paths. */
export interface StartOptions {
  /** Further arguments of `run`. */
  readonly args?: readonly string[];
  /** The daemon's environment, in place of one in which the sample's references resolve. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory; the checkout unless given. */
  readonly cwd?: string;
  /** A program and its arguments that run the daemon in their place, such as unshare(1); none unless given. */
  readonly wrapper?: readonly string[];
}

/** A directory with a source and a snapshot. */
export interface EdgeHost extends AsyncDisposable {
  /** Where all is. */
  readonly directory: string;
  /** The source's path. */
  readonly source: string;
  /** The snapshot's path. */
  readonly snapshotPath: string;
  /** The server form's path. */
  readonly serverPath: string;
  /** Replaces the source with a text, atomically: no daemon reads half of it. */
  put(text: string): Promise<void>;
  /** Replaces the source with the sample of this title, atomically. */
  edit(title: string): Promise<void>;
  /** Starts a daemon that debounces for 20 ms only, has no admin socket, and tells also what is worth nobody's attention. */
  start(options?: StartOptions): Daemon;
  /** Starts a daemon and waits for the snapshot with this title. */
  follow(title: string, options?: StartOptions): Promise<Daemon>;
  /** The snapshot; rejects where it is missing, and where it is not whole. */
  snapshot(): Promise<ReadSnapshot>;
  /** The header of the server form; rejects where it is missing, and where it is not whole. */
  serverForm(): Promise<ServerFormHeader>;
  /** Waits for a snapshot with this title. */
  hasSnapshot(title: string): Promise<ReadSnapshot>;
  /** The snapshot's file as it is now. */
  mark(): Promise<FileMark>;
}

/** Makes a host whose source is the sample titled "first", called `name`, which may hold directories. */
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

/** Reads and proves a snapshot; what is not whole rejects with the fault. */
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
