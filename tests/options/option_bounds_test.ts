// Every bound of the options: a value at it is taken, and one beyond it is an error with the setting's name.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sourceText } from "../../src/diagnostic/range.ts";
import { readOptions } from "../../src/options/option_reader.ts";

function read(file: unknown) {
  const result = readOptions({ flags: [], environment: {}, file: sourceText("options.json", JSON.stringify(file)) });
  return result.ok
    ? { options: result.options, diagnostics: [] }
    : { options: null, diagnostics: result.diagnostics.map(({ path, summary }) => [path, summary] as const) };
}

/**
 * Options in which one setting, by its names from the section down, has a value; a hook has the other members that it
 * needs.
 */
function fileWith(setting: string, value: unknown): unknown {
  const hook = { Name: "a", SystemdUnit: "a.service" };
  const ready = { SystemdUnit: "a.service" };
  const request = { Url: "http://h/" };
  const [first, second] = setting.split(":");
  if (first === "Hook") {
    const inner = setting.split(":").slice(1).reverse().reduce<unknown>((below, name) => ({ [name]: below }), value);
    const members = inner as Record<string, Record<string, unknown>>;
    if (second === "Ready") return { Hooks: [{ ...hook, Ready: { ...ready, ...members.Ready } }] };
    if (second === "Http") return { Hooks: [{ Name: "a", Http: { ...request, ...members.Http } }] };
    if (second === "Command") return { Hooks: [{ Name: "a", Command: value }] };
    if (second === "PidFile") return { Hooks: [{ Name: "a", Signal: "HUP", PidFile: value }] };
    if (second === "Signal") return { Hooks: [{ Name: "a", PidFile: "/a", Signal: value }] };
    return { Hooks: [{ ...hook, ...members }] };
  }
  if (setting === "Approvals:Required") return { Approvals: { Required: value, AllowedSigners: "/a" } };
  return { [setting]: value };
}

const NUMBERS: readonly (readonly [setting: string, least: number, most: number])[] = [
  ["ConfigurationWatcher:DebounceMilliseconds", 0, 60_000],
  ["ConfigurationWatcher:PollSeconds", 0, 3_600],
  ["HighAvailability:ConnectionTimeoutMs", 1_000, 60_000],
  ["HighAvailability:SettleSeconds", 0, 3_600],
  ["HighAvailability:ReconcileSeconds", 1, 3_600],
  ["History:Keep", 0, 1_000],
  ["History:MaxMegabytes", 1, 10_240],
  ["Hooks:Splay", 0, 86_400],
  ["Health:BakeSeconds", 1, 86_400],
  ["Health:IntervalSeconds", 1, 3_600],
  ["Health:Failures", 1, 100],
  ["Rollout:BakeSeconds", 0, 86_400],
  ["Rollout:DeadlineSeconds", 1, 604_800],
  ["Approvals:Required", 0, 16],
  ["Hook:TimeoutSeconds", 1, 3_600],
  ["Hook:Ready:TimeoutSeconds", 1, 3_600],
  ["Hook:Retry:Attempts", 0, 1_000],
  ["Hook:Retry:BackoffSeconds", 1, 3_600],
];

Deno.test("a number is taken at both its bounds, and one beyond either is an error that names them", () => {
  for (const [setting, least, most] of NUMBERS) {
    for (const taken of [least, most, ` +${most} `]) {
      assertEquals(read(fileWith(setting, taken)).diagnostics, [], `${setting} ${taken}`);
    }
    for (const beyond of [least - 1, most + 1, String(most + 1), least + 0.5, `${most}.0`, `x${most}`, `${most}x`]) {
      const [[path, summary] = [], ...others] = read(fileWith(setting, beyond)).diagnostics;
      assertEquals([path?.split(":").at(-1), others.length], [setting.split(":").at(-1), 0], `${setting} ${beyond}`);
      assertStringIncludes(summary ?? "", `must be a whole number from ${least} to ${most}`);
    }
  }
});

Deno.test("a text that spells a number is one up to 15 digits", () => {
  assertEquals(read({ "Hooks:Splay": "0".repeat(15) }).diagnostics, []);
  assertEquals(read({ "Hooks:Splay": "0".repeat(16) }).diagnostics.length, 1);
});

