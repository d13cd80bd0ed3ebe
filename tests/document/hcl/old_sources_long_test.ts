import { assert, assertEquals } from "@std/assert";

const PROGRAM = new URL("../../support/edited_heap.ts", import.meta.url);

Deno.test("the memory keeps no old source alive: of a hundred with two megabytes each", async () => {
  const args = ["run", "-A", "--v8-flags=--expose-gc", PROGRAM.href];
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args }).output();
  assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
  const growthBytes = Number(new TextDecoder().decode(stdout));
  assert(growthBytes < 10 * 1024 * 1024, `the heap grew by ${growthBytes} bytes`);
});
