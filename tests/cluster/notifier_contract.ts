// The guarantees of every notifier, as a suite: run it over each of them. A guarantee that takes two instances is left
// out if there can be only one.
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { judgeAnnouncement } from "../../src/agreement/announcing.ts";
import type { Head } from "../../src/agreement/head.ts";
import { MAX_SKIP_REASON_LENGTH, MAX_SKIPS, type Skip } from "../../src/agreement/skip.ts";
import type { Notifier } from "../../src/cluster/notifier.ts";
import { MAX_SOURCE_BYTES, type StoredSource } from "../../src/cluster/stored_source.ts";
import type { Announcement } from "../../src/agreement/announcing.ts";
import { eventually } from "../support/eventually.ts";
import { incarnationOf } from "../support/incarnation.ts";
import { announcementOf, skipOf } from "../support/announcement_of.ts";
import { moveOf, rolloutOver } from "../support/move_of.ts";
import { anyStep, approvals, followMoves, rollouts, rolloutsAmongSeveral } from "./rollout_contract.ts";
import {
  A,
  accepted,
  announcements,
  B,
  C,
  EDGE_1,
  EDGE_2,
  fence,
  headOf,
  headTriple,
  PATH,
  peersOf,
  record,
  REJECTING,
  type Watched,
  watched,
} from "./watched_process.ts";

/** A cluster that nobody has used yet; a fresh channel makes one too. Its notifiers are disposed of by the suite. */
export interface ContractCluster extends AsyncDisposable {
  /**
   * Opens the notifier of an instance's process, not watched yet. Two of one cluster share its head and its peers.
   * `formerPeer` is the id of a process whose place it takes.
   */
  open(instance: string, incarnation?: string, formerPeer?: string): Notifier;
}

/** Guarantees beyond the contract. */
export interface ContractPromises {
  /** Whether several instances may be opened on a cluster. */
  readonly shared: boolean;
  /** Whether `delivered` counts every other instance. */
  readonly countsAll: boolean;
}

/** Registers the suite for the notifier called `name`; `openCluster` is called at least once per test. */
export function notifierContract(
  name: string,
  openCluster: () => Promise<ContractCluster>,
  { shared, countsAll }: ContractPromises,
): void {
  const testOne = (promise: string, fn: (one: Watched) => Promise<void>) =>
    Deno.test(`${name}: ${promise}`, async () => {
      await using cluster = await openCluster();
      await using one = await watched(cluster.open(EDGE_1));
      await fn(one);
    });
  const testSeveral = (
    promise: string,
    fn: (one: Watched, other: Watched, cluster: ContractCluster) => Promise<void>,
  ) => {
    if (!shared) return;
    Deno.test(`${name}: ${promise}`, async () => {
      await using cluster = await openCluster();
      await using one = await watched(cluster.open(EDGE_1));
      await using other = await watched(cluster.open(EDGE_2));
      await fn(one, other, cluster);
    });
  };
  answersToAnnouncements(testOne);
  lostAndLate(testOne);
  skipped(testOne);
  rolledBack(testOne);
  keptState(testOne);
  sources(testOne);
  rollouts(testOne);
  rolloutsAmongSeveral(testSeveral);
  approvals(testOne);
  messages(testOne, countsAll);
  disposal(testOne);
  amongSeveral(testSeveral, countsAll);
  amongNamesakes(testSeveral);
  Deno.test(`${name}: for any announcements, the answers are the rules' and generations only grow`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest, { minLength: 1, maxLength: 25 }), async (steps) => {
        await using cluster = await openCluster();
        await using one = await watched(cluster.open(EDGE_1));
        await followRules(one.notifier, steps);
      }),
      { numRuns: 8 },
    );
  });
  Deno.test(`${name}: for any moves, the answers are the rules'`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 25 }), async (steps) => {
        await using cluster = await openCluster();
        await using one = await watched(cluster.open(EDGE_1));
        await followMoves(one.notifier, steps);
      }),
      { numRuns: 8 },
    );
  });
}

