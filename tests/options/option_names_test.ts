// The diagnostics of names: which are known, which are another program's, and the suggestions.
import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../src/diagnostic/range.ts";
import { secretValues } from "../../src/options/option_schema.ts";
import { parseFlagSetting, readOptions } from "../../src/options/option_reader.ts";

interface Given {
  readonly file?: string;
  readonly environment?: Record<string, string>;
  readonly set?: Record<string, string>;
}

function read({ file, environment = {}, set = {} }: Given) {
  const flags = Object.entries(set).map(([key, value]) => ({ flag: "--set", key, value }));
  return readOptions({ flags, environment, file: file === undefined ? null : sourceText("options.json", file) });
}

/** Severity, path, summary, suggestion and the first words of the reason, of everything that is reported. */
function reported(given: Given) {
  const result = read(given);
  return (result.ok ? result.warnings : result.diagnostics).map((
    { severity, path, summary, suggestion, why, place },
  ) => ({
    severity,
    path,
    summary,
    suggestion: suggestion ?? null,
    why: why?.split(/[:,]/)[0] ?? null,
    place: place === null || place === undefined ? null : `${place.line}:${place.column}`,
  }));
}

Deno.test("the items of a list are numbered by digits without a zero in front, up to six of them", () => {
  const setting = (key: string) => `ConfigurationWatcher:EnvironmentFiles:${key}`;
  for (const key of ["0", "7", "10", "999999"]) {
    const result = read({ set: { [setting(key)]: "/a" } });
    assert(result.ok, key);
    assertEquals(result.options.configurationWatcher.environmentFiles, ["/a"]);
  }
  for (const key of ["00", "01", "1000000", "-1", "1x", "x1", "1.0", ""]) {
    assertEquals(reported({ set: { [setting(key)]: "/a" } }), [{
      severity: "error",
      path: setting(key),
      summary: `Unknown setting ${key} in ConfigurationWatcher:EnvironmentFiles (--set)`,
      suggestion: null,
      why: "The items of a list are numbered from 0",
      place: null,
    }]);
  }
});

Deno.test("items are in the order of their numbers, not of their digits, and an unset one is none", () => {
  const files = (file: string) => {
    const result = read({ file: `{ "ConfigurationWatcher:EnvironmentFiles": ${file} }` });
    return result.ok
      ? result.options.configurationWatcher.environmentFiles
      : result.diagnostics.map(({ path }) => path);
  };
  const numbered = { "10": "/c", "9": "/b", "1": "/a" };
  const environment = Object.fromEntries(
    Object.entries(numbered).map(([key, value]) => [`ConfigurationWatcher__EnvironmentFiles__${key}`, value]),
  );
  const result = read({ environment });
  assert(result.ok);
  assertEquals(result.options.configurationWatcher.environmentFiles, ["/a", "/b", "/c"]);
  assertEquals(files('["/a", null, "/b"]'), ["ConfigurationWatcher:EnvironmentFiles:1"]);
});

Deno.test("a name is meant that is near, or the only one that begins with at least three of its letters", () => {
  const meant = (name: string) => reported({ set: { [`ConfigurationWatcher:${name}`]: "1" } })[0]?.suggestion;
  const watcher = (name: string) => `Did you mean ConfigurationWatcher:${name}?`;
  assertEquals(meant("deb"), watcher("DebounceMilliseconds"));
  assertEquals(meant("POLL"), watcher("PollSeconds"));
  // Two begin so; two letters are too few; and it has to be the beginning.
  for (const name of ["En", "Po", "Seconds"]) assertEquals(meant(name), null, name);
  assertEquals(reported({ set: { "HighAvailability:Red": "1" } })[0]?.suggestion, null);
  // Of names that may be another program's only a near one gets a suggestion, and no comment's.
  const foreign = (name: string) => reported({ file: `{ "${name}": 1 }` }).map(({ suggestion }) => suggestion);
  assertEquals([foreign("Snapsho"), foreign("Snap"), foreign("_Snapshot"), foreign("1Snapshot")], [
    ["Did you mean Snapshot?"],
    [],
    [],
    [],
  ]);
});

