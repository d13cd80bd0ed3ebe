// The options from flags, environment and file, which of them wins, and the diagnostics of wrong ones.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { type FlagSetting, parseFlagSetting, readOptions } from "../../src/options/option_reader.ts";
import { secretValues } from "../../src/options/option_schema.ts";
import type { Options } from "../../src/options/options.ts";

interface Given {
  file?: string;
  environment?: Record<string, string>;
  set?: Record<string, string>;
}

function read({ file, environment = {}, set = {} }: Given) {
  const flags = Object.entries(set).map(([key, value]): FlagSetting => ({ flag: "--set", key, value }));
  return readOptions({ flags, environment, file: file === undefined ? null : sourceText("options.json", file) });
}

function valid(given: Given): Options {
  const result = read(given);
  assert(result.ok, JSON.stringify(result));
  return result.options;
}

function wrong(given: Given): readonly Diagnostic[] {
  const result = read(given);
  assert(!result.ok, "expected diagnostics");
  return result.diagnostics;
}

Deno.test("without any source every option has its documented default", () => {
  const options = valid({});
  assertEquals(options.highAvailability.configurationChannel, "honua:config:changes");
  assertEquals(options.highAvailability.connectionTimeoutMs, 5000);
  assertEquals(options.configurationWatcher, {
    enableFileWatching: true,
    debounceMilliseconds: 500,
    logChangeEvents: true,
    validateOnReload: true,
    pollSeconds: 5,
    environmentFiles: [],
  });
  assertEquals(options.snapshot, {
    path: "/var/lib/honua-configd/config.snapshot.json",
    serverPath: "/var/lib/honua-configd/config.snapshot.honua",
    mode: 0o640,
    group: null,
  });
  assertEquals(options.hooks, { splay: 0, only: [], list: [] });
  assertEquals(options.logging, { format: "auto", level: "information", logLevel: {} });
});

Deno.test("a flag beats the environment, which beats the file, setting by setting", () => {
  const source = fc.option(fc.integer({ min: 0, max: 3600 }), { nil: undefined });
  const spelled = fc.constantFrom("PollSeconds", "pollseconds", "POLLSECONDS", "pOLLsECONDS");
  fc.assert(fc.property(source, source, source, spelled, spelled, spelled, (inFile, inEnvironment, inFlag, a, b, c) => {
    const options = valid({
      file: JSON.stringify({ configurationwatcher: { [a]: inFile } }),
      environment: inEnvironment === undefined ? {} : { [`CONFIGURATIONWATCHER__${b}`]: String(inEnvironment) },
      set: inFlag === undefined ? {} : { [`ConfigurationWatcher:${c}`]: String(inFlag) },
    });
    assertEquals(options.configurationWatcher.pollSeconds, inFlag ?? inEnvironment ?? inFile ?? 5);
  }));
});

Deno.test("any environment and any file end in options or in diagnostics", () => {
  const name = fc.constantFrom(
    "Snapshot",
    "Hooks",
    "Path",
    "Mode",
    "0",
    "List",
    "Name",
    "__proto__",
    "constructor",
    "",
  );
  const key = fc.array(name, { minLength: 1, maxLength: 5 });
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: "small" }, fc.string(), fc.integer(), fc.constant(null), tie("list"), tie("object")),
    list: fc.array(tie("tree"), { maxLength: 3 }),
    object: fc.dictionary(name, tie("tree"), { maxKeys: 3 }),
  }));
  fc.assert(fc.property(fc.dictionary(name, tree), fc.array(fc.tuple(key, fc.string())), (file, variables) => {
    const environment = Object.fromEntries(variables.map(([path, value]) => [path.join("__"), value]));
    const result = read({ file: JSON.stringify(file), environment });
    assert(result.ok || result.diagnostics.some((one) => one.severity === "error"));
  }));
});

