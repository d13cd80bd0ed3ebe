// A real process and real signals.
import { assertEquals } from "@std/assert";
import { eventually } from "../support/eventually.ts";

/** How the child ended, and all that it said. */
interface Conversation extends Deno.CommandStatus {
  readonly heard: string;
}

/**
 * Sends each signal when the child has printed the expected words for the ones before; null: it ends without a word.
 */
async function converse(
  args: readonly string[],
  steps: readonly (readonly [Deno.Signal, string | null])[],
): Promise<Conversation> {
  const script = new URL("./signals_child.ts", import.meta.url).pathname;
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-check", script, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let heard = "";
  const reading = child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (heard += text) }),
  );
  let expected = "ready\n";
  await eventually("the child is ready", () => heard === expected, 60_000);
  for (const [signal, answer] of steps) {
    child.kill(signal);
    if (answer === null) break;
    expected += `${answer}\n`;
    await eventually(`${answer} after ${signal}`, () => heard === expected);
  }
  await reading;
  return { ...await child.status, heard };
}

Deno.test("HUP reloads, USR1 and USR2 are survived, TERM stops, and a second TERM or INT stops at once", async () => {
  const { code } = await converse([], [
    ["SIGHUP", "reload"],
    ["SIGUSR1", "ignored SIGUSR1"],
    ["SIGUSR2", "ignored SIGUSR2"],
    ["SIGHUP", "reload"],
    ["SIGTERM", "stop SIGTERM"],
    ["SIGHUP", "reload"],
    ["SIGINT", "stopNow SIGINT"],
  ]);
  assertEquals(code, 7);
});

Deno.test("listening keeps no process alive once its owner has ended it", async () => {
  assertEquals((await converse(["end-on-stop"], [["SIGINT", "stop SIGINT"]])).code, 0);
});

Deno.test("after disposing, which may be done twice, a signal is the system's business: nothing reloads", async () => {
  const { signal, heard } = await converse(["dispose-on-stop"], [["SIGTERM", "stop SIGTERM\ndisposed"], [
    "SIGHUP",
    null,
  ]]);
  assertEquals([signal, heard], ["SIGHUP", "ready\nstop SIGTERM\ndisposed\n"]);
});
