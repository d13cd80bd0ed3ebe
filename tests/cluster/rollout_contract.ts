// The part of the notifiers' contract that is about rollouts and approvals.
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { judgeAnnouncement } from "../../src/agreement/announcing.ts";
import type { Head } from "../../src/agreement/head.ts";
import { judgeMove } from "../../src/agreement/moving.ts";
import { markOf, MAX_ORDER, type MoveAnswer, rankId, rolloutText } from "../../src/agreement/rollout.ts";
import type { Skip } from "../../src/agreement/skip.ts";
import type { Notifier, StoredHead } from "../../src/cluster/notifier.ts";
import { MAX_APPROVALS, MAX_SIGNATURE_BYTES } from "../../src/cluster/stored_approvals.ts";
import { announcementOf, skipOf } from "../support/announcement_of.ts";
import { eventually } from "../support/eventually.ts";
import { moveOf, rolloutOver } from "../support/move_of.ts";
import type { TestOne, TestSeveral } from "./notifier_contract.ts";
import { A, accepted, announcements, B, C, fence, headOf } from "./watched_process.ts";

function moved(answer: MoveAnswer<StoredHead>): StoredHead {
  if (answer.kind !== "moved") throw new Error(`not moved: ${JSON.stringify(answer)}`);
  assertEquals(answer.rollout, answer.head.rollout);
  return answer.head;
}

export function rollouts(testOne: TestOne): void {
  testOne("a rollout is kept with its mark and its age beside the head, which announcements leave", async (one) => {
    const { notifier } = one;
    const head = accepted(await notifier.announce(announcementOf(A)));
    assertEquals([head.rollout, head.rolloutMark], [null, null]);
    const to = rolloutOver(B, A, { reason: "“ñ” \\ 🌍", earlier: [C] });
    const mark = markOf(rolloutText(to));
    for (const seen of [moved(await notifier.moveRollout(moveOf(head, null, to))), await headOf(notifier)]) {
      assertEquals([seen.generation, seen.hash, seen.by, seen.rolloutMark], [1, A, head.by, mark]);
      assertEquals([seen.rollout?.rollout, seen.rollout?.mark], [to, mark]);
    }
    const age = async () => (await headOf(notifier)).rollout!.ageMilliseconds;
    const young = await age();
    await eventually("an older rollout", async () => await age() > young);
    for (const step of [announcementOf(B, A), announcementOf(B, null), announcementOf(C, A)]) {
      const answer = await notifier.announce(step);
      assertEquals(answer.kind !== "failed" && answer.head?.rollout?.rollout, to);
    }
    const { hash, rollout, rolloutMark } = await headOf(notifier);
    assertEquals([hash, rollout?.rollout, rolloutMark], [B, to, mark]);
  });

  testOne(
    "a move on another head or another rollout is refused with the present state, and nothing is sent",
    async (one) => {
      const { notifier } = one;
      const to = rolloutOver(B, A);
      const nowhere = await notifier.moveRollout(moveOf({ generation: 1, hash: A }, null, to));
      assertEquals(nowhere, { kind: "refused", head: null, rollout: null });
      const head = accepted(await notifier.announce(announcementOf(A)));
      const first = moved(await notifier.moveRollout(moveOf(head, null, to)));
      const next = { ...to, step: 1 };
      for (
        const move of [
          moveOf({ generation: 2, hash: A }, first.rolloutMark, next),
          moveOf({ generation: 1, hash: C }, first.rolloutMark, next),
          moveOf(head, null, next),
          moveOf(head, markOf("x"), next),
        ]
      ) {
        const answer = await notifier.moveRollout({ ...move, skips: [skipOf(C)] });
        assertEquals(answer.kind === "refused" && answer.rollout?.rollout, to);
        assertEquals(answer.kind === "refused" && answer.head?.rolloutMark, first.rolloutMark);
      }
      const read = await headOf(notifier);
      assertEquals([read.rollout?.rollout, read.skips], [to, []]);
      await fence(one);
      assertEquals(announcements(one), [1, 1]);
      assertEquals(moved(await notifier.moveRollout(moveOf(head, first.rolloutMark, next))).rollout?.rollout, next);
    },
  );
  proposalsAndRaces(testOne);
}