Deno.test("strings that spell numbers and booleans are taken for typed settings", () => {
  const options = valid({
    file: '{ "HighAvailability": { "Enabled": "True", "ConnectionTimeoutMs": " 2000 " } }',
    set: { "ConfigurationWatcher:ValidateOnReload": "false" },
  });
  assertEquals(options.highAvailability.enabled, true);
  assertEquals(options.highAvailability.connectionTimeoutMs, 2000);
  assertEquals(options.configurationWatcher.validateOnReload, false);
});

Deno.test("the items of a list are merged by number, and gaps close", () => {
  const options = valid({
    file: '{ "ConfigurationWatcher": { "EnvironmentFiles": ["/a", "/b"] } }',
    environment: { ConfigurationWatcher__EnvironmentFiles__0: "/c", ConfigurationWatcher__EnvironmentFiles__10: "/d" },
  });
  assertEquals(options.configurationWatcher.environmentFiles, ["/c", "/b", "/d"]);
});

Deno.test("hooks are a bare list or an object with a list, in every source", () => {
  const bare = valid({ file: '{ "Hooks": [{ "Name": "a", "Command": ["/bin/true"], "Only": ["LAYERS"] }] }' });
  const listed = valid({
    file: '{ "Hooks": { "Splay": 5, "List": [{ "Name": "a", "Command": ["/bin/true"] }] } }',
    environment: { Hooks__0__Only__0: "layers" },
  });
  assertEquals(bare.hooks.list, listed.hooks.list);
  assertEquals(listed.hooks.list[0]?.only, ["layers"]);
  assertEquals(listed.hooks.splay, 5);
});

Deno.test("a hook names exactly one thing to do", () => {
  const [none] = wrong({ file: '{ "Hooks": [{ "Name": "a" }] }' });
  assertStringIncludes(none!.summary, "exactly one of Command, Http, Signal and SystemdUnit");
  const [two] = wrong({ file: '{ "Hooks": [{ "Name": "a", "Command": ["x"], "SystemdUnit": "nginx.service" }] }' });
  assertEquals(two!.path, "Hooks:List:0");
  const hook = '{ "Name": "a", "Signal": "hup", "PidFile": "/run/a.pid", "On": "Check" }';
  const [signal] = valid({ file: `{ "Hooks": [${hook}] }` }).hooks.list;
  assertEquals([signal?.signal, signal?.on], ["SIGHUP", "check"]);
});

const READY_URL = '"Ready": { "Http": { "Url": "http://127.0.0.1:8080/healthz/ready" } }';

Deno.test("Ready asks in exactly one way, Action is a unit's, and neither a check nor a wrong word has them", () => {
  const hookWith = (members: string) => `{ "Hooks": [{ "Name": "a", "SystemdUnit": "a.service", ${members} }] }`;
  const [http] = valid({ file: hookWith(`"Action": "Restart", ${READY_URL}`) }).hooks.list;
  assertEquals([http?.action, http?.ready?.timeoutSeconds, http?.stopOnFailure], ["restart", 60, null]);
  const unit = '"Ready": { "SystemdUnit": "a.service", "TimeoutSeconds": 3600 }, "StopOnFailure": false';
  assertEquals(valid({ file: hookWith(unit) }).hooks.list[0]?.stopOnFailure, false);
  for (
    const [members, path, says] of [
      ['"Ready": {}', "Hooks:List:0:Ready", "exactly one of Command, Http and SystemdUnit"],
      ['"Ready": { "Command": ["x"], "SystemdUnit": "a.service" }', "Hooks:List:0:Ready", "exactly one of"],
      ['"Ready": { "Http": { "Url": "http://h/", "Method": "POST" } }', "Hooks:List:0:Ready:Http:Method", "Unknown"],
      ['"Ready": { "Command": ["x"], "TimeoutSeconds": 0 }', "Hooks:List:0:Ready:TimeoutSeconds", "from 1 to 3600"],
      [`"On": "check", ${READY_URL}`, "Hooks:List:0", "no Ready and no StopOnFailure"],
      ['"On": "check", "StopOnFailure": true', "Hooks:List:0", "no Ready and no StopOnFailure"],
      ['"Action": "stop"', "Hooks:List:0:Action", "one of reload-or-restart, restart"],
    ] as const
  ) {
    const [first] = wrong({ file: hookWith(members) });
    assertEquals(first?.path, path);
    assertStringIncludes(first?.summary ?? "", says);
  }
  const [lonely] = wrong({ file: '{ "Hooks": [{ "Name": "a", "Command": ["x"], "Action": "restart" }] }' });
  assertStringIncludes(lonely?.summary ?? "", "must have Action only with SystemdUnit");
});

