// A session with Redis over servers that answer as a test wants: the targets of its requests, its end, and that it
// leaves nothing behind.
import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { dial } from "../../../src/cluster/redis/redis_notifier.ts";
import { keysOf } from "../../../src/cluster/redis/redis_scripts.ts";
import type { Dial } from "../../../src/cluster/redis/redis_servers.ts";
import { endpointOf, openSession, withoutSelf } from "../../../src/cluster/redis/redis_session.ts";
import { eventually } from "../../support/eventually.ts";
import { type LyingRedis, startLyingRedis } from "../../support/lying_redis.ts";
import { CHANNEL, singleTo } from "./redis_notifying.ts";

const HELLO = "*4\r\n$4\r\nmode\r\n$7\r\ncluster\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";
const SOUND: Readonly<Record<string, string>> = {
  hello: HELLO,
  subscribe: "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n",
  ping: "*2\r\n$4\r\npong\r\n$0\r\n\r\n",
};
const SCRIPT = { sha: "f".repeat(40), text: "return 7" };
const NO_HEAD = "*0\r\n";

type Answers = Record<string, string | (() => string | Promise<string>)>;

interface Node extends LyingRedis {
  /** Its answer to the script of a test, and to others, in place of the sound one. */
  answers: Answers;
  readonly asked: string[];
}

/** A node of a cluster; `script` means the script of these tests, `evalsha` reading the head. */
function startNode(answers: Answers = {}): Node {
  const node = {
    answers,
    asked: [] as string[],
  };
  const liar = startLyingRedis((words) => {
    const command = words[1] === SCRIPT.sha ? "script" : words[0]!;
    node.asked.push(command);
    const answer = node.answers[command] ?? (command === "evalsha" ? NO_HEAD : SOUND[command] ?? ":7\r\n");
    return typeof answer === "string" ? answer : answer();
  });
  return Object.assign(node, liar);
}

const movedTo = ({ port }: Node) => `-MOVED 1 127.0.0.1:${port}\r\n`;
const askingAt = ({ port }: Node) => `-ASK 1 127.0.0.1:${port}\r\n`;

/** Opens sessions of which every connection is known; disposing it closes them. */
function openTracked(
  node: Node,
  { heartbeatMilliseconds = 60_000, onSubscribed = (_abort: () => void) => {}, onMoved = () => {} } = {},
) {
  const ending = new AbortController();
  const { signal } = ending;
  const connection = singleTo(node);
  const gone: Promise<unknown>[] = [];
  const state = { open: 0, resubscribed: 0 };
  const dialling: Dial = async (endpoint, heard) => {
    const wire = await dial(endpoint, { connection, signal, commandMilliseconds: 5_000, heard });
    state.open++;
    gone.push(wire.closed.then(() => state.open--));
    const call: typeof wire.call = async (command, ...words) => {
      const answer = await wire.call(command, ...words);
      if (command === "subscribe") onSubscribed(() => ending.abort());
      return answer;
    };
    return { ...wire, call };
  };
  return {
    state,
    open: () =>
      openSession({
        dial: dialling,
        transferCaller: () => Promise.resolve({ dial: dialling, connection }),
        connection,
        channel: CHANNEL,
        keys: keysOf(CHANNEL),
        heartbeatMilliseconds,
        heard: () => {},
        resubscribed: () => {
          state.resubscribed++;
          onMoved();
        },
        signal,
      }),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(gone);
    },
  };
}

Deno.test("a session follows its slot with both connections, again and again, and ends with the last ones", async () => {
  await using first = startNode();
  await using second = startNode();
  const third = startNode();
  await using stay = openTracked(first);
  const session = await stay.open();
  assertEquals(await session.run(SCRIPT, ["k"], []), 7);
  first.answers.script = movedTo(second);
  assertEquals(await session.run(SCRIPT, ["k"], []), 7);
  second.answers.script = movedTo(third);
  assertEquals(await session.run(SCRIPT, ["k"], []), 7);
  assertEquals(stay.state.resubscribed, 2);
  await eventually("the connections that were left to be closed", () => stay.state.open === 2);
  assertEquals(third.asked.filter((command) => command === "subscribe").length, 1);
  await third[Symbol.asyncDispose]();
  assertEquals(await session.lost, `The connection to Redis was closed (127.0.0.1:${third.port})`);
});

