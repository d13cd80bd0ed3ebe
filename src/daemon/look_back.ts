// The look at an earlier release: its text is compiled in the current environment. If it cannot be had or does not
// compile any more, and the files of that release are the reserve, these are the candidate.
import { createHash } from "node:crypto";
import { sourceText } from "../diagnostic/range.ts";
import { renderLine } from "../diagnostic/render.ts";
import { warningDiagnostic } from "../diagnostic/diagnostic.ts";
import type { LookOutcome } from "../reload/events.ts";
import { readEnvironmentFiles } from "../source/inputs.ts";
import { decodeSource } from "../source/source_file.ts";
import { type Candidate, type Known, type LookCompiler, wanted } from "./look_compiler.ts";
import type { MaskedSecrets } from "./masked_secrets.ts";
import type { ReleaseKeeper } from "./release_keeper.ts";
import { compilationOf } from "./reserve_compilation.ts";

/** The parts of a look at an earlier release. */
export interface LookBackTools {
  readonly compiler: LookCompiler;
  readonly keeper: Pick<ReleaseKeeper, "textOf" | "reserve">;
  readonly secrets: Pick<MaskedSecrets, "remember">;
  /** As the options name them. */
  readonly environmentFiles: readonly string[];
}

/** Looks at the release of a hash, and changes nothing. */
export async function lookBackAt(
  hash: string,
  tools: LookBackTools,
  signal: AbortSignal,
): Promise<LookOutcome<Candidate>> {
  const { compiler, keeper, secrets } = tools;
  const read = await wanted(keeper.textOf(hash), signal);
  if (!read.ok) return await reserveOf(hash, read.message, tools, signal);
  const files = await wanted(readEnvironmentFiles(tools.environmentFiles), signal);
  if (!files.ok) return await reserveOf(hash, renderLine(files.diagnostic), tools, signal);
  const name = `release ${hash.slice(0, 12)}`;
  const bytes = new Uint8Array(read.bytes);
  const decoded = decodeSource(name, bytes);
  if (!decoded.ok) return await reserveOf(hash, renderLine(decoded.diagnostic), tools, signal);
  const { format } = read;
  const { digest, text } = decoded;
  const judged = await wanted(
    compiler.compile({
      fingerprint: createHash("sha256").update(`release ${format} ${digest}\0${files.digest}`).digest("hex"),
      sourceDigest: digest,
      source: sourceText(name, text),
      format,
      environmentFiles: files.texts,
    }, signal),
    signal,
  );
  if (judged.kind === "refused") {
    secrets.remember(judged.secrets);
    const { outcome } = judged;
    const reason = outcome.kind === "rejected" || outcome.kind === "unreadable" ? outcome.reason : name;
    const reserve = await reserveOf(hash, reason, tools, signal);
    return reserve.kind === "unreadable" && outcome.kind === "rejected" ? { ...reserve, isRefused: true } : reserve;
  }
  // A text of another host or version counts only if it has the hash that its name says.
  const found = judged.compilation.snapshot.hash;
  if (found !== hash) return await reserveOf(hash, `the text of ${name} has the hash ${found}`, tools, signal);
  return await compiler.accept(judged, { format, digest, bytes }, signal);
}

/** The files of the release, if they are the reserve; otherwise the reason why the release cannot be had. */
async function reserveOf(
  hash: string,
  reason: string,
  { compiler, keeper }: LookBackTools,
  signal: AbortSignal,
): Promise<LookOutcome<Candidate>> {
  const compilation = await wanted(compilationOf(keeper.reserve, hash), signal);
  if (compilation === null) return { kind: "unreadable", fingerprint: hash, reason };
  const warning = warningDiagnostic(
    "release/reserve",
    `Release ${hash.slice(0, 12)} is put back as it was written then, with the secrets of then: ${reason}`,
  );
  const known: Known = {
    kind: "known",
    fingerprint: `reserve ${hash}`,
    compilation: { ...compilation, warnings: [warning] },
    secrets: [],
  };
  return await compiler.accept(known, { format: "hcl", digest: null, bytes: null }, signal);
}
