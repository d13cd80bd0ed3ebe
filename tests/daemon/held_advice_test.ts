import { assertEquals, assertStringIncludes } from "@std/assert";
import { rolloutOver } from "../support/move_of.ts";
import { adviceOf, heldBackOf } from "../../src/daemon/held_advice.ts";
import type { RolloutPhase } from "../../src/agreement/rollout.ts";
import type { StagedWhy } from "../../src/rollout/staging.ts";
import type { Held, KeptReleases } from "../../src/releases/release.ts";
import { NO_RELEASES } from "../../src/releases/release.ts";
import { reconciled } from "../../src/releases/new_release.ts";

const OWN = "b".repeat(64);
const OTHER = "a".repeat(64);
const SKIP = { hash: OWN, by: "ada", at: "2026-01-01T00:00:00Z", reason: "bad", scope: "fleet" } as const;

/** The releases of a host that runs a hash, and on which `OWN` was rolled back. */
function running(hash: string): KeptReleases {
  const limits = { keep: 20, health: null };
  return { ...reconciled(NO_RELEASES, { hash, format: "hcl" }, 0, limits), skips: [SKIP] };
}

Deno.test("a file that was rolled back is brought in line with the release in force, unless that was rolled back too", () => {
  const held: Held = { kind: "skipped", hash: OWN, skip: SKIP, trouble: null };
  assertEquals(
    adviceOf(held, { kept: running(OTHER), rollout: null }),
    "honua-configd show 1 --output FILE brings the file in line, or edit it; honua-configd reload --force runs it as it is",
  );
  assertEquals(
    adviceOf(held, { kept: running(OWN), rollout: null }),
    "edit the file, or honua-configd rollback NUMBER --reason TEXT goes back to another one; " +
      "honua-configd reload --force runs it as it is",
  );
});

Deno.test("the command that approves a file is whole", () => {
  const approval = { isApproved: false, have: 0, need: 1, trouble: null };
  assertEquals(
    adviceOf({ kind: "unapproved", hash: OWN, approval }, { kept: running(OTHER), rollout: null }),
    "honua-configd approve bbbbbbbbbbbb --key FILE approves it, with the file of a key; " +
      "honua-configd pending says what is missing",
  );
});

Deno.test("a host on which the fleet's release failed is not advised to take it up like any other", () => {
  const held: Held = { kind: "staged", hash: OWN, why: "taken-back", detail: "a health check took it back: 500" };
  assertEquals(heldBackOf(held), "taken-back");
  assertEquals(
    adviceOf(held, { kept: running(OTHER), rollout: null }),
    "honua-configd rollback --reason TEXT lets the other hosts go back too; to try the fleet's release again here: " +
      "honua-configd pull --force FILE, then honua-configd reload --force",
  );
  assertEquals(
    adviceOf(held, { kept: running(OTHER), rollout: rolloutOver(OWN, OTHER) }),
    "honua-configd rollback --reason TEXT ends the rollout for all hosts; " +
      "honua-configd promote --reason TEXT goes on without the hosts that are not healthy",
  );
});

/** The advice about a file that is the candidate of a rollout in a phase, or of none. */
function adviceWith(why: StagedWhy, phase: RolloutPhase | null): string {
  const rollout = phase === null ? null : rolloutOver(OWN, OTHER, { phase });
  return adviceOf({ kind: "staged", hash: OWN, why, detail: null }, {
    kept: { ...running(OTHER), skips: [] },
    rollout,
  });
}

Deno.test("a file that waits while Redis is away is said to be proposed later, and reload --now to be for this host", () => {
  assertEquals(
    adviceWith("unlinked", null),
    "nothing: it is proposed when Redis is back, and the line Redis says why that is away; " +
      "honua-configd reload --now --reason TEXT takes it up on this host now, and on the others then",
  );
});

Deno.test("a file whose rollout waits for a person has the orders of the rollout as advice", () => {
  const orders = "honua-configd rollback --reason TEXT ends the rollout for all hosts; " +
    "honua-configd promote --reason TEXT goes on without the hosts that are not healthy";
  assertEquals(adviceWith("waiting", "halted"), `honua-configd rollout shows why it is halted; ${orders}`);
  assertEquals(
    adviceWith("waiting", "paused"),
    "honua-configd promote --reason TEXT goes on with the rollout, which is paused; " +
      "honua-configd rollback --reason TEXT ends it for all hosts",
  );
  assertStringIncludes(adviceWith("waiting", "awaiting-approval"), "honua-configd approve bbbbbbbbbbbb --key FILE");
  const others = "honua-configd reload --now --reason TEXT takes it up on all hosts at once";
  assertEquals(adviceWith("waiting", "admitting"), `honua-configd rollout shows what it waits for; ${others}`);
  assertEquals(adviceWith("refused", null), `when that is mended honua-configd reload proposes it; ${others}`);
});

Deno.test("a file older than the candidate that runs here is brought in line when all hosts run that", () => {
  assertEquals(
    adviceWith("ahead", "admitting"),
    "honua-configd rollout shows the other change; when all hosts run it, honua-configd pull --force FILE " +
      "brings the file in line",
  );
});

Deno.test("a file that another change took the place of is brought in line when that is agreed on, or published", () => {
  const held: Held = { kind: "staged", hash: OWN, why: "late", detail: null };
  const advice = "honua-configd pull --force FILE brings the file in line with the fleet's release; " +
    "to take the file up instead, on all hosts: honua-configd publish FILE --reason TEXT";
  assertEquals(adviceOf(held, { kept: running(OTHER), rollout: null }), advice);
  // The store has the release before both as the stable one.
  assertEquals(
    adviceOf(held, { kept: running(OTHER), rollout: rolloutOver("c".repeat(64), OTHER) }),
    `honua-configd rollout shows the other change; when all hosts run it, ${advice}`,
  );
});
