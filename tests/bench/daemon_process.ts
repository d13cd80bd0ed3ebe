// A daemon for the bench: a real process on a file of its own, with the time from an edit to the snapshot that shows it.
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";

/** A daemon at work. */
export interface DaemonProcess extends AsyncDisposable {
  /** Renames the text over the source; resolves with the milliseconds until the snapshot holds `mark`. */
  edit(text: string, mark: string): Promise<number>;
  /** What the process has resident. */
  residentMebibytes(): number;
}

/** Starts a daemon without debounce and waits for its first snapshot. */
export async function startDaemonProcess(text: string): Promise<DaemonProcess> {
  const directory = await Deno.makeTempDir({ prefix: "honua-bench-" });
  const source = join(directory, "bench.hcl");
  const snapshot = join(directory, "snapshots", "bench.json");
  await Deno.mkdir(join(directory, "snapshots"));
  await Deno.writeTextFile(source, text);
  const main = new URL("../../main.ts", import.meta.url).href;
  const settings = ["ConfigurationWatcher:DebounceMilliseconds=0", "Admin:Socket="];
  const options = ["--config", source, "--snapshot", snapshot, ...settings.flatMap((setting) => ["--set", setting])];
  const process = new Deno.Command(Deno.execPath(), { args: ["run", "-A", main, "run", ...options], stderr: "null" })
    .spawn();
  await eventually("the first snapshot", () => Deno.stat(snapshot), 60_000);
  return {
    async edit(next, mark) {
      await Deno.writeTextFile(`${source}.new`, next);
      const start = performance.now();
      await Deno.rename(`${source}.new`, source);
      for (;;) {
        if ((await Deno.readTextFile(snapshot)).includes(mark)) return performance.now() - start;
        if (performance.now() - start > 30_000) throw new Error(`no snapshot with ${mark} within 30 s`);
      }
    },
    residentMebibytes() {
      const status = Deno.readTextFileSync(`/proc/${process.pid}/status`);
      return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024);
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}
