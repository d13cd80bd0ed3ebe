// The contract of a notifier, kept by the one without others.
import { assert, assertEquals } from "@std/assert";
import { soloNotifier } from "../../src/cluster/solo_notifier.ts";
import { notifierContract } from "./notifier_contract.ts";
import { MAX_GENERATION } from "../../src/agreement/head.ts";
import { incarnationOf } from "../support/incarnation.ts";
import { announcementOf } from "../support/announcement_of.ts";

notifierContract(
  "solo",
  () => {
    const open = (instance: string) => soloNotifier({ incarnation: incarnationOf(instance) });
    return Promise.resolve({ open, [Symbol.asyncDispose]: () => Promise.resolve() });
  },
  { shared: false, countsAll: true },
);

const HASH = "a".repeat(64);
const OTHER = "b".repeat(64);

Deno.test("solo: the head's age is counted by the clock that is given, and is never negative", async () => {
  let clock = 1_000.4;
  await using notifier = soloNotifier({ incarnation: "0123456789ab", now: () => clock });
  await notifier.announce(announcementOf(HASH));
  const age = async () => {
    const answer = await notifier.head();
    return answer.ok && answer.head?.ageMilliseconds;
  };
  clock += 250.5;
  assertEquals(await age(), 251);
  clock = 0;
  assertEquals(await age(), 0);
});

Deno.test("solo: if no generation is left the count stays, and announcing goes on", async () => {
  await using notifier = soloNotifier({ incarnation: "0123456789ab" });
  for (const [hash, base] of [[HASH, null], [OTHER, HASH], [HASH, OTHER]] as const) {
    const answer = await notifier.announce(announcementOf(hash, base, { floor: MAX_GENERATION }));
    assert(answer.kind === "accepted");
    assertEquals([answer.head.generation, answer.delivered], [MAX_GENERATION, 0]);
  }
});

Deno.test("solo: the latest thousand heads are remembered, and an older one passes for a change", async () => {
  await using notifier = soloNotifier({ incarnation: "0123456789ab" });
  const hashes = Array.from({ length: 1_001 }, (_, at) => at.toString(16).padStart(64, "0"));
  for (const [at, hash] of hashes.entries()) await notifier.announce(announcementOf(hash, hashes[at - 1] ?? null));
  const [forgotten, remembered] = hashes;
  assertEquals((await notifier.announce(announcementOf(remembered!, hashes.at(-1), { since: 0 }))).kind, "refused");
  assertEquals((await notifier.announce(announcementOf(forgotten!, hashes.at(-1), { since: 0 }))).kind, "accepted");
});

Deno.test("solo: the latest two sources are kept", async () => {
  await using notifier = soloNotifier({ incarnation: "0123456789ab" });
  const source = { format: "hcl", bytes: new Uint8Array(1) } as const;
  for (const hash of ["a", "b", "a", "c"]) await notifier.putSource(hash, source);
  const kept = await Promise.all(["a", "b", "c"].map((hash) => notifier.source(hash)));
  assertEquals(kept, [source, null, source].map((source) => ({ ok: true, source })));
});

Deno.test("solo: a text that is no path is heard as the others would hear it", async () => {
  const heard: unknown[] = [];
  await using notifier = soloNotifier({ incarnation: "0123456789ab" });
  notifier.watch({ heard: (message) => heard.push(message), linked: () => {} });
  await notifier.lookAgain("reload");
  assertEquals(heard, [{ kind: "invalid", why: "It is neither an announcement nor a path" }]);
});

Deno.test("solo: nothing is reported from within a call, nor after disposing", async () => {
  const reported: string[] = [];
  const notifier = soloNotifier({ incarnation: "0123456789ab" });
  notifier.watch({ heard: ({ kind }) => reported.push(kind), linked: ({ state }) => reported.push(state) });
  assertEquals(reported, []);
  await Promise.resolve();
  assertEquals(reported, ["up"]);
  void notifier.lookAgain("/etc/honua/config.hcl");
  assertEquals(reported, ["up"]);
  await notifier[Symbol.asyncDispose]();
  await Promise.resolve();
  assertEquals(reported, ["up"]);
});
