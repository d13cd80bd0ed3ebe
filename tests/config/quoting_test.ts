// The texts that rules may quote: values and defined names.
import { assertEquals } from "@std/assert";
import { openRecorder } from "../../src/config/facts.ts";
import { isBlank, quotableValue, type RuleContext, shown, suggestNames } from "../../src/config/rules.ts";

/** A block whose setting `p.open` came from the environment, and "hunter22" is a secret. */
function context(): RuleContext {
  const recorder = openRecorder();
  recorder.taint("p.open");
  return { facts: recorder.take().facts, secrets: { areIn: (value) => value.includes("hunter22") } };
}

Deno.test("a value is shown unless it came from the environment, or is or looks like a secret", () => {
  assertEquals(shown(context(), "p.a", "value"), "value");
  assertEquals(shown(context(), "p.open", "value"), "from the environment");
  assertEquals(shown(context(), "p.a", "xhunter22x"), "(not shown)");
  assertEquals(shown(context(), "p.a", "Password=x"), "(not shown)");
  const aloud = [["p.a", "value"], ["p.open", "value"], ["p.a", "xhunter22x"], ["p.a", "Password=x"]] as const;
  assertEquals(aloud.map(([path, value]) => quotableValue(context(), path, value)), ["value", null, null, null]);
});

Deno.test("a value of sixty characters is shown whole, a longer one cut", () => {
  assertEquals(shown(context(), "p.a", "v".repeat(60)), "v".repeat(60));
  assertEquals(shown(context(), "p.a", "v".repeat(61)), "v".repeat(60) + "…");
});

Deno.test("the first ten names are listed, with the near one before them if the wanted name may be quoted", () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `name${String(at).padStart(3, "0")}`);
  assertEquals(suggestNames("caches", "x", []), "Define one; there are no caches at all");
  assertEquals(suggestNames("caches", "x", ["a", "b"]), "Defined caches: a, b");
  assertEquals(suggestNames("caches", "rediss", ["a", "redis"]), "Did you mean redis? Defined caches: a, redis");
  assertEquals(suggestNames("caches", null, ["a", "redis"]), "Defined caches: a, redis");
  assertEquals(suggestNames("caches", null, names(10)), `Defined caches: ${names(10).join(", ")}`);
  assertEquals(suggestNames("caches", null, names(11)), `Defined caches: ${names(10).join(", ")}, and 1 more`);
  assertEquals(suggestNames("caches", null, names(25)), `Defined caches: ${names(10).join(", ")}, and 15 more`);
});

Deno.test("white space is nothing, as it is to the server", () => {
  assertEquals(["", " ", "\t\r\n", "\u00a0", "a", " a "].map(isBlank), [true, true, true, true, false, false]);
});
