// The one schema of all options: defaults, bounds, and the messages for values outside them. Names are camelCase here;
// `optionShape` maps them to the names that people write. No message quotes a member that is marked secret.
import * as z from "zod";
import { isSecretName, looksSecret } from "../diagnostic/secrets.ts";
import { parseStep, STEP_FORMS } from "../rollout/steps.ts";
import {
  CONFIG_PARTS,
  FAILURE_ACTIONS,
  type HealthOptions,
  HOOK_SIGNALS,
  type HookOptions,
  LEVELS,
  type LoggingOptions,
  type Options,
  type RolloutOptions,
  type SnapshotOptions,
  SOURCES,
  UNIT_ACTIONS,
} from "./options.ts";

export const DEFAULT_SNAPSHOT_PATH = "/var/lib/honua-configd/config.snapshot.json";

const HOOK_ACTIONS = ["command", "http", "signal", "systemdUnit"] as const;
const READY_PROBES = ["command", "http", "systemdUnit"] as const;

/** Every message of the schema continues the setting's name: "X must …". */
function must(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: (issue) => issue.input === undefined ? "must be given" : `must ${what}` };
}

function whole(least: number, most: number) {
  const message = must(`be a whole number from ${least} to ${most}`);
  return z.preprocess(spelledNumber, z.int(message).min(least, message).max(most, message));
}

/** A text that spells a number counts as one: environment variables and flags hold only texts. */
function spelledNumber(value: unknown): unknown {
  return typeof value === "string" && /^\s*[+-]?\d{1,15}\s*$/.test(value) ? Number(value) : value;
}

function yesOrNo() {
  return z.preprocess(spelledBoolean, z.boolean(must("be true or false")));
}

/** .NET reads `True` and `false`, and no other words. */
function spelledBoolean(value: unknown): unknown {
  const word = typeof value === "string" ? value.trim().toLowerCase() : value;
  return word === "true" ? true : word === "false" ? false : value;
}

/** The default limit in characters: as long as a path may be on Linux (PATH_MAX, limits.h). */
const MAX_TEXT_LENGTH = 4_096;
/** The longest argument of a program, without its NUL (MAX_ARG_STRLEN, execve(2)). */
const MAX_ARGUMENT_LENGTH = 131_071;
/** Most servers refuse longer header lines. */
const MAX_HEADER_LENGTH = 8_192;

function text(what = "be a text that is not empty", form = /^[^\0]+$/, maxLength = MAX_TEXT_LENGTH) {
  return z.string(must(what)).max(maxLength, must(`have at most ${maxLength} characters`)).regex(form, must(what));
}

/** A text that may be absent; an empty one (`Admin__Listen=`) counts as absent, and overrides weaker sources. */
function optionalText(what?: string, form?: RegExp) {
  return textOrNone(what, form).default(null);
}

/** The same without a default. */
function textOrNone(what?: string, form?: RegExp) {
  return z.preprocess((value) => value === "" ? null : value, text(what, form).nullable());
}

/** One of some words in any case, as the list spells it. */
function oneOf<const T extends string>(words: readonly T[], prefix = "") {
  const pick = (value: unknown) => {
    const lower = typeof value === "string" ? value.trim().toLowerCase() : null;
    return words.find((word) => word.toLowerCase() === lower || word.toLowerCase() === prefix + lower) ?? value;
  };
  return z.preprocess(pick, z.enum(words, must(`be one of ${words.join(", ")}`)));
}

function certificateAndKey(value: { certificateFile: string | null; keyFile: string | null }): boolean {
  return (value.certificateFile === null) === (value.keyFile === null);
}

const CERTIFICATE_AND_KEY_RULE = { error: "must have CertificateFile and KeyFile both, or neither" };
const OCTAL = 'be an octal mode such as "0640" that lets the owner read and not everyone write';

/** `"0640"`, `"640"` and the JSON number 640 (its decimal digits read as octal, as chmod(1) does) are one mode. */
const mode = z.preprocess(
  (value) => typeof value === "number" ? String(value) : value,
  text(OCTAL, /^(0|0o)?[0-7]{3}$/).transform((digits) => parseInt(digits.replace("o", ""), 8))
    .refine((bits) => (bits & 0o400) !== 0 && (bits & 0o002) === 0, must(OCTAL)),
);