export type TestOne = (promise: string, fn: (one: Watched) => Promise<void>) => void;
export type TestSeveral = (
  promise: string,
  fn: (one: Watched, other: Watched, cluster: ContractCluster) => Promise<void>,
) => void;

function answersToAnnouncements(testOne: TestOne): void {
  testOne("there is no head before the first announcement", async ({ notifier }) => {
    assertEquals(await notifier.head(), { ok: true, head: null });
  });

  testOne("an announcement on the head becomes the head, with its author", async ({ notifier }) => {
    const first = accepted(await notifier.announce(announcementOf(A)));
    assertEquals([first.generation, first.hash, first.by], [1, A, incarnationOf(EDGE_1)]);
    const second = accepted(await notifier.announce(announcementOf(B, A)));
    assertEquals([second.generation, second.hash], [2, B]);
    const { generation, hash, by } = await headOf(notifier);
    assertEquals([generation, hash, by], [2, B, incarnationOf(EDGE_1)]);
  });

  testOne("a hash that is the head already is the same on any base, and nothing is sent", async (one) => {
    accepted(await one.notifier.announce(announcementOf(A)));
    for (const base of [null, A, B]) {
      const answer = await one.notifier.announce(announcementOf(A, base, { restores: false }));
      assertEquals(answer.kind === "same" && answer.head.generation, 1);
    }
    await fence(one);
    assertEquals(announcements(one), [1]);
  });

  testOne("an announcement on a hash other than the head's is refused, and nothing is sent", async (one) => {
    accepted(await one.notifier.announce(announcementOf(A)));
    for (const base of [null, B, C]) {
      const answer = await one.notifier.announce(announcementOf(B, base));
      assertEquals(answer.kind === "refused" && [answer.head.generation, answer.head.hash], [1, A]);
    }
    assertEquals((await headOf(one.notifier)).hash, A);
    await fence(one);
    assertEquals(announcements(one), [1]);
  });

  testOne("force writes over a head that moved on", async ({ notifier }) => {
    accepted(await notifier.announce(announcementOf(A)));
    assertEquals(accepted(await notifier.announce(announcementOf(B, null, { force: true }))).generation, 2);
    assertEquals((await notifier.announce(announcementOf(B, null, { force: true }))).kind, "same");
  });
}

function lostAndLate(testOne: TestOne): void {
  testOne("if the head is missing or below the floor, the floor + 1 is written, of the same hash too", async (one) => {
    const { notifier } = one;
    assertEquals(accepted(await notifier.announce(announcementOf(A, C, { floor: 5 }))).generation, 6);
    assertEquals(accepted(await notifier.announce(announcementOf(A, null, { floor: 9 }))).generation, 10);
    assertEquals(accepted(await notifier.announce(announcementOf(B, null, { floor: 20 }))).generation, 21);
    assertEquals((await notifier.announce(announcementOf(C, null, { floor: 21 }))).kind, "refused");
  });

  testOne(
    "a head that is missing or below the floor is written again only by an instance that may restore it",
    async ({ notifier }) => {
      const asking = (floor: number) => announcementOf(B, A, { floor, restores: false });
      assertEquals(await notifier.announce(asking(0)), { kind: "lost", head: null });
      accepted(await notifier.announce(announcementOf(A)));
      const answer = await notifier.announce(asking(5));
      assertEquals(answer.kind === "lost" && [answer.head?.generation, answer.head?.hash], [1, A]);
      assertEquals(accepted(await notifier.announce({ ...asking(5), force: true })).generation, 6);
    },
  );

  testOne("a hash that was the head since the generation agreed with is an older state, and refused", async (one) => {
    const { notifier } = one;
    for (const [hash, base] of [[A, null], [B, A], [C, B]] as const) {
      accepted(await notifier.announce(announcementOf(hash, base)));
    }
    assertEquals((await notifier.announce(announcementOf(B, C, { since: 1 }))).kind, "refused");
    assertEquals(accepted(await notifier.announce(announcementOf(A, C, { since: 1 }))).generation, 4);
    const own = { since: 1, unanswered: [A] };
    assertEquals(accepted(await notifier.announce(announcementOf(C, A, own))).generation, 5);
    assertEquals(accepted(await notifier.announce(announcementOf(B, null, { since: 1, force: true }))).generation, 6);
  });

  testOne(
    "a change counts on every generation of its base, and on hashes that went unanswered before",
    async ({ notifier }) => {
      accepted(await notifier.announce(announcementOf(A, null, { floor: 7 })));
      accepted(await notifier.announce(announcementOf(A, null, { floor: 20 })));
      assertEquals(accepted(await notifier.announce(announcementOf(B, C, { unanswered: [C, A] }))).generation, 22);
      assertEquals((await notifier.announce(announcementOf(C, A, { unanswered: [C] }))).kind, "refused");
    },
  );

  testOne("of many announcements on one base at the same moment one is accepted", async ({ notifier }) => {
    const answers = await Promise.all([A, B, C].map((hash) => notifier.announce(announcementOf(hash))));
    assertEquals(answers.map(({ kind }) => kind).sort(), ["accepted", "refused", "refused"]);
  });
}

