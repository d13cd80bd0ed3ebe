// A program for a test: reads a file of megabytes again and again, each time with another part of it edited, and prints
// how much its heap has grown, in bytes. It needs V8's `gc`, so that what could be collected is.
import { parse } from "@cdktf/hcl2json";
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/blocks.ts";
import type { ParseText } from "../../src/document/hcl.ts";
import { openHclReader } from "../../src/document/hcl_document.ts";
import { rememberingParser } from "./rereading.ts";

const { gc } = globalThis as unknown as { gc: () => void };

/** Every form that a document takes strings of, each longer than what V8 copies of its own accord. */
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
// One comment of two megabytes makes each source worth noticing, and costs nothing to scan.
const comment = `# ${"x".repeat(2 * 1024 * 1024)}\n`;
const layers = Array.from({ length: 200 }, (_, index) => layer(String(1_000 + index)));

async function readEdited(number: number): Promise<void> {
  layers[number % layers.length] = layer(String(5_000 + number));
  // Through bytes: the text is one piece of its own, as one that was read from a file is.
  const text = new TextDecoder().decode(new TextEncoder().encode(comment + layers.join("")));
  const parsed = await reader.read(sourceText("t.hcl", text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
}

async function heapBytes(): Promise<number> {
  gc();
  await new Promise((resolve) => setTimeout(resolve));
  gc();
  return Deno.memoryUsage().heapUsed;
}

for (let number = 0; number < 10; number++) await readEdited(number);
const before = await heapBytes();
for (let number = 10; number < 110; number++) await readEdited(number);
console.log(await heapBytes() - before);
Deno.exit(0);
