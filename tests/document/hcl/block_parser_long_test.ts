import { assertEquals } from "@std/assert";
import { openCounting } from "./counting_parser.ts";

Deno.test("of shapes beyond the bound those that were met last are the last to be forgotten", async () => {
  await using parser = openCounting();
  // Each is its own shape of 40,000 units at the least.
  const large = (count: number) => `b${count} {\n${"c {\n}\n".repeat(count)}}\n`;
  for (let count = 6_000; count < 6_040; count++) await parser.costOf(large(count));
  assertEquals((await parser.costOf(large(6_038).replace("b", "d"))).slice(1), [0, 0, 0]);
  assertEquals((await parser.costOf(large(6_000).replace("b", "d"))).slice(1), [1, 0, 1]);
});
