import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { openJsonReader, parseJsonDocument } from "../../../src/document/json/json_document.ts";
import { openPace } from "../../../src/time/pace.ts";
import { asText } from "../../support/rereading.ts";

Deno.test("a long list that is edited again and again is not taken for one of too many values", async () => {
  const reader = openJsonReader();
  for (const last of [1, 2, 3]) {
    const text = `{"many":[${"0,".repeat(600_000)}${last}],"other":1}`;
    const parsed = await reader.read(sourceText("t.json", text), openPace());
    assertEquals(parsed.ok && parsed.document.attributes.length, 2);
  }
  const tooMany = sourceText("t.json", `{"many":[${"0,".repeat(1_000_000)}1],"other":1}`);
  assertEquals(asText(await reader.read(tooMany, openPace())), asText(parseJsonDocument(tooMany)));
});

Deno.test("the memory of JSON keeps no old source alive: of a hundred with two megabytes each", async () => {
  const program = new URL("../../support/edited_json_heap.ts", import.meta.url).href;
  const args = ["run", "-A", "--v8-flags=--expose-gc", program];
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args }).output();
  assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
  const growthBytes = Number(new TextDecoder().decode(stdout));
  assert(growthBytes < 10 * 1024 * 1024, `the heap grew by ${growthBytes} bytes`);
});
