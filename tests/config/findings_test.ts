// The findings that are kept, how often each is reported, and the facts about the settings of a block.
import { assertEquals } from "@std/assert";
import { fault } from "../../src/config/expressions.ts";
import {
  hasFailed,
  isFromEnvironment,
  isWritten,
  openRecorder,
  rangeAt,
  type Recorder,
} from "../../src/config/facts.ts";
import { diagnosticOf, finding, findingOf, openCollection } from "../../src/config/findings.ts";
import { sourceText } from "../../src/diagnostic/range.ts";

const [here, there] = [{ start: 0, end: 1 }, { start: 2, end: 3 }];

Deno.test("five thousand errors and as many warnings are kept, and the others counted", () => {
  const collection = openCollection();
  const many = (severity: "error" | "warning", count: number) =>
    Array.from({ length: count }, () => finding(severity, "c", "s", null, null));
  collection.add(many("error", 5_000));
  collection.add(many("warning", 5_000), 7);
  assertEquals([collection.kept.length, collection.dropped], [10_000, 7]);
  collection.add([...many("error", 1), ...many("warning", 2)], 1);
  assertEquals([collection.kept.length, collection.dropped], [10_000, 11]);
});

Deno.test("a fault is reported once for its place, an undefined variable by every setting, one of the whole once in all", () => {
  const kept = (...findings: ReturnType<typeof finding>[]) => {
    const collection = openCollection();
    for (const one of findings) collection.add([one]);
    return [collection.kept.length, collection.dropped];
  };
  const ordinary = (path: string, range = here, code = "c") => findingOf(path, fault(code, "s", range));
  assertEquals(kept(ordinary("a"), ordinary("b")), [1, 0]);
  assertEquals(kept(ordinary("a"), ordinary("a", there)), [2, 0]);
  assertEquals(kept(ordinary("a"), ordinary("a", { start: 0, end: 2 })), [2, 0]);
  assertEquals(kept(ordinary("a"), ordinary("a", here, "d")), [2, 0]);
  const undefinedIn = (path: string, range = here) =>
    findingOf(path, fault("c", "s", range, { undefinedVariable: "v" }));
  assertEquals(kept(undefinedIn("a"), undefinedIn("b")), [2, 0]);
  assertEquals(kept(undefinedIn("a"), undefinedIn("a")), [1, 0]);
  assertEquals(kept(undefinedIn("a"), undefinedIn("a", there)), [2, 0]);
  const whole = (path: string, range: typeof here, code = "c") =>
    findingOf(path, fault(code, "s", range, { isOfWhole: true }));
  assertEquals(kept(whole("a", here), whole("b", there)), [1, 0]);
  assertEquals(kept(whole("a", here), whole("b", there, "d")), [2, 0]);
  const repeated = finding("error", "c", "s", "a", here);
  assertEquals(kept(repeated, repeated), [2, 0]);
});

Deno.test("a value is quoted unless a part of its path has a secret's name", () => {
  const quoting = { why: "It is 5", suggestion: "Write 6" };
  const reported = (path: string) => {
    const { why, suggestion } = findingOf(path, fault("c", "s", here, { why: "w", suggestion: "g", quoting }));
    return [why, suggestion];
  };
  assertEquals(reported("service.s.size"), ["It is 5", "Write 6"]);
  assertEquals(reported("service.api_key"), ["w", "g"]);
  assertEquals(reported("service.api_key.size"), ["w", "g"]);
  const { why } = findingOf("a", fault("c", "s", here, { why: "w" }));
  assertEquals(why, "w");
});

Deno.test("a finding is reported with its severity, its two places, and without a place if it is of the whole", () => {
  const source = sourceText("t.hcl", "a\nb\n");
  const other = { label: "first", range: here };
  const two = diagnosticOf(source, finding("error", "c", "s", "p", there, { why: "w", suggestion: "g", other }));
  assertEquals([two.severity, two.why, two.suggestion, two.path], ["error", "w", "g", "p"]);
  assertEquals([two.place?.line, two.other?.label, two.other?.place.line], [2, "first", 1]);
  const none = diagnosticOf(source, finding("warning", "c", "s", null, null));
  assertEquals([none.severity, none.place, none.other, none.why, none.suggestion], ["warning", null, null, null, null]);
});

/** The facts of this many settings of a block, of which one is noted twice. */
function factsOf(recorder: Recorder, count: number) {
  recorder.note("b", { start: 100, end: 101 });
  for (let at = 0; at < count - 3; at++) recorder.note(`b.s${at}`, { start: at, end: at + 1 });
  recorder.note("b.twice", here);
  recorder.note("b.twice", there);
  return recorder.take().facts;
}

Deno.test("a setting has its last noted place, or that of its surroundings, in a record of any size", () => {
  const recorder = openRecorder();
  for (const count of [4, 64, 65, 200]) {
    const facts = factsOf(recorder, count);
    for (let again = 0; again < 2; again++) {
      assertEquals(rangeAt(facts, "b.s0"), { start: 0, end: 1 });
      assertEquals(rangeAt(facts, "b.twice"), there);
      assertEquals(rangeAt(facts, "b.twice.deep.er"), there);
      assertEquals(rangeAt(facts, "b.missing"), { start: 100, end: 101 });
      assertEquals(rangeAt(facts, "c.missing"), null);
      assertEquals([isWritten(facts, "b.twice"), isWritten(facts, "b.missing"), isWritten(facts, "b.s")], [
        ...[true, false, false],
      ]);
    }
  }
});

Deno.test("a setting that could not be read has failed with all in it; a value of the environment did by itself", () => {
  const recorder = openRecorder();
  recorder.fail("b.one");
  recorder.refuse("b.two", fault("c", "s", here));
  recorder.taint("b.three");
  const { facts, findings } = recorder.take();
  const failed = ["b.one", "b.one.inner.most", "b.two", "b.three", "b", "b.on", "b.one2"];
  assertEquals(failed.map((path) => hasFailed(facts, path)), [true, true, true, false, false, false, false]);
  const tainted = ["b.three", "b.three.inner", "b", "b.one"];
  assertEquals(tainted.map((path) => isFromEnvironment(facts, path)), [true, false, false, false]);
  assertEquals(findings.map(({ severity, path }) => [severity, path]), [["error", "b.two"]]);
});

Deno.test("a recorder hands out its findings once, and begins again", () => {
  const recorder = openRecorder();
  recorder.note("a", here);
  recorder.fail("a");
  recorder.taint("a");
  recorder.error("c", "s", "a", here);
  recorder.warning("c", "s", "a", here);
  const first = recorder.take();
  const second = recorder.take();
  assertEquals([first.findings.length, first.dropped], [2, 0]);
  assertEquals([second.findings.length, second.dropped, second.facts.places.paths.length], [0, 0, 0]);
  assertEquals([hasFailed(second.facts, "a"), isFromEnvironment(second.facts, "a")], [false, false]);
  assertEquals([hasFailed(first.facts, "a"), isFromEnvironment(first.facts, "a")], [true, true]);
  for (let at = 0; at < 5_001; at++) recorder.warning("c", "s", "a", here);
  const many = recorder.take();
  assertEquals([many.findings.length, many.dropped], [5_000, 1]);
});
