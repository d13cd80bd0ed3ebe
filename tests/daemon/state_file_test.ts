// The state that is kept over a restart: the agreement and the finished hooks, each for itself.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MAX_GENERATION } from "../../src/agreement/head.ts";
import { MAX_INSTANCE_LENGTH } from "../../src/cluster/peer_record.ts";
import { type KeptState, readState, stateKeeper } from "../../src/daemon/state_file.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import { MAX_SKIPS } from "../../src/agreement/skip.ts";
import { KEPT_FAILURE } from "../../src/hooks/decide_hooks.ts";
import { type Ledger, MAX_UNANSWERED, NEW_LEDGER } from "../../src/agreement/agreement.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const SCOPE = { channel: "honua:config:changes", snapshot: "/var/lib/honua-configd/config.snapshot.json" };
const HASH = "ab".repeat(32);
const KEPT: KeptState = {
  ledger: { ...NEW_LEDGER, seen: 4, agreed: { generation: 4, hash: HASH } },
  peer: "edge-1:0123456789ab",
  hooks: new Map([["nginx", HASH], ["constructor", KEPT_FAILURE]]),
};

async function withState(test: (path: string) => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory();
  await test(directory.file("state.json"));
}

async function keep(path: string, ...changed: readonly Partial<KeptState>[]): Promise<void> {
  await using keeper = stateKeeper(path, SCOPE, { ledger: NEW_LEDGER, peer: null, hooks: new Map() }, (trouble) => {
    if (trouble !== null) throw new Error(trouble);
  });
  for (const one of changed) keeper.keep(one);
  await keeper.kept();
}

Deno.test("the kept state is read again, each part as it was kept last", async () => {
  await withState(async (path) => {
    await keep(path, { hooks: new Map([["old", HASH]]) }, { ledger: KEPT.ledger, peer: KEPT.peer }, {
      hooks: KEPT.hooks,
    });
    assertEquals(await readState(path, SCOPE), { ...KEPT, trouble: null });
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  });
});

Deno.test("the most that the options allow is kept and read again", async () => {
  const list = Array.from({ length: 64 }, (_, index) => {
    return { Name: String(index).padStart(2, "0") + "\ufffd".repeat(62), Command: ["true"] };
  });
  const given = {
    HighAvailability: { ConfigurationChannel: "\u0001".repeat(256) },
    Snapshot: { Path: "\u0001".repeat(4_096) },
    Hooks: list,
  };
  const read = readOptions({ flags: [], environment: {}, file: sourceText("options", JSON.stringify(given)) });
  assert(read.ok, JSON.stringify(read));
  const { highAvailability: { configurationChannel: channel }, snapshot: { path: snapshot }, hooks } = read.options;
  const ledger = {
    ...KEPT.ledger,
    seen: MAX_GENERATION,
    diverged: { generation: MAX_GENERATION, hash: HASH },
    concluded: HASH,
    unanswered: Array.from({ length: MAX_UNANSWERED }, () => HASH),
    owed: { hash: HASH, base: HASH, undoes: Array.from({ length: MAX_SKIPS }, () => HASH) },
  };
  const peer = `${"\ufffd".repeat(MAX_INSTANCE_LENGTH)}:0123456789ab`;
  const kept = { ledger, peer, hooks: new Map(hooks.list.map(({ name }) => [name, HASH])) };
  await withState(async (path) => {
    const scope = { channel, snapshot };
    await using keeper = stateKeeper(path, scope, kept, () => {});
    keeper.keep({});
    await keeper.kept();
    assertEquals(await readState(path, scope), { ...kept, trouble: null });
  });
});

Deno.test("under another channel the ledger does not count, and the hooks do", async () => {
  await withState(async (path) => {
    await keep(path, KEPT);
    const { ledger, peer, hooks, trouble } = await readState(path, { ...SCOPE, channel: "other" });
    assertEquals([ledger, peer, [...hooks.keys()]], [NEW_LEDGER, null, ["nginx", "constructor"]]);
    assertMatch(String(trouble), /is about another channel$/);
  });
});

