import { assertEquals } from "@std/assert";
import type { Head } from "../../src/agreement/head.ts";
import { judgeMove } from "../../src/agreement/moving.ts";
import type { Rollout, RolloutMove } from "../../src/agreement/rollout.ts";
import type { Skip } from "../../src/agreement/skip.ts";
import { skipOf } from "../support/announcement_of.ts";

const HEADS: readonly Head[] = [{ generation: 1, hash: "c" }, { generation: 2, hash: "d" }, {
  generation: 3,
  hash: "a",
}];

interface Given {
  readonly heads?: readonly Head[];
  readonly mark?: string | null;
  readonly skips?: readonly Skip[];
}

/** A proposal of `b` on `a@3` by a host that agreed with `a@3`, in a store without a rollout. */
function judged(
  { heads = HEADS, mark = null, skips = [] }: Given,
  move: Partial<RolloutMove> & { hash?: string } = {},
) {
  const { hash = "b", ...more } = move;
  const to = { hash } as Rollout;
  const verdict = judgeMove(heads, mark, skips, { head: HEADS[2]!, mark: null, to, since: 3, skips: [], ...more });
  return verdict.kind === "write" ? `write ${verdict.skips.map((one) => one.hash).join("+")}`.trim() : verdict.kind;
}

Deno.test("a move is made on the head and the rollout that it was decided on, and on no other", () => {
  assertEquals(judged({}), "write");
  assertEquals(judged({ mark: "m" }, { mark: "m" }), "write");
  assertEquals(judged({ mark: "m" }), "refused");
  assertEquals(judged({}, { mark: "m" }), "refused");
  assertEquals(judged({ mark: "n" }, { mark: "m" }), "refused");
  assertEquals(judged({ heads: [...HEADS, { generation: 4, hash: "a" }] }), "refused");
  assertEquals(judged({ heads: [{ generation: 3, hash: "d" }] }), "refused");
  assertEquals(judged({ heads: [] }), "refused");
});

Deno.test("a proposal of a hash that was the head since the host agreed is late, and no other move is", () => {
  assertEquals(judged({}, { hash: "d", since: 1 }), "late");
  assertEquals(judged({}, { hash: "c", since: 0 }), "late");
  assertEquals(judged({}, { hash: "d", since: 2 }), "write");
  assertEquals(judged({}, { hash: "c", since: 1 }), "write");
  assertEquals(judged({}, { hash: "d", since: null }), "write");
});

Deno.test("a skipped hash is not proposed, but the move that ends its rollout is made again", () => {
  const skips = [skipOf("b")];
  assertEquals(judged({ skips }), "refused");
  assertEquals(judged({ skips: [skipOf("e")] }), "write e");
  assertEquals(judged({ skips }, { since: null, skips }), "write b");
  assertEquals(judged({ skips: [skipOf("e")] }, { since: null, skips }), "write e+b");
});

Deno.test("a move that is overtaken is refused before anything is called late", () => {
  assertEquals(judged({ mark: "m" }, { hash: "d", since: 0 }), "refused");
  assertEquals(judged({ skips: [skipOf("d")] }, { hash: "d", since: 0 }), "late");
});