Deno.test("a health hook asks in one way, with its own defaults, and neither changes anything nor waits its turn", () => {
  const hookWith = (members: string) => `{ "Hooks": [{ "Name": "a", "On": "health", ${members} }] }`;
  const asked = (members: string) => {
    const [hook] = valid({ file: hookWith(members) }).hooks.list;
    return [hook?.http?.method, hook?.timeoutSeconds];
  };
  assertEquals(asked('"Http": { "Url": "http://h/" }'), ["GET", 5]);
  assertEquals(asked('"Http": { "Url": "http://h/", "Method": "head" }, "TimeoutSeconds": 7'), ["HEAD", 7]);
  const [other] = valid({ file: '{ "Hooks": [{ "Name": "a", "Http": { "Url": "http://h/" } }] }' }).hooks.list;
  assertEquals([other?.http?.method, other?.timeoutSeconds], ["POST", 30]);
  for (
    const [members, says] of [
      ['"Signal": "hup", "PidFile": "/p"', "no Signal and no Action"],
      ['"SystemdUnit": "a.service", "Action": "restart"', "no Signal and no Action"],
      [`"Command": ["x"], ${READY_URL}`, "no Ready, StopOnFailure, Retry, Parallel and Only"],
      ['"Command": ["x"], "StopOnFailure": false', "no Ready, StopOnFailure, Retry, Parallel and Only"],
      ['"Command": ["x"], "Retry": { "Attempts": 1 }', "no Ready, StopOnFailure, Retry, Parallel and Only"],
      ['"Command": ["x"], "Parallel": true', "no Ready, StopOnFailure, Retry, Parallel and Only"],
      ['"Command": ["x"], "Only": ["layers"]', "no Ready, StopOnFailure, Retry, Parallel and Only"],
    ] as const
  ) {
    const [first] = wrong({ file: hookWith(members) });
    assertEquals(first?.path, "Hooks:List:0");
    assertStringIncludes(first?.summary ?? "", says);
  }
});

Deno.test("Health without a health hook, and a bake too short for its failures, are warnings", () => {
  const hook = '"Hooks": [{ "Name": "a", "On": "health", "Command": ["x"] }]';
  const warned = (...members: string[]) => {
    const result = read({ file: `{ ${members.join(", ")} }` });
    assert(result.ok);
    return result.warnings.map(({ path, summary }) => [path, summary]);
  };
  assertEquals(warned(hook), []);
  assertEquals(warned(hook, '"Health": { "BakeSeconds": 15 }'), []);
  assertEquals(warned('"Health": { "BakeSeconds": 60 }'), []);
  assertEquals(warned(hook, '"Health": { "BakeSeconds": 14 }'), [
    ["Health:BakeSeconds", "Health:BakeSeconds is shorter than IntervalSeconds times Failures"],
  ]);
  for (const one of ['"BakeSeconds": 14', '"BaselineRequired": true']) {
    assertEquals(warned(`"Health": { ${one} }`), [["Health", "Health has no effect without a health hook"]]);
  }
});

Deno.test("Rollout:Steps are lists of steps with a sentence for each mistake", () => {
  const says = (steps: string) => wrong({ file: `{ "Rollout": { "Steps": ${steps} } }` }).map(({ summary }) => summary);
  assertEquals(says('["1", "half"]'), [
    'Rollout:Steps:1 must be a number of hosts from 1 to 1000 ("1"), a percentage of them ("25%"), ' +
    'or a number more each time ("+1"), not "half"',
  ]);
  assertEquals(says('["+1", "50%"]'), [
    'Rollout:Steps must have a step that ends with all hosts ("+N", "100%") only as its last',
  ]);
  assertEquals(says('["50%", "25%"]'), ["Rollout:Steps must let in more hosts with each step"]);
  const enabled = { "HighAvailability:Enabled": "true" };
  assertEquals(valid({ set: { ...enabled, "Rollout:Steps:0": "1", "Rollout:Steps:1": " 25% " } }).rollout.steps, [
    "1",
    "25%",
  ]);
});

