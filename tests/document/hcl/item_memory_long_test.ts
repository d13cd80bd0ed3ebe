import { assertEquals } from "@std/assert";
import { layerFile } from "../../../bench/layers.ts";
import { openItemMemory } from "../../../src/document/hcl/item_memory.ts";
import { openPace } from "../../../src/time/pace.ts";
import { asText } from "../../support/rereading.ts";
import { scanSource } from "../../support/whole_scan.ts";

const SOURCE = layerFile("uniform", 1_000, 1).text;

Deno.test("a text beyond the bounds is scanned as a fresh one is, and the one before it is not forgotten", async () => {
  const memory = openItemMemory();
  const scan = (text: string) => memory.scan(text, openPace());
  await scan(SOURCE);
  // Brackets that never fit use up the length that may be scanned a second time.
  const spent = `x = ${"[".repeat(150)}${"1,".repeat(SOURCE.length / 10)}${"] + 1".repeat(150)}\n`;
  for (const text of [SOURCE + "x = " + "[".repeat(300), SOURCE + "a\n".repeat(1_000_001), SOURCE + spent + SOURCE]) {
    const [again, afresh] = [await scan(text), scanSource(text)];
    assertEquals(
      [again.tooDeepAt, again.tooManyAt, again.costlyNumber],
      [afresh.tooDeepAt, afresh.tooManyAt, afresh.costlyNumber],
    );
    assertEquals(again.items.length, afresh.items.length);
    assertEquals(asText(again.items.slice(-1_000)), asText(afresh.items.slice(-1_000)));
    await scan(SOURCE);
    assertEquals(memory.scanned, 0);
  }
});

Deno.test("moved items count towards the bounds as new ones do", async () => {
  const list = (name: string, count: number) => `${name} = [${"1,".repeat(count)}]\n`;
  const [x, y] = [list("x", 400_000), list("y", 400_000)];
  for (const [count, isTooMuch] of [[100_000, false], [300_000, true]] as const) {
    const memory = openItemMemory();
    await memory.scan(x + y, openPace());
    const text = list("z", count) + y + x;
    const [again, afresh] = [await memory.scan(text, openPace()), scanSource(text)];
    assertEquals(again.tooManyAt, afresh.tooManyAt);
    assertEquals(again.tooManyAt !== null, isTooMuch);
    assertEquals(again.items.length, afresh.items.length);
    await memory.scan(x + y, openPace());
    assertEquals(memory.scanned, 0);
  }
});