function rolledBack(testOne: TestOne): void {
  testOne(
    "a rollback overrules a head that it undoes, though its hash was the head since, and no other",
    async (one) => {
      const { notifier } = one;
      for (const [hash, base] of [[A, null], [B, A]] as const) {
        accepted(await notifier.announce(announcementOf(hash, base)));
      }
      const back = (undoes: readonly string[]) =>
        announcementOf(A, null, { since: 0, undoes, skips: undoes.map((hash) => skipOf(hash)) });
      assertEquals((await notifier.announce(back([C]))).kind, "refused");
      assertEquals((await headOf(notifier)).skips, []);
      const head = accepted(await notifier.announce(back([C, B])));
      assertEquals([head.generation, head.hash, head.skips], [3, A, [skipOf(C), skipOf(B)]]);
    },
  );

  testOne(
    "a forced rollback ends the skip of its hash on a head that it undoes, and on no other",
    async ({ notifier }) => {
      accepted(await notifier.announce(announcementOf(A, null, { skips: [skipOf(B)] })));
      const back = (undoes: readonly string[]) => announcementOf(B, A, { undoes, skips: [skipOf(A)] });
      assertEquals((await notifier.announce(back([A]))).kind, "refused");
      const moved = await notifier.announce({ ...back([C, B]), base: C });
      assertEquals(moved.kind === "refused" && moved.head.skips, [skipOf(B)]);
      assertEquals(accepted(await notifier.announce(back([A, B]))).skips, [skipOf(A)]);
    },
  );
}

