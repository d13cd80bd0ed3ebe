// The reports that trigger hooks, each once.
import { assertEquals } from "@std/assert";
import {
  type HookCandidate,
  type HookTriggers,
  type InForce,
  inForceOf,
  openHookTriggers,
} from "../../src/hooks/hook_triggers.ts";
import { errorDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import type { Report } from "../../src/reload/report.ts";
import type { Existing } from "../../src/snapshot/store.ts";

const ABOUT = {
  instance: "edge-1",
  source: "/etc/honua/config.hcl",
  snapshot: "/config.snapshot.json",
  serverPath: "/s.honua",
};
const LAYERS = ["layers"];
const IN_FORCE: InForce = { hash: "h1", contentHash: "c1", secrets: ["Password=hunter2"] };
const candidate: HookCandidate = {
  snapshot: { hash: "h9" },
  config: { dataSources: { main: { connection: "Password=hunter3" } } },
};
const about = { reasons: ["file"], durationMilliseconds: 1, healed: null, candidate } as const;

function activated(hash: string, contentHash: string): Report<HookCandidate> {
  return { kind: "activated", ...about, hash, contentHash, change: "both", release: null, held: null };
}

function rejected(isUnread = false): Report<HookCandidate> {
  const diagnostics = [errorDiagnostic("config/rule", "It is wrong")];
  const failure = { fingerprint: "f", reason: "s3cret is wrong", repeated: false };
  return { ...about, ...failure, kind: "rejected", diagnostics, isUnread };
}

const UNCHANGED: Report<HookCandidate> = { kind: "unchanged", ...about, hash: "h1", contentHash: "c1" };

function open(inForce: InForce | null) {
  const rejectedHash = { value: "r1" };
  const triggers = openHookTriggers({
    common: ABOUT,
    inForce,
    rejectedHash: () => rejectedHash.value,
    mask: (text) => text.replaceAll("s3cret", "[masked]"),
  });
  return { triggers, rejectedHash };
}

/** The news in short: `activated c1 before c0 layers`, `start c1`, `over rejected`. */
function newsOf(triggers: HookTriggers, report: Report<HookCandidate>, changed: readonly string[] = []): string[] {
  return triggers.of(report, changed).map((news) => {
    if (news.kind === "over") return `over ${news.event}`;
    const { event, key, before, changed, isStart } = news.trigger;
    const since = before === null ? "" : ` before ${before}`;
    return `${isStart ? "start" : event} ${key}${since}${changed === null ? "" : ` ${changed.join()}`}`;
  });
}

Deno.test("each snapshot with another content is a trigger, which names the snapshot in force before", () => {
  const { triggers } = open(null);
  assertEquals(newsOf(triggers, activated("h1", "c1"), LAYERS), ["over rejected", "activated c1 layers"]);
  assertEquals(newsOf(triggers, activated("h2", "c2"), LAYERS), ["over rejected", "activated c2 before c1 layers"]);
  assertEquals(newsOf(triggers, activated("h3", "c2")), ["over rejected"]);
  const [, news] = triggers.of(activated("h4", "c4"), LAYERS);
  const input = news?.kind === "happened" ? news.trigger.input.payload : null;
  assertEquals([input?.hash, input?.previousHash, input?.changed], ["h4", "h3", ["layers"]]);
});

Deno.test("the snapshot in force at the start is a trigger once, when the first look ended with any result", () => {
  for (const first of [UNCHANGED, activated("h2", "c1")]) {
    const { triggers } = open(IN_FORCE);
    assertEquals(newsOf(triggers, first), ["over rejected", "start c1"]);
    assertEquals(newsOf(triggers, first), ["over rejected"]);
  }
  const { triggers } = open(IN_FORCE);
  assertEquals(newsOf(triggers, rejected()), ["start c1", "rejected r1"]);
  assertEquals(newsOf(open(IN_FORCE).triggers, activated("h2", "c2"), LAYERS), [
    "over rejected",
    "activated c2 before c1 layers",
  ]);
});

Deno.test("a rejected source is a trigger once, and again after another was rejected or it was healed", () => {
  const { triggers, rejectedHash } = open(null);
  assertEquals(newsOf(triggers, rejected()), ["rejected r1"]);
  assertEquals(newsOf(triggers, rejected()), []);
  rejectedHash.value = "r2";
  assertEquals(newsOf(triggers, rejected()), ["rejected r2"]);
  assertEquals(newsOf(triggers, UNCHANGED), ["over rejected"]);
  assertEquals(newsOf(triggers, rejected()), ["rejected r2"]);
});

Deno.test("a source that could not be read is no rejection", () => {
  const { triggers } = open(null);
  assertEquals(newsOf(triggers, rejected(true)), []);
});

Deno.test("a divergence is a trigger with the hash that the others agreed on, until the instance agrees", () => {
  const { triggers } = open(IN_FORCE);
  const diverged = { kind: "diverged", hash: "h1", head: { generation: 3, hash: "h7" } } as const;
  assertEquals(newsOf(triggers, diverged), ["diverged h7"]);
  const agreed = { kind: "agreed", generation: 4, hash: "h1", after: "diverged" } as const;
  assertEquals(newsOf(triggers, agreed), ["over diverged"]);
});

Deno.test("a payload is masked, and the configuration's own secrets are known for the hook's output", () => {
  const { triggers } = open(IN_FORCE);
  const [, news] = triggers.of(rejected(), []);
  const input = news?.kind === "happened" ? news.trigger.input : null;
  assertEquals([input?.payload.reason, triggers.secrets()], ["[masked] is wrong", ["Password=hunter2"]]);
  const check = triggers.toCheck(candidate, { candidate: "/tmp/candidate", serverCandidate: "/tmp/server" }, LAYERS);
  assertEquals(check.payload, {
    ...ABOUT,
    event: "check",
    hash: "h9",
    previousHash: "h1",
    candidate: "/tmp/candidate",
    serverCandidate: "/tmp/server",
    changed: ["layers"],
    reason: null,
    agreedHash: null,
  });
  assertEquals(check.secrets, ["Password=hunter3"]);
  const { event, hash, previousHash, candidate: path } = triggers.toAsk().payload;
  assertEquals([event, hash, previousHash, path], ["health", "h1", null, null]);
  triggers.of(activated("h2", "c2"), LAYERS);
  assertEquals([triggers.hash(), triggers.secrets()], ["h2", ["Password=hunter3", "Password=hunter2"]]);
});

Deno.test("after the first snapshot of all only its own secrets are known", () => {
  const { triggers } = open(null);
  newsOf(triggers, activated("h1", "c1"), LAYERS);
  assertEquals(triggers.secrets(), ["Password=hunter3"]);
});

Deno.test("of a snapshot that was found its marks and secrets are kept, and not the snapshot", () => {
  const header = { format: 1, hash: "h1", contentHash: "c1" } as const;
  const config = { dataSources: { main: { connection: "Password=hunter2" } } };
  assertEquals(inForceOf({ state: "in-force", header, config } as unknown as Existing), IN_FORCE);
  assertEquals(inForceOf({ state: "none" }), null);
});
