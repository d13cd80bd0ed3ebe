// The doctor and the daemon judge the settings of the admin interface alike.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { openAdminServer } from "../../src/admin/server.ts";
import { certificate, listener } from "../../src/doctor/admin_interface.ts";
import { daemon } from "../../src/doctor/host.ts";
import { fakeDaemonApi } from "../admin/fake_daemon_api.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { findingsOf, levels, optionsWith, subjectWith } from "./subject.ts";

async function setOut() {
  const directory = await temporaryDirectory();
  const authority = await makeAuthority(directory.path, "authority");
  const [one, two] = await Promise.all(
    ["one.test", "two.test"].map((name) => makeCertificate(authority, directory.path, name, [`DNS:${name}`])),
  );
  const tokenFile = await directory.write("token", "0123456789abcdef\n");
  await directory.write("short", "short\n");
  return { directory, one: one!, two: two!, tokenFile };
}

Deno.test("each option with which the daemon refuses to start is an error, in the daemon's own words", async () => {
  const { directory, one, two, tokenFile } = await setOut();
  await using _ = directory;
  const tls = { "Admin:Tls:CertificateFile": one.certificateFile, "Admin:Tls:KeyFile": one.keyFile };
  const listen = { "Admin:Listen": "0.0.0.0:0", "Admin:Socket": "" };
  const all: Record<string, string>[] = [
    { ...listen, ...tls },
    { ...listen, "Admin:TokenFile": tokenFile },
    { ...listen, ...tls, "Admin:TokenFile": directory.file("short") },
    { ...listen, ...tls, "Admin:TokenFile": directory.path },
    { ...listen, ...tls, "Admin:TokenFile": tokenFile, "Admin:Listen": "edge.example:80" },
    { "Admin:Socket": tokenFile },
    { "Admin:Socket": `/${"x".repeat(107)}` },
  ];
  for (const settings of all) {
    const { admin } = optionsWith(settings);
    const log = { information: () => {}, warning: () => {}, error: () => {} };
    const opened = await openAdminServer({ ...admin, api: fakeDaemonApi(), log });
    if (opened.ok) await opened.server[Symbol.asyncDispose]();
    const message = opened.ok ? "" : opened.message;
    assertEquals([opened.ok, !opened.ok && opened.isOption], [false, true], JSON.stringify(settings));
    const subject = subjectWith(settings);
    const found = [...await findingsOf(daemon, subject), ...await findingsOf(listener, subject)];
    assertEquals(found.filter(({ level }) => level === "error").map(({ level, what }) => [level, what]), [[
      "error",
      message,
    ]]);
  }
  const well = { ...listen, ...tls, "Admin:TokenFile": tokenFile };
  assertEquals(levels(await findingsOf(listener, subjectWith(well))), ["ok admin/listener"]);
  assertEquals(await findingsOf(listener, subjectWith({ "Admin:TokenFile": tokenFile })), []);
  const answer = {
    ok: true,
    version: "1",
    headline: "",
    isWell: true,
    restartNeeded: false,
    pollsBecause: null,
  } as const;
  const askStatus = () => Promise.resolve({ ...answer, listenerTroubles: ["Port 80 cannot be listened on"] });
  const running = { ...well, "Admin:Socket": "/admin.sock" };
  const told = await findingsOf(listener, subjectWith(running, { askStatus }));
  assertEquals(told.map(({ level, what }) => [level, what]), [["error", "Port 80 cannot be listened on"]]);
  const mixed = await findingsOf(listener, subjectWith({ ...well, "Admin:Tls:KeyFile": two.keyFile }));
  assertEquals(levels(mixed), ["error admin/listener"]);
  assertStringIncludes(mixed[0]!.what, "are no certificate and its key");
  await Deno.remove(one.certificateFile);
  const missing = await findingsOf(certificate, subjectWith(well));
  assertEquals(missing.map(({ level, what }) => [level, what]), [
    ["error", `Admin:Tls:CertificateFile: ${one.certificateFile} does not exist`],
  ]);
});