const url = text("be an http or https URL").refine(
  (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
  must("be an http or https URL"),
);

/** RFC 9110, section 5.6.2: a field name is a token. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: "must be a header's name" });
const headerValue = text("be a text on one line", /^[^\0\r\n]*$/, MAX_HEADER_LENGTH);

/** The names of hooks are labels of metrics, and a state file can hold only this many. */
const MAX_HOOKS = 64;

const command = z.array(text("be a text without NUL", /^[^\0]*$/, MAX_ARGUMENT_LENGTH)).min(1, must("name a program"))
  .nullable().default(null)
  .meta({ secret: true });

const request = {
  url: url.meta({ secret: true }),
  headers: z.record(headerName, headerValue).default({}).meta({ secret: true }),
  headerFiles: z.record(headerName, text()).default({}),
};

// systemd.unit(5): the characters of a unit name; one that begins with a dash would be an option of systemctl.
const unit = optionalText("be a unit's name with its type (nginx.service)", /^[\w:.\\@][\w:.\\@-]*\.[a-z]+$/);

const ready = z.object({
  command,
  http: z.object(request).nullable().default(null),
  systemdUnit: unit,
  timeoutSeconds: whole(1, 3600).default(60),
}).refine((value) => READY_PROBES.filter((probe) => value[probe] !== null).length === 1, {
  error: "must have exactly one of Command, Http and SystemdUnit",
});

const HOOK_TIMEOUT_SECONDS = 30;
/** Shorter, so that a server that accepts and never answers is found during the bake. */
const HEALTH_TIMEOUT_SECONDS = 5;

const hook = z.object({
  name: text("be a text of at most 64 characters without control characters", /^\P{Cc}{1,64}$/u),
  command,
  http: z.object({ method: oneOf(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]).optional(), ...request })
    .nullable().default(null),
  signal: oneOf(HOOK_SIGNALS, "sig").nullable().default(null),
  pidFile: optionalText(),
  systemdUnit: unit,
  action: oneOf(UNIT_ACTIONS).default("reload-or-restart"),
  on: oneOf(["check", "activated", "rejected", "diverged", "health"]).default("activated"),
  timeoutSeconds: whole(1, 3600).optional(),
  ready: ready.nullable().default(null),
  stopOnFailure: yesOrNo().nullable().default(null),
  retry: z.object({ attempts: whole(0, 1000).default(0), backoffSeconds: whole(1, 3600).default(1) }).prefault({}),
  parallel: yesOrNo().default(false),
  only: z.array(oneOf(CONFIG_PARTS)).default([]),
}).refine((value) => HOOK_ACTIONS.filter((action) => value[action] !== null).length === 1, {
  error: "must have exactly one of Command, Http, Signal and SystemdUnit",
}).refine((value) => (value.signal === null) === (value.pidFile === null), {
  error: "must have Signal and PidFile both, or neither",
}).refine((value) => value.action === "reload-or-restart" || value.systemdUnit !== null, {
  error: "must have Action only with SystemdUnit",
}).refine((value) => value.on !== "check" || (value.ready === null && value.stopOnFailure === null), {
  error:
    "must have no Ready and no StopOnFailure if it is a check: nothing is in force yet, and the first refusal decides",
}).refine((value) => value.on !== "health" || (value.signal === null && value.action === "reload-or-restart"), {
  error: "must have no Signal and no Action if it is a health hook, which asks and changes nothing",
}).refine((value) => value.on !== "health" || !isScheduled(value), {
  error: "must have no Ready, StopOnFailure, Retry, Parallel and Only if it is a health hook: " +
    "Health says when all of them are asked at once",
}).transform(({ http, timeoutSeconds, ...others }): HookOptions => {
  const asks = others.on === "health";
  return {
    ...others,
    http: http && { ...http, method: http.method ?? (asks ? "GET" : "POST") },
    timeoutSeconds: timeoutSeconds ?? (asks ? HEALTH_TIMEOUT_SECONDS : HOOK_TIMEOUT_SECONDS),
  };
});

