// Diffs and plans over real files and the daemon's own loader; the history is a map of texts.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Diff, DiffSource } from "../../src/admin/daemon_api.ts";
import { trackChanges } from "../../src/daemon/change_tracker.ts";
import { openDiffer } from "../../src/daemon/differ.ts";
import { openSourceLoader } from "../../src/daemon/source_loader.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import { historyDirectory } from "../../src/releases/history_directory.ts";
import { type Held, type KeptReleases, NO_RELEASES, type Release } from "../../src/releases/release.ts";
import { openReserve } from "../../src/releases/reserve.ts";
import type { TextRead } from "../../src/releases/source_history.ts";
import type { SnapshotId } from "../../src/reload/state.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { SAMPLE_CONNECTION, sampleJson, sampleSource } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const SIGNAL = new AbortController().signal;
const NOW = Date.parse("2026-11-30T12:00:00Z");
const FILE: DiffSource = { kind: "file" };
const RUNNING: DiffSource = { kind: "running" };

const HOOKS = {
  only: ["layers"],
  list: [
    { name: "late", command: ["true"] },
    { name: "caches", http: { url: "http://localhost/" }, only: ["caches"] },
    { name: "server", systemdUnit: "honua.service", action: "restart" },
    { name: "judge", command: ["true"], on: "check" },
    { name: "alarm", command: ["true"], on: "rejected" },
  ],
};