function skipped(testOne: TestOne): void {
  testOne("a skipped hash is refused on any base, and nothing is sent", async (one) => {
    const { notifier } = one;
    accepted(await notifier.announce(announcementOf(A)));
    accepted(await notifier.announce(announcementOf(B, A, { skips: [skipOf(C)] })));
    for (const more of [{}, { unanswered: [B] }, { undoes: [B] }]) {
      const answer = await notifier.announce(announcementOf(C, B, more));
      assertEquals(answer.kind === "refused" && [answer.head.hash, answer.head.skips], [B, [skipOf(C)]]);
    }
    await fence(one);
    assertEquals(announcements(one), [1, 2]);
  });

  testOne("force makes a skipped hash the head, and it is no longer skipped", async ({ notifier }) => {
    accepted(await notifier.announce(announcementOf(A, null, { skips: [skipOf(B), skipOf(C)] })));
    const head = accepted(await notifier.announce(announcementOf(B, null, { force: true, skips: [skipOf(B)] })));
    assertEquals([head.generation, head.hash, head.skips], [2, B, [skipOf(C)]]);
    accepted(await notifier.announce(announcementOf(A, B)));
    assertEquals(accepted(await notifier.announce(announcementOf(B, A))).skips, [skipOf(C)]);
  });

  testOne("skips come to a head of the same hash without a new generation, each once", async (one) => {
    const { notifier } = one;
    accepted(await notifier.announce(announcementOf(A, null, { skips: [skipOf(B)] })));
    for (let time = 0; time < 2; time++) {
      const skips = [skipOf(B, "another reason"), skipOf(C), skipOf(A)];
      const answer = await notifier.announce(announcementOf(A, null, { skips }));
      assertEquals(answer.kind === "same" && [answer.head.generation, answer.head.skips], [1, [skipOf(B), skipOf(C)]]);
      assertEquals((await headOf(notifier)).skips, [skipOf(B), skipOf(C)]);
    }
    await fence(one);
    assertEquals(announcements(one), [1]);
  });

  testOne("skips stay for the heads that follow, and are written with a head that was lost", async ({ notifier }) => {
    accepted(await notifier.announce(announcementOf(A, null, { skips: [skipOf(C, "“ñ” \\ 🌍")] })));
    assertEquals(accepted(await notifier.announce(announcementOf(B, A))).skips, [skipOf(C, "“ñ” \\ 🌍")]);
    assertEquals((await notifier.announce(announcementOf(A, C, { skips: [skipOf(B)] }))).kind, "refused");
    assertEquals((await headOf(notifier)).skips, [skipOf(C, "“ñ” \\ 🌍")]);
    // An instance that restores a lost head has seen later heads than this skip set.
    const lost = await notifier.announce(announcementOf(C, null, { floor: 9, restores: false, skips: [skipOf(B)] }));
    assertEquals(lost.kind, "lost");
    const head = accepted(await notifier.announce(announcementOf(C, null, { floor: 9, skips: [skipOf(B)] })));
    assertEquals([head.generation, head.skips], [10, [skipOf(B)]]);
  });

  testOne("the newest of the skips are kept", async ({ notifier }) => {
    const longest = "\u{ffff}".repeat(MAX_SKIP_REASON_LENGTH);
    const many = Array.from({ length: MAX_SKIPS + 2 }, (_, at) => skipOf(at.toString(16).padStart(64, "0"), longest));
    accepted(await notifier.announce(announcementOf(A, null, { skips: many.slice(0, MAX_SKIPS) })));
    assertEquals((await headOf(notifier)).skips, many.slice(0, MAX_SKIPS));
    await notifier.announce(announcementOf(A, null, { skips: many.slice(MAX_SKIPS) }));
    assertEquals((await headOf(notifier)).skips, many.slice(2));
  });
}

function keptState(testOne: TestOne): void {
  testOne("the head grows older", async ({ notifier }) => {
    assert(accepted(await notifier.announce(announcementOf(A))).ageMilliseconds >= 0);
    const young = (await headOf(notifier)).ageMilliseconds;
    assert(Number.isSafeInteger(young) && young >= 0, `${young}`);
    await eventually("an older head", async () => (await headOf(notifier)).ageMilliseconds > young);
  });

  testOne("an instance that wrote its record is its own peer", async (one) => {
    assertEquals(await peersOf(one), []);
    for (const written of [record(EDGE_1, { hash: A, generation: 1, standing: "agreed" }), record(EDGE_1, REJECTING)]) {
      assertEquals(await one.notifier.writeRecord(written), { ok: true, namesake: false });
      assertEquals(await peersOf(one), [{ ...written, self: true }]);
    }
  });
}

