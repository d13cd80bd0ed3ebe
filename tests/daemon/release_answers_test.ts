import { assertEquals } from "@std/assert";
import { type ReleaseAnswersParts, releaseStatusOf } from "../../src/daemon/release_answers.ts";
import { initialState } from "../../src/reload/state.ts";

Deno.test("a late file is advised to be brought in line, and not to be taken up on all hosts", () => {
  const state = initialState(null);
  const held = { kind: "staged", hash: "b".repeat(64), why: "late", detail: null } as const;
  const loop = { state: () => ({ ...state, releases: { ...state.releases, held } }) } as ReleaseAnswersParts["loop"];
  const { advice } = releaseStatusOf({ loop, mask: (text) => text }).held!;
  assertEquals(advice, "honua-configd pull --force FILE brings the file in line with the fleet's release");
});
