import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { countsOf, parseStep, type Step } from "../../src/rollout/steps.ts";

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("hosts" as const), hosts: fc.integer({ min: 1, max: 1_000 }) }),
  fc.record({ kind: fc.constant("percent" as const), percent: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ kind: fc.constant("more" as const), hosts: fc.integer({ min: 1, max: 1_000 }) }),
);
const fleet = fc.integer({ min: 1, max: 1_000 });

function counts(texts: readonly string[], hosts: number): readonly number[] {
  return countsOf(texts.map((text) => parseStep(text)!), hosts);
}

Deno.test("any steps let in more hosts each time, at least one at first and all at last", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 6 }), fleet, (steps, hosts) => {
    const found = countsOf(steps, hosts);
    assert(found[0]! >= 1);
    assertEquals(found.at(-1), hosts);
    assert(found.every((count, index) => Number.isInteger(count) && count > (found[index - 1] ?? 0)));
  }));
});

Deno.test("a higher percentage never lets in fewer hosts, and one above none lets in one", () => {
  fc.assert(fc.property(fleet, fc.integer({ min: 1, max: 99 }), (hosts, percent) => {
    const [fewer, more] = [percent, percent + 1].map((one) => countsOf([{ kind: "percent", percent: one }], hosts)[0]!);
    assert(fewer! >= 1 && fewer! <= more! && fewer! >= hosts * percent / 100 && fewer! < hosts * percent / 100 + 1);
  }));
});

Deno.test("steps are a number of hosts, a share rounded up, or a number more each time", () => {
  const cases: readonly (readonly [texts: readonly string[], hosts: number, counts: readonly number[]])[] = [
    [["1", "25%", "100%"], 10, [1, 3, 10]],
    [["1", "25%", "100%"], 3, [1, 3]],
    [["1", "25%", "100%"], 1, [1]],
    [["+1"], 4, [1, 2, 3, 4]],
    [["+2"], 5, [2, 4, 5]],
    [["1", "+2"], 6, [1, 3, 5, 6]],
    [["50%", "+1"], 4, [2, 3, 4]],
    [["5", "2", "100%"], 10, [5, 10]],
    [["1000"], 10, [10]],
    [["7%"], 100, [7, 100]],
    [[], 10, [10]],
  ];
  for (const [texts, hosts, expected] of cases) assertEquals(counts(texts, hosts), expected, texts.join());
});

Deno.test("anything but a number, a percentage or a plus with a number is no step", () => {
  const numbers = ["0", "01", "1.5", "-1", "1001", "10000", "1 ", " 1"];
  for (const text of ["", ...numbers, "0%", "101%", "1.5%", "+0", "+1001", "+", "%", "1%%", "a"]) {
    assertEquals(parseStep(text), null, text);
  }
  assertEquals(parseStep("1"), { kind: "hosts", hosts: 1 });
  assertEquals(parseStep("100%"), { kind: "percent", percent: 100 });
  assertEquals(parseStep("+12"), { kind: "more", hosts: 12 });
});
