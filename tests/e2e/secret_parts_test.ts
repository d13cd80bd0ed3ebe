// A hook that prints a part of a secret shows it nowhere: not in the log, an answer, an event, or to the other instances.
import { assert } from "@std/assert";
import { openClusterInstance } from "../support/cluster_instance.ts";
import { eventually } from "../support/eventually.ts";
import { startRedis } from "../support/redis_server.ts";
import { lookIntoRedis, search, type Seen } from "../support/secret_search.ts";
import { sampleSource } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const IN_STRING = "Zq4~strW";
const IN_URL = "Xj5@urlK;9";
const IN_QUERY = "Vb6+sigH=";
const LITERAL = "Gp7;litR";
const IN_HEADER = "Mf8.hdrT";

/** All of which no four characters that follow each other may be seen. */
const TRACES = [IN_STRING, IN_URL, IN_QUERY, LITERAL, IN_HEADER].flatMap((secret) =>
  Array.from({ length: secret.length - 3 }, (_, at) => secret.slice(at, at + 4))
);

const sourceOf = (title: string) =>
  `${sampleSource(title).replace('env("SAMPLE_CONNECTION")', `"Server=db;Password='${LITERAL}'"`)}
data_source "url" {
  provider   = "postgresql"
  connection = env("IN_URL")
}
data_source "string" {
  provider   = "postgresql"
  connection = env("IN_STRING")
}
data_source "query" {
  provider   = "sqlite"
  connection = env("IN_QUERY")
}
`;

/** The events so far, over the admin socket. */
async function eventsOf(path: string): Promise<string> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const headers = { "Last-Event-ID": "another-0" };
  const response = await fetch("http://localhost/admin/events", { client, headers });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return value;
}

Deno.test("a hook that prints parts of secrets shows none of them to anybody", async () => {
  await using directory = await temporaryDirectory();
  await using redis = await startRedis();
  const headerFile = await directory.write("header", `Basic ${btoa(`hook:${IN_HEADER}`)}\n`);
  const forms = [IN_STRING, IN_URL, encodeURIComponent(IN_URL), IN_QUERY, LITERAL, IN_HEADER, btoa(IN_HEADER)];
  const parts = await directory.write("parts", forms.map((part) => `part ${part}\n`).join(""));
  const hooks = [
    {
      name: "judge",
      on: "check",
      command: ["sh", "-c", `! grep -q bad $HONUA_CONFIGD_CANDIDATE || { cat ${parts}; exit 1; }`],
    },
    { name: "server", command: ["sh", "-c", `cat ${parts} ${headerFile}; exit 1`], retry: { backoffSeconds: 1 } },
    { name: "never", on: "diverged", http: { url: "http://127.0.0.1:9/", headerFiles: { Authorization: headerFile } } },
  ];
  const options = await directory.write("options.json", JSON.stringify({ Hooks: { List: hooks } }));
  await using instance = await openClusterInstance({
    name: "one",
    redis: `${redis.host}:${redis.port}`,
    sourceName: "honua.hcl",
    args: ["--options", options],
    env: {
      SAMPLE_CONNECTION: "Host=unused",
      IN_STRING: `Host=db;Password=${IN_STRING}`,
      IN_URL: `postgres://honua:${encodeURIComponent(IN_URL)}@db/maps`,
      IN_QUERY: `https://blob.example/c?sig=${encodeURIComponent(IN_QUERY)}&se=1`,
    },
  });
  await instance.put(sourceOf("first"));
  await instance.runs("first");
  await instance.daemon.logged(({ msg, output }) =>
    msg.startsWith("Hook server failed") && /part/.test(String(output))
  );
  await instance.put(sourceOf("bad"));
  await instance.daemon.logged(({ outcome }) => outcome === "rejected");
  const seen: Seen = [];
  for (const path of ["/admin/status", "/admin/peers"]) {
    await eventually(`${path} has the rejection`, async () => {
      const { text } = await instance.ask(path);
      return text.includes("did not accept") && seen.push({ where: path, text });
    });
  }
  seen.push({ where: "the events", text: await eventsOf(`${instance.directory}/admin.sock`) });
  assert(seen.at(-1)!.text.includes("event: rejected"));
  await lookIntoRedis(redis, seen);
  assert(seen.some(({ where, text }) => where.includes(":peer:") && text.includes("did not accept")));
  await instance.daemon[Symbol.asyncDispose]();
  seen.push({ where: "the log", text: instance.daemon.output() });
  assert(seen.at(-1)!.text.includes("part [masked]"));
  search(seen, TRACES);
});
