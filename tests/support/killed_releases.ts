// kill -9 at random instants while a source is edited and releases are rolled back without pause. The releases on the
// disk must never contradict the snapshot.
import { assert, assertEquals } from "@std/assert";
import { hostFileSystem } from "../../src/host/atomic_write.ts";
import { runningRelease, skipOf } from "../../src/releases/release.ts";
import { readHistoryText } from "../../src/releases/source_history.ts";
import { verifyJournal } from "../../src/releases/verify_journal.ts";
import { DEFAULT_MAX_BYTES } from "../../src/source/source_file.ts";
import { type Random, randomFrom } from "./random.ts";
import { openReleaseHost, type ReleaseHost } from "./release_host.ts";
import { openSampleCompiler, type SampleCompiler } from "./sample_source.ts";

const SEED = Number(Deno.env.get("HONUA_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);

/** The pace of edits and orders. */
const GAP_MILLISECONDS = 5;
/** Half of the kills fall into a start of about this length, the others shortly behind its first reload. */
const START_MILLISECONDS = 300;
const LIFE_MILLISECONDS = 150;

/** How often the kills fell into something. */
interface Tally {
  /** The snapshot was one release behind the list, which is written first. */
  behind: number;
  /** A line of the journal was torn. */
  torn: number;
  /** The releases that were put back, as the last list knows them. */
  rolledBack: number;
}

/** A daemon's life, with edits and orders from its start until it is killed. Returns the newest version's number. */
async function runUntilKilled(host: ReleaseHost, random: Random, written: number): Promise<number> {
  await using daemon = host.start({
    args: [...host.args, "--set", "ConfigurationWatcher:DebounceMilliseconds=0"],
  });
  let alive = true;
  const acting = (async () => {
    while (alive) {
      // It may be refused, or the daemon be killed meanwhile.
      const choice = random.below(10);
      if (choice < 6) await host.edit(`version ${++written}`);
      else if (choice < 9) await host.order("/admin/rollback", { reason: "a test", author: "anna" }).catch(() => {});
      else await host.order("/admin/metadata/reload", { force: true }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, GAP_MILLISECONDS)); // The pace, not a wait.
    }
  })();
  try {
    if (random.below(2) === 0) await daemon.logged(({ outcome }) => outcome === "activated" || outcome === "held");
    const instant = random.below(daemon.outcomes().length > 0 ? LIFE_MILLISECONDS : START_MILLISECONDS);
    await new Promise((resolve) => setTimeout(resolve, instant)); // The random instant, not a wait.
    daemon.kill("SIGKILL");
    await daemon.ended;
  } finally {
    alive = false;
    await acting;
  }
  return written;
}

/** The text of the release in force is in the history, and makes this very snapshot. */
async function assertTextInForce(host: ReleaseHost, compiler: SampleCompiler): Promise<string> {
  const { header, title } = await host.snapshot();
  const directory = { path: `${host.state}/history`, fileSystem: hostFileSystem };
  const text = await readHistoryText(directory, header.hash, { maxTextBytes: DEFAULT_MAX_BYTES, keyRing: null });
  assert(text.ok, `${title}: ${text.ok || text.message}`);
  const { hash, contentHash } = await compiler.snapshotOf(host.source, new TextDecoder().decode(text.bytes));
  assertEquals([hash, contentHash], [header.hash, header.contentHash], title);
  return hash;
}

/** The state after a kill: the list is the snapshot's, or one entry ahead of it. */
async function assertConsistent(host: ReleaseHost, compiler: SampleCompiler, tally: Tally): Promise<void> {
  const hash = await assertTextInForce(host, compiler);
  const { list } = await host.kept();
  const last = runningRelease({ list });
  const before = list.at(-2);
  if (last?.hash !== hash) {
    assertEquals(before?.hash, hash, `neither of the last two releases is in force: ${JSON.stringify(list.slice(-3))}`);
    tally.behind++;
  }
  const numbers = list.map(({ number }) => number);
  assertEquals(numbers, numbers.toSorted((a, b) => a - b));
  assertEquals(list.filter(({ until }) => until === null).length, 1);
  const verdict = await verifyJournal(host.state);
  if (!verdict.ok && /^has no end/.test(verdict.reason)) tally.torn++;
  else assert(verdict.ok, JSON.stringify(verdict));
}

/** The state after a daemon that is left running: status, list, snapshot and journal agree. */
async function assertSettled(host: ReleaseHost, compiler: SampleCompiler, tally: Tally): Promise<void> {
  const daemon = host.start({ args: host.args });
  await daemon.logged(({ outcome }) => outcome !== undefined);
  const { release, active, held } = await host.shows("nothing to do", ({ release, lastReload, held, active }) => {
    const isDone = lastReload?.outcome !== "unreadable" && release?.hash === active?.hash;
    return isDone && release?.state === "healthy" && (held === null || held.hash !== active?.hash);
  });
  await daemon[Symbol.asyncDispose]();
  const hash = await assertTextInForce(host, compiler);
  const kept = await host.kept();
  assertEquals([active?.hash, runningRelease(kept)?.hash, release?.number], [hash, hash, kept.list.at(-1)?.number]);
  assertEquals(skipOf(kept, hash), null);
  const inFile = (await compiler.snapshotOf(host.source, await Deno.readTextFile(host.source))).hash;
  assertEquals(held === null ? inFile : held.hash, held === null ? hash : inFile);
  const verdict = await verifyJournal(host.state);
  assert(verdict.ok, JSON.stringify(verdict));
  tally.rolledBack = kept.list.filter(({ cause }) => cause === "rollback").length;
  const left = [...Deno.readDirSync(`${host.state}/history`)].filter(({ name }) => name.endsWith(".tmp"));
  assertEquals(left.length, 0);
}

/**
 * Kills `count` daemons of a host with this source, one after the other, and checks the state that each of them left.
 */
async function runLane(name: string, count: number, random: Random): Promise<Tally> {
  const tally: Tally = { behind: 0, torn: 0, rolledBack: 0 };
  await using host = await openReleaseHost([], { "History:Keep": 1000 }, name);
  await using compiler = openSampleCompiler();
  await (await host.follow("first", { args: host.args }))[Symbol.asyncDispose]();
  let written = 0;
  for (let kill = 1; kill <= count; kill++) {
    written = await runUntilKilled(host, random, written);
    await assertConsistent(host, compiler, tally);
    if (kill % 10 === 0) await assertSettled(host, compiler, tally);
  }
  await assertSettled(host, compiler, tally);
  return tally;
}

/** Kills `count` daemons in two lanes beside each other, one in HCL, the other in JSON, which dies more often. */
export async function killReleases(count: number): Promise<void> {
  console.log(`HONUA_SEED=${SEED}`);
  const half = Math.ceil(count / 2);
  const lanes = await Promise.allSettled([
    runLane("honua.hcl", half, randomFrom(SEED)),
    runLane("honua.json", count - half, randomFrom(SEED + 1)),
  ]);
  const tallies = lanes.map((lane) => {
    if (lane.status === "rejected") throw lane.reason;
    return lane.value;
  });
  const sum = (member: keyof Tally) => tallies.reduce((total, tally) => total + tally[member], 0);
  assert(count < 300 || sum("rolledBack") > 0, "no rollback came into force");
  console.log(`${count} kills: ${sum("behind")} between list and snapshot, ${sum("torn")} into a line of the journal`);
}