/** A host whose file is JSON, with the texts of its releases; that of an empty text is damaged. */
async function openHost({ releases = [] }: { readonly releases?: readonly string[] } = {}) {
  const directory = await temporaryDirectory();
  const parser = openBlockParser();
  const sourcePath = directory.file("honua.json");
  const snapshotPath = directory.file("honua.snapshot.json");
  const opened = await openStore({ path: snapshotPath });
  assert(opened.ok);
  const environmentFile = directory.file("honua.env");
  const checked = checkOptions({ configurationWatcher: { environmentFiles: [`-${environmentFile}`] }, hooks: HOOKS });
  assert(checked.ok, JSON.stringify(checked));
  const settings = { options: checked.options, sourcePath, environment: { SAMPLE_CONNECTION } };
  let active: SnapshotId | null = null;
  let kept = keptWith(releases.length);
  const keeper = {
    textOf(hash: string): Promise<TextRead> {
      const text = releases[Number(hash[0]) - 1]!;
      if (text === "") return Promise.resolve({ ok: false, reason: "damaged", message: "It is damaged" });
      return Promise.resolve({ ok: true, format: "json", bytes: new TextEncoder().encode(text) });
    },
    reserve: openReserve(historyDirectory(directory.file("state"), snapshotPath), 1_000_000),
  };
  const loader = openSourceLoader(settings, {
    parser,
    store: opened.store,
    secrets: { mask: (text) => text, remember: () => {} },
    active: () => active,
    keeper,
  });
  const changes = trackChanges({ state: "none" });
  let held: Held | null = null;
  const heldByFleet = () => held;
  const common = { settings, loader, changes, keeper, kept: () => kept, active: () => active, now: () => NOW };
  const tools = { ...common, heldByFleet };
  return {
    directory,
    loader,
    differ: openDiffer(tools),
    hold: (by: Held) => void (held = by),
    /** Changes the releases. */
    keep: (change: Partial<KeptReleases>) => void (kept = { ...kept, ...change }),
    /** Takes the file as the one in force, and returns its hash. */
    async takeFile(): Promise<string> {
      const examined = await loader.examine({ path: settings.sourcePath }, SIGNAL);
      assert(examined.ok);
      const { config, snapshot: { hash, contentHash } } = examined.compilation;
      changes.moveTo(config);
      active = { hash, contentHash };
      return hash;
    },
    async [Symbol.asyncDispose]() {
      await parser[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Releases of which the last one is in force; the hash of one begins with its number. */
function keptWith(count: number): KeptReleases {
  const about = {
    format: "json",
    digest: null,
    at: "",
    cause: "file",
    author: null,
    reason: null,
    changes: null,
  } as const;
  const list = Array.from({ length: count }, (_, at): Release => ({
    ...about,
    number: at + 1,
    hash: `${at + 1}`.repeat(64),
    until: at + 1 < count ? "later" : null,
    state: at + 1 < count ? "replaced" : "running",
  }));
  return { ...NO_RELEASES, list };
}

/** The blocks by their change and name. */
function changesOf({ blocks }: Diff): string[] {
  return blocks.map(({ change, type, name }) => `${change} ${type} ${name}`);
}

Deno.test("releases, the file and a client's text are compared by their meaning", async () => {
  await using host = await openHost({ releases: [sampleJson("one"), sampleJson("two")] });
  await host.directory.write("honua.json", sampleJson("three"));
  const compare = async (from: DiffSource, to: DiffSource) => {
    const answer = await host.differ.diff(from, to, SIGNAL);
    assert(answer.kind === "diff", JSON.stringify(answer));
    const { from: one, to: other, blocks: [block] } = answer.diff;
    const [setting] = block?.settings ?? [];
    return [one.label, other.label, one.hash === other.hash, setting?.from, setting?.to];
  };
  const file = host.directory.file("honua.json");
  assertEquals(await compare(RUNNING, FILE), ["release 2", file, false, "two", "three"]);
  assertEquals(await compare({ kind: "number", number: 1 }, RUNNING), ["release 1", "release 2", false, "one", "two"]);
  assertEquals((await compare({ kind: "hash", prefix: "11111111" }, FILE))[3], "one");
  const text: DiffSource = { kind: "text", name: "new.hcl", text: sampleSource("three") };
  assertEquals(await compare(FILE, text), [file, "new.hcl", true, undefined, undefined]);
});

Deno.test("a diff of a source that is not there, not valid or damaged says so", async () => {
  await using host = await openHost({ releases: ["", sampleJson("two")] });
  const refusal = async (from: DiffSource, to: DiffSource = RUNNING) => {
    const answer = await host.differ.diff(from, to, SIGNAL);
    assert(answer.kind !== "diff" && answer.kind !== "stopping");
    return [answer.kind, answer.reason] as const;
  };
  const [missing, why] = await refusal(FILE);
  assertEquals(missing, "failed");
  assertStringIncludes(why, "honua.json");
  assertEquals((await refusal({ kind: "number", number: 7 }))[0], "unknown");
  assertEquals(await refusal({ kind: "number", number: 1 }), ["failed", "It is damaged"]);
  await host.directory.write("honua.json", '{ "layers": 5 }');
  const answer = await host.differ.diff(RUNNING, FILE, SIGNAL);
  assert(answer.kind === "rejected");
  assertEquals([answer.label, answer.diagnostics[0]!.file], Array(2).fill(host.directory.file("honua.json")));
  assertEquals(answer.diagnostics[0]!.frame?.[1], '1 | { "layers": 5 }');
  await using without = await openHost();
  assertEquals((await without.differ.diff(RUNNING, FILE, SIGNAL)).kind, "unknown");
});

Deno.test("a literal secret is in no diff, and one that changed shows that it did", async () => {
  const of = (password: string) =>
    `data_source "db" {\n  provider = "postgresql"\n  connection = "Host=db;Password=${password}"\n}\n` +
    `variable "harmless" {\n  default = "${password}"\n}\n`;
  await using host = await openHost();
  const text = (password: string): DiffSource => ({ kind: "text", name: "x.hcl", text: of(password) });
  const answer = await host.differ.diff(text("hunter2-one"), text("hunter2-two"), SIGNAL);
  assert(answer.kind === "diff", JSON.stringify(answer));
  assert(!JSON.stringify(answer).includes("hunter2"));
  assertEquals(changesOf(answer.diff), ["changed variable harmless", "changed data_source db"]);
  assertEquals(answer.diff.blocks.flatMap(({ settings }) => settings.map((one) => one.secretChanged)), [true, true]);
});

Deno.test("a diff that is no longer wanted rejects", async () => {
  await using host = await openHost();
  await host.directory.write("honua.json", sampleJson("one"));
  await assertRejects(() => host.differ.diff(FILE, FILE, AbortSignal.abort(new Error("unwanted"))), Error, "unwanted");
});

Deno.test("a plan has the changes and the hooks that would run, checks first", async () => {
  await using host = await openHost({ releases: [sampleJson("one")] });
  await host.directory.write("honua.json", sampleJson("one"));
  const first = await host.differ.plan(SIGNAL);
  assert(first.kind === "plan");
  assertEquals([first.activates, first.diff, first.noDiff], [true, null, "No snapshot is in force yet"]);
  assertEquals(first.hooks.map(({ name }) => name), ["judge", "late", "caches", "server"]);
  await host.takeFile();
  const same = await host.differ.plan(SIGNAL);
  assert(same.kind === "plan");
  assertEquals([same.activates, same.hooks, same.diff?.blocks, same.noDiff], [false, [], [], null]);
  await host.directory.write("honua.json", sampleJson("two"));
  const next = await host.differ.plan(SIGNAL);
  assert(next.kind === "plan");
  assertEquals(changesOf(next.diff!), ["changed layer roads"]);
  assertEquals(next.hooks, [
    { name: "judge", on: "check", does: "command", unit: null },
    { name: "late", on: "activated", does: "command", unit: null },
    { name: "server", on: "activated", does: "restart", unit: "honua.service" },
  ]);
  await host.directory.write("honua.json", "{");
  assertEquals((await host.differ.plan(SIGNAL)).kind, "rejected");
});

Deno.test("a plan sees a value of the environment that changed, although the source is the same", async () => {
  await using host = await openHost();
  await host.directory.write("honua.json", sampleJson("one"));
  await host.takeFile();
  await host.directory.write("honua.env", "SAMPLE_CONNECTION=Host=other;Database=roads\n");
  const plan = await host.differ.plan(SIGNAL);
  assert(plan.kind === "plan");
  assertEquals([plan.activates, plan.diff?.blocks, plan.hooks], [true, [], []]);
  await host.directory.write("honua.json", sampleJson("two"));
  const without = await host.differ.plan(SIGNAL);
  assert(without.kind === "plan");
  assertEquals([without.activates, without.noDiff], [true, "No release is in force"]);
});

Deno.test("a plan of a file that was rolled back, or that a hold keeps out, is that nothing happens", async () => {
  await using host = await openHost({ releases: [sampleJson("one")] });
  await host.directory.write("honua.json", sampleJson("one"));
  await host.takeFile();
  await host.directory.write("honua.json", sampleJson("two"));
  const plan = async () => {
    const plan = await host.differ.plan(SIGNAL);
    assert(plan.kind === "plan");
    return plan;
  };
  const { to: { hash } } = await plan();
  host.keep({ hold: { until: NOW + 1, since: 0, author: "ada", reason: "an audit" } });
  const frozen = await plan();
  assertEquals([frozen.activates, frozen.hooks, frozen.diff?.blocks.length], [false, [], 1]);
  assertStringIncludes(frozen.held!, "ada holds changes: an audit");
  host.keep({
    hold: null,
    skips: [{ hash, by: "bob", at: "2026-11-30T11:00:00Z", reason: "it broke", scope: "host" }],
  });
  const skipped = await plan();
  assertEquals(skipped.activates, false);
  assertStringIncludes(skipped.held!, "bob rolled it back");
  host.keep({ skips: [] });
  host.hold({ kind: "staged", hash, why: "late", detail: null });
  const late = await plan();
  assertEquals([late.activates, late.hooks], [false, []]);
  assertStringIncludes(late.held!, "another change of the fleet took its place");
  host.hold({ kind: "staged", hash, why: "proposing", detail: null });
  const proposing = await plan();
  assertEquals([proposing.activates, proposing.hooks.length > 0], [false, true], "its step runs them");
});