/** The values that are taken, and those that are not. */
const TEXTS: readonly (readonly [setting: string, taken: readonly unknown[], refused: readonly unknown[]])[] = [
  ["Hook:Name", ["x", "x".repeat(64), "a b"], ["x".repeat(65), "", "a\nb", "a\u0085"]],
  ["Hook:Command", [["x".repeat(131_071)], ["a", ""]], [["x".repeat(131_072)], [], ["a\0b"], [1]]],
  ["Hook:PidFile", ["x".repeat(4_096)], ["x".repeat(4_097), "a\0b", ""]],
  ["Hook:SystemdUnit", ["a.service", "a@b-c.timer", "@a.target", "\\x2d:a.mount"], [
    "a",
    "-a.service",
    "a.service ",
    " a.service",
    "a.Service",
    "a b.service",
    "a.",
    ".service",
  ]],
  ["Hook:Http:Url", ["http://h", "https://h/a", "HTTPS://h"], ["ftp://h", "h", "xhttp://h", "http:", "file:///https:"]],
  ["Hook:Http:Headers", [{ "X-a_1!": "" }, { A: "x".repeat(8_192) }], [
    { "a b": "x" },
    { "a:": "x" },
    { "": "x" },
    { A: "x".repeat(8_193) },
    { A: "a\r" },
    { A: "a\n" },
    { A: "\0" },
  ]],
  ["Hook:Http:HeaderFiles", [{ A: "/x" }], [{ A: "" }, { "a b": "/x" }]],
  ["Hook:Http:Method", ["get", "POST", " put ", "patch", "Delete", "HEAD"], ["OPTIONS", "", "gett"]],
  ["Hook:Signal", ["hup", "SIGHUP", "sigint", "QUIT", "term", "usr1", "USR2", "winch"], ["KILL", "SIGSIGHUP", "1", ""]],
  ["Hook:On", ["check", "Activated", "REJECTED", " diverged", "Health"], ["checked", ""]],
  ["Health:OnFailure", ["rollback", "Halt"], ["none", ""]],
  ["Health:BaselineRequired", [true, "False"], ["yes"]],
  ["Rollout:OnFailure", ["rollback", "Halt"], ["none", ""]],
  ["Rollout:Canary", [true, "False"], ["yes"]],
  ["Rollout:Steps", [
    [],
    ["1"],
    [1, "25%", "100%"],
    ["1%", "100%"],
    [" +1 "],
    ["3", "+1000"],
    ["10%", 5, "50%", 1000],
    Array.from({ length: 32 }, (_, index) => index + 1),
  ], [
    [0],
    ["01"],
    [1001],
    [1.5],
    ["-1"],
    ["+0"],
    ["+1%"],
    ["0%"],
    ["101%"],
    ["25 %"],
    ["half"],
    [""],
    [true],
    ["+1", "50%"],
    ["100%", "+1"],
    [2, "10%", 2],
    ["50%", 20, "25%"],
    Array.from({ length: 33 }, (_, index) => index + 1),
  ]],
  ["Approvals:AllowedSigners", ["/a", ""], ["a\0"]],
  ["Approvals:RevokedKeys", ["/a", ""], ["a\0"]],
  ["Store:KeyFile", ["/a", ""], ["a\0"]],
  ["Source:From", ["file", "Both"], ["redis", ""]],
  ["Hook:Action", ["restart", "reload-or-restart"], ["reload"]],
  ["Hook:Only", [[], ["honua", "dataSources", "services", "layers", "caches", "rateLimit", "VARIABLES"]], [["layer"]]],
  ["HighAvailability:ConfigurationChannel", ["a", "a}", "a".repeat(256)], ["", "}a", "a\0", "a".repeat(257)]],
  ["HighAvailability:InstanceName", ["a", "a".repeat(128), ""], ["a".repeat(129), "a\t"]],
  ["Snapshot:Path", ["/a"], ["", "a\0b"]],
  ["Snapshot:Mode", ["0400", "0o640", "775", 640], ["0200", "0642", "1640", "00640", "64", "o640", "0o640x", "x640"]],
  ["Snapshot:ServerPath", ["/a.hcl", "/a.HONUA", ""], ["/a.hclx", "/a\0.hcl", ".hcl", "/ahcl"]],
  ["Admin:Listen", ["127.0.0.1:8080", "[::1]:1", "a-b.c:65535", ""], [
    "h",
    ":80",
    "h:",
    "h:123456",
    "[::1]",
    "::1:80",
    "h:80 ",
    " h:80",
    "[::1]x:80",
  ]],
  ["Logging:Level", ["trace", "DEBUG", "information", "warning", "error", "critical"], ["none", "info", ""]],
  ["Logging:Format", ["auto", "JSON", "text"], ["xml", ""]],
  ["Logging:LogLevel", [{ Default: "none", "Some.Thing": "Trace" }], [{ Default: "off" }]],
  ["Hook:Parallel", [true, "False", " TRUE "], ["yes", 1, "", "truex"]],
];

