// The reactions of an instance to messages, over a notifier under a test's control.
import { assertEquals } from "@std/assert";
import type { Held, Hold } from "../../src/releases/release.ts";
import { initialState, type Trouble } from "../../src/reload/state.ts";
import type { Listener, Notifier } from "../../src/cluster/notifier.ts";
import { type MembershipSettings, openMembership, recordOf } from "../../src/daemon/membership.ts";
import type { StateKeeper } from "../../src/daemon/state_file.ts";
import type { PeerRecord } from "../../src/cluster/peer_record.ts";
import type { HookStatus } from "../../src/hooks/hook_memory.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { releaseAnswer } from "../admin/fake_daemon_api.ts";
import { peerWith } from "../cli/canned_daemon.ts";
import { eventually } from "../support/eventually.ts";

for (const logChangeEvents of [true, false]) {
  Deno.test(`a path that another instance names leads to a look, and to a line only if wanted: ${logChangeEvents}`, async () => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line).msg);
    const log = createLogger({ format: "json", level: "debug", write, terminal: false, colour: false });
    const hinted = Promise.withResolvers<string>();
    let listener: Listener | null = null;
    const notifier: Pick<Notifier, "watch" | typeof Symbol.asyncDispose> = {
      watch: (one) => void (listener = one),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const settings: unknown = {
      notifier,
      log,
      logChangeEvents,
      recordMilliseconds: 60_000,
      recorder: { heard() {} },
      loop: { state: () => ({ active: null }), hint: hinted.resolve },
    };
    await using membership = openMembership(settings as MembershipSettings);
    membership.join();
    listener!.heard({ kind: "look-again", path: "/etc/honua/config.hcl", own: false });
    assertEquals(await hinted.promise, "peer");
    assertEquals(lines, logChangeEvents ? ["Configuration file changed: /etc/honua/config.hcl"] : []);
  });
}