function sources(testOne: TestOne): void {
  testOne("a source is read as it was put, byte for byte, and the latest counts", async ({ notifier }) => {
    const every = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
    const large = new Uint8Array(5_000_000);
    for (let at = 0; at < large.length; at += 65_536) crypto.getRandomValues(large.subarray(at, at + 65_536));
    const puts: readonly StoredSource[] = [
      { format: "json", bytes: every },
      { format: "hcl", bytes: large },
      { format: "hcl", bytes: every.subarray(128, 300) },
    ];
    for (const source of puts) {
      assertEquals(await notifier.putSource(A, source), { ok: true });
      const read = await notifier.source(A);
      assert(read.ok && read.source !== null);
      assertEquals([read.source.format, read.source.bytes.length], [source.format, source.bytes.length]);
      assert(Buffer.compare(read.source.bytes, source.bytes) === 0, "other bytes");
    }
    assertEquals(await notifier.source(B), { ok: true, source: null });
    assertEquals(await notifier.head(), { ok: true, head: null });
  });

  testOne("a source that is too large is refused, and the one before stays", async ({ notifier }) => {
    const source: StoredSource = { format: "hcl", bytes: new Uint8Array([1, 2, 3]) };
    assertEquals(await notifier.putSource(A, source), { ok: true });
    const answer = await notifier.putSource(A, { ...source, bytes: new Uint8Array(MAX_SOURCE_BYTES + 1) });
    assert(!answer.ok && answer.reason.includes(`${MAX_SOURCE_BYTES}`), JSON.stringify(answer));
    const read = await notifier.source(A);
    assertEquals(read.ok && [...read.source?.bytes ?? []], [1, 2, 3]);
  });
}

function messages(testOne: TestOne, countsAll: boolean): void {
  testOne("it connects once it is watched, says so, and is watched once", async ({ notifier, links }) => {
    assertEquals(notifier.link(), { state: "up" });
    await eventually("its link to be reported", () => links.at(-1)?.state === "up");
    assertThrows(() => notifier.watch({ heard() {}, linked() {} }), Error);
  });

  testOne("each head is heard as one message, its own as such", async (one) => {
    accepted(await one.notifier.announce(announcementOf(A)));
    accepted(await one.notifier.announce(announcementOf(B, A)));
    await fence(one);
    await eventually("both", () => announcements(one).length >= 2);
    const by = incarnationOf(EDGE_1);
    const messages = one.heard.filter(({ kind }) => kind === "announcement");
    assertEquals(messages, [
      { kind: "announcement", generation: 1, hash: A, by, own: true },
      { kind: "announcement", generation: 2, hash: B, by, own: true },
    ]);
  });

  testOne("looking again is heard as a path, and changes no head", async (one) => {
    const answer = await one.notifier.lookAgain(PATH);
    if (countsAll) assertEquals(answer, { ok: true, delivered: 0 });
    await eventually("the path", () => one.heard.length > 0);
    assertEquals(one.heard, [{ kind: "look-again", path: PATH, own: true }]);
    assertEquals(await one.notifier.head(), { ok: true, head: null });
  });
}

function disposal(testOne: TestOne): void {
  testOne(
    "disposing of it, twice too, ends it: calls fail with a reason, and the listener hears nothing more",
    async (one) => {
      const { notifier } = one;
      accepted(await notifier.announce(announcementOf(A)));
      await notifier[Symbol.asyncDispose]();
      const counts = [one.heard.length, one.links.length];
      await notifier[Symbol.asyncDispose]();
      assertNotEquals(notifier.link().state, "up");
      const answers = [
        await notifier.announce(announcementOf(B, A)),
        await notifier.head(),
        await notifier.lookAgain(PATH),
        await notifier.writeRecord(record(EDGE_1)),
        await notifier.peers(),
        await notifier.putSource(A, { format: "hcl", bytes: new Uint8Array(1) }),
        await notifier.source(A),
        await notifier.moveRollout(moveOf({ generation: 1, hash: A }, null, rolloutOver(B, A))),
        await notifier.putApproval(A, "a signature"),
        await notifier.approvals(A),
      ];
      for (const answer of answers) {
        assert("kind" in answer ? answer.kind === "failed" : !answer.ok, JSON.stringify(answer));
        assert("reason" in answer && /^\p{Lu}[^\n]*[^.\n]$/u.test(answer.reason), JSON.stringify(answer));
      }
      assertEquals([one.heard.length, one.links.length], counts);
    },
  );

  testOne("disposing of it while calls are under way lets each of them end", async ({ notifier }) => {
    const calls = [
      notifier.announce(announcementOf(A)),
      notifier.head(),
      notifier.writeRecord(record(EDGE_1)),
      notifier.peers(),
      notifier.putSource(A, { format: "hcl", bytes: new Uint8Array(1_000_000) }),
      notifier.source(A),
      notifier.moveRollout(moveOf({ generation: 1, hash: A }, null, rolloutOver(B, A))),
      notifier.putApproval(A, "a signature"),
      notifier.approvals(A),
    ];
    await notifier[Symbol.asyncDispose]();
    assertEquals((await Promise.allSettled(calls)).map(({ status }) => status), calls.map(() => "fulfilled"));
  });
}

