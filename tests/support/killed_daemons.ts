// kill -9 at random instants while the source is edited without pause. Two lanes run beside each other, one in HCL, the
// other in JSON, which needs no parser and so dies more often.
import { assert, assertEquals } from "@std/assert";
import { type EdgeHost, openEdgeHost } from "./edge_host.ts";
import { type Random, randomFrom } from "./random.ts";
import { openSampleCompiler, sampleJson, sampleSource } from "./sample_source.ts";

const SEED = Number(Deno.env.get("HONUA_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);

const UNSETTLED = ["--set", "ConfigurationWatcher:DebounceMilliseconds=0"];
const EDIT_GAP_MILLISECONDS = 2;
/** Half of the kills fall into a start of about this length, the others shortly behind its first reload. */
const START_MILLISECONDS = 300;
const LIFE_MILLISECONDS = 80;

/** The kills that are left, shared by the lanes. */
interface Kills {
  left: number;
  /** Temporary files that killed writers left. */
  stale: number;
  /** Kills that left a newer server form than the snapshot. */
  between: number;
}

/** A lane's source: each edit is the next version, and its number is the layer's title. */
interface Versions {
  written: number;
  next(): Promise<void>;
}

function versionsOf(host: EdgeHost): Versions {
  const versions: Versions = {
    written: 0,
    // Raised first: a daemon may have read the version before the write has returned.
    next: () => host.edit(`version ${++versions.written}`),
  };
  return versions;
}

const temporaries = ({ directory }: EdgeHost) =>
  [...Deno.readDirSync(`${directory}/snapshot`)].filter(({ name }) => name.endsWith(".tmp")).length;

/** A daemon's life, edited without pause from its start until it is killed. */
async function liveAndDie(host: EdgeHost, versions: Versions, random: Random): Promise<void> {
  await using daemon = host.start({ args: UNSETTLED });
  let alive = true;
  const editing = (async () => {
    while (alive) {
      await versions.next();
      await new Promise((resolve) => setTimeout(resolve, EDIT_GAP_MILLISECONDS)); // The pace of the edits, not a wait.
    }
  })();
  try {
    if (random.below(2) === 0) await daemon.logged(({ outcome }) => outcome === "activated");
    const instant = random.below(daemon.outcomes().length > 0 ? LIFE_MILLISECONDS : START_MILLISECONDS);
    await new Promise((resolve) => setTimeout(resolve, instant)); // The random instant, not a wait.
    daemon.kill("SIGKILL");
    await daemon.ended;
  } finally {
    alive = false;
    await editing;
  }
}

async function runLane(name: string, sample: (title: string) => string, random: Random, kills: Kills): Promise<void> {
  await using host = await openEdgeHost(name);
  await using compiler = openSampleCompiler();
  /** The number of the version in force, proven to be that version's very snapshot, beside a whole server form. */
  const versionInForce = async () => {
    const { title, header } = await host.snapshot();
    const expected = await compiler.snapshotOf(host.source, sample(title));
    assertEquals([header.hash, header.contentHash], [expected.hash, expected.contentHash], title);
    if ((await host.serverForm()).contentHash !== header.contentHash) kills.between++;
    return Number(title.replace("version ", ""));
  };
  const versions = versionsOf(host);
  await versions.next();
  await (await host.follow("version 1"))[Symbol.asyncDispose]();
  let inForce = 1;
  while (kills.left-- > 0) {
    await liveAndDie(host, versions, random);
    kills.stale += temporaries(host);
    const version = await versionInForce();
    assert(version >= inForce && version <= versions.written, `version ${inForce} was in force, then ${version}`);
    inForce = version;
  }
  await versions.next();
  await host.follow(`version ${versions.written}`);
  const { between } = kills;
  assertEquals(await versionInForce(), versions.written);
  assertEquals(kills.between, between, "a start makes both of one version");
  assertEquals(temporaries(host), 0);
}

/**
 * Kills `count` daemons. After each kill both files must be whole, and the snapshot of a version that was written. A
 * daemon that is left running in the end must make both of one version.
 */
export async function killDaemons(count: number): Promise<void> {
  console.log(`HONUA_SEED=${SEED}`);
  const random = randomFrom(SEED);
  const kills: Kills = { left: count, stale: 0, between: 0 };
  const lanes = [
    runLane("honua.hcl", sampleSource, random, kills),
    runLane("honua.json", sampleJson, random, kills),
  ];
  for (const lane of await Promise.allSettled(lanes)) if (lane.status === "rejected") throw lane.reason;
  assert(count < 300 || kills.stale > 0, "no kill fell into a write");
  console.log(`kills: ${kills.stale} of ${count} fell into a write, ${kills.between} between its two renames`);
}
