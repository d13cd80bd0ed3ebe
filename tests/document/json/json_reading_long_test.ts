import { assertEquals } from "@std/assert";
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