Deno.test("an option without its signers, Redis or steps is an error if the daemon needs them, otherwise a warning", () => {
  const told = (set: Record<string, string>) => {
    const result = read({ set });
    return (result.ok ? result.warnings : result.diagnostics).map(({ severity, path, summary }) =>
      [severity, path, summary] as const
    );
  };
  const enabled = { "HighAvailability:Enabled": "true" };
  const signers = { "Approvals:AllowedSigners": "/a" };
  assertEquals(told({ ...enabled, "Approvals:Required": "1" }), [
    [
      "error",
      "Approvals",
      "Approvals must have AllowedSigners if Required is above 0: it lists the signers (--set)",
    ],
  ]);
  assertEquals(told({ "Source:From": "store" }), [[
    "error",
    "Source:From",
    "Source:From must have HighAvailability:Enabled with it if it is store: without Redis nothing has the source, " +
    'not "store" (--set)',
  ]]);
  const warned = (set: Record<string, string>) => told(set).map(([severity, path]) => `${severity} ${path}`);
  assertEquals(warned({ ...enabled, ...signers, "Approvals:Required": "1" }), []);
  assertEquals(warned({ ...signers, "Approvals:Required": "1" }), ["warning Approvals:Required"]);
  assertEquals(warned(signers), ["warning Approvals"]);
  assertEquals(warned({ "Approvals:RevokedKeys": "/a" }), ["warning Approvals"]);
  for (const from of ["store", "both"]) assertEquals(warned({ ...enabled, "Source:From": from }), []);
  assertEquals(warned({ "Source:From": "both" }), ["warning Source:From"]);
  const bake = { "Rollout:BakeSeconds": "5" };
  assertEquals(warned({ "Rollout:Steps:0": "1", ...bake }), ["warning Rollout:Steps"]);
  assertEquals(warned({ ...enabled, "Rollout:Steps:0": "1", ...bake }), []);
  assertEquals(warned({ ...enabled, ...bake }), ["warning Rollout"]);
  assertEquals(warned({ ...enabled, "Rollout:Canary": "true" }), []);
});

Deno.test("a mode is octal as a string and as a number, and never open to everyone's writing", () => {
  for (const mode of ['"0640"', '"640"', '"0o640"', "640"]) {
    assertEquals(valid({ file: `{ "Snapshot": { "Mode": ${mode} } }` }).snapshot.mode, 0o640);
  }
  for (const mode of ['"0642"', '"0240"', '"888"', "416.5", "true", '"04640"']) {
    assertEquals(wrong({ file: `{ "Snapshot": { "Mode": ${mode} } }` })[0]?.path, "Snapshot:Mode");
  }
});

Deno.test("an unknown name in the file or a flag is an error with its place and a suggestion", () => {
  const [inFile] = wrong({ file: '{\n  "ConfigurationWatcher": { "PolSeconds": 1 }\n}' });
  assertEquals([inFile?.code, inFile?.place?.line, inFile?.place?.column], ["options/unknown", 2, 29]);
  assertEquals(inFile?.suggestion, "Did you mean ConfigurationWatcher:PollSeconds?");
  const [inFlag] = wrong({ set: { "Snapshto:Path": "/x" } });
  assertEquals(inFlag?.suggestion, "Did you mean Snapshot?");
  for (const name of ["__proto__", "constructor", "toString"]) {
    assertEquals(foreignIn(`{ "${name}": { "x": 1 } }`), [name]);
    assertEquals(wrong({ file: `{ "Snapshot": { "${name}": 1 } }` })[0]?.code, "options/unknown");
  }
});

