// A listener with TLS that takes up a changed certificate without a restart. A pair that cannot be read, or does not
// match, leaves the old one in use.
import { readRegularFile } from "../host/regular_file.ts";
import { identifyFile } from "../source/source_file.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { pause } from "../time/pause.ts";
import type { ListenAddress, ListenerRefusal, LookResult } from "./entrance.ts";
import { type Acceptor, replaceableListener } from "./replaceable_listener.ts";

/** PEM files. */
export interface PairFiles {
  /** The certificate, and those between it and its authority. */
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface OpenedTcp {
  readonly ok: true;
  readonly listener: Acceptor;
  readonly addr: Deno.NetAddr;
  /** As of `OpenedListener`. */
  readonly look: () => Promise<LookResult | null>;
}

interface Pair {
  readonly ok: true;
  readonly cert: string;
  readonly key: string;
}

type Port = Pick<ListenAddress, "hostname" | "port">;

type Failure = { readonly ok: false; readonly message: string };

/** A chain of certificates is some KiB. */
const MAX_PEM_BYTES = 1024 * 1024;

/** Listens with the pair that the files hold. */
export async function openTlsListener(
  address: ListenAddress,
  files: PairFiles,
  clock: Clock = systemClock,
): Promise<OpenedTcp | ListenerRefusal> {
  let known = await identifyPair(files);
  const read = await readPair(files);
  if (!read.ok) return { ...read, isOption: false };
  let pair = read;
  const first = listenWith(pair, address, files);
  if (!first.ok) return { ...first, isOption: false };
  const addr = first.listener.addr as Deno.NetAddr;
  const listener = replaceableListener(first.listener);
  let suspect = "";
  let isLost = false;
  let fault: LookResult | null = null;
  const listenWithPair = async (news: string): Promise<LookResult> => {
    try {
      isLost = true;
      await listener.replace(() => listenAgain(pair, { hostname: address.hostname, port: addr.port }, clock));
      isLost = false;
      return { level: "information", lasts: false, message: news };
    } catch (error) {
      return { level: "error", lasts: true, message: portTrouble(addr, error) };
    }
  };
  const look = async (): Promise<LookResult | null> => {
    if (isLost) return await listenWithPair(`Port ${addr.port} of ${addr.hostname} is listened on again`);
    const now = await identifyPair(files);
    if (now === known) return fault;
    const next = tried(await readPair(files), files);
    if (!next.ok) {
      // Certificate and key are mostly replaced one after the other: a failure must last for two looks before it is
      // reported.
      if (suspect === now) {
        known = now;
        const message = `${next.message}: the certificate of before stays in use`;
        fault = { level: "warning", lasts: true, message };
      }
      suspect = now;
      return fault;
    }
    known = now;
    fault = null;
    if (next.cert === pair.cert && next.key === pair.key) return null;
    pair = next;
    return await listenWithPair(`The certificate of the admin interface is another: ${files.certificateFile}`);
  };
  return { ok: true, listener, addr, look };
}

/** Why the pair in the files cannot be used, in one line; null: it can. */
export async function pairTrouble(files: PairFiles): Promise<string | null> {
  const pair = tried(await readPair(files), files);
  return pair.ok ? null : pair.message;
}

async function identifyPair({ certificateFile, keyFile }: PairFiles): Promise<string> {
  return (await Promise.all([certificateFile, keyFile].map(identifyFile))).join("\n");
}

async function readPair({ certificateFile, keyFile }: PairFiles): Promise<Pair | Failure> {
  const [cert, key] = [await readPem(certificateFile), await readPem(keyFile)];
  if (!cert.ok) return cert;
  return key.ok ? { ok: true, cert: cert.pem, key: key.pem } : key;
}

async function readPem(path: string): Promise<{ readonly ok: true; readonly pem: string } | Failure> {
  try {
    const bytes = await readRegularFile(path, MAX_PEM_BYTES);
    if (bytes.length <= MAX_PEM_BYTES) return { ok: true, pem: new TextDecoder().decode(bytes) };
    return { ok: false, message: `${path} is larger than ${MAX_PEM_BYTES} bytes: name a file in PEM` };
  } catch (error) {
    return { ok: false, message: `${path} cannot be read: ${reasonOf(error)}: let the daemon's user read it` };
  }
}

function listenWith(
  { cert, key }: Pair,
  { hostname, port }: Port,
  { certificateFile, keyFile }: PairFiles,
): { readonly ok: true; readonly listener: Deno.TlsListener } | Failure {
  try {
    return { ok: true, listener: Deno.listenTls({ hostname, port, cert, key }) };
  } catch (error) {
    if (isOfSystem(error)) return { ok: false, message: portTrouble({ hostname, port }, error) };
    const what = `${certificateFile} and ${keyFile} are no certificate and its key: ${reasonOf(error)}`;
    return { ok: false, message: `${what}: put a certificate and its key there, in PEM` };
  }
}

/** Only listening shows whether certificate and key match. */
function tried(pair: Pair | Failure, files: PairFiles): Pair | Failure {
  if (!pair.ok) return pair;
  const listening = listenWith(pair, { hostname: "127.0.0.1", port: 0 }, files);
  if (!listening.ok) return listening;
  listening.listener.close();
  return pair;
}

/** The port becomes free when the pending accept of the old listener has noticed its end, in one of the next turns. */
const REOPEN_ATTEMPTS = 100;
const REOPEN_WAIT_MILLISECONDS = 10;
const NEVER = new AbortController().signal;

/** SO_REUSEPORT would refuse as many connections, and let two daemons share a port without an error (Deno 2.7.11). */
async function listenAgain({ cert, key }: Pair, { hostname, port }: Port, clock: Clock): Promise<Deno.TlsListener> {
  for (let attempt = 1;; attempt++) {
    try {
      return Deno.listenTls({ hostname, port, cert, key });
    } catch (error) {
      if (attempt === REOPEN_ATTEMPTS) throw error;
      await pause(attempt === 1 ? 0 : REOPEN_WAIT_MILLISECONDS, NEVER, clock);
    }
  }
}

/** Why a port cannot be listened on, in one line. */
export function portTrouble({ hostname, port }: Pick<ListenAddress, "hostname" | "port">, error: unknown): string {
  const advice = "free it, or name another with Admin:Listen";
  return `Port ${port} of ${hostname} cannot be listened on: ${reasonOf(error)}: ${advice}`;
}

/** An error of the system has its code (EADDRINUSE), one of TLS has none. */
function isOfSystem(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === "string";
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(/, | \(os error/)[0]!;
}
