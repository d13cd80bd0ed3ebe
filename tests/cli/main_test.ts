// The end of the program by an error that nobody awaits. Only a fault that is put into its process shows it.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { temporaryDirectory } from "../support/temporary.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

for (
  const [what, fault] of [
    ["thrown in a callback", 'throw new RangeError("nobody awaits this")'],
    ["of a promise that nobody awaits", 'void Promise.reject(new RangeError("nobody awaits this"))'],
  ] as const
) {
  Deno.test(`an error ${what} ends the program with 70, and not with the code of an invalid configuration`, async () => {
    await using directory = await temporaryDirectory();
    // It comes while the program waits for its input.
    const read = `() => new Promise(() => setTimeout(() => { ${fault}; }, 0))`;
    await directory.write("fault.ts", `Deno.stdin.read = ${read};\n`);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-prompt", "--preload", directory.file("fault.ts"), MAIN, "validate", "-"],
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const reported = new TextDecoder().decode(stderr);
    assertEquals(code, 70, reported);
    assertStringIncludes(reported, "met a bug in itself and ends: RangeError: nobody awaits this");
  });
}