Deno.test("under another snapshot nothing counts", async () => {
  await withState(async (path) => {
    await keep(path, KEPT);
    const { ledger, hooks, trouble } = await readState(path, { ...SCOPE, snapshot: "/other.json" });
    assertEquals([ledger, hooks.size], [NEW_LEDGER, 0]);
    assertMatch(String(trouble), /is about another snapshot/);
  });
});

Deno.test("a state that is missing is no trouble, one that is damaged, too large or unreadable is", async () => {
  await withState(async (path) => {
    assertEquals((await readState(path, SCOPE)).trouble, null);
    await Deno.writeTextFile(path, '{"format":1');
    assertMatch(String((await readState(path, SCOPE)).trouble), /is damaged$/);
    await Deno.writeTextFile(path, "x".repeat(70_000));
    assertMatch(String((await readState(path, SCOPE)).trouble), /has more than 65536 bytes$/);
    assertMatch(String((await readState(`${path}/below`, SCOPE)).trouble), /cannot be read: ENOTDIR$/);
  });
});

Deno.test("a value out of bounds in a ledger costs that member and no other, and no hook", async () => {
  const { ledger } = KEPT;
  const whole = { ...ledger, diverged: { generation: 3, hash: HASH }, concluded: HASH, unanswered: [HASH] };
  const last = 2 ** 52;
  const cases: [Record<string, unknown>, Partial<Ledger>, string][] = [
    [{ seen: 2 ** 53 - 1 }, { seen: last }, "seen"],
    [
      { seen: 2 ** 53 - 1, agreed: { generation: 2 ** 53 - 1, hash: HASH } },
      { seen: last, agreed: { generation: last, hash: HASH } },
      "agreed, seen",
    ],
    [{ seen: -1 }, { seen: 4 }, "seen"],
    [{ seen: "4" }, { seen: 4 }, "seen"],
    [{ agreed: { generation: 0, hash: HASH } }, { agreed: null }, "agreed"],
    [{ agreed: { generation: 4, hash: HASH.toUpperCase() } }, { agreed: null }, "agreed"],
    [{ diverged: { generation: 9, hash: HASH } }, { diverged: { generation: 9, hash: HASH }, seen: 9 }, ""],
    [{ diverged: [] }, { diverged: null }, "diverged"],
    [{ concluded: "x" }, { concluded: null }, "concluded"],
    [{ unanswered: ["x"] }, { unanswered: [] }, "unanswered"],
    [{ owed: { hash: HASH } }, { owed: null }, "owed"],
    [{ owed: undefined }, { owed: null }, "owed"],
    [{ owed: { hash: HASH, base: null, undoes: ["x"] } }, { owed: null }, "owed"],
  ];
  await withState(async (path) => {
    for (const [wrong, repaired, members] of cases) {
      const hooks = Object.fromEntries(KEPT.hooks);
      await Deno.writeTextFile(path, JSON.stringify({ format: 1, ...SCOPE, ...whole, ...wrong, hooks }));
      const trouble = members === "" ? null : `${path} has an impossible value (${members})`;
      assertEquals(await readState(path, SCOPE), {
        ledger: { ...whole, ...repaired },
        peer: null,
        hooks: KEPT.hooks,
        trouble,
      });
    }
    await Deno.writeTextFile(path, JSON.stringify({ format: 1, ...SCOPE, ...whole, hooks: { one: HASH, two: 1 } }));
    const { hooks, trouble } = await readState(path, SCOPE);
    assertEquals([[...hooks], trouble], [[["one", HASH]], `${path} has an impossible value (hooks)`]);
  });
});

Deno.test("a state from before there were hooks is read as one without", async () => {
  await withState(async (path) => {
    await Deno.writeTextFile(path, JSON.stringify({ format: 1, ...SCOPE, ...NEW_LEDGER }));
    assertEquals(await readState(path, SCOPE), { ledger: NEW_LEDGER, peer: null, hooks: new Map(), trouble: null });
  });
});
