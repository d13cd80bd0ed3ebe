// A program for a test: reads a JSON file of megabytes again and again, each time with another part of it edited, and
// prints how much its heap has grown, in bytes. It needs V8's `gc`, so that what could be collected is.
import { sourceText } from "../../src/diagnostic/range.ts";
import { openJsonReader } from "../../src/document/json_document.ts";
import { openPace } from "../../src/time/pace.ts";

const { gc } = globalThis as unknown as { gc: () => void };

/** Every form that a document takes strings of, each longer than what V8 copies of its own accord. */
function layer(name: string): string {
  return `"a_layer_of_some_length_${name}": {
    "title": "A title of some length ${name}",
    "id": "another_id_of_some_length_${name}",
    "a_name_of_some_length_${name}": 123456789012345.67890${name},
    "a template": "\${env:A_VARIABLE_${name}}/\${var.another_${name}}\\n",
    "an escape": "$\${a_text_of_some_length_${name}}",
    "a_list_of_some_length": ["an item of some length ${name}", "e\u0301 and some more ${name}"],
    "a_name_that_stands_twice_${name}": 1,
    "a_name_that_stands_twice_${name}": 2
  }`;
}

const reader = openJsonReader();
// One comment of two megabytes makes each source worth noticing, and costs nothing to read.
const comment = `// ${"x".repeat(2 * 1024 * 1024)}\n`;
const layers = Array.from({ length: 200 }, (_, index) => layer(String(1_000 + index)));

async function readEdited(number: number): Promise<void> {
  layers[number % layers.length] = layer(String(5_000 + number));
  const json = `${comment}{ "layers": { ${layers.join(",\n")} } }`;
  // Through bytes: the text is one piece of its own, as one that was read from a file is.
  const text = new TextDecoder().decode(new TextEncoder().encode(json));
  const parsed = await reader.read(sourceText("t.json", text), openPace());
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