/** Whether a hook has members about its turn or its repetition. */
function isScheduled(
  { ready, stopOnFailure, retry, parallel, only }: Pick<
    HookOptions,
    "ready" | "stopOnFailure" | "retry" | "parallel" | "only"
  >,
): boolean {
  return ready !== null || stopOnFailure !== null || retry.attempts > 0 || parallel || only.length > 0;
}

const highAvailability = z.object({
  enabled: yesOrNo().default(false),
  redisConnectionString: optionalText().meta({ secret: true }),
  redisPasswordFile: optionalText(),
  // A brace there would end the hash tag of the keys, by which Redis Cluster keeps them together. It is part of the
  // keys, of each message that Redis delivers, and of the state file.
  configurationChannel: text("be a text of at most 256 characters that does not begin with }", /^[^\0}][^\0]{0,255}$/)
    .default("honua:config:changes"),
  connectionTimeoutMs: whole(1000, 60_000).default(5000),
  autoReconnect: yesOrNo().default(true),
  enableDetailedLogging: yesOrNo().default(false),
  settleSeconds: whole(0, 3600).default(30),
  reconcileSeconds: whole(1, 3600).default(30),
  instanceName: optionalText("be a text of at most 128 characters without control characters", /^\P{Cc}{1,128}$/u),
  tls: z.object({ caFile: optionalText(), certificateFile: optionalText(), keyFile: optionalText() })
    .refine(certificateAndKey, CERTIFICATE_AND_KEY_RULE).prefault({}),
});

const admin = z.object({
  socket: textOrNone().default("/run/honua-configd/admin.sock"),
  listen: optionalText(
    "be an address and a port (127.0.0.1:8080, [::1]:8080)",
    /^(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}$/,
  ),
  tokenFile: optionalText(),
  tls: z.object({ certificateFile: optionalText(), keyFile: optionalText() })
    .refine(certificateAndKey, CERTIFICATE_AND_KEY_RULE).prefault({}),
  uiActions: yesOrNo().default(false),
});

const health = z.object({
  bakeSeconds: whole(1, 86_400).default(60),
  intervalSeconds: whole(1, 3600).default(5),
  failures: whole(1, 100).default(3),
  onFailure: oneOf(FAILURE_ACTIONS).default("rollback"),
  baselineRequired: yesOrNo().default(false),
});

/** The most steps that a person writes; `+1` makes as many as there are hosts. */
const MAX_STEPS = 32;

/** JSON may have the number 1 for the text "1". */
const step = z.preprocess(
  (value) => typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : value,
  z.string(must(`be ${STEP_FORMS}`)).refine((text) => parseStep(text) !== null, must(`be ${STEP_FORMS}`)),
);

const rollout = z.object({
  steps: z.array(step).max(MAX_STEPS, must(`have at most ${MAX_STEPS} steps`))
    .refine((steps) => steps.every((one, index) => index === steps.length - 1 || !/^\+|^100%/.test(one)), {
      error: 'must have a step that ends with all hosts ("+N", "100%") only as its last',
    })
    .refine((steps) => isAscending(steps.filter((one) => /^\d+$/.test(one))) && isAscending(percentages(steps)), {
      error: "must let in more hosts with each step",
    }).default([]),
  bakeSeconds: whole(0, 86_400).default(60),
  deadlineSeconds: whole(1, 604_800).default(600),
  onFailure: oneOf(FAILURE_ACTIONS).default("rollback"),
  canary: yesOrNo().default(false),
});

/** Numbers and percentages cannot be compared before the number of hosts is known. */
function percentages(steps: readonly string[]): string[] {
  return steps.filter((one) => one.endsWith("%"));
}

function isAscending(steps: readonly string[]): boolean {
  return steps.every((one, index) => index === 0 || parseInt(one) > parseInt(steps[index - 1]!));
}

const approvals = z.object({
  required: whole(0, 16).default(0),
  allowedSigners: optionalText(),
  revokedKeys: optionalText(),
}).refine(({ required, allowedSigners }) => required === 0 || allowedSigners !== null, {
  error: "must have AllowedSigners if Required is above 0: it lists the signers",
});

