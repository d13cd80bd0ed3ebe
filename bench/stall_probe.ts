// Asks a daemon whether it lives, every few milliseconds, and notes how long each answer took: an event loop that is
// held answers nobody. It runs as a worker, so that the bench's own work delays no question.

/** A message of the bench to the worker: a socket to ask at, or a request for the notes since the last one. */
export type ProbeCommand = { readonly kind: "ask"; readonly socket: string } | { readonly kind: "take" };

/** A message of the worker to the bench. */
export type ProbeReply =
  | { readonly kind: "taken"; readonly milliseconds: readonly number[] }
  | { readonly kind: "failed"; readonly reason: string };

/** From one question to the next; an answer that takes longer is waited for. */
const EVERY_MILLISECONDS = 5;

/** A daemon that has not opened its socket by then never will. */
const OPEN_LIMIT_MILLISECONDS = 20_000;

const QUESTION = new TextEncoder().encode("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");

/** The part of a worker's global scope that is needed here. */
interface WorkerScope {
  postMessage(message: ProbeReply): void;
  onmessage: ((event: MessageEvent<ProbeCommand>) => void) | null;
}

const scope = self as unknown as WorkerScope;
let noted: number[] = [];

scope.onmessage = ({ data }) => {
  if (data.kind === "take") {
    scope.postMessage({ kind: "taken", milliseconds: noted });
    noted = [];
    return;
  }
  ask(data.socket).catch((error) => scope.postMessage({ kind: "failed", reason: String(error) }));
};

async function ask(socket: string): Promise<void> {
  const connection = await connected(socket);
  const buffer = new Uint8Array(16 * 1024);
  for (;;) {
    const begun = performance.now();
    await connection.write(QUESTION);
    await answered(connection, buffer);
    const took = performance.now() - begun;
    noted.push(took);
    await sleep(Math.max(0, EVERY_MILLISECONDS - took));
  }
}

async function connected(path: string): Promise<Deno.UnixConn> {
  const begun = performance.now();
  for (;;) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (performance.now() - begun > OPEN_LIMIT_MILLISECONDS) throw error;
      await sleep(1);
    }
  }
}

/** Reads one answer to its end. */
async function answered(connection: Deno.UnixConn, buffer: Uint8Array): Promise<void> {
  let text = "";
  while (!isWhole(text)) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("the daemon closed the connection");
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  if (!text.startsWith("HTTP/1.1 200")) throw new Error(`the daemon answered ${text.slice(0, 40)}`);
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: (\d+)$/mi.exec(text.slice(0, end).replaceAll("\r", ""));
  return length === null ? text.endsWith("\r\n0\r\n\r\n") : text.length >= end + 4 + Number(length[1]);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