Deno.test("an unknown name is an error, in a variable and in a section of others a warning, and lists the known ones", () => {
  const why = "Known here";
  assertEquals(reported({ file: '{\n "Snapshot": { "Paths": 1 },\n "Honua": { "ConfigPaths": 1 } }' }), [
    {
      severity: "error",
      path: "Snapshot:Paths",
      summary: "Unknown setting Paths in Snapshot",
      suggestion: "Did you mean Snapshot:Path?",
      why,
      place: "2:16",
    },
    {
      severity: "warning",
      path: "Honua:ConfigPaths",
      summary: "Honua:ConfigPaths is ignored: it is not a setting of honua-configd",
      suggestion: "Did you mean Honua:ConfigPath?",
      why,
      place: "3:13",
    },
  ]);
  assertEquals(reported({ environment: { "Snapshot:Paths": "x" }, set: { Snapshop: "x" } }), [
    {
      severity: "warning",
      path: "Snapshot:Paths",
      summary: "The environment variable Snapshot:Paths sets nothing: unknown setting in Snapshot",
      suggestion: "Did you mean Snapshot:Path?",
      why,
      place: null,
    },
    {
      severity: "error",
      path: "Snapshop",
      summary: "Unknown setting Snapshop (--set)",
      suggestion: "Did you mean Snapshot?",
      why,
      place: null,
    },
  ]);
  assertEquals(reported({ set: { "State:Paths": "x" } })[0]?.why, why);
  // Below a single value and below a map nothing has a name.
  assertEquals(reported({ set: { "Snapshot:Path:x": "1" } })[0]?.path, "Snapshot:Path");
  assertEquals(reported({ set: { "Logging:LogLevel:a:b": "none" } })[0]?.path, "Logging:LogLevel:a");
});

Deno.test("a map takes any name, in its case, but the one that means an object's prototype", () => {
  const levels = (name: string) => reported({ file: `{ "Logging": { "LogLevel": { "${name}": "none" } } }` });
  for (const name of ["constructor", "toString", "", "proto"]) assertEquals(levels(name), [], name);
  for (const name of ["__proto__", "__PROTO__"]) {
    // The section is one of other programs, too: unknown names there are theirs.
    const result = read({ file: `{ "Logging": { "LogLevel": { "${name}": "none", "Default": "error" } } }` });
    assert(result.ok);
    assertEquals([result.foreign, result.options.logging.logLevel], [[`Logging:LogLevel:${name}`], {
      Default: "error",
    }]);
  }
  const header = (name: string) => ({
    "Hooks:0:Name": "a",
    "Hooks:0:Http:Url": "http://h/",
    [`Hooks:0:Http:Headers:${name}`]: "x",
  });
  assertEquals(reported({ set: header("__proto__") }).map(({ severity, path }) => [severity, path]), [
    ["error", "Hooks:List:0:Http:Headers:__proto__"],
  ]);
  assertEquals(reported({ set: header("constructor") }), []);
});

Deno.test("a hundred mistakes are reported, and no more", () => {
  const file = (count: number, known = "") => {
    const members = Array.from({ length: count }, (_, index) => `"Paths${index}": 1`);
    return `{ "Admin": { ${[...members, ...known === "" ? [] : [known]].join(", ")} } }`;
  };
  assertEquals(reported({ file: file(100) }).length, 100);
  assertEquals(reported({ file: file(101) }).length, 100);
  // So are warnings about valid options.
  const odd = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`Snapshot__Paths${index}`, "x"]));
  assertEquals([100, 101].map((count) => reported({ environment: odd(count) }).length), [100, 100]);
  assertEquals(read({ environment: odd(101) }).ok, true);
});

Deno.test("a value in the place of a group or a list, and the other way about, is reported with the expected form", () => {
  const cases: readonly (readonly [Given, string, string | null])[] = [
    [{ file: '{ "Snapshot": 1 }' }, "Snapshot must be a group of settings, not 1", null],
    [{ file: '{ "Snapshot": [] }' }, "Snapshot must be a group of settings", null],
    [{ file: '{ "Snapshot": { "Path": {} } }' }, "Snapshot:Path must be a text that is not empty", null],
    [{ file: '{ "Snapshot": { "Path": ["a"] } }' }, "Snapshot:Path must be a text that is not empty", null],
    [{ file: '{ "Hooks": { "List": {} } }' }, "Hooks:List must be a list", null],
    [{ file: '{ "Hooks": { "List": "x" } }' }, 'Hooks:List must be a list, not "x"', null],
    [{ file: '{ "Logging": { "LogLevel": [] } }' }, "Logging:LogLevel must be a group of settings", null],
    [
      { environment: { Hooks__Only: "x" } },
      "Hooks:Only must be a list (environment variable Hooks__Only)",
      "Set Hooks__Only__0",
    ],
    [{ set: { "Hooks:Only": "x" } }, 'Hooks:Only must be a list, not "x" (--set)', null],
    [{ file: '{ "Hooks": [{ "Command": ["x"] }] }' }, "Hooks:List:0:Name must be given", null],
    [{ file: '{ "Hooks": [{ "Name": "a", "Http": {} }] }' }, "Hooks:List:0:Http:Url must be given", null],
    [{ file: '{ "Hooks": [1] }' }, "Hooks:List:0 must be a group of settings, not 1", null],
  ];
  for (const [given, summary, suggestion] of cases) {
    const [first] = reported(given);
    assertEquals([first?.summary, first?.suggestion], [summary, suggestion]);
  }
});

Deno.test("a missing setting is reported at the group that lacks it", () => {
  assertEquals(reported({ file: '{ "Hooks": [\n { "Command": ["x"] }] }' }).map(({ path, place }) => [path, place]), [
    ["Hooks:List:0:Name", "2:2"],
  ]);
});

