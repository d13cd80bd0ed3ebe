import { assertEquals } from "@std/assert";
import { findRelease, listedRelease } from "../../src/releases/history_list.ts";
import { type KeptReleases, NO_RELEASES, type Release } from "../../src/releases/release.ts";

const hashOf = (beginning: string) => beginning.padEnd(64, "0");

function release(number: number, hash: string, until: string | null = "2026-03-01T12:00:00.000Z"): Release {
  const unknown = { digest: null, author: null, reason: null, changes: null };
  const at = "2026-03-01T11:00:00.000Z";
  return { number, hash: hashOf(hash), format: "hcl", at, until, cause: "file", state: "healthy", ...unknown };
}

const KEPT: KeptReleases = {
  ...NO_RELEASES,
  list: [release(1, "aaaaaaaa1"), release(2, "aaaaaaaa2"), release(3, "12345678"), release(4, "aaaaaaaa1", null)],
  skips: [{ hash: hashOf("aaaaaaaa2"), by: "anna", at: "2026-03-01T12:00:00.000Z", reason: "x", scope: "host" }],
};

Deno.test("a release is found by its number, or by a beginning of its hash that no other hash has", () => {
  const found = (reference: string) => findRelease(KEPT, reference)?.number ?? null;
  assertEquals(["2", "aaaaaaaa2", hashOf("aaaaaaaa2"), "12345678"].map(found), [2, 2, 2, 3]);
  assertEquals(found("AAAAAAAA1"), 4);
  assertEquals(["5", "0", "aaaaaaaa", "aaaaaaa", "", "running", "1x"].map(found), Array(7).fill(null));
});

Deno.test("only the last release is in force, and each entry of a skipped hash says so", () => {
  const listed = KEPT.list.map((one) => listedRelease(one, KEPT));
  assertEquals(listed.map(({ isRunning }) => isRunning), [false, false, false, true]);
  assertEquals(listed.map(({ isSkipped }) => isSkipped), [false, true, false, false]);
});