function proposalsAndRaces(testOne: TestOne): void {
  testOne(
    "a proposal of a hash that was the head since is late, and one of a skipped hash is refused",
    async ({ notifier }) => {
      accepted(await notifier.announce(announcementOf(B)));
      const head = accepted(await notifier.announce(announcementOf(A, B, { skips: [skipOf(C)] })));
      const propose = (hash: string, since: number | null) =>
        notifier.moveRollout(moveOf(head, null, rolloutOver(hash, A), { since }));
      assertEquals([(await propose(B, 0)).kind, (await propose(C, 2)).kind], ["late", "refused"]);
      moved(await propose(B, 1));
    },
  );

  testOne(
    "a move adds its skips, that of its own candidate too, and moves it on nevertheless",
    async ({ notifier }) => {
      const head = accepted(await notifier.announce(announcementOf(A, null, { skips: [skipOf(C)] })));
      const first = moved(await notifier.moveRollout(moveOf(head, null, rolloutOver(B, A), { since: 1 })));
      const to = rolloutOver(B, A, { phase: "rolled-back", why: "edge-1: health checks failed" });
      const skips = [skipOf(B), skipOf(C, "another reason")];
      const over = moved(await notifier.moveRollout(moveOf(head, first.rolloutMark, to, { skips })));
      assertEquals([over.skips, over.rollout?.rollout.phase], [[skipOf(C), skipOf(B)], "rolled-back"]);
      assertEquals((await headOf(notifier)).skips, [skipOf(C), skipOf(B)]);
      assertEquals((await notifier.announce(announcementOf(B, A))).kind, "refused");
      moved(await notifier.moveRollout(moveOf(head, over.rolloutMark, { ...to, why: null })));
    },
  );

  testOne(
    "of fifty moves on one rollout at the same moment one is made, and the others see it",
    async ({ notifier }) => {
      const head = accepted(await notifier.announce(announcementOf(A)));
      const { rolloutMark } = moved(await notifier.moveRollout(moveOf(head, null, rolloutOver(B, A))));
      const racers = Array.from({ length: 50 }, (_, at) => rolloutOver(B, A, { step: 1, why: `racer ${at}` }));
      const answers = await Promise.all(racers.map((to) => notifier.moveRollout(moveOf(head, rolloutMark, to))));
      const winners = racers.filter((_, at) => answers[at]!.kind === "moved");
      assertEquals(winners.length, 1);
      assertEquals((await headOf(notifier)).rollout?.rollout, winners[0]);
      for (const answer of answers) {
        assert(answer.kind === "moved" || answer.kind === "refused", JSON.stringify(answer));
        assertEquals(answer.rollout?.rollout, winners[0]);
      }
    },
  );

  testOne("a rollout of a thousand hosts is kept, and one out of its bounds is a bug", async ({ notifier }) => {
    const head = accepted(await notifier.announce(announcementOf(A)));
    const order = Array.from({ length: MAX_ORDER + 1 }, (_, at) => rankId(B, `edge-${at}`));
    const counts = Array.from({ length: MAX_ORDER }, (_, at) => at + 1);
    const to = rolloutOver(B, A, { order: order.slice(0, MAX_ORDER), counts });
    assertEquals(moved(await notifier.moveRollout(moveOf(head, null, to))).rollout?.rollout, to);
    assertEquals((await headOf(notifier)).rollout?.rollout, to);
    const move = moveOf(head, null, { ...to, order });
    await assertRejects(async () => await notifier.moveRollout(move), RangeError);
  });
}

export function rolloutsAmongSeveral(testSeveral: TestSeveral): void {
  testSeveral(
    "a move is heard by all, also by the one that announced the head, and not as its own",
    async (one, other) => {
      const head = accepted(await one.notifier.announce(announcementOf(A)));
      moved(await other.notifier.moveRollout(moveOf(head, null, rolloutOver(B, A))));
      await eventually("both messages", () => [one, other].every((each) => announcements(each).length === 2));
      const own = (each: typeof one) => each.heard.map((message) => message.kind === "announcement" && message.own);
      assertEquals([own(one), own(other)], [[true, false], [false, true]]);
      assertEquals(announcements(one), [1, 1]);
    },
  );

  testSeveral("each reads the moves of the other, on which it moves further", async (one, other) => {
    const head = accepted(await one.notifier.announce(announcementOf(A)));
    let mark: string | null = null;
    for (const [by, phase] of [[one, "admitting"], [other, "baking"], [one, "paused"], [other, "halted"]] as const) {
      const { rolloutMark } = moved(await by.notifier.moveRollout(moveOf(head, mark, rolloutOver(B, A, { phase }))));
      assertNotEquals(rolloutMark, mark);
      mark = rolloutMark;
      for (const each of [one, other]) {
        const { rollout } = await headOf(each.notifier);
        assertEquals([rollout?.rollout.phase, rollout?.mark], [phase, mark]);
      }
    }
  });
}