const logging = z.object({
  format: oneOf(["auto", "json", "text"]).default("auto"),
  level: oneOf(LEVELS).nullable().default(null),
  logLevel: z.record(z.string(), oneOf([...LEVELS, "none"])).default({}),
}).transform(({ format, level, logLevel }): LoggingOptions => {
  const fallback = Object.entries(logLevel).find(([category]) => category.toLowerCase() === "default")?.[1];
  return { format, level: level ?? (fallback === "none" ? "critical" : fallback) ?? "information", logLevel };
});

/** A server tells its own grammar from JSON by the end of the name, in any case of letters. */
const SERVER_PATH = /^[^\0]+\.(honua|hcl)$/i;

/** The default path of the server form: beside the snapshot, `.honua` in place of `.json`. */
function serverPathBeside(path: string): string {
  return `${path.replace(/\.json$/i, "")}.honua`;
}

const schema = z.object({
  highAvailability: highAvailability.prefault({}),
  configurationWatcher: z.object({
    enableFileWatching: yesOrNo().default(true),
    debounceMilliseconds: whole(0, 60_000).default(500),
    logChangeEvents: yesOrNo().default(true),
    validateOnReload: yesOrNo().default(true),
    pollSeconds: whole(0, 3600).default(5),
    environmentFiles: z.array(text()).default([]),
  }).prefault({}),
  honua: z.object({
    configurationV2: z.object({ path: optionalText() }).prefault({}),
    configPath: optionalText(),
  }).prefault({}),
  connectionStrings: z.object({ redis: optionalText().meta({ secret: true }) }).prefault({}),
  snapshot: z.object({
    path: text().default(DEFAULT_SNAPSHOT_PATH),
    serverPath: textOrNone("be a path that ends with .honua or .hcl, or empty", SERVER_PATH).optional(),
    mode: mode.default(0o640),
    group: optionalText(),
  }).transform((snapshot): SnapshotOptions => ({
    ...snapshot,
    serverPath: snapshot.serverPath === undefined ? serverPathBeside(snapshot.path) : snapshot.serverPath,
  })).prefault({}),
  state: z.object({ directory: optionalText() }).prefault({}),
  history: z.object({ keep: whole(0, 1_000).default(20), maxMegabytes: whole(1, 10_240).default(64) }).prefault({}),
  admin: admin.prefault({}),
  hooks: z.object({
    splay: whole(0, 86_400).default(0),
    only: z.array(oneOf(CONFIG_PARTS)).default([]),
    list: z.array(hook).max(MAX_HOOKS, { error: `must have at most ${MAX_HOOKS} hooks` })
      .refine((hooks) => new Set(hooks.map((one) => one.name)).size === hooks.length, {
        error: "must give each hook its own name",
      }).default([]),
  }).prefault({}),
  health: health.prefault({}),
  rollout: rollout.prefault({}),
  approvals: approvals.prefault({}),
  source: z.object({ from: oneOf(SOURCES).default("file") }).prefault({}),
  store: z.object({ keyFile: optionalText() }).prefault({}),
  logging: logging.prefault({}),
}).refine(({ source, highAvailability }) => source.from !== "store" || highAvailability.enabled, {
  path: ["source", "from"],
  error: "must have HighAvailability:Enabled with it if it is store: without Redis nothing has the source",
});

/** The options of `Health` if none is given. */
export const HEALTH_DEFAULTS: HealthOptions = health.parse({});

/** The options of `Rollout` if none is given. */
export const ROLLOUT_DEFAULTS: RolloutOptions = rollout.parse({});

export interface OptionIssue {
  /** Keys of `Options`, and indices of lists. */
  readonly path: readonly string[];
  /** Continues the setting's name: "must be true or false". */
  readonly message: string;
}

/** Checks an input whose keys are those of `Options`; an absent member gets its default. */
export function checkOptions(input: unknown): { ok: true; options: Options } | { ok: false; issues: OptionIssue[] } {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, options: result.data };
  const issues = result.error.issues.map((issue) => ({
    path: issue.path.map(String),
    message: issue.code === "invalid_key" ? issue.issues[0]?.message ?? issue.message : issue.message,
  }));
  return { ok: false, issues };
}

