// Masks secrets as they become known: those of the options for good, those that the last two loads met in the
// environment, and those that the last two rotations brought into the files for Redis. Logs, answers and records pass
// through one mask.
import { openTextMasker } from "../diagnostic/text_masker.ts";

/** The secrets that are known, and the mask for them. */
export interface MaskedSecrets {
  /** Replaces what must not be seen. */
  mask(text: string): string;
  /** Takes what the last load met in the environment. */
  remember(found: readonly string[]): void;
  /** Adds the secrets of the connection to Redis after a rotation. */
  rotate(found: readonly string[]): void;
}

/** Starts with the secrets of the options; of those that change it keeps the latest two sets. */
export function maskedSecrets(always: readonly string[]): MaskedSecrets {
  const maskerOf = openTextMasker();
  let loads: readonly (readonly string[])[] = [];
  let connections: readonly (readonly string[])[] = [];
  let masker = maskerOf(always);
  const renew = () => masker = maskerOf([always, ...loads, ...connections].flat());
  return {
    mask: (text) => masker(text),
    remember(found) {
      loads = [found, ...loads].slice(0, 2);
      renew();
    },
    rotate(found) {
      connections = [found, ...connections].slice(0, 2);
      renew();
    },
  };
}