Deno.test("the id of a process is in the state file before the others see it, so that the next process can remove it", async () => {
  const steps: string[] = [];
  const isWritten = Promise.withResolvers<void>();
  const notifier: Partial<Notifier> = {
    watch: (to) => to.linked({ state: "up" }),
    link: () => ({ state: "up" }),
    writeRecord(record) {
      steps.push(`wrote ${record.incarnation}`);
      isWritten.resolve();
      return Promise.resolve({ ok: true, namesake: false });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const keeper: Partial<StateKeeper> = {
    keep: ({ peer }) => void steps.push(`keeps ${peer}`),
    async kept() {
      await new Promise((resolve) => setTimeout(resolve, 0));
      steps.push("kept");
    },
  };
  const settings: unknown = {
    notifier,
    keeper,
    instance: "edge-1",
    incarnation: "0123456789ab",
    recordMilliseconds: 60_000,
    recorder: { linked() {}, rejection: () => null },
    loop: { state: () => initialState(null), link() {} },
    hooks: () => [],
  };
  await using membership = openMembership(settings as MembershipSettings);
  membership.join();
  await isWritten.promise;
  assertEquals(steps, ["keeps edge-1:0123456789ab", "kept", "wrote 0123456789ab"]);
});

Deno.test("a link that comes up during a write leads to another one of the same record: the store may be empty", async () => {
  let written = 0;
  const first = Promise.withResolvers<void>();
  let listener: Listener | null = null;
  const notifier: Partial<Notifier> = {
    watch: (to) => void (listener = to),
    link: () => ({ state: "up" }),
    async writeRecord() {
      written++;
      if (written === 1) await first.promise;
      return { ok: true, namesake: false };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const settings: unknown = {
    notifier,
    keeper: { keep() {}, kept: () => Promise.resolve() },
    instance: "edge-1",
    incarnation: "0123456789ab",
    recordMilliseconds: 60_000,
    recorder: { linked() {}, rejection: () => null },
    loop: { state: () => initialState(null), link() {} },
    hooks: () => [],
  };
  await using membership = openMembership(settings as MembershipSettings);
  membership.join();
  listener!.linked({ state: "up" });
  await eventually("a write", () => written === 1);
  listener!.linked({ state: "up" });
  first.resolve();
  await eventually("another write", () => written === 2);
});

Deno.test("an instance with a journal writes its newest line into its record, and then its notes of others", async () => {
  const records: PeerRecord[] = [];
  const mark = (n: number) => ({ n, digest: "d".repeat(64) });
  const looked = Promise.withResolvers<void>();
  const notifier: Partial<Notifier> = {
    watch: (to) => to.linked({ state: "up" }),
    link: () => ({ state: "up" }),
    writeRecord(record) {
      records.push(record);
      return Promise.resolve({ ok: true, namesake: false });
    },
    peers() {
      looked.resolve();
      return Promise.resolve({ ok: true, peers: [peerWith({ instance: "edge-2", journal: mark(4) })] });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const settings: unknown = {
    notifier,
    keeper: { keep() {}, kept: () => Promise.resolve() },
    instance: "edge-1",
    incarnation: "0123456789ab",
    recordMilliseconds: 60_000,
    recorder: { linked() {}, rejection: () => null },
    loop: { state: () => initialState(null), link() {} },
    hooks: () => [],
    journalTail: () => mark(9),
  };
  await using membership = openMembership(settings as MembershipSettings);
  membership.join();
  await looked.promise;
  await eventually("the note is written", () => {
    membership.updateRecord();
    return records.length === 2;
  });
  assertEquals(records.map(({ journal, noted }) => [journal, noted]), [
    [mark(9), []],
    [mark(9), [{ instance: "edge-2", ...mark(4) }]],
  ]);
});

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;

/** The record of an instance with these parts. */
function recordWith({ hash = A, hooks = [], hold = null, held = null, trouble = null }: {
  hash?: string | null;
  hooks?: readonly Partial<HookStatus>[];
  hold?: Hold | null;
  held?: Held | null;
  trouble?: Trouble | null;
}) {
  const state = initialState(hash === null ? null : { hash, contentHash: hash });
  const release = releaseAnswer(7, A, { at: "2026-01-01T00:00:00.000Z" });
  const releases = { ...state.releases, held, kept: { ...state.releases.kept, hold, list: [release] } };
  const settings: unknown = {
    instance: "edge-1",
    incarnation: "0123456789ab",
    version: "1.0.0",
    isCanary: false,
    loop: { state: () => ({ ...state, trouble, releases }) },
    recorder: { rejection: () => null, activeSince: () => "2026-02-02T00:00:00.000Z" },
    hooks: () => hooks,
    mask: (text: string) => text,
  };
  return recordOf(settings as MembershipSettings);
}

Deno.test("a record has the time of the release in force, and without one when this process found the config", () => {
  assertEquals(recordWith({}).since, "2026-01-01T00:00:00.000Z");
  assertEquals(recordWith({ hash: B }).since, "2026-02-02T00:00:00.000Z");
  assertEquals(recordWith({ hash: null }).since, null);
});

Deno.test("a record has the reason why a host takes up no other configuration", () => {
  const hold = { since: 0, until: Date.UTC(2026, 2, 3), author: "ann", reason: "a fair" };
  const held = { kind: "staged", hash: B, why: "ahead", detail: null } as const;
  const hindrance = (given: Parameters<typeof recordWith>[0]) => recordWith(given).hindrance;
  assertEquals(hindrance({}), undefined);
  assertEquals(hindrance({ held }), undefined);
  assertEquals(hindrance({ held: { ...held, detail: "no key K2" } }), "no key K2");
  assertEquals(hindrance({ held, hold }), "ann holds changes until 2026-03-03T00:00:00.000Z: a fair");
  const approval = { isApproved: false, have: 1, need: 2, signers: [], trouble: null };
  assertEquals(hindrance({ held: { kind: "unapproved", hash: B, approval } }), "1 of 2 approvals count there");
  const trouble = { kind: "unreadable", fingerprint: "f", reason: "no key K2", attempts: 1 } as const;
  assertEquals(hindrance({ trouble }), "no key K2");
  assertEquals(hindrance({ trouble: { ...trouble, kind: "rejected" } }), undefined);
});

Deno.test("a record counts the hooks that wait, and names the first of those that failed and did not succeed since", () => {
  const hooks: Partial<HookStatus>[] = [
    { name: "done", state: "done", failures: 0 },
    { name: "idle", state: "idle", failures: 0 },
    { name: "well", state: "healthy", failures: 0 },
    { name: "next", state: "waiting", failures: 0 },
    { name: "first", state: "running", failures: 0 },
    { name: "again", state: "running", failures: 1 },
    { name: "sick", state: "failed", failures: 0 },
    { name: "over", state: "given-up", failures: 5 },
    { name: "later", state: "retrying", failures: 2 },
  ];
  assertEquals(recordWith({ hooks }).hooks, { waiting: 2, failed: ["again", "sick", "over"] });
  assertEquals(recordWith({}).hooks, { waiting: 0, failed: [] });
});
