// A snapshot on its way into force: the checks that may keep it from its name, and their diagnostics.
import { assertEquals } from "@std/assert";
import { NO_RELEASES } from "../../src/releases/release.ts";
import { openActivator } from "../../src/daemon/activator.ts";
import { trackChanges } from "../../src/daemon/change_tracker.ts";
import type { Candidate } from "../../src/daemon/look_compiler.ts";
import { type Diagnostic, errorDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import { SUPERSEDED } from "../../src/reload/loop.ts";
import { openStore, type SnapshotStore } from "../../src/snapshot/store.ts";
import { compileSource } from "../../src/compile.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { SAMPLE_CONNECTION, sampleJson } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const NEVER = new AbortController().signal;

type Activator = ReturnType<typeof openActivator>;

/** An activation that leads to no new release. */
type Activate = (...given: DropLast<Parameters<Activator["activate"]>>) => ReturnType<Activator["activate"]>;
type DropLast<T> = T extends [...infer Others, unknown] ? Others : never;

type Hooks = Parameters<typeof openActivator>[0]["hookRunner"];

const NO_HEALTH: Omit<Hooks, "check"> = {
  hasHealth: false,
  health: () => Promise.reject(new Error("asked")),
  activatedState: () => "done",
};

interface Given {
  /** The content hash in force; none unless given. */
  readonly active?: (candidate: Candidate) => string | null;
  readonly health?: Partial<Hooks>;
  readonly baselineRequired?: boolean;
  readonly isForced?: boolean;
}

/** A host with a store, and checks under the test's control. */
async function withHost(
  check: (path: string, serverPath: string | null) => Promise<readonly Diagnostic[]>,
  test: (
    host: { path: string; serverPath: string; activate: Activate },
  ) => Promise<void>,
  { active = () => null, health = {}, baselineRequired = false, isForced = false }: Given = {},
): Promise<void> {
  await using temporary = await temporaryDirectory();
  const directory = temporary.path;
  const path = `${directory}/config.snapshot.json`;
  const serverPath = `${directory}/config.snapshot.honua`;
  const opened = await openStore({ path, serverPath });
  if (!opened.ok) throw new Error(opened.message);
  const store: SnapshotStore = opened.store;
  const hooks = { list: [{ name: "judge", command: ["x"], on: "check" }] };
  const options = checkOptions({ hooks, health: { baselineRequired } });
  if (!options.ok) throw new Error("the options are wrong");
  const { activate } = openActivator({
    options: options.options,
    store,
    changes: trackChanges(opened.existing),
    hookRunner: {
      ...NO_HEALTH,
      ...health,
      check: (_candidate, { candidate, serverCandidate }) => check(candidate, serverCandidate),
    },
    keeper: {
      prepare: () => Promise.resolve(),
      reserve: { keep: () => Promise.resolve({ ok: true }), read: () => Promise.reject(new Error("not asked")) },
    },
    active: () => {
      const contentHash = active(CANDIDATE);
      return contentHash === null ? null : { hash: "other", contentHash };
    },
  });
  await test({
    path,
    serverPath,
    activate: (candidate, signal, limit) => activate(candidate, signal, limit, { releases: NO_RELEASES, isForced }),
  });
}

const COUNTS = { added: 4, removed: 0, changed: 0 };
const CANDIDATE = await candidateOf("first");
const LIMIT = { suspend: () => {}, resume: () => {} };
const ACCEPTS = () => Promise.resolve([]);

async function candidateOf(title: string): Promise<Candidate> {
  await using parser = openBlockParser();
  const source = sourceText("honua.json", sampleJson(title));
  const environment = () => SAMPLE_CONNECTION;
  const compiled = await compileSource({ source, format: "json", environment, validate: true, parser });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  return { ...compiled, text: null };
}

Deno.test("a snapshot that every check accepts is written, and the clock does not advance during the checks", async () => {
  const order: string[] = [];
  const check = async (temporary: string) => {
    order.push((await Deno.stat(temporary)).isFile ? "checked" : "nothing");
    return [];
  };
  await withHost(check, async ({ path, activate }) => {
    const limit = { suspend: () => void order.push("suspended"), resume: () => void order.push("resumed") };
    assertEquals(await activate(CANDIDATE, NEVER, limit), { kind: "written", counts: COUNTS });
    assertEquals(order, ["suspended", "checked", "resumed"]);
    assertEquals(await Deno.readFile(path), CANDIDATE.snapshot.bytes);
  });
});

Deno.test("a refused snapshot is not there, and the refusal has its reason", async () => {
  const refusal = errorDiagnostic("hook/check-failed", "No");
  await withHost(() => Promise.resolve([refusal]), async ({ path, activate }) => {
    const result = await activate(CANDIDATE, NEVER, LIMIT);
    assertEquals(result, { kind: "refused", reason: "error: No [hook/check-failed]", diagnostics: [refusal] });
    assertEquals(await Deno.stat(path).catch(() => null), null);
  });
});

Deno.test("a check that changes or removes the candidate is a refusal", async () => {
  for (const meddle of [(path: string) => Deno.writeTextFile(path, "{}"), (path: string) => Deno.remove(path)]) {
    const check = async (path: string) => {
      await meddle(path);
      return [];
    };
    await withHost(check, async ({ path, activate }) => {
      const result = await activate(CANDIDATE, NEVER, LIMIT);
      assertEquals(result.kind === "refused" && result.diagnostics[0]?.code, "hook/candidate-changed");
      assertEquals(await Deno.stat(path).catch(() => null), null);
    });
  }
});

Deno.test("a check that is aborted says whether it is for a newer source or permanently", async () => {
  for (const [reason, kind] of [[SUPERSEDED, "superseded"], [undefined, "failed"]] as const) {
    const controller = new AbortController();
    const check = () => {
      controller.abort(reason);
      return Promise.resolve([]);
    };
    await withHost(check, async ({ path, activate }) => {
      assertEquals((await activate(CANDIDATE, controller.signal, LIMIT)).kind, kind);
      assertEquals(await Deno.stat(path).catch(() => null), null);
    });
  }
});

Deno.test("if the content is in force already no check runs", async () => {
  const check = () => Promise.reject(new Error("asked"));
  const active = ({ snapshot }: Candidate) => snapshot.contentHash;
  await withHost(check, async ({ activate }) => {
    assertEquals(await activate(CANDIDATE, NEVER, LIMIT), { kind: "written", counts: COUNTS });
  }, { active, health: { hasHealth: true }, baselineRequired: true });
});

const SICK = { ok: false, reason: "hook answers failed: answered 503" } as const;
const OTHER = () => "other";

Deno.test("health before a change of the content is part of its result, and the limit is suspended meanwhile", async () => {
  for (const [result, baseline] of [[{ ok: true }, "healthy"], [SICK, "sick"]] as const) {
    const order: string[] = [];
    const limit = { suspend: () => void order.push("suspended"), resume: () => void order.push("resumed") };
    const check = () => Promise.resolve(void order.push("checked")).then(() => []);
    const health = () => Promise.resolve(void order.push("asked")).then(() => result);
    await withHost(check, async ({ activate }) => {
      assertEquals(await activate(CANDIDATE, NEVER, limit), { kind: "written", counts: COUNTS, baseline });
      assertEquals(order, ["suspended", "asked", "resumed", "suspended", "checked", "resumed"]);
    }, { active: OTHER, health: { hasHealth: true, health } });
  }
});

Deno.test("if health is required before a change, servers that are not healthy keep it from being written", async () => {
  const health = { hasHealth: true, health: () => Promise.resolve(SICK) };
  await withHost(() => Promise.reject(new Error("checked")), async ({ path, activate }) => {
    const result = await activate(CANDIDATE, NEVER, LIMIT);
    assertEquals(result.kind === "refused" && result.diagnostics.map(({ code, summary }) => [code, summary]), [
      ["health/baseline", "The servers were not healthy before the change: hook answers failed: answered 503"],
    ]);
    assertEquals(await Deno.stat(path).catch(() => null), null);
  }, { active: OTHER, health, baselineRequired: true });
});

Deno.test("force overrules health that is required, also if it leads to no new release", async () => {
  const health = { hasHealth: true, health: () => Promise.resolve(SICK) };
  await withHost(ACCEPTS, async ({ activate }) => {
    assertEquals(await activate(CANDIDATE, NEVER, LIMIT), { kind: "written", counts: COUNTS, baseline: "sick" });
  }, { active: OTHER, health, baselineRequired: true, isForced: true });
});

Deno.test("health is not asked while servers are restarted, nor if nothing is in force", async () => {
  const cases: readonly Given[] = [
    { active: OTHER, health: { hasHealth: true, activatedState: () => "running" } },
    { health: { hasHealth: true } },
    { active: OTHER },
  ];
  for (const given of cases) {
    await withHost(ACCEPTS, async ({ activate }) => {
      assertEquals(await activate(CANDIDATE, NEVER, LIMIT), { kind: "written", counts: COUNTS });
    }, { ...given, baselineRequired: true });
  }
});

Deno.test("an activation that is given up while health is asked is neither written nor refused", async () => {
  for (const [reason, kind] of [[SUPERSEDED, "superseded"], [undefined, "failed"]] as const) {
    const controller = new AbortController();
    const health = () => {
      controller.abort(reason);
      return Promise.resolve(SICK);
    };
    await withHost(ACCEPTS, async ({ path, activate }) => {
      assertEquals((await activate(CANDIDATE, controller.signal, LIMIT)).kind, kind);
      assertEquals(await Deno.stat(path).catch(() => null), null);
    }, { active: OTHER, health: { hasHealth: true, health }, baselineRequired: true });
  }
});

Deno.test("a write that is aborted before its beginning does not begin", async () => {
  await withHost(ACCEPTS, async ({ activate }) => {
    assertEquals((await activate(CANDIDATE, AbortSignal.abort(), LIMIT)).kind, "failed");
  });
});

Deno.test("a check is shown the server form too, and one that changes it is a refusal of both", async () => {
  let meddles = false;
  const check = async (_path: string, serverPath: string | null) => {
    assertEquals((await Deno.stat(serverPath!)).size, CANDIDATE.serverForm.byteLength);
    if (meddles) await Deno.writeTextFile(serverPath!, "\n", { append: true });
    return [];
  };
  await withHost(check, async ({ path, serverPath, activate }) => {
    meddles = true;
    const refused = await activate(CANDIDATE, NEVER, LIMIT);
    assertEquals(refused.kind === "refused" && refused.diagnostics[0]?.code, "hook/candidate-changed");
    for (const one of [path, serverPath]) assertEquals(await Deno.stat(one).catch(() => null), null);
    meddles = false;
    assertEquals(await activate(CANDIDATE, NEVER, LIMIT), { kind: "written", counts: COUNTS });
    assertEquals((await Deno.stat(serverPath)).size, CANDIDATE.serverForm.byteLength);
  });
});
