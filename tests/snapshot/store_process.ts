// A process that reads or writes a store, as `store_child.ts` does.

/** A child with its output as text; disposing of it kills it if it still runs. */
export function startChild(args: string[], niceness = 0) {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const script = new URL("./store_child.ts", import.meta.url).pathname;
  const process = new Deno.Command("nice", {
    args: ["-n", String(niceness), Deno.execPath(), "run", "-A", "--config", config, script, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stop = async (signal?: Deno.Signal) => {
    if (signal !== undefined) process.kill(signal);
    await process.stdin.close().catch(() => {}); // Fails if the child is gone already.
    let text = "";
    for (let read = await output.read(); !read.done; read = await output.read()) text += read.value;
    return { text, status: await process.status };
  };
  return {
    /** The next piece of output. */
    next: async () => (await output.read()).value ?? "",
    /** Ends its standard input, after a signal if one is given; resolves when it is gone, with the rest of its output. */
    stop,
    [Symbol.asyncDispose]: async () => {
      try {
        await stop("SIGKILL");
      } catch {
        // It has ended, as it does if the test passes.
      }
    },
  };
}