Deno.test("a request at a node that is being left is answered, and moves nothing again", async () => {
  const held = Promise.withResolvers<string>();
  await using next = startNode();
  await using node = startNode();
  await using stay = openTracked(node, { onMoved: () => held.resolve(movedTo(next)) });
  const session = await stay.open();
  const answers = [movedTo(next), held.promise];
  node.answers.script = () => answers.shift()!;
  const both = [session.run(SCRIPT, ["k"], []), session.run(SCRIPT, ["k"], [])];
  assertEquals([await Promise.all(both), stay.state.resubscribed], [[7, 7], 1]);
  await eventually("the connections that were left to be closed", () => stay.state.open === 2);
  // A node that refuses the question is left anyway.
  const third = startNode();
  next.answers = { script: movedTo(third), ping: "-NOPERM x\r\n" };
  assertEquals(await session.run(SCRIPT, ["k"], []), 7);
  await eventually("the connections that were left to be closed", () => stay.state.open === 2);
  await third[Symbol.asyncDispose]();
  await session.lost;
});

Deno.test("a request that is sent on without end is given up after five moves, and the session goes on", async () => {
  await using node = startNode();
  await using stay = openTracked(node);
  const session = await stay.open();
  node.answers.script = movedTo(node);
  await assertRejects(() => session.run(SCRIPT, ["k"], []), Error, "MOVED");
  assertEquals([node.asked.filter((command) => command === "script").length, stay.state.resubscribed], [6, 5]);
  node.answers = {};
  assertEquals(await session.run(SCRIPT, ["k"], []), 7);
});

Deno.test("a session begins at the node of its slot, and leaves no connection to the nodes that sent it on", async () => {
  await using owner = startNode();
  await using other = startNode({ evalsha: movedTo(owner) });
  await using stay = openTracked(other);
  await stay.open();
  assertEquals([stay.state.open, other.asked], [2, ["hello", "evalsha"]]);
  owner.answers.evalsha = movedTo(owner);
  await using lost = openTracked(other);
  await assertRejects(lost.open, Error, "MOVED");
  assertEquals(lost.state.open, 0);
});

Deno.test("while a slot moves a session begins anyway, and other answers are none to begin with", async () => {
  await using node = startNode();
  for (const code of ["ASK 1 127.0.0.1:1", "TRYAGAIN x"]) {
    node.answers.evalsha = `-${code}\r\n`;
    await using stay = openTracked(node);
    await stay.open();
    assertEquals(stay.state.open, 2, code);
  }
  for (const [answer, reason] of [["-BUSY x\r\n", "busy"], [":7\r\n", "The server is not Redis"]] as const) {
    node.answers.evalsha = answer;
    await using stay = openTracked(node);
    await assertRejects(stay.open, Error, reason);
  }
});

Deno.test("a request is asked once at the next node of its slot, and that connection is left after any answer", async () => {
  await using next = startNode();
  await using node = startNode({ script: askingAt(next) });
  await using stay = openTracked(node);
  const session = await stay.open();
  assertEquals(await session.run(SCRIPT, ["k"], []), 7);
  assertEquals([next.asked, stay.state], [["hello", "asking", "eval"], { open: 2, resubscribed: 0 }]);
  next.answers.asking = "-NOPERM User x has no permissions to run the 'asking' command\r\n";
  next.asked.length = 0;
  await assertRejects(() => session.run(SCRIPT, ["k"], []), Error, "the command asking");
  assertEquals([next.asked, stay.state.open], [["hello", "asking"], 2]);
});

