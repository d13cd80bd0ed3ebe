import { assertEquals } from "@std/assert";
import { startsProcesses } from "../../src/hooks/first_process.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import { secretFilesOf } from "../../src/options/secret_files.ts";

Deno.test("the files of a hook's headers and of those that ask whether it is ready are files with secrets", () => {
  const settings = {
    "Hooks:0:Name": "server",
    "Hooks:0:Http:Url": "http://127.0.0.1/",
    "Hooks:0:Http:HeaderFiles:Authorization": "token",
    "Hooks:0:Ready:Http:Url": "http://127.0.0.1/",
    "Hooks:0:Ready:Http:HeaderFiles:Authorization": "ready-token",
  };
  const flags = Object.entries(settings).map(([key, value]) => ({ flag: "--set", key, value }));
  const read = readOptions({ flags, environment: {}, file: null });
  assertEquals(read.ok && secretFilesOf(read.options), [
    { option: "Hooks:List:0:Http:HeaderFiles", path: "token" },
    { option: "Hooks:List:0:Ready:Http:HeaderFiles", path: "ready-token" },
  ]);
});

function optionsWith(settings: Record<string, string>) {
  const flags = Object.entries(settings).map(([key, value]) => ({ flag: "--set", key, value }));
  const read = readOptions({ flags, environment: {}, file: null });
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
  return read.options;
}

Deno.test("a file with a secret counts only if its feature is on", () => {
  const redis = {
    "HighAvailability:RedisPasswordFile": "password",
    "HighAvailability:Tls:KeyFile": "redis-key",
    "HighAvailability:Tls:CertificateFile": "redis-certificate",
  };
  const admin = { "Admin:TokenFile": "token", "Admin:Tls:KeyFile": "key", "Admin:Tls:CertificateFile": "certificate" };
  const files = (settings: Record<string, string>) =>
    secretFilesOf(optionsWith(settings)).map(({ option, path }) => `${option} ${path}`);
  assertEquals(files({ ...redis, ...admin }), []);
  assertEquals(files({ ...redis, ...admin, "HighAvailability:Enabled": "true" }), [
    "HighAvailability:RedisPasswordFile password",
    "HighAvailability:Tls:KeyFile redis-key",
  ]);
  assertEquals(files({ ...redis, ...admin, "Admin:Listen": "127.0.0.1:0" }), [
    "Admin:TokenFile token",
    "Admin:Tls:KeyFile key",
  ]);
  assertEquals(files({ "Store:KeyFile": "ring" }), ["Store:KeyFile ring"]);
  assertEquals(files({ "Hooks:0:Name": "a", "Hooks:0:Command:0": "x", "Hooks:0:Ready:Command:0": "x" }), []);
  assertEquals(files({ "Hooks:0:Name": "a", "Hooks:0:Command:0": "x" }), []);
  assertEquals(files({ "HighAvailability:Enabled": "true", "Admin:Listen": "127.0.0.1:0" }), []);
});

Deno.test("a hook with a command, and one that asks with a command, starts processes", () => {
  const url = "http://127.0.0.1/";
  const cases: readonly (readonly [Record<string, string>, boolean])[] = [
    [{}, false],
    [{ "Hooks:0:Http:Url": url }, false],
    [{ "Hooks:0:Http:Url": url, "Hooks:0:Ready:Http:Url": url }, false],
    [{ "Hooks:0:Http:Url": url, "Hooks:0:Ready:Command:0": "x" }, true],
    [{ "Hooks:0:Command:0": "x" }, true],
    [{ "Hooks:0:Http:Url": url, "Hooks:1:Name": "b", "Hooks:1:Command:0": "x" }, true],
  ];
  for (const [settings, starts] of cases) {
    const named = Object.keys(settings).length === 0 ? settings : { "Hooks:0:Name": "a", ...settings };
    assertEquals(startsProcesses(optionsWith(named)), starts, JSON.stringify(settings));
  }
});
