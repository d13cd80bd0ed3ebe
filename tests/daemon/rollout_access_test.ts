// The requests that the loop's access to rollouts sends to the store, and their order.
import { assert, assertEquals } from "@std/assert";
import type { Notifier } from "../../src/cluster/notifier.ts";
import { soloNotifier } from "../../src/cluster/solo_notifier.ts";
import { rolloutAccess } from "../../src/daemon/rollout_access.ts";
import { fetchText, putText } from "../../src/daemon/store_sources.ts";
import type { TextRead } from "../../src/releases/source_history.ts";
import { announcementOf } from "../support/announcement_of.ts";
import { incarnationOf } from "../support/incarnation.ts";
import { moveOf, rolloutOver } from "../support/move_of.ts";

const [BASE, CANDIDATE] = ["b".repeat(64), "c".repeat(64)] as const;
const TEXT = { ok: true, format: "hcl", bytes: new TextEncoder().encode("layer {}") } as const;
const AWAY = { ok: false, reason: "Redis is away" } as const;
const MISSING = { ok: false, reason: "missing", message: "it is not here" } as const;

/** An access to a store in memory with a head, which notes what is asked of it. */
async function open(text: TextRead, broken: Partial<Notifier> = {}) {
  const store = soloNotifier({ incarnation: incarnationOf("x") });
  await store.announce(announcementOf(BASE, null));
  const asked: string[] = [];
  const notifier: Parameters<typeof rolloutAccess>[0]["notifier"] = {
    ...store,
    ...broken,
    source(hash) {
      asked.push("source");
      return (broken.source ?? store.source)(hash);
    },
    putSource(hash, source) {
      asked.push("put");
      return (broken.putSource ?? store.putSource)(hash, source);
    },
    moveRollout(move) {
      asked.push("move");
      return (broken.moveRollout ?? store.moveRollout)(move);
    },
  };
  const access = rolloutAccess({
    notifier,
    keyRing: null,
    textOf: (hash) => Promise.resolve(hash === CANDIDATE ? text : MISSING),
    gatherMilliseconds: 35_000,
    moved: () => asked.push("moved"),
  });
  const read = await store.head();
  assert(read.ok && read.head !== null);
  const move = moveOf(read.head, null, rolloutOver(CANDIDATE, BASE), { since: read.head.generation });
  return { access, store, asked, move };
}

Deno.test("a proposal is sent after its text is in the store, and the head is read then", async () => {
  const { access, store, asked, move } = await open(TEXT);
  const answer = await access.moveRollout(move, true);
  assert(answer.kind === "moved");
  assertEquals([answer.view.head?.hash, answer.view.stored?.rollout.hash], [BASE, CANDIDATE]);
  assertEquals(asked, ["put", "move", "moved"]);
  assertEquals(await fetchText(store, CANDIDATE, null), TEXT);
  const again = await access.moveRollout(move, false);
  assertEquals([again.kind, asked.slice(3)], ["refused", ["move", "moved"]]);
});

Deno.test("a published release is proposed by its text in the store, and is gone if that is lost", async () => {
  const stored = await open(MISSING);
  await putText(CANDIDATE, { notifier: stored.store, keyRing: null, textOf: () => Promise.resolve(TEXT) });
  assertEquals((await stored.access.moveRollout(stored.move, true)).kind, "moved");
  assertEquals(stored.asked, ["source", "move", "moved"]);
  for (const reason of ["missing", "damaged", "sealed", "unreadable"] as const) {
    const lost = await open({ ...MISSING, reason });
    assertEquals(await lost.access.moveRollout(lost.move, true), { kind: "gone" });
    assertEquals(lost.asked, ["source"]);
  }
});

Deno.test("a text is not gone if the store cannot be read, or does not take the copy of this host", async () => {
  const failed = { kind: "failed", reason: MISSING.message } as const;
  const unread = await open(MISSING, { source: () => Promise.resolve(AWAY) });
  assertEquals(await unread.access.moveRollout(unread.move, true), failed);
  const full = await open(TEXT, { putSource: () => Promise.resolve(AWAY) });
  assertEquals(await full.access.moveRollout(full.move, true), { kind: "failed", reason: AWAY.reason });
  assertEquals(full.asked, ["put", "source"]);
});

Deno.test("a move without an answer is a failure, after which no head is read", async () => {
  const failed = { kind: "failed", reason: AWAY.reason } as const;
  const { access, asked, move } = await open(TEXT, { moveRollout: () => Promise.resolve(failed) });
  assertEquals([await access.moveRollout(move, false), asked], [failed, ["move"]]);
});

Deno.test("the fleet is its living instances, and what the store has after they were read", async () => {
  const peers = (ageMilliseconds = 0) => Promise.resolve({ ok: true as const, peers: [], ageMilliseconds });
  const { access, store, move } = await open(TEXT, {
    async peers() {
      await store.moveRollout(move);
      return await peers();
    },
  });
  const answer = await access.readFleet();
  assertEquals(answer.ok && [answer.fleet, answer.view.stored?.rollout.hash], [[], CANDIDATE]);
  for (const [age, left] of [[0, 35_000], [20_000, 15_000], [35_000, 0], [90_000, 0]]) {
    const aged = await (await open(TEXT, { peers: () => peers(age) })).access.readFleet();
    assertEquals(aged.ok && aged.gathersMilliseconds, left);
  }
  for (const broken of [{ peers: () => Promise.resolve(AWAY) }, { peers, head: () => Promise.resolve(AWAY) }]) {
    assertEquals(await (await open(TEXT, broken)).access.readFleet(), AWAY);
  }
});
