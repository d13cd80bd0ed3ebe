import { assertEquals, assertStringIncludes } from "@std/assert";
import { examine, type Section, section } from "../../src/doctor/examination.ts";
import { type Judgement, ok } from "../../src/doctor/finding.ts";

const SETTINGS = { limitMilliseconds: 10_000, secrets: [] };

type Findings = readonly Judgement[];

function check(id: string, gather: Section<Findings, null>["gather"]): Section<Findings, null> {
  return section("The thing", gather, { [id]: (found) => found });
}

Deno.test("the findings come in the order of the checks, whichever ends first", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = check("a/slow", async () => {
    await promise;
    return [ok("late")];
  });
  const quick = check("b/quick", () => {
    resolve();
    return Promise.resolve([ok("early")]);
  });
  const found = await examine([slow, quick], null, SETTINGS);
  assertEquals(found.map((one) => one.check), ["a/slow", "b/quick"]);
});

Deno.test("a check that never ends is an error in time, and its signal aborts", async () => {
  let wasAborted = false;
  const hanging = check("a/hanging", (_, { signal }) => {
    signal.addEventListener("abort", () => wasAborted = true);
    return new Promise(() => {});
  });
  const found = await examine([hanging, check("b/well", () => Promise.resolve([ok("well")]))], null, {
    limitMilliseconds: 20,
    secrets: [],
  });
  assertEquals(found.map(({ check, level }) => [check, level]), [["a/hanging", "error"], ["b/well", "ok"]]);
  assertStringIncludes(found[0]!.what, "could not be examined within 0.02 s");
  assertEquals(wasAborted, true);
});

Deno.test("a check that throws, at once or later, is a finding and stops no other", async () => {
  const found = await examine(
    [
      check("a/thrown", () => {
        throw new TypeError("at once\nwith a second line");
      }),
      check("b/rejected", () => Promise.reject(new Error("later"))),
      check("c/well", () => Promise.resolve([ok("well")])),
    ],
    null,
    SETTINGS,
  );
  assertEquals(found.map(({ check, level }) => [check, level]), [
    ["a/thrown", "warning"],
    ["b/rejected", "warning"],
    ["c/well", "ok"],
  ]);
  assertEquals(found[0]!.what, "The thing could not be examined: TypeError: at once");
});

Deno.test("text that one check hides is masked in all checks, together with the known secrets", async () => {
  const telling = (id: string) =>
    check(id, (_, { hide }) => {
      hide([`secret-of-${id}`]);
      return Promise.resolve([{ ...ok("secret-of-a, secret-of-b, known"), todo: "not secret-of-b" }]);
    });
  const found = await examine([telling("a"), telling("b")], null, { limitMilliseconds: 10_000, secrets: ["known"] });
  const masked = { what: "[masked], [masked], [masked]", todo: "not [masked]" };
  assertEquals(found.map(({ what, todo }) => ({ what, todo })), [masked, masked]);
});

Deno.test("no name in a finding can steer a terminal or begin a line", async () => {
  const found = await examine([check("a/b", () => Promise.resolve([ok("\x1b[2J\nfake")]))], null, SETTINGS);
  assertEquals(found[0]!.what, "␛[2J␊fake");
});