/**
 * A file with the traits of appsettings.json: foreign sections, notes, `Honua` twice, shared sections with more names.
 */
const SHARED_FILE = `{
  "$schema": "./appsettings.schema.json",
  "_Logging_Note": "a comment",
  "AllowedHosts": "*",
  "Kestrel": { "Limits": { "MaxRequestBodySize": 1e9, "Endpoints": [{ "Url": "http://*:80" }] } },
  "ConnectionStrings": { "_RedisNote": "", "DefaultConnection": "Host=db", "Redis": "localhost:6379" },
  "Logging": { "LogLevel": { "Default": "Warning", "Microsoft.AspNetCore": "None" }, "Console": { "IncludeScopes": true } },
  "Honua": { "ConfigurationV2": { "Path": "/etc/honua/honua.hcl" }, "odata": { "enabled": null } },
  "honua": { "ConfigPath": "/etc/honua/other.hcl", "cors": { "allowedOrigins": [], }, },
  "ConfigurationWatcher": { "DebounceMilliseconds": "250", "ValidateOnReload": "True" },
}`;

/** The foreign settings of a file in which nothing is odd. */
function foreignIn(file: string): readonly string[] {
  const result = read({ file });
  assert(result.ok, JSON.stringify(result));
  assertEquals(result.warnings, []);
  return result.foreign;
}

Deno.test("a file of Honua's servers is an options file, and their settings are listed and ignored", () => {
  assertEquals(foreignIn(SHARED_FILE), [
    "$schema",
    "_Logging_Note",
    "AllowedHosts",
    "Kestrel",
    "ConnectionStrings:_RedisNote",
    "ConnectionStrings:DefaultConnection",
    "Logging:Console",
    "Honua:odata",
    "Honua:cors",
  ]);
  const options = valid({ file: SHARED_FILE });
  assertEquals(options.honua, {
    configurationV2: { path: "/etc/honua/honua.hcl" },
    configPath: "/etc/honua/other.hcl",
  });
  assertEquals([options.connectionStrings.redis, options.logging.level], ["localhost:6379", "warning"]);
  assertEquals([options.configurationWatcher.debounceMilliseconds, options.configurationWatcher.pollSeconds], [250, 5]);
});

Deno.test("for any foreign setting, the options are the same as without it", () => {
  const name = fc.string().map((rest) => `Zz-${rest.replaceAll(":", "")}`);
  const section = fc.constantFrom(null, "Honua", "honua", "Logging", "connectionstrings");
  fc.assert(fc.property(fc.array(fc.tuple(section, name, fc.jsonValue())), (foreign) => {
    const members = foreign.map(([section, name, value]) => [section, JSON.stringify({ [name]: value })] as const);
    const written = members.map(([section, json]) => section === null ? json.slice(1, -1) : `"${section}": ${json}`);
    const options = valid({ file: `{ ${['"Honua": { "ConfigPath": "/x" }', ...written].join(", ")} }` });
    assertEquals(options, valid({ set: { "Honua:ConfigPath": "/x" } }));
  }));
});

Deno.test("a foreign name that is nearly one of ours is ignored with a warning that says so", () => {
  const result = read({ file: '{ "Snapshots": { "Path": 7 },\n "Honua": { "ConfigPth": "/x" } }' });
  assert(result.ok);
  assertEquals(
    result.warnings.map(({ severity, summary, suggestion, place }) => [severity, summary, suggestion, place?.line]),
    [
      ["warning", "Snapshots is ignored: it is not a setting of honua-configd", "Did you mean Snapshot?", 1],
      [
        "warning",
        "Honua:ConfigPth is ignored: it is not a setting of honua-configd",
        "Did you mean Honua:ConfigPath?",
        2,
      ],
    ],
  );
  assertEquals([result.foreign, result.options.honua.configPath], [[], null]);
});