Deno.test("a quoted value is shown on one line and up to 80 characters", () => {
  const summary = (value: string) => reported({ set: { "Hooks:Splay": value } })[0]?.summary;
  const must = "Hooks:Splay must be a whole number from 0 to 86400, not ";
  assertEquals(summary("x".repeat(78)), `${must}"${"x".repeat(78)}" (--set)`);
  assertEquals(summary("x".repeat(79)), `${must}"${"x".repeat(79)}… (--set)`);
  const name = (text: string) => reported({ set: { [`Snapshot:${text}`]: "1" } })[0]?.path;
  assertEquals(name("a\n\u001b\u0085\u2028\u2029\ud800"), "Snapshot:a\\u000a\\u001b\\u0085\\u2028\\u2029\ufffd");
});

Deno.test("a setting's sections are known by any of their spellings, and a single name of the environment is none", () => {
  const paths = (environment: Record<string, string>) => reported({ environment }).map(({ path }) => path);
  const environment = { Snapshot: "x", PATH: "/bin", SNAPSHOT__x: "1", "snapshot:y": "2", Xsnapshot__z: "3" };
  assertEquals(paths(environment), ["Snapshot:x", "Snapshot:y"]);
});

Deno.test("the same variable twice, in another case or with colons, is an error that names both", () => {
  const [error, ...others] = reported({ environment: { Snapshot__Path: "/a", "Snapshot:Path": "/b" } });
  assertEquals([error?.path, error?.suggestion, others.length], ["Snapshot:Path", "Unset one of the two", 0]);
  assertEquals(reported({ environment: { Snapshot__Path: "/a.json", Snapshot__Mode: "0600" } }), []);
  // A setting of the file is overruled, not written twice.
  assertEquals(
    reported({ file: '{ "Snapshot": { "Path": "/b.json" } }', environment: { Snapshot__Path: "/a.json" } }),
    [],
  );
});

Deno.test("only a number behind Hooks is an item of their list", () => {
  const paths = (key: string) => reported({ set: { [key]: "1" } }).map(({ path }) => path);
  assertEquals([paths("Hooks:"), paths("Hooks:1x"), paths("Hooks:x1"), paths("hooks:0:x")], [
    ["Hooks:"],
    ["Hooks:1x"],
    ["Hooks:x1"],
    ["Hooks:List:0:x", "Hooks:List:0:Name"],
  ]);
});

Deno.test("a group under a name beats a single value of a weaker source, and the other way about", () => {
  const snapshot = (given: Given) => {
    const result = read(given);
    return result.ok ? result.options.snapshot.path : result.diagnostics.map(({ summary }) => summary);
  };
  const set = { "Snapshot:Path": "/x.json" };
  assertEquals(snapshot({ file: '{ "Snapshot": 5 }', set }), "/x.json");
  assertEquals(snapshot({ file: '{ "Snapshot": { "Path": 5 } }', set }), "/x.json");
  assertEquals(snapshot({ file: '{ "Snapshot": { "Path": "/x" } }', set: { Snapshot: "5" } }), [
    'Snapshot must be a group of settings, not "5" (--set)',
  ]);
  assertEquals(snapshot({ environment: { Snapshot__Path: "/y" }, set }), "/x.json");
});

Deno.test("no secret setting is quoted, at any place, and all are known for secrets", () => {
  const hook = { "Hooks:0:Name": "a" };
  const settings: readonly (readonly [Record<string, string>, string])[] = [
    [{}, "HighAvailability:RedisConnectionString"],
    [{}, "ConnectionStrings:Redis"],
    [hook, "Hooks:0:Http:Url"],
    [{ ...hook, "Hooks:0:Http:Url": "http://h/" }, "Hooks:0:Http:Headers:X-Token"],
    [{ ...hook, "Hooks:0:Command:1": "a b" }, "Hooks:0:Command:0"],
    [{ ...hook, "Hooks:0:Command:0": "x" }, "Hooks:0:Ready:Http:Url"],
    [{ ...hook, "Hooks:0:Command:0": "x" }, "Hooks:0:Ready:Command:0"],
  ];
  for (const [others, setting] of settings) {
    const diagnostics = reported({ set: { ...others, [setting]: "http://hunter2/\0" } });
    assertEquals(diagnostics.some(({ path }) => path?.endsWith(setting.split(":").at(-1)!)), true, setting);
    assertEquals(JSON.stringify(diagnostics).includes("hunter2"), false, setting);
    const value = setting.includes("Command") ? "--password=hunter2" : "http://hunter2.test/";
    const result = read({ set: { ...others, [setting]: value } });
    assert(result.ok, setting);
    const known = secretValues(result.options);
    assertEquals(known.some((secret) => secret.includes("hunter2")), true, setting);
  }
});

Deno.test("blanks around the name that a flag sets are none of it, and those around the value are", () => {
  const setting = { flag: "--set", key: "Snapshot:Path", value: " /x " };
  assertEquals(parseFlagSetting(" Snapshot:Path = /x "), { ok: true, setting });
});
