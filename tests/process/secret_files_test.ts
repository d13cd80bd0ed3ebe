import { assertEquals } from "@std/assert";
import { readOptions } from "../../src/process/option_reader.ts";
import { secretFilesOf } from "../../src/process/secret_files.ts";

Deno.test("the files of a hook's headers and of those that ask whether it is ready are files with secrets", () => {
  const settings = {
    "Hooks:0:Name": "server",
    "Hooks:0:Http:Url": "http://127.0.0.1/",
    "Hooks:0:Http:HeaderFiles:Authorization": "token",
    "Hooks:0:Ready:Http:Url": "http://127.0.0.1/",
    "Hooks:0:Ready:Http:HeaderFiles:Authorization": "ready-token",
  };
  const flags = Object.entries(settings).map(([key, value]) => ({ flag: "--set", key, value }));
  const read = readOptions({ flags, environment: {}, file: null });
  assertEquals(read.ok && secretFilesOf(read.options), [
    { option: "Hooks:List:0:Http:HeaderFiles", path: "token" },
    { option: "Hooks:List:0:Ready:Http:HeaderFiles", path: "ready-token" },
  ]);
});