Deno.test("a text is taken up to its bound, and one beyond it is not", () => {
  for (const [setting, taken, refused] of TEXTS) {
    for (const value of taken) {
      assertEquals(read(fileWith(setting, value)).diagnostics, [], `${setting} ${JSON.stringify(value).slice(0, 60)}`);
    }
    for (const value of refused) {
      const { diagnostics } = read(fileWith(setting, value));
      assertEquals(diagnostics.length, 1, `${setting} ${JSON.stringify(value).slice(0, 60)}`);
      assertStringIncludes(diagnostics[0]?.[1] ?? "", " must ");
    }
  }
});

Deno.test("there are at most 64 hooks, each with its own name", () => {
  const hooks = (count: number) => Array.from({ length: count }, (_, index) => ({ Name: `h${index}`, Command: ["x"] }));
  assertEquals(read({ Hooks: hooks(64) }).options?.hooks.list.length, 64);
  assertEquals(read({ Hooks: hooks(65) }).diagnostics, [["Hooks:List", "Hooks:List must have at most 64 hooks"]]);
  const twice = [...hooks(2), { Name: "h1", Command: ["y"] }];
  assertStringIncludes(read({ Hooks: twice }).diagnostics[0]?.[1] ?? "", "must give each hook its own name");
});

Deno.test("a certificate and its key, a signal and its pid file, come both or not at all", () => {
  const file = { CertificateFile: "/c", KeyFile: "/k" };
  for (const section of ["HighAvailability", "Admin"]) {
    assertEquals(read({ [section]: { Tls: file } }).diagnostics, []);
    for (const name of ["CertificateFile", "KeyFile"] as const) {
      const [diagnostic] = read({ [section]: { Tls: { [name]: file[name] } } }).diagnostics;
      assertEquals(diagnostic, [
        `${section}:Tls`,
        `${section}:Tls must have CertificateFile and KeyFile both, or neither`,
      ]);
    }
  }
  const unit = { Name: "a", SystemdUnit: "a.service" };
  assertEquals(read({ Hooks: [{ ...unit, PidFile: "/p" }] }).diagnostics, [
    ["Hooks:List:0", "Hooks:List:0 must have Signal and PidFile both, or neither"],
  ]);
  assertEquals(read({ Hooks: [{ Name: "a", Signal: "HUP" }] }).diagnostics, [
    ["Hooks:List:0", "Hooks:List:0 must have Signal and PidFile both, or neither"],
  ]);
});

Deno.test("a hook has its documented defaults", () => {
  const defaults = {
    name: "a",
    command: null,
    http: null,
    signal: null,
    pidFile: null,
    systemdUnit: null,
    action: "reload-or-restart",
    on: "activated",
    timeoutSeconds: 30,
    ready: null,
    stopOnFailure: null,
    retry: { attempts: 0, backoffSeconds: 1 },
    parallel: false,
    only: [],
  };
  const request = { url: "http://h/", headers: {}, headerFiles: {} };
  const ready = { command: null, http: request, systemdUnit: null, timeoutSeconds: 60 };
  const hooks = [
    { Name: "a", Command: ["x"] },
    { Name: "b", Http: { Url: "http://h/" }, Ready: { Http: { Url: "http://h/" } } },
  ];
  assertEquals(read({ Hooks: hooks }).options?.hooks.list as unknown, [
    { ...defaults, command: ["x"] },
    { ...defaults, name: "b", http: { method: "POST", ...request }, ready },
  ]);
});

Deno.test("every other option has its documented default", () => {
  const { options } = read({});
  assert(options);
  const { highAvailability, admin, honua, connectionStrings, state, history } = options;
  const { rollout, approvals, source, store } = options;
  const noCertificate = { certificateFile: null, keyFile: null };
  assertEquals({ highAvailability, admin, honua, connectionStrings, state, history } as unknown, {
    highAvailability: {
      enabled: false,
      redisConnectionString: null,
      redisPasswordFile: null,
      configurationChannel: "honua:config:changes",
      connectionTimeoutMs: 5_000,
      autoReconnect: true,
      enableDetailedLogging: false,
      settleSeconds: 30,
      reconcileSeconds: 30,
      instanceName: null,
      tls: { caFile: null, ...noCertificate },
    },
    admin: {
      socket: "/run/honua-configd/admin.sock",
      listen: null,
      tokenFile: null,
      tls: noCertificate,
      uiActions: false,
    },
    honua: { configurationV2: { path: null }, configPath: null },
    connectionStrings: { redis: null },
    state: { directory: null },
    history: { keep: 20, maxMegabytes: 64 },
  });
  assertEquals({ rollout, approvals, source, store } as unknown, {
    rollout: { steps: [], bakeSeconds: 60, deadlineSeconds: 600, onFailure: "rollback", canary: false },
    approvals: { required: 0, allowedSigners: null, revokedKeys: null },
    source: { from: "file" },
    store: { keyFile: null },
  });
});
