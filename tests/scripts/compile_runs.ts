// Runs of programs in the checkout, for the tests of the compiled program.
import { assert, assertEquals } from "@std/assert";

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** Runs a program, which must succeed; resolves with its output. */
export async function outputOf(program: string, args: readonly string[], cwd = ROOT): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], cwd, env: { NO_COLOR: "1" } })
    .output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Runs `deno task compile` with an environment in which it cannot succeed. */
export async function failToCompile(env: Record<string, string>, unset: readonly string[] = []): Promise<string> {
  const { code, stderr } = await new Deno.Command("env", {
    args: [...unset.flatMap((name) => ["-u", name]), Deno.execPath(), "run", "-A", "scripts/compile.ts"],
    cwd: ROOT,
    env,
  }).output();
  assertEquals(code, 1);
  return new TextDecoder().decode(stderr);
}
