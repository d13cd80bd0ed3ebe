// The search for a command's program, and the reason if the system does not start it.
import { assertEquals } from "@std/assert";
import { relative } from "node:path";
import { temporaryDirectory } from "../support/temporary.ts";
import { runCommand } from "../../src/hooks/command.ts";
import { openLimit } from "../../src/hooks/ending.ts";
import { run } from "./sample_hook.ts";

Deno.test("a program is looked for in the directories of PATH that are named from the root, in their order", async () => {
  await using directory = await temporaryDirectory();
  const program = "a-program-of-this-test";
  for (const name of ["one", "two"]) {
    await Deno.mkdir(directory.file(name));
    await directory.write(`${name}/${program}`, `#!/bin/sh\necho ${name}\n`);
    await Deno.chmod(directory.file(`${name}/${program}`), 0o755);
  }
  const runWith = async (path: string) => {
    const ending = await run({ kind: "command", command: [program] }, { surroundings: { environment: () => path } });
    return ending.ok ? ending.output : ending.reason;
  };
  const [one, two] = [directory.file("one"), directory.file("two")];
  const nowhere = `is not there: ${program} is in no directory of PATH`;
  assertEquals(await runWith(`/nowhere:${two}:${one}`), "two");
  assertEquals(await runWith(`${relative(Deno.cwd(), one)}:${relative("/", one)}:.:${two}`), "two");
  assertEquals(await runWith(`${relative(Deno.cwd(), one)}:`), nowhere);
  // A file that may not be run is passed over, and is the reason if nothing else is found.
  await Deno.chmod(`${one}/${program}`, 0o644);
  assertEquals(await runWith(`${one}:${two}`), "two");
  assertEquals(await runWith(`${one}:/nowhere`), `is not executable: ${program}`);
  for (const mode of [0o100, 0o010, 0o001]) {
    await Deno.chmod(`${one}/${program}`, 0o444 | mode);
    // Root may run a file that anybody may run; the search does not ask to whom the bit belongs.
    assertEquals((await runWith(`${one}:${two}`)) === "two", false);
  }
});

Deno.test("a directory that may not be searched is the reason if the program is nowhere else", async () => {
  const { stat } = Deno;
  Deno.stat = (path) =>
    String(path).startsWith("/closed/") ? Promise.reject(new Deno.errors.PermissionDenied("s3cret")) : stat(path);
  try {
    const surroundings = { environment: () => "/closed:/nowhere" };
    const ending = await run({ kind: "command", command: ["a-program"] }, { surroundings });
    assertEquals(ending, { ok: false, reason: "may not be reached by this daemon: a-program", output: "" });
  } finally {
    Deno.stat = stat;
  }
});

Deno.test("without a PATH a program is looked for in the system's directories", async () => {
  using limit = openLimit(600_000, new AbortController().signal);
  const surroundings = { environment: () => undefined, mask: (text: string) => text };
  assertEquals(await runCommand(["true"], {}, limit, surroundings), { ok: true, output: "" });
});

Deno.test("the reason why the system starts no program is reported, and its arguments are not", async () => {
  const { Command } = Deno;
  const reasons: string[] = [];
  try {
    for (const code of ["ENOENT", "EACCES", "EPERM", "E2BIG", "EAGAIN", undefined]) {
      const refuse = () => {
        throw Object.assign(new Error("s3cret"), { code });
      };
      Deno.Command = class extends Command {
        override spawn = refuse;
      };
      const ending = await run({ kind: "command", command: ["/bin/true", "s3cret"] });
      reasons.push(ending.ok ? "" : ending.reason);
    }
  } finally {
    Deno.Command = Command;
  }
  assertEquals(reasons, [
    "cannot be executed: /bin/true",
    "may not be executed by this daemon: /bin/true",
    "may not be executed by this daemon: /bin/true",
    "has more arguments than the system takes",
    "could not be started (EAGAIN): /bin/true",
    "could not be started (an unknown error): /bin/true",
  ]);
});
