// The invariants of the releases of a host after every single step, and of each value that is written for the next
// process.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { Action, Event } from "../../src/reload/events.ts";
import type { State } from "../../src/reload/state.ts";
import { isFrozen, isTakenBack } from "../../src/releases/admission.ts";
import { type KeptReleases, type Release, runningRelease, skipOf } from "../../src/releases/release.ts";

/** Throws if one does not hold. */
export function checkReleases<C>(
  before: State<C>,
  event: Event<C>,
  after: State<C>,
  actions: readonly Action<C>[],
  at: number,
): void {
  const { kept } = after.releases;
  for (const action of actions) {
    if (action.kind === "activate") checkActivation(kept, action.releases, at);
    if (action.kind !== "report" || action.report.kind !== "rolling-back") continue;
    const { from, rollback: { cause } } = action.report;
    if (cause !== "health") continue;
    assert(!before.releases.kept.undone.includes(from.hash), "a hash is rolled back automatically once");
    const isKept = kept.hold !== null && isFrozen(kept, at) && Date.parse(from.at) < kept.hold.since;
    assert(!isKept, "during a hold only a change that was forced in it is rolled back automatically");
  }
  checkKeptReleases(before.releases.kept, kept);
  checkStates(before.releases.kept, kept, isFinal);
  assert(kept.nextNumber >= before.releases.kept.nextNumber, "a number is given once");
  const recorded = actions.findLast((action) => action.kind === "record" || action.kind === "activate")?.releases;
  if (after.work.kind === "activating") {
    const { releases, proposal: { hash } } = after.work;
    assertEquals(runningRelease(releases)?.hash, hash, "during a write its entry is recorded");
    if (kept !== before.releases.kept) assertStrictEquals(recorded, releases, "each change is recorded");
  } else if (kept !== before.releases.kept && event.kind !== "activated") {
    assertStrictEquals(recorded, kept, "each change is recorded");
  }
  if (kept.bake !== null) assertEquals(kept.bake.hash, runningRelease(kept)?.hash, "the release in force bakes");
}

/**
 * Nothing skipped is put in force, and during a hold only a release that a person forced, and the way back from one
 * that was taken back.
 */
function checkActivation(kept: KeptReleases, releases: KeptReleases, at: number): void {
  const hash = runningRelease(releases)?.hash ?? "";
  assertEquals(skipOf(kept, hash), null, "a skipped hash is not put in force");
  const running = runningRelease(kept);
  if (hash === running?.hash || !isFrozen(kept, at)) return;
  const cause = runningRelease(releases)?.cause;
  const isAllowed = cause === "force" || isWayBack(cause) || (cause === "cluster" && isTakenBack(kept));
  assert(isAllowed, `during a hold nothing is put in force for the cause ${cause}`);
}

/** Throws if a value cannot follow the other. */
export function checkKeptReleases(before: KeptReleases, kept: KeptReleases): void {
  const { list, nextNumber, skips, undone } = kept;
  // If a write failed, its entry goes from the disk together with its number.
  assert(nextNumber >= before.nextNumber - 1, "numbers grow");
  assert(list.length <= 23 && skips.length <= 64 && undone.length <= 32, "the kept lists are bounded");
  assert(before.undone.every((hash) => undone.includes(hash)), "an automatic rollback is not forgotten");
  const numbers = list.map((one) => one.number);
  assert(numbers.every((one, index) => index === 0 || one > numbers[index - 1]!), "numbers ascend");
  assert(numbers.every((one) => one < nextNumber));
  for (const [index, one] of list.entries()) {
    assert(one.until !== null || index === list.length - 1, "at most one release is in force");
  }
  // An entry on the disk may end by a write that fails, with a state that it would have had then.
  checkStates(before, kept, (state) => state === "failed");
}

/**
 * If `lasts` is true of a state, it is not judged anew; but a failed release may be healthy after another bake, or
 * leave without blame.
 */
function checkStates(before: KeptReleases, after: KeptReleases, lasts: (state: Release["state"]) => boolean): void {
  for (const { number, state } of after.list) {
    const earlier = before.list.find((one) => one.number === number);
    if (earlier !== undefined && lasts(earlier.state)) {
      const isAnother = earlier.state === "failed" && (state === "healthy" || state === "replaced");
      assert(isFinal(state) || isAnother, `${number} ${earlier.state} becomes ${state}`);
    }
  }
}

function isFinal(state: Release["state"]): boolean {
  return state === "failed" || state === "rolled-back" || state === "skipped";
}

function isWayBack(cause: Release["cause"] | undefined): boolean {
  return cause === "rollback" || cause === "confirmation" || cause === "health";
}
