import { assertEquals } from "@std/assert";
import { NGINX } from "../support/balancer.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { run } from "./sample_hook.ts";

if (NGINX === undefined) console.error("nginx is not installed, so the tests with a real nginx are ignored");

/** A configuration with which nginx writes only in a directory and answers with one word. */
function configuration(directory: string, word: string): string {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  return `daemon off; pid ${directory}/nginx.pid; error_log ${directory}/error.log;
events {}
http { access_log off; ${paths}
  server { listen unix:${directory}/http.sock; location / { return 200 "${word}"; } } }\n`;
}

Deno.test({
  name: "a real nginx serves the new files when its hook signals it",
  ignore: NGINX === undefined,
  fn: async () => {
    await using directory = await temporaryDirectory();
    const file = await directory.write("nginx.conf", configuration(directory.path, "one"));
    const nginx = new Deno.Command(NGINX!, {
      args: ["-p", directory.path, "-e", directory.file("error.log"), "-c", file],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const client = Deno.createHttpClient({ proxy: { transport: "unix", path: directory.file("http.sock") } });
    const served = async () => await (await fetch("http://nginx/", { client })).text();
    try {
      await eventually("nginx serves", async () => await served() === "one");
      await directory.write("nginx.conf", configuration(directory.path, "two"));
      const ending = await run({ kind: "signal", signal: "SIGHUP", pidFile: directory.file("nginx.pid") });
      assertEquals(ending, { ok: true, output: "" });
      await eventually("nginx serves the new word", async () => await served() === "two");
    } finally {
      client.close();
      nginx.kill("SIGTERM");
      await nginx.status;
    }
    const gone = await run({ kind: "signal", signal: "SIGHUP", pidFile: directory.file("nginx.pid") });
    assertEquals(gone.ok, false);
  },
});
