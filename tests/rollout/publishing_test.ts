import { assertEquals, assertStringIncludes } from "@std/assert";
import { publishObjection } from "../../src/rollout/publishing.ts";

const SKIP = { hash: "b", by: "bob", at: "then", reason: "no tests" };
const VIEW = { head: { generation: 1, hash: "a" }, skips: [SKIP], stored: null, mark: null };

Deno.test("a release that was taken back is named by its latest number, and one that never ran is to be changed", () => {
  const list = [{ number: 3, hash: "b" }, { number: 4, hash: "a" }, { number: 5, hash: "b" }, { number: 6, hash: "a" }];
  const ran = publishObjection(VIEW, "b", { skips: [], list }) ?? "";
  assertStringIncludes(ran, "taken back by bob at then: no tests. Publish a changed one, or put it in force again: ");
  assertStringIncludes(ran, "honua-configd rollback 5 --force --reason TEXT");
  const never = publishObjection(VIEW, "b") ?? "";
  assertStringIncludes(never, "no tests. Publish a changed one. Only a host that ran it can ");
  assertEquals(publishObjection({ ...VIEW, skips: [] }, "b", { skips: [SKIP], list: [] }), never);
  assertEquals(publishObjection(VIEW, "c", { skips: [], list }), null);
});