function amongSeveral(testSeveral: TestSeveral, countsAll: boolean): void {
  testSeveral("the others hear a head once, not as their own, and are counted", async (one, other) => {
    const answer = await one.notifier.announce(announcementOf(A));
    accepted(answer);
    if (countsAll) assertEquals(answer.kind === "accepted" && answer.delivered, 1);
    await eventually("the announcement", () => announcements(other).length > 0);
    const by = incarnationOf(EDGE_1);
    assertEquals(other.heard[0], { kind: "announcement", generation: 1, hash: A, by, own: false });
    const looked = await one.notifier.lookAgain(PATH);
    if (countsAll) assertEquals(looked, { ok: true, delivered: 1 });
    await eventually("the path", () => other.heard.length >= 2);
    assertEquals(other.heard.map(({ kind }) => kind), ["announcement", "look-again"]);
  });

  testSeveral("of two instances' announcements on one base the first wins", async (one, other) => {
    const answers = await Promise.all([
      one.notifier.announce(announcementOf(A)),
      other.notifier.announce(announcementOf(B)),
    ]);
    assertEquals(answers.map(({ kind }) => kind).sort(), ["accepted", "refused"]);
    assertEquals(await headTriple(one.notifier), await headTriple(other.notifier));
  });

  testSeveral("a hash that one instance skips is refused to another, with the reason", async (one, other) => {
    accepted(await one.notifier.announce(announcementOf(A)));
    accepted(await one.notifier.announce(announcementOf(B, null, { undoes: [A], skips: [skipOf(A, "no answers")] })));
    const answer = await other.notifier.announce(announcementOf(A, B));
    assertEquals(answer.kind === "refused" && answer.head.skips, [skipOf(A, "no answers")]);
    assertEquals((await headOf(other.notifier)).skips, [skipOf(A, "no answers")]);
  });

  testSeveral("another's head of the generation after the base is not taken for its own", async (one, other) => {
    accepted(await one.notifier.announce(announcementOf(A)));
    accepted(await other.notifier.announce(announcementOf(B, A)));
    assertEquals((await one.notifier.announce(announcementOf(C, A))).kind, "refused");
    assertEquals(accepted(await one.notifier.announce(announcementOf(C, B))).generation, 3);
  });

  testSeveral("each sees all, in the order of the names, and knows itself", async (one, other) => {
    await other.notifier.writeRecord(record(EDGE_2));
    await one.notifier.writeRecord(record(EDGE_1));
    const seen = await other.notifier.peers();
    assertEquals(seen.ok && seen.peers.map(({ instance, self }) => [instance, self]), [[EDGE_1, false], [
      EDGE_2,
      true,
    ]]);
  });

  testSeveral("one that ended is no peer any more", async (one, other) => {
    await one.notifier.writeRecord(record(EDGE_1));
    await other.notifier.writeRecord(record(EDGE_2));
    await other.notifier[Symbol.asyncDispose]();
    const names = async () => {
      const seen = await one.notifier.peers();
      return seen.ok ? seen.peers.map(({ instance }) => instance) : [];
    };
    await eventually("one peer", async () => (await names()).length === 1);
    assertEquals(await names(), [EDGE_1]);
  });
}