Deno.test("a name that is not ours is an error in a section that is, beside any other settings", () => {
  const file = '{ "Kestrel": {}, "Admin": { "Endpoints": {} }, "HighAvailability": { "Mode": 1 } }';
  assertEquals(wrong({ file }).map(({ severity, path }) => [severity, path]), [
    ["error", "Admin:Endpoints"],
    ["error", "HighAvailability:Mode"],
  ]);
  assertEquals(wrong({ set: { "Kestrel:Limits": "1" } })[0]?.code, "options/unknown");
});

Deno.test("a snapshot's name that a server would not load is a warning", () => {
  const warned = (path: string) => {
    const result = read({ environment: { Snapshot__Path: path } });
    assert(result.ok);
    return result.warnings.map(({ path, suggestion }) => [path, suggestion]);
  };
  for (const path of ["/x/config.json", "/x/config.JSON"]) assertEquals(warned(path), []);
  for (const path of ["/x/config", "/x/config.hcl", "/x/json", "/x.json/config"]) {
    assertEquals(warned(path), [["Snapshot:Path", "Give the snapshot a name that ends in .json"]]);
  }
});

Deno.test("an unknown variable is ignored, with a warning if the section is ours", () => {
  const environment = {
    ConfigurationWatcher__Debounce: "1",
    ConnectionStrings__DefaultConnection: "x",
    Logging__Console__FormatterName: "x",
    HOOKS: "x",
    Somebody__Elses: "x",
  };
  const result = read({ environment });
  assert(result.ok);
  assertEquals(result.warnings.map((one) => [one.severity, one.path, one.suggestion]), [
    ["warning", "ConfigurationWatcher:Debounce", "Did you mean ConfigurationWatcher:DebounceMilliseconds?"],
  ]);
});

Deno.test("a number that would be rounded to one within the bounds is refused at its place", () => {
  const file = (number: string) => `{ "ConfigurationWatcher": {\n "DebounceMilliseconds": ${number} } }`;
  assert(read({ file: file("500.0") }).ok);
  const [first] = wrong({ file: file("500.00000000000000001") });
  assertEquals(first?.summary, "ConfigurationWatcher:DebounceMilliseconds is a number that would be rounded");
  assertEquals([first?.place?.line, first?.place?.column], [2, 26]);
});

Deno.test("a value out of bounds is quoted with its bounds and its place", () => {
  const [first] = wrong({ file: '{ "ConfigurationWatcher": {\n "DebounceMilliseconds": 60001 } }' });
  assertEquals(
    first?.summary,
    "ConfigurationWatcher:DebounceMilliseconds must be a whole number from 0 to 60000, not 60001",
  );
  assertEquals([first?.place?.line, first?.place?.column], [2, 26]);
  const [flag] = wrong({ set: { "Logging:Level": "loud" } });
  assertMatch(flag!.summary, /must be one of trace, .*, critical, not "loud" \(--set\)$/);
});

Deno.test("every text has a maximum length, and a diagnostic names it in place of the text", () => {
  const lengths: readonly (readonly [string, number])[] = [
    ["HighAvailability:ConfigurationChannel", 256],
    ["HighAvailability:InstanceName", 128],
    ["HighAvailability:RedisConnectionString", 4_096],
    ["HighAvailability:RedisPasswordFile", 4_096],
    ["Snapshot:Path", 4_096],
    ["State:Directory", 4_096],
    ["Honua:ConfigurationV2:Path", 4_096],
    ["Honua:ConfigPath", 4_096],
  ];
  for (const [key, most] of lengths) {
    valid({ set: { [key]: "x".repeat(most) } });
    const [diagnostic, ...others] = wrong({ set: { [key]: "x".repeat(most + 1) } });
    assertEquals(others, []);
    assertStringIncludes(diagnostic!.summary, `${most} characters`);
    assert(diagnostic!.summary.length < 300);
  }
});

