// A program for a test: it reads a file of megabytes again and again, each time with another part edited, and prints
// the growth of its heap, in bytes.
import { parse } from "@cdktf/hcl2json";
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { openHclReader } from "../../src/document/hcl/hcl_document.ts";
import { heapGrowthBytes } from "./heap_growth.ts";
import { rememberingParser } from "./rereading.ts";

/** Every form from which a document takes strings, each longer than the strings that V8 copies by itself. */
function layer(name: string): string {
  return `layer "a_layer_${name}" {
  a_name_of_some_length_${name} = "A title of some length ${name}"
  "a quoted name ${name}" = "\${env:A_VARIABLE_${name}}/\${var.another_${name}}"
  a_number_of_some_length = 123456789012345.67890${name}
  an_expression_of_length = a_function("${name}") == 1
  an_object_of_some_length = { a_key_of_some_length_${name} = [1], "another key ${name}" = null }
  a_block_of_some_length_${name} "with a label ${name}" {
  }
}
a_setting_of_some_length_${name} = <<E
  a line of \${env:ANOTHER_VARIABLE_${name}}
E
`;
}

const reader = openHclReader(openBlockParser(rememberingParser(parse as ParseText)));
const textOf = (longLine: string, layers: readonly string[]) => `# ${longLine}\n${layers.join("")}`;
const growthBytes = await heapGrowthBytes(layer, textOf, async (text) => {
  const parsed = await reader.read(sourceText("t.hcl", text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
});
console.log(growthBytes);
Deno.exit(0);
