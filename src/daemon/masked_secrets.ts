// Masks secrets as they become known: those of the options permanently, those of the last two loads' environments, and
// those of the last two rotations of the files for Redis. Logs, answers and records pass through one mask.
import { openTextMasker } from "../diagnostic/text_masker.ts";

/** The known secrets, and the mask for them. */
export interface MaskedSecrets {
  /** Replaces secrets. */
  mask(text: string): string;
  /** Adds the secrets that the last load found in the environment. */
  remember(found: readonly string[]): void;
  /** Adds the secrets of the connection to Redis after a rotation. */
  rotate(found: readonly string[]): void;
}

/** Begins with the secrets of the options. Of the changing ones it keeps the latest two sets. */
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