Deno.test("no diagnostic quotes a secret setting or a value from the environment", () => {
  const secret = "hunter2";
  const result = [
    ...wrong({ file: `{ "HighAvailability": { "RedisConnectionString": ["${secret}"] } }` }),
    ...wrong({ file: `{ "ConnectionStrings": { "Redis": { "${secret}": 1 } } }` }),
    ...wrong({ file: `{ "Hooks": [{ "Name": "a", "Http": { "Url": "ftp://a:${secret}@host" } }] }` }),
    ...wrong({ file: `{ "Hooks": [{ "Name": "a", "Command": ["x", "${secret}\\u0000"] }] }` }),
    ...wrong({
      file: `{ "Hooks": [{ "Name": "a", "Http": { "Url": "http://a", "Headers": { "A": "${secret}\\n" } } }] }`,
    }),
    ...wrong({ set: { "ConnectionStrings:Redis": `${secret}\0` } }),
    ...wrong({ environment: { ConfigurationWatcher__PollSeconds: secret } }),
    ...wrong({ environment: { HighAvailability__Tls: secret } }),
    ...wrong({ environment: { ConfigurationWatcher__EnvironmentFiles: secret } }),
  ];
  assert(result.length >= 9);
  assert(!JSON.stringify(result).includes(secret));
});

Deno.test("the values of secret settings can be listed for masking", () => {
  const options = valid({
    file: `{ "ConnectionStrings": { "Redis": "a,password=b" }, "Hooks": [
      { "Name": "n", "Http": { "Url": "http://h/t", "Headers": { "Authorization": "Bearer c" } } },
      { "Name": "o", "Http": { "Url": "http://h/u", "Headers": { "Accept": "application/json" } } },
      { "Name": "m", "Command": ["nginx", "-s", "reload", "--token", "d", "--api-key=e", "url=http://u:p@h/"] },
      { "Name": "r", "Command": ["true"], "Ready": { "Command": ["ask", "--token", "f"] } },
      { "Name": "s", "Command": ["true"], "Ready": { "Http": { "Url": "http://h/v", "Headers": { "Authorization": "g" } } } }] }`,
  });
  assertEquals(secretValues(options), [
    "a,password=b",
    "http://h/t",
    "Bearer c",
    "c",
    "http://h/u",
    "d",
    "e",
    "url=http://u:p@h/",
    "f",
    "http://h/v",
    "g",
  ]);
});

Deno.test("two variables that differ only in case are an error that names both", () => {
  const [first] = wrong({ environment: { Snapshot__Path: "/a", SNAPSHOT__PATH: "/b" } });
  assertStringIncludes(first!.summary, "SNAPSHOT__PATH and Snapshot__Path");
});

Deno.test("a variable set to nothing overrules the file if a setting may be absent", () => {
  const file = '{ "Admin": { "Listen": "127.0.0.1:8080" } }';
  assertEquals(valid({ file, environment: { Admin__Listen: "" } }).admin.listen, null);
  assertEquals(valid({ environment: { Admin__Socket: "" } }).admin.socket, null);
  assertEquals(wrong({ environment: { Snapshot__Path: "" } })[0]?.path, "Snapshot:Path");
});

Deno.test("null leaves a setting at its default, and a section to its other sources", () => {
  const options = valid({ file: '{ "Snapshot": null, "Snapshot:Mode": "0600", "Admin": { "Socket": null } }' });
  assertEquals(options.snapshot.mode, 0o600);
  assertEquals(options.admin.socket, "/run/honua-configd/admin.sock");
});

Deno.test("the level is the default category's if Logging:Level does not say", () => {
  const file = '{ "Logging": { "LogLevel": { "Default": "Warning", "Microsoft.AspNetCore": "None" } } }';
  assertEquals(valid({ file }).logging.level, "warning");
  assertEquals(valid({ file, environment: { Logging__Level: "DEBUG" } }).logging.level, "debug");
});

Deno.test("the argument of a flag is taken apart at its first equals sign", () => {
  const result = parseFlagSetting("ConnectionStrings:Redis=a=b");
  assert(result.ok);
  assertEquals(result.setting, { flag: "--set", key: "ConnectionStrings:Redis", value: "a=b" });
  assert(!parseFlagSetting("=x").ok);
  assert(!parseFlagSetting("Snapshot:Path").ok);
});
