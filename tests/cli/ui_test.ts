// `honua-configd ui`: how the page is opened.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { listenUrl } from "../../src/cli/admin_address.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, json } from "./canned_daemon.ts";

const HOST = Deno.hostname();

const page = () => new Response("<!DOCTYPE html>", { headers: { "content-type": "text/html; charset=utf-8" } });

const signIn = () => new Response(null, { status: 303, headers: { location: "/ui/sign-in" } });

Deno.test("for a socket, ui prints the tunnel that leads to it, and the address at its other end", async () => {
  await using daemon = await cannedDaemon(page);
  const { code, out, error } = await runRecorded(["ui", ...daemon.flags]);
  assertEquals([code, error], [0, ""]);
  assertEquals(out.split("\n"), [
    "On the machine with the browser:",
    "",
    `  ssh -N -L 8080:${daemon.at} ${HOST}`,
    "",
    "Then open http://localhost:8080/ui",
    `The tunnel needs a user in the socket's group on ${HOST}, and AllowStreamLocalForwarding of its sshd`,
    "",
  ]);
  assertEquals(daemon.asked.map(({ what }) => what), ["GET /ui/host"]);
  const asJson = await runRecorded(["ui", "--port", "9000", "--format", "json", ...daemon.flags]);
  assertEquals(JSON.parse(asJson.out), {
    address: "http://localhost:9000/ui",
    tunnel: `ssh -N -L 9000:${daemon.at} ${HOST}`,
    asksForToken: false,
  });
});

Deno.test("the tunnel's socket is written so that a shell and ssh read it unchanged", async () => {
  await using daemon = await cannedDaemon(page);
  const path = daemon.directory.file("it's 5%:1\\2.sock");
  await Deno.symlink(daemon.at, path);
  const { tunnel } = JSON.parse((await runRecorded(["ui", "--socket", path, "--format", "json"])).out);
  // -G prints ssh's configuration, and connects to nothing.
  const asked = tunnel.replace(/^ssh /, "ssh -F none -G ");
  const { stdout } = await new Deno.Command("sh", { args: ["-c", asked] }).output();
  assertStringIncludes(new TextDecoder().decode(stdout), `\nlocalforward 8080 ${path}\n`);
});

Deno.test("for a URL, ui prints the address of the page and that the token is asked for there", async () => {
  await using daemon = await cannedDaemon(signIn, { tcp: true });
  const { code, out, error } = await runRecorded(["ui", ...daemon.flags]);
  assertEquals([code, error], [0, ""]);
  assertEquals(out, `${daemon.at}/ui\nIt asks for the token of Admin:TokenFile\n`);
  const asJson = await runRecorded(["ui", "--format", "json", ...daemon.flags]);
  assertEquals(JSON.parse(asJson.out), { address: `${daemon.at}/ui`, tunnel: null, asksForToken: true });
});

Deno.test("without a socket, ui asks at the address on which the daemon of the options listens", async () => {
  await using daemon = await cannedDaemon(signIn, { tcp: true });
  const admin = { Socket: "", Listen: new URL(daemon.at).host, TokenFile: "token" };
  const options = await daemon.directory.write("o.json", JSON.stringify({ Admin: admin }));
  const { code, out } = await runRecorded(["ui", "--options", options]);
  assertEquals([code, out.split("\n")[0]], [0, `${daemon.at}/ui`]);
});

const LISTENING: [string, Record<string, unknown>, string | null][] = [
  ["no address", {}, null],
  ["all addresses", { Listen: "0.0.0.0:8443" }, "https://edge-7:8443"],
  ["all addresses of IPv6", { Listen: "[::]:8443" }, "https://edge-7:8443"],
  ["one address", { Listen: "192.0.2.7:8443" }, "https://192.0.2.7:8443"],
  ["one address of IPv6", { Listen: "[2001:DB8::7]:8443" }, "https://[2001:db8::7]:8443"],
  ["a port that the system chooses", { Listen: "0.0.0.0:0" }, null],
  ["this host only; a tunnel leads to the socket", { Listen: "127.0.0.1:8443" }, null],
  ["this host only, without a socket", { Listen: "[::1]:8443", Socket: "" }, "https://[::1]:8443"],
  ["this host only, without TLS", { Listen: "127.0.0.1:80", Socket: "", Tls: {} }, "http://127.0.0.1:80"],
];

for (const [what, admin, url] of LISTENING) {
  Deno.test(`the page of a daemon that listens on ${what} is ${url ?? "not there"}`, async () => {
    await using directory = await temporaryDirectory();
    const all = { Tls: { CertificateFile: "c", KeyFile: "k" }, TokenFile: "t", ...admin };
    const optionsFile = await directory.write("o.json", JSON.stringify({ Admin: all }));
    assertEquals(await listenUrl({ optionsFile }, {}, "edge-7"), url);
  });
}

const REFUSALS: [string, () => Response, string][] = [
  ["has no page", () => json({ title: "Not Found" }, 404), "has no page: it is of an older version"],
  ["is another program", () => json({}), "is not honua-configd, or not of a version that this one understands\n"],
  ["leads elsewhere", () => new Response(null, { status: 302, headers: { location: "/" } }), "is not honua-configd"],
  ["does not know the token", () => json({}, 401), "wants a token: give the file that Admin:TokenFile names there"],
  ["is busy", () => json({}, 503), "answered with status 503\n"],
];

for (const [what, answer, says] of REFUSALS) {
  Deno.test(`ui ends with 3 and says why if the server ${what}`, async () => {
    await using daemon = await cannedDaemon(answer);
    const { code, out, error } = await runRecorded(["ui", ...daemon.flags]);
    assertEquals([code, out], [3, ""]);
    assertStringIncludes(error, says);
  });
}

Deno.test("ui ends with 3 if nothing answers, and with 2 if the port or the options are wrong", async () => {
  await using directory = await temporaryDirectory();
  const gone = await runRecorded(["ui", "--socket", directory.file("admin.sock")]);
  assertEquals([gone.code, gone.out], [3, ""]);
  assertStringIncludes(gone.error, "there is no such socket. Is honua-configd running?");
  for (const port of ["0", "65536", "http"]) {
    assertEquals((await runRecorded(["ui", "--port", port])).code, 2, port);
  }
  const options = await directory.write("o.json", '{ "Admin": { "Sockt": "x" } }');
  assertEquals((await runRecorded(["ui", "--options", options])).code, 2);
});