export function approvals(testOne: TestOne): void {
  testOne("approvals are read as they were put, of each hash its own, each once and the newest last", async (one) => {
    const { notifier } = one;
    assertEquals(await notifier.approvals(A), { ok: true, signatures: [] });
    const [first, second] = ["-----BEGIN SSH SIGNATURE-----\nAAA\n", "“ñ” 🌍\n\n"];
    const puts = await Promise.all([first, second].map((signature) => notifier.putApproval(A, signature)));
    assertEquals(puts, [{ ok: true }, { ok: true }]);
    assertEquals(await notifier.putApproval(B, first), { ok: true });
    assertEquals(await notifier.putApproval(A, first), { ok: true });
    assertEquals(await notifier.approvals(A), { ok: true, signatures: [second, first] });
    assertEquals(await notifier.approvals(B), { ok: true, signatures: [first] });
  });

  testOne("the newest of the approvals are kept, and one that is too large is refused", async ({ notifier }) => {
    const all = Array.from({ length: MAX_APPROVALS + 2 }, (_, at) => `${at}`.padStart(MAX_SIGNATURE_BYTES, "x"));
    for (const signature of all) assertEquals(await notifier.putApproval(A, signature), { ok: true });
    for (const wrong of ["", `${all[0]}x`]) {
      const answer = await notifier.putApproval(A, wrong);
      assert(!answer.ok && answer.reason.includes(`${MAX_SIGNATURE_BYTES}`), JSON.stringify(answer));
    }
    assertEquals(await notifier.approvals(A), { ok: true, signatures: all.slice(2) });
  });
}

/** An announcement or a move, relative to the last state seen. */
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** Most moves are on the present rollout. */
export const anyStep = fc.record({
  moves: fc.boolean(),
  hash: fc.constantFrom(A, B, C),
  force: fc.boolean(),
  generation: fc.constantFrom(0, 0, 0, -1),
  head: fc.constantFrom(null, null, null, A),
  mark: fc.constantFrom("present", "present", "present", null, "x"),
  since: fc.option(fc.integer({ min: -4, max: 0 })),
  skips: fc.subarray([A, B, C].map((hash) => skipOf(hash))),
  why: fc.constantFrom(null, "it was halted", "“ñ” \\ 🌍"),
});

/** Announces and moves step by step, and compares each answer with the rules. */
export async function followMoves(notifier: Notifier, steps: readonly Step[]): Promise<void> {
  const heads: Head[] = [];
  let skips: readonly Skip[] = [];
  let text: string | null = null;
  for (const { moves, hash, force, generation, head, mark, since, skips: added, why } of steps) {
    const last = heads.at(-1) ?? { generation: 1, hash: A };
    if (moves) {
      const on = { generation: Math.max(1, last.generation + generation), hash: head ?? last.hash };
      const present = text === null ? null : markOf(text);
      const to = rolloutOver(hash, hash === A ? B : A, { why });
      const move = moveOf(on, mark === "present" ? present : mark && markOf(mark), to, {
        since: since && Math.max(0, last.generation + since),
        skips: added,
      });
      const answer = await notifier.moveRollout(move);
      const verdict = judgeMove(heads, present, skips, move);
      assertEquals(answer.kind, verdict.kind === "write" ? "moved" : verdict.kind);
      if (verdict.kind === "write") [skips, text] = [verdict.skips, rolloutText(to)];
    } else {
      const asked = announcementOf(hash, last.hash, { force, since: Number.MAX_SAFE_INTEGER });
      const verdict = judgeAnnouncement(heads, skips, asked);
      const answer = await notifier.announce(asked);
      assertEquals(answer.kind, verdict.kind === "write" ? "accepted" : verdict.kind);
      if (verdict.kind === "write") heads.push({ generation: verdict.generation, hash });
      if (verdict.kind === "write" || verdict.kind === "same") skips = verdict.skips;
    }
    if (heads.length === 0) continue;
    const read = await headOf(notifier);
    assertEquals([read.skips, read.rolloutMark], [skips, text && markOf(text)]);
    assertEquals(read.rollout && rolloutText(read.rollout.rollout), text);
  }
}
