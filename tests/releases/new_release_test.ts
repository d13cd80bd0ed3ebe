import { assertEquals } from "@std/assert";
import { protectedHashes } from "../../src/releases/new_release.ts";
import type { KeptReleases, Release } from "../../src/releases/release.ts";

const AT = "2026-11-30T03:00:00.000Z";

function release(number: number, hash: string, state: Release["state"], until: string | null = AT): Release {
  const why = { cause: "file", author: null, reason: null, changes: null } as const;
  return { number, hash, format: "hcl", digest: hash, at: AT, until, ...why, state };
}

Deno.test("the texts of the release in force, of the last good one and of the pinned one stay, but no skipped one", () => {
  const kept: KeptReleases = {
    list: [release(1, "old", "healthy"), release(2, "good", "healthy"), release(3, "now", "running", null)],
    nextNumber: 4,
    skips: [],
    pinned: {
      hash: "pinned",
      scope: "host",
      undoes: [],
      cause: "rollback",
      author: null,
      reason: "why",
      isFollowed: false,
    },
    hold: null,
    bake: null,
    confirmation: null,
    overruled: [],
    undone: [],
  };
  assertEquals([...protectedHashes(kept)], ["now", "good", "pinned"]);
  const skip = { hash: "good", by: "ann", at: AT, reason: "why", scope: "fleet" } as const;
  assertEquals([...protectedHashes({ ...kept, skips: [skip] })], ["now", "old", "pinned"]);
  assertEquals([...protectedHashes({ ...kept, list: [], pinned: null })], []);
});