function amongNamesakes(testSeveral: TestSeveral): void {
  testSeveral(
    "two living processes of one name are two peers, and the one that wrote first notices",
    async (one, _, all) => {
      const second = incarnationOf(EDGE_1, 2);
      assertEquals(await one.notifier.writeRecord(record(EDGE_1, { hash: A })), { ok: true, namesake: false });
      await using namesake = await watched(all.open(EDGE_1, second));
      // As far as it can know, the process that wrote before it has ended.
      const written = record(EDGE_1, { incarnation: second, hash: B });
      assertEquals(await namesake.notifier.writeRecord(written), { ok: true, namesake: false });
      const seen = await namesake.notifier.peers();
      assert(seen.ok);
      assertEquals(
        new Set(seen.peers.map(({ hash, self }) => `${hash} ${self}`)),
        new Set([`${A} false`, `${B} true`]),
      );
      assertEquals(await one.notifier.writeRecord(record(EDGE_1)), { ok: true, namesake: true });
      await namesake.notifier[Symbol.asyncDispose]();
      assertEquals((await peersOf(one)).length, 1);
    },
  );

  testSeveral("a namesake that has ended is not taken for a living one", async (one, _, cluster) => {
    await one.notifier.writeRecord(record(EDGE_1));
    const second = incarnationOf(EDGE_1, 2);
    await using namesake = await watched(cluster.open(EDGE_1, second));
    await namesake.notifier.writeRecord(record(EDGE_1, { incarnation: second }));
    await namesake.notifier[Symbol.asyncDispose]();
    assertEquals(await one.notifier.writeRecord(record(EDGE_1)), { ok: true, namesake: false });
  });

  testSeveral("a namesake's announcement is another's, and is heard as such", async (one, _, cluster) => {
    await using namesake = await watched(cluster.open(EDGE_1, incarnationOf(EDGE_1, 2)));
    accepted(await one.notifier.announce(announcementOf(A)));
    await eventually("the announcement", () => announcements(one).length > 0 && announcements(namesake).length > 0);
    assertEquals([one, namesake].map(({ heard: [first] }) => first?.kind === "announcement" && first.own), [
      true,
      false,
    ]);
  });

  testSeveral("the successor of a process that was killed takes its record away", async (one, _other, cluster) => {
    const [killed, next] = [incarnationOf(EDGE_1, 2), incarnationOf(EDGE_1, 3)];
    await using last = await watched(cluster.open(EDGE_1, killed));
    await last.notifier.writeRecord(record(EDGE_1, { incarnation: killed }));
    await using now = await watched(cluster.open(EDGE_1, next, `${EDGE_1}:${killed}`));
    assertEquals(await now.notifier.writeRecord(record(EDGE_1, { incarnation: next })), { ok: true, namesake: false });
    assertEquals((await peersOf(one)).map(({ incarnation }) => incarnation), [next]);
  });
}

/** A request relative to the last head seen: the floors around the last generation are the ones that matter. */
const anyRequest = fc.record({
  hash: fc.constantFrom(A, B, C),
  base: fc.constantFrom(null, A, B, C),
  unanswered: fc.subarray([A, B, C]),
  floor: fc.integer({ min: -3, max: 3 }),
  since: fc.integer({ min: -4, max: 0 }),
  restores: fc.boolean(),
  force: fc.boolean(),
  skips: fc.subarray([A, B, C].map((hash) => skipOf(hash))),
  undoes: fc.subarray([A, B, C]),
});

/** Announces step by step and compares each answer with the rules. */
async function followRules(notifier: Notifier, steps: readonly Announcement[]): Promise<void> {
  const heads: Head[] = [];
  let skips: readonly Skip[] = [];
  for (const step of steps) {
    const last = heads.at(-1)?.generation ?? 0;
    const asked = { ...step, floor: Math.max(0, last + step.floor), since: Math.max(0, last + step.since) };
    const answer = await notifier.announce(asked);
    const verdict = judgeAnnouncement(heads, skips, asked);
    assertEquals(answer.kind, verdict.kind === "write" ? "accepted" : verdict.kind);
    if (verdict.kind === "write") heads.push({ generation: verdict.generation, hash: step.hash });
    if (verdict.kind === "write" || verdict.kind === "same") skips = verdict.skips;
    const read = await notifier.head();
    const head = heads.at(-1) ?? null;
    assert(read.ok);
    assertEquals(read.head && { generation: read.head.generation, hash: read.head.hash }, head);
    assertEquals(read.head?.skips ?? [], skips);
  }
}
