// A host with releases against random orders, edits, failures, health checks and crashes. `checkReleases` checks the
// rules after every single event; this file checks the disk at any moment, and the state of a host in the end. The seed
// of a failure is printed by fast-check.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { reconciled } from "../../src/releases/new_release.ts";
import { type KeptReleases, lastGood, runningRelease, skipOf } from "../../src/releases/release.ts";
import { type Beginning, carryOutLine, type Host, hostOf } from "./releases_transcript.ts";

/** The frequent more than once. */
const LINES = [
  ...["file a", "file b", "file c", "file d", "file b/a", "file bad", "file gone", "hint poll", "hint signal"],
  ...["roll-back", "roll-back", "roll-back here", "roll-back 1", "roll-back 3", "reload force", "reload force"],
  ...["reload confirm 1", "reload force confirm 1", "confirm", "hold 1", "hold 1", "release-hold"],
  ...["hooks ok", "hooks ok", "hooks failed", "health ok", "health bad", "health bad", "health bad"],
  ...["wait 9", "wait 9", "wait 61", "pause", "step", "step", "go", "go", "text a lost", "text b broken"],
  ...[
    "writes fail",
    "writes work",
    "writes work",
    "baseline sick",
    "baseline healthy",
    "restart 3",
    "restart 3 written",
  ],
];

const lines = fc.array(fc.constantFrom(...LINES), { maxLength: 60, size: "max" });
const beginning: fc.Arbitrary<Beginning> = fc.record({
  health: fc.constantFrom({}, { onFailure: "halt" as const }),
  keep: fc.constantFrom(1, 2, 20),
}, { requiredKeys: ["keep"] });

/** Carries out a line if it can happen now, and checks the disk as after a crash. */
function live(host: Host, line: string): void {
  // No answer comes that nobody waits for.
  if (line.startsWith("health") && host.state.releases.checked === null) return;
  carryOutLine(host, line);
  checkCrash(host);
}

/** A process that began now would know as much as this one, with any state of the writes. */
function checkCrash({ kept, snapshot, asked, at, limits, state }: Host): void {
  if (asked !== null && "write" in asked) {
    const hash = asked.write.split("/")[0]!;
    checkFound(asked.releases, hash, reconciled(asked.releases, { hash, format: "hcl" }, at, limits));
  }
  // No line of these lives loses the snapshot.
  const { hash } = snapshot!;
  const found = reconciled(kept, { hash, format: "hcl" }, at, limits);
  checkFound(kept, hash, found);
  const running = runningRelease(state.releases.kept);
  assertEquals(runningRelease(found)?.number, running?.number, "the release in force has the same number");
  assertEquals([found.skips, found.hold, found.undone], [kept.skips, kept.hold, kept.undone]);
}

function checkFound(kept: KeptReleases, active: string, found: KeptReleases): void {
  assertEquals(runningRelease(found)?.hash, active, "the snapshot has an entry");
  if (runningRelease(kept)?.hash === active) assertEquals(found, kept, "nothing changes for the next process");
  assert(found.bake === null || found.bake.hash === active, "the release in force is watched");
}

/** Lets all succeed, and time pass until nothing waits. */
function settle(host: Host): void {
  host.writes = "work";
  host.texts.clear();
  for (const line of ["go", "confirm", "release-hold", "wait 61", "hint poll"]) live(host, line);
}

Deno.test("in 5,000 random lives of a host no skipped or held hash is put in force, and no crash loses anything", () => {
  const seen = { automatic: 0, skipped: 0, frozen: 0, failed: 0 };
  fc.assert(
    fc.property(beginning, lines, (start, all) => {
      const host = hostOf(start);
      for (const line of all) {
        live(host, line);
        const { releases: { held, kept } } = host.state;
        if (held?.kind === "skipped") seen.skipped++;
        if (held?.kind === "frozen") seen.frozen++;
        if (kept.undone.length > 0) seen.automatic++;
        if (runningRelease(kept)?.state === "failed") seen.failed++;
      }
    }),
    { numRuns: 5_000 },
  );
  for (const [what, count] of Object.entries(seen)) assert(count > 50, `${what} happened ${count} times only`);
});

Deno.test("after any events a host comes to run its file, or the release in place of it", () => {
  fc.assert(
    fc.property(beginning, lines, (start, all) => {
      const host = hostOf(start);
      for (const line of all) live(host, line);
      settle(host);
      const { active, releases: { kept, held } } = host.state;
      const skip = skipOf(kept, host.file.split("/")[0]!);
      const isValid = host.file !== "bad" && host.file !== "gone";
      if (isValid && skip === null) {
        assertEquals([active?.contentHash, held], [host.file.split("/").at(-1), null]);
      } else if (isValid) assertEquals(held?.kind, "skipped");
      const mayGo = kept.pinned !== null || lastGood(kept) !== null;
      if (mayGo) assertEquals(skipOf(kept, active!.hash), null, "the active hash is not skipped");
      if (kept.pinned !== null) assertEquals(active?.hash, kept.pinned.hash, "the pinned hash is in force");
    }),
    { numRuns: 2_000 },
  );
});
