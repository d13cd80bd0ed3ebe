import { assertEquals } from "@std/assert";
import { asSentence } from "../../../src/admin/ui/sentence.ts";

Deno.test("a text gets a full stop unless it ends in a mark", () => {
  assertEquals(["it works", "it works.", "why?", "no!", "as follows:", "it was cut…"].map(asSentence), [
    "it works.",
    "it works.",
    "why?",
    "no!",
    "as follows:",
    "it was cut…",
  ]);
});
