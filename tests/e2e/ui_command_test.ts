// `honua-configd ui` beside a daemon that serves its page on a socket and on TCP.
import { assertEquals } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { openEdgeHost } from "../support/edge_host.ts";

Deno.test("ui finds the page of a running daemon on its socket and on TCP", async () => {
  await using host = await openEdgeHost("honua.json");
  const socket = `${host.directory}/admin.sock`;
  const tokenFile = `${host.directory}/token`;
  await Deno.writeTextFile(tokenFile, "the-right-token-of-this-test\n", { mode: 0o600 });
  const settings = [`Admin:Socket=${socket}`, "Admin:Listen=127.0.0.1:0", `Admin:TokenFile=${tokenFile}`];
  const daemon = host.start({ args: settings.flatMap((setting) => ["--set", setting]) });
  await daemon.logged(({ at }) => at === socket);
  const { at: url } = await daemon.logged(({ at }) => String(at).startsWith("http:"));

  const tunnel = `ssh -N -L 9000:${socket} ${Deno.hostname()}`;
  const [onSocket, overTcp] = await Promise.all([
    runCommand(["ui", "--socket", socket, "--port", "9000", "--format", "json"]),
    runCommand(["ui", "--url", String(url)]),
  ]);
  assertEquals([onSocket.code, onSocket.stderr], [0, ""]);
  assertEquals(JSON.parse(onSocket.stdout), { address: "http://localhost:9000/ui", tunnel, asksForToken: false });
  assertEquals(overTcp, { code: 0, stdout: `${url}/ui\nIt asks for the token of Admin:TokenFile\n`, stderr: "" });
});
