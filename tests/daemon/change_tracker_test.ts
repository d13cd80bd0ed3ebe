import { assertEquals } from "@std/assert";
import { type Changes, trackChanges } from "../../src/daemon/change_tracker.ts";

const layers = (...titles: string[]) => ({
  layers: Object.fromEntries(titles.map((title, at) => [`l${at}`, { title }])),
});

/** Without the members of a prototype. */
function assertChanges(changes: Changes, expected: Changes): void {
  assertEquals<Changes>({ ...changes }, expected);
}

Deno.test("changes are counted against the snapshot in force, after any number of other looks", () => {
  const tracker = trackChanges({ state: "none" });
  const [first, second] = [layers("a", "b"), layers("a", "c")];
  const added = { layers: { added: 2, removed: 0, changed: 0 } };
  const changed = { layers: { added: 0, removed: 0, changed: 1 } };
  assertChanges(tracker.against(first), added);
  assertChanges(tracker.against(second), added);
  assertChanges(tracker.moveTo(first), added);
  assertChanges(tracker.against(first), {});
  assertChanges(tracker.moveTo(second), changed);
  assertChanges(tracker.against(first), changed);
  assertChanges(tracker.against(layers("a", "c")), {});
});