/** The form of a setting: members of known names, a list, names that the operator chooses, or a single value. */
export type OptionShape =
  | { readonly kind: "group"; readonly members: ReadonlyMap<string, OptionMember> }
  | { readonly kind: "list"; readonly item: OptionShape }
  | { readonly kind: "map" }
  | {
    readonly kind: "value";
    /** All possible values if they are words: `true` and `false`, or those of a choice. */
    readonly words?: readonly string[];
  };

export interface OptionMember {
  /** In `Options`: `pollSeconds`. */
  readonly key: string;
  /** As people write it: `PollSeconds`. */
  readonly name: string;
  /** Whether no message may quote the value, or anything below it. */
  readonly secret: boolean;
  readonly shape: OptionShape;
}

/** The schema's own shape; members are found by their name in lower case. */
export const optionShape: OptionShape = shapeOf(schema);

function shapeOf(type: unknown): OptionShape {
  if (type instanceof z.ZodObject) {
    const members = Object.entries(type.shape).map(([key, member]): [string, OptionMember] => {
      const name = key.charAt(0).toUpperCase() + key.slice(1);
      return [key.toLowerCase(), { key, name, secret: member.meta()?.["secret"] === true, shape: shapeOf(member) }];
    });
    return { kind: "group", members: new Map(members) };
  }
  if (type instanceof z.ZodArray) return { kind: "list", item: shapeOf(type.element) };
  if (type instanceof z.ZodRecord) return { kind: "map" };
  if (type instanceof z.ZodPipe) return shapeOf(type.in instanceof z.ZodTransform ? type.out : type.in);
  const isWrapped = [z.ZodDefault, z.ZodPrefault, z.ZodNullable, z.ZodOptional].some((one) => type instanceof one);
  if (isWrapped) return shapeOf((type as z.ZodOptional).unwrap());
  if (type instanceof z.ZodBoolean) return { kind: "value", words: ["true", "false"] };
  if (type instanceof z.ZodEnum) return { kind: "value", words: type.options.map(String) };
  return { kind: "value" };
}

/** The values of all secret settings, for masking, without empty ones. */
export function secretValues(options: Options): string[] {
  return collectSecrets(options, optionShape, false);
}

/** Only the secret words of a command: masking `reload` would make the log unreadable. */
function secretArguments(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const [, name = "", assigned] = /^-{0,2}([\w.-]+)(?:[=:](.*))?$/s.exec(word) ?? [];
    if (assigned !== undefined && isSecretName(name)) return [assigned];
    const before = words[index - 1] ?? "";
    const isNamed = /^-/.test(before) && !before.includes("=") && isSecretName(before) && !/^-/.test(word);
    return isNamed || looksSecret(word) ? [word] : [];
  }).filter((secret) => secret !== "");
}

/** A header's value, whole and after its scheme (RFC 9110, section 11.4), if it is a secret. */
function secretsOfHeader(name: string, value: string): string[] {
  if (!isSecretName(name) && !looksSecret(value)) return [];
  const [, , credentials] = /^(\S+) +(\S.*)$/s.exec(value) ?? [];
  return credentials === undefined ? [value] : [value, credentials];
}

function collectSecrets(value: unknown, shape: OptionShape, secret: boolean): string[] {
  if (typeof value === "string") return secret && value !== "" ? [value] : [];
  if (value === null || typeof value !== "object") return [];
  if (secret && shape.kind === "list") return secretArguments(Object.values(value).map(String));
  if (secret && shape.kind === "map") {
    return Object.entries(value).flatMap(([name, one]) => secretsOfHeader(name, String(one)));
  }
  if (shape.kind !== "group") {
    const item = shape.kind === "list" ? shape.item : shape;
    return Object.values(value).flatMap((one) => collectSecrets(one, item, secret));
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  return [...shape.members.values()].flatMap((one) =>
    collectSecrets(fields.get(one.key), one.shape, secret || one.secret)
  );
}