Deno.test("a script that a server does not know is sent whole, and one that it refuses is not", async () => {
  await using node = startNode({ script: "-NOSCRIPT No matching script.\r\n" });
  await using stay = openTracked(node);
  const session = await stay.open();
  assertEquals(await session.run(SCRIPT, ["k"], ["a"]), 7);
  assertEquals(node.asked.slice(-2), ["script", "eval"]);
  node.answers.script = "-OOM x\r\n";
  await assertRejects(() => session.run(SCRIPT, ["k"], []), Error, "out of memory");
  assertEquals(node.asked.at(-1), "script");
});

Deno.test("a transfer follows its slot on its own connection, moves no other, and is given up after five moves", async () => {
  await using last = startNode({ set: "$2\r\nOK\r\n" });
  await using second = startNode({ set: askingAt(last) });
  await using first = startNode({ set: movedTo(second) });
  await using stay = openTracked(first);
  const session = await stay.open();
  assertEquals(String(await session.transfer("set", "k", Buffer.from([0, 255]))), "OK");
  assertEquals(last.asked, ["hello", "asking", "set"]);
  assertEquals([stay.state.open, stay.state.resubscribed], [2, 0]);
  second.answers.set = movedTo(first);
  await assertRejects(() => session.transfer("set", "k", ""), Error, "MOVED");
  assertEquals(await session.run(SCRIPT, ["k"], []), 7);
  assertEquals(stay.state.open, 2);
});

Deno.test("a request that shows the server to be of no use ends the session, and another refusal does not", async () => {
  for (const [answer, isLost] of [["-BUSY x\r\n", false], ["-READONLY x\r\n", true], ["%1\r\n", true]] as const) {
    for (const command of ["script", "publish"]) {
      await using node = startNode({ [command]: answer });
      await using stay = openTracked(node);
      const session = await stay.open();
      let reason: string | null = null;
      const losing = session.lost.then((why) => reason = why);
      const asking = command === "script" ? session.run(SCRIPT, ["k"], []) : session.publish("/a");
      const { message } = await assertRejects(() => asking, Error);
      if (isLost) await losing;
      assertEquals(reason, isLost ? message : null, answer);
    }
  }
});

Deno.test("a heartbeat that is denied, or answered by something else, ends the session", async () => {
  const cases = [
    [
      "-NOPERM User x has no permissions to run the 'evalsha' command\r\n",
      "does not allow its user the command evalsha",
    ],
    ["-LOADING x\r\n", "still loading"],
    [":7\r\n", "The server is not Redis"],
  ] as const;
  for (const [answer, reason] of cases) {
    await using node = startNode();
    await using stay = openTracked(node, { heartbeatMilliseconds: 1 });
    const { lost } = await stay.open();
    node.answers.evalsha = answer;
    const reported = await lost;
    assertEquals(reported.includes(reason), true, reported);
  }
  await using node = startNode();
  await using stay = openTracked(node, { heartbeatMilliseconds: 1 });
  const { lost } = await stay.open();
  node.answers.ping = "-NOPERM User x has no permissions to run the 'ping' command\r\n";
  assertEquals(await lost, "Redis does not allow its user the command ping");
});

Deno.test("a session that nobody wants any more when it is there leaves no timer", async () => {
  await using node = startNode();
  await using stay = openTracked(node, { onSubscribed: (abort) => abort() });
  await stay.open();
});

Deno.test("a publisher is no receiver, and an invalid count is 0", () => {
  assertEquals([0, 1, 2, 5, -1, 1.5, NaN, Infinity].map(withoutSelf), [0, 0, 1, 4, 0, 0, 0, 0]);
});

Deno.test("a node that does not know its own name sends its clients to itself", () => {
  const from = (endpoint: Parameters<typeof endpointOf>[1]["endpoint"]) =>
    ({ endpoint }) as Parameters<typeof endpointOf>[1];
  const at = (host: string, wire = from({ host: "here", port: 1 })) =>
    endpointOf({ kind: "MOVED", host, port: 7 }, wire);
  assertEquals(["there", "", "?"].map((host) => at(host)), [
    { host: "there", port: 7 },
    { host: "here", port: 7 },
    { host: "here", port: 7 },
  ]);
  assertEquals(at("", from({ path: "/run/redis.sock" })), { host: "127.0.0.1", port: 7 });
});
