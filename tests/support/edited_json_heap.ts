// A program for a test: it reads a JSON file of megabytes again and again, each time with another part edited, and
// prints the growth of its heap, in bytes.
import { sourceText } from "../../src/diagnostic/range.ts";
import { openJsonReader } from "../../src/document/json/json_document.ts";
import { openPace } from "../../src/time/pace.ts";
import { heapGrowthBytes } from "./heap_growth.ts";

/** Every form from which a document takes strings, each longer than the strings that V8 copies by itself. */
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
const textOf = (longLine: string, layers: readonly string[]) =>
  `// ${longLine}\n{ "layers": { ${layers.join(",\n")} } }`;
const growthBytes = await heapGrowthBytes(layer, textOf, async (text) => {
  const parsed = await reader.read(sourceText("t.json", text), openPace());
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
});
console.log(growthBytes);
